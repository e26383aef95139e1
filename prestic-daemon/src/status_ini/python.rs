//! Reads a file as Python's ConfigParser does, and hands its sections to rust-ini, which spells them.

use ini::Properties;

use super::{Damage, sections::Sections};
use crate::config::{
    describe_fault,
    ini::{self as python_ini, Document, Section},
};

/// Reads a text. Values of several lines are spelled as they stand in a file: each further line begins with a tab.
pub(super) fn read(text: &str) -> Result<Sections, Damage> {
    let document = python_ini::parse(text, 0);
    if let Some(fault) = document.faults.first() {
        return Err(Damage::NotIni { line: fault.place.line, message: describe_fault(fault, &[]).message });
    }
    let mut sections = Sections::default();
    for (name, properties) in all_sections(document) {
        sections.set(&name, properties).map_err(Damage::Unreadable)?;
    }
    Ok(sections)
}

/// Reads the text of one section, as [`Sections`] keeps it.
pub(super) fn read_section(text: &str) -> Properties {
    all_sections(python_ini::parse(text, 0)).next().map(|(_, properties)| properties).unwrap_or_default()
}

fn all_sections(document: Document) -> impl Iterator<Item = (String, Properties)> {
    let defaults = Some(document.defaults).filter(|defaults| !defaults.entries.is_empty());
    defaults.into_iter().chain(document.sections).map(|Section { name, entries, .. }| {
        let mut properties = Properties::new();
        for entry in entries {
            properties.insert(entry.key, entry.value.replace('\n', "\n\t"));
        }
        (name, properties)
    })
}

/// Takes away what Python counts as white space.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(python_ini::is_space)
}
