//! The keyring of Windows: the Credential Manager, with entries laid out as Python's library has them.
//!
//! The entry that Python wrote last is called `prestic` and has its name as that of the user; the others are `NAME@prestic`.

use std::{collections::HashMap, sync::Arc};

use keyring_core::{Entry, Error, api::CredentialStoreApi};
use windows_native_keyring_store as native;
use zeroize::Zeroizing;

use super::{KeyringError, SERVICE};

/// What is between the name of an entry and that of the service.
const DIVIDER: &str = "@";

/// The attribute that has the name of an entry.
const NAME: &str = "username";

/// The keyring of the user.
pub(super) struct Store(Arc<native::Store>);

impl Store {
    /// Opens it. Whether it can be used shows with the first question.
    pub(super) fn open() -> Result<Self, KeyringError> {
        Ok(Self(native::Store::new_with_configuration(&HashMap::from([("divider", DIVIDER)]))?))
    }

    /// Returns the password of an entry: of the one that Python reads, if there are two.
    pub(super) fn get(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let entry = self.find(name)?.into_iter().next().ok_or_else(|| KeyringError::Absent(name.to_owned()))?;
        // As text, because Windows has it in another encoding.
        Ok(Zeroizing::new(entry.get_password()?.into_bytes()))
    }

    /// Writes a password. An older entry of the same name goes.
    pub(super) fn set(&self, name: &str, password: &str) -> Result<(), KeyringError> {
        let entries = self.find(name)?;
        let Some((entry, others)) = entries.split_first() else {
            return Ok(self.0.build(SERVICE, name, None)?.set_password(password)?);
        };
        entry.set_password(password)?;
        Ok(others.iter().try_for_each(Entry::delete_credential)?)
    }

    /// Removes an entry, as often as it is there.
    pub(super) fn delete(&self, name: &str) -> Result<(), KeyringError> {
        let entries = self.find(name)?;
        if entries.is_empty() {
            return Err(KeyringError::Absent(name.to_owned()));
        }
        Ok(entries.iter().try_for_each(Entry::delete_credential)?)
    }

    /// Returns the names of all entries of ours.
    pub(super) fn names(&self) -> Result<Vec<String>, KeyringError> {
        let pattern = format!("(^|{DIVIDER}){SERVICE}$");
        let mut names = Vec::new();
        for entry in self.0.search(&HashMap::from([("pattern", pattern.as_str())]))? {
            names.extend(name_of(&entry)?);
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Finds the entries of a name, in the order in which Python looks for them.
    fn find(&self, name: &str) -> Result<Vec<Entry>, KeyringError> {
        let latest = self.0.build(SERVICE, name, Some(&HashMap::from([("target", SERVICE)])))?;
        let mut found = Vec::new();
        for entry in [latest, self.0.build(SERVICE, name, None)?] {
            if name_of(&entry)?.as_deref() == Some(name) {
                found.push(entry);
            }
        }
        Ok(found)
    }
}

/// Returns the name of an entry, if it is there.
fn name_of(entry: &Entry) -> Result<Option<String>, KeyringError> {
    match entry.get_attributes() {
        Ok(mut attributes) => Ok(attributes.remove(NAME)),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
