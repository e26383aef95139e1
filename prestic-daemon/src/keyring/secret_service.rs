//! The Secret Service of a desktop's session, on its bus: GNOME Keyring, KWallet and others.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use keyring_core::{Entry, api::CredentialStoreApi};
use zbus::blocking::{Connection, Proxy, fdo::DBusProxy};
use zbus_secret_service_keyring_store::{self as service, cred::Wrapper};
use zeroize::Zeroizing;

use super::{KeyringError, SERVICE};

/// What the service is called on the bus, and the interface of its entries.
const BUS_NAME: &str = "org.freedesktop.secrets";
const ITEM: &str = "org.freedesktop.Secret.Item";

/// The attribute by which Python's library knows its own entries, and what it writes there: with it both write the same one.
const APPLICATION: (&str, &str) = ("application", "Python keyring library");

/// The keyring of the session.
pub(super) struct Store {
    bus: Connection,
    service: Arc<service::Store>,
}

impl Store {
    /// Connects to it.
    pub(super) fn open() -> Result<Self, KeyringError> {
        let bus = Connection::session().map_err(|_| KeyringError::NoBus)?;
        if !is_offered(&bus).map_err(|error| KeyringError::Failed(error.to_string()))? {
            return Err(KeyringError::NoService);
        }
        Ok(Self { bus, service: service::Store::new()? })
    }

    /// Returns the password of an entry: of the one that was written last, if there are several.
    pub(super) fn get(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let newest = self.find(name)?.into_iter().next().ok_or_else(|| KeyringError::Absent(name.to_owned()))?;
        Ok(Zeroizing::new(newest.get_secret()?))
    }

    /// Writes a password. Other entries of the same name, which other programs may have made, go.
    pub(super) fn set(&self, name: &str, password: &str) -> Result<(), KeyringError> {
        let mut entries = self.find(name)?;
        if entries.is_empty() {
            let label = format!("PRestic: {name}");
            let modifiers = HashMap::from([("label", label.as_str())]);
            let entry = self.service.build(SERVICE, name, Some(&modifiers))?;
            entry.set_secret(password.as_bytes())?;
            entries = self.find(name)?;
        } else {
            entries[0].set_secret(password.as_bytes())?;
        }
        for other in entries.iter().skip(1) {
            other.delete_credential()?;
        }
        let Some(entry) = entries.first() else { return Ok(()) };
        Ok(entry.update_attributes(&HashMap::from([APPLICATION]))?)
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
        let entries = self.service.search(&HashMap::from([("service", SERVICE)]))?;
        let mut names = Vec::with_capacity(entries.len());
        for entry in entries {
            names.extend(entry.get_attributes()?.remove("username"));
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Finds the entries of a name, those that were written last first.
    fn find(&self, name: &str) -> Result<Vec<Entry>, KeyringError> {
        let mut entries = self.service.search(&HashMap::from([("service", SERVICE), ("username", name)]))?;
        if entries.len() > 1 {
            entries.sort_by_cached_key(|entry| Reverse(self.age_rank(entry)));
        }
        Ok(entries)
    }

    /// Returns what is greater for an entry that was written later: the second of that, and for those of one second the path,
    /// which ends with a number that counts up.
    fn age_rank(&self, entry: &Entry) -> (Option<u64>, usize, String) {
        let path = entry.as_any().downcast_ref::<Wrapper>().map(Wrapper::get_path).unwrap_or_default();
        let item = Proxy::new(&self.bus, BUS_NAME, path.as_str(), ITEM);
        let modified_at = item.and_then(|item| item.get_property("Modified")).ok();
        (modified_at, path.len(), path)
    }
}

/// Whether something on the bus is the service, or will be when it is called.
fn is_offered(bus: &Connection) -> zbus::Result<bool> {
    let daemon = DBusProxy::new(bus)?;
    let is_there = daemon.name_has_owner(BUS_NAME.try_into()?)?;
    Ok(is_there || daemon.list_activatable_names()?.iter().any(|name| name.as_str() == BUS_NAME))
}
