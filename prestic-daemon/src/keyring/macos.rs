//! The keyring of macOS: the user's Keychain, where Python's library has the same entries.

use std::{collections::HashMap, sync::Arc};

use apple_native_keyring_store::keychain;
use keyring_core::{Entry, Error, api::CredentialStoreApi};
use zeroize::Zeroizing;

use super::{KeyringError, SERVICE};

/// The keyring of the user.
pub(super) struct Store(Arc<keychain::Store>);

impl Store {
    /// Opens it. Whether it is locked shows with the first question.
    pub(super) fn open() -> Result<Self, KeyringError> {
        Ok(Self(keychain::Store::new()?))
    }

    /// Returns the password of an entry.
    pub(super) fn get(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        self.entry(name)?.get_secret().map(Zeroizing::new).map_err(|error| told(error, name))
    }

    /// Writes a password.
    pub(super) fn set(&self, name: &str, password: &str) -> Result<(), KeyringError> {
        Ok(self.entry(name)?.set_secret(password.as_bytes())?)
    }

    /// Removes an entry.
    pub(super) fn delete(&self, name: &str) -> Result<(), KeyringError> {
        self.entry(name)?.delete_credential().map_err(|error| told(error, name))
    }

    /// Returns the names of all entries of ours.
    pub(super) fn names(&self) -> Result<Vec<String>, KeyringError> {
        let entries = self.0.search(&HashMap::from([("service", SERVICE)]))?;
        let mut names: Vec<String> = entries.iter().filter_map(Entry::get_specifiers).map(|(_service, name)| name).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn entry(&self, name: &str) -> Result<Entry, KeyringError> {
        Ok(self.0.build(SERVICE, name, None)?)
    }
}

fn told(error: Error, name: &str) -> KeyringError {
    match error {
        Error::NoEntry => KeyringError::Absent(name.to_owned()),
        error => error.into(),
    }
}
