//! `prestic-ctl keyring`: a matter of the daemon's program, which alone knows keyrings.

use std::ffi::OsString;

use crate::cli::{KeyringAction, KeyringEntry};

/// Returns the words for the daemon's program. What is called like an option is an entry all the same.
pub fn words(action: KeyringAction, json: Option<OsString>) -> Vec<OsString> {
    let of_entry = |verb: &str, entry: KeyringEntry| vec![verb.into(), "--".into(), entry.name.into()];
    let words = match action {
        KeyringAction::Get(entry) => of_entry("get", entry),
        KeyringAction::Set(entry) => of_entry("set", entry),
        KeyringAction::Del(entry) => of_entry("del", entry),
        KeyringAction::List => std::iter::once("list".into()).chain(json).collect(),
    };
    std::iter::once("keyring".into()).chain(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_that_looks_like_an_option_is_none() {
        let entry = KeyringEntry { name: "--json".to_owned() };
        assert_eq!(words(KeyringAction::Get(entry), None), ["keyring", "get", "--", "--json"]);
    }

    #[test]
    fn only_a_listing_has_json() {
        assert_eq!(words(KeyringAction::List, Some("--json".into())), ["keyring", "list", "--json"]);
        let entry = KeyringEntry { name: "nas".to_owned() };
        assert_eq!(words(KeyringAction::Del(entry), Some("--json".into())), ["keyring", "del", "--", "nas"]);
    }
}
