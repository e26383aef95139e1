//! Reads a file as Python's ConfigParser does, and hands it to rust-ini, which keeps and writes it.

use ini::{Ini, Properties};

use super::Damage;
use crate::config::{
    describe_fault,
    ini::{self as python_ini, Section},
};

/// Reads a text. Values of several lines are spelled as they stand in a file: each further line begins with a tab.
pub(super) fn read(text: &str) -> Result<Ini, Damage> {
    let document = python_ini::parse(text, 0);
    if let Some(fault) = document.faults.first() {
        return Err(Damage::NotIni { line: fault.place.line, message: describe_fault(fault, &[]).message });
    }
    let mut content = Ini::new();
    let defaults = Some(document.defaults).filter(|defaults| !defaults.entries.is_empty());
    for Section { name, entries, .. } in defaults.into_iter().chain(document.sections) {
        let mut properties = Properties::new();
        for entry in entries {
            properties.insert(entry.key, entry.value.replace('\n', "\n\t"));
        }
        content.entry(Some(name)).or_insert(properties);
    }
    Ok(content)
}

/// Takes away what Python counts as white space.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(python_ini::is_space)
}
