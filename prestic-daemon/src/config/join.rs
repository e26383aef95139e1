//! Joins the documents of several files into one, as if all their sections stood in one file.
//!
//! `[DEFAULT]` and `[prestic]` may stand in several of them, in pieces that have no key in common; any other section
//! stands in one.

use std::collections::HashMap;

use super::{
    ini::{Document, Fault, FaultKind, Place, Section},
    sections::{INCLUDE, SETTINGS_SECTION},
};

/// Joins documents, those of included files after the one that includes them.
pub(super) fn join(documents: impl IntoIterator<Item = Document>) -> Document {
    let mut joined = Document::default();
    let mut known: HashMap<String, usize> = HashMap::new();
    for document in documents {
        let Document { defaults, sections, faults } = document;
        joined.faults.extend(faults);
        if joined.defaults.name.is_empty() {
            joined.defaults = defaults;
        } else {
            add_piece(&mut joined.defaults, defaults, &mut joined.faults);
        }
        for section in sections {
            match known.get(&section.name).map(|index| &mut joined.sections[*index]) {
                Some(first) if first.name == SETTINGS_SECTION => add_piece(first, section, &mut joined.faults),
                Some(first) => {
                    first.is_broken = true;
                    let kind = FaultKind::DuplicateSection(first.place);
                    joined.faults.push(Fault { place: section.place, section: Some(section.name), kind });
                }
                None => {
                    known.insert(section.name.clone(), joined.sections.len());
                    joined.sections.push(section);
                }
            }
        }
    }
    joined
}

/// Adds what another file says in the same section. Only what is to be included may be said in each of them.
fn add_piece(section: &mut Section, piece: Section, faults: &mut Vec<Fault>) {
    let places: HashMap<&str, Place> = section.entries.iter().map(|entry| (entry.key.as_str(), entry.place)).collect();
    let is_new = |key: &str| key == INCLUDE || !places.contains_key(key);
    let (added, doubled): (Vec<_>, Vec<_>) = piece.entries.into_iter().partition(|entry| is_new(&entry.key));
    let mut found: Vec<Fault> = Vec::with_capacity(doubled.len());
    for entry in doubled {
        let kind = FaultKind::DuplicateKey(entry.key.clone(), places[entry.key.as_str()]);
        found.push(Fault { place: entry.place, section: Some(section.name.clone()), kind });
    }
    section.is_broken |= piece.is_broken || !found.is_empty();
    section.entries.extend(added);
    faults.extend(found);
}

#[cfg(test)]
mod tests {
    use super::{super::ini, *};

    fn joined(texts: &[&str]) -> Document {
        join(texts.iter().enumerate().map(|(number, text)| ini::parse(text, number)))
    }

    #[track_caller]
    fn check_faults(texts: &[&str], expected: &[(Place, FaultKind)]) {
        let found: Vec<_> = joined(texts).faults.into_iter().map(|fault| (fault.place, fault.kind)).collect();
        assert_eq!(found, expected);
    }

    fn place(file: usize, line: usize) -> Place {
        Place { file, line }
    }

    #[test]
    fn sections_of_all_files_stand_in_one_document() {
        let document = joined(&["[a]\nk = 1\n", "[b]\n", "[c]\n"]);
        assert_eq!(document.sections.iter().map(|section| section.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(document.sections[2].place, place(2, 1));
    }

    #[test]
    fn section_in_two_files_is_a_fault_that_names_both() {
        check_faults(&["[a]\n", "\n[a]\n"], &[(place(1, 2), FaultKind::DuplicateSection(place(0, 1)))]);
        assert!(joined(&["[a]\n", "[a]\n"]).sections[0].is_broken);
    }

    #[test]
    fn settings_and_defaults_may_stand_in_pieces() {
        let document =
            joined(&["[DEFAULT]\nk = 1\n[prestic]\ninclude = x\n", "[DEFAULT]\nn = 1\n[prestic]\ninclude = y\nm = 1\n"]);
        assert!(document.faults.is_empty());
        assert_eq!(document.defaults.entries.len(), 2);
        assert_eq!(document.sections[0].entries.len(), 3);
    }

    #[test]
    fn key_in_two_pieces_is_a_fault_that_names_both() {
        let fault = |line| (place(1, line), FaultKind::DuplicateKey("k".to_owned(), place(0, line)));
        check_faults(&["[DEFAULT]\nk = 1\n", "[DEFAULT]\nk = 2\n"], &[fault(2)]);
        check_faults(&["[prestic]\nk = 1\n", "[prestic]\nk = 2\n"], &[fault(2)]);
    }
}
