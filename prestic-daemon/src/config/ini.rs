//! Reads INI text exactly as Python's `configparser.ConfigParser` reads it with its default options.
//!
//! Owns the grammar and the line numbers, and finds every fault of a file where Python stops at the first. Knows
//! nothing of profiles and of other files, and leaves `%` alone: see `interpolate.rs`.

use std::collections::HashMap;

/// The section whose values every other section sees.
pub const DEFAULT_SECTION: &str = "DEFAULT";

/// A file that has been read.
#[derive(Debug, Default)]
pub struct Document {
    /// The values of `[DEFAULT]`, which may stand in several pieces.
    pub defaults: Section,
    /// The other sections, in file order.
    pub sections: Vec<Section>,
    /// What Python would have refused, in file order.
    pub faults: Vec<Fault>,
}

/// A line of one of the files that make up a document.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The file, by its number among all that were read.
    pub file: usize,
    /// The line, from 1.
    pub line: usize,
}

/// A section.
#[derive(Debug, Default)]
pub struct Section {
    /// What stands between the brackets, blanks included.
    pub name: String,
    /// Its header.
    pub place: Place,
    /// Its values, in file order; no key comes twice.
    pub entries: Vec<Entry>,
    /// Whether a fault was found in it, so that a value may be missing.
    pub is_broken: bool,
}

/// A key with its value.
#[derive(Debug)]
pub struct Entry {
    /// The key, folded by [`fold_key`].
    pub key: String,
    /// The value; the lines of a long one are joined by line feeds.
    pub value: String,
    /// The line of the key.
    pub place: Place,
}

/// A line that cannot be read.
#[derive(Debug)]
pub struct Fault {
    /// The line.
    pub place: Place,
    /// The section in which it stands.
    pub section: Option<String>,
    /// What is wrong with it.
    pub kind: FaultKind,
}

/// What can be wrong with a line.
#[derive(Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A line before the first section. Only the first such line is told.
    NoSection,
    /// A section that was there before, at this place.
    DuplicateSection(Place),
    /// A key that the section has already, at this place.
    DuplicateKey(String, Place),
    /// A line with neither `=` nor `:`.
    NoSeparator,
    /// A value without a key.
    NoKey,
    /// A section header without its `]`.
    UnclosedHeader,
}

/// Reads the text of the file with this number.
pub fn parse(text: &str, file: usize) -> Document {
    let mut reader = Reader::default();
    reader.document.defaults.name = DEFAULT_SECTION.to_owned();
    // Python refuses a byte order mark, but Windows editors write one.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, line) in lines(text).enumerate() {
        reader.read_line(Place { file, line: index + 1 }, line);
    }
    reader.finish()
}

/// Folds a key's case, as PRestic always did: names of variables keep theirs.
pub fn fold_key(key: &str) -> String {
    if key.starts_with("env.") { key.to_owned() } else { key.to_lowercase() }
}

/// Tells what Python's `str.isspace` takes for white space.
pub fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\x1c'..='\x1f').contains(&character)
}

/// Where the values go that are being read.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Target {
    #[default]
    Nowhere,
    Defaults,
    Section(usize),
    /// A section that is a fault itself: read for its own faults, then dropped.
    Discarded,
}

#[derive(Default)]
struct Reader {
    document: Document,
    target: Target,
    discarded: Section,
    section_places: HashMap<String, Place>,
    key_places: HashMap<String, Place>,
    default_key_places: HashMap<String, Place>,
    indent: usize,
    continues: Continuation,
    told_of_missing_section: bool,
}

/// What a line that is indented deeper than its forerunner belongs to.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Continuation {
    #[default]
    Nothing,
    LastEntry,
    DroppedEntry,
}

impl Reader {
    fn read_line(&mut self, place: Place, line: &str) {
        let text = line.trim_matches(is_space);
        if text.starts_with(['#', ';']) {
            return;
        }
        if text.is_empty() {
            self.continue_value("");
            return;
        }
        let indent = line.chars().take_while(|character| is_space(*character)).count();
        if self.continues != Continuation::Nothing && indent > self.indent {
            self.continue_value(text);
            return;
        }
        self.indent = indent;
        if let Some(name) = header_name(text) {
            self.open_section(place, name);
        } else if self.target == Target::Nowhere {
            if !std::mem::replace(&mut self.told_of_missing_section, true) {
                self.document.faults.push(Fault { place, section: None, kind: FaultKind::NoSection });
            }
        } else {
            self.read_option(place, text);
        }
    }

    fn continue_value(&mut self, text: &str) {
        if self.continues == Continuation::LastEntry
            && let Some(entry) = self.section().and_then(|section| section.entries.last_mut())
        {
            entry.value.push('\n');
            entry.value.push_str(text);
        }
    }

    fn open_section(&mut self, place: Place, name: &str) {
        self.continues = Continuation::Nothing;
        self.key_places.clear();
        if name == DEFAULT_SECTION {
            self.target = Target::Defaults;
            return;
        }
        if let Some(first) = self.section_places.get(name).copied() {
            self.fault(place, Some(name), FaultKind::DuplicateSection(first));
            if let Some(section) = self.document.sections.iter_mut().find(|section| section.name == name) {
                section.is_broken = true;
            }
            self.discard(place, name);
            return;
        }
        self.section_places.insert(name.to_owned(), place);
        self.target = Target::Section(self.document.sections.len());
        self.document.sections.push(Section { name: name.to_owned(), place, ..Section::default() });
    }

    fn open_broken_section(&mut self, place: Place, name: &str) {
        self.continues = Continuation::Nothing;
        self.key_places.clear();
        if self.section_places.contains_key(name) {
            self.discard(place, name);
            return;
        }
        self.section_places.insert(name.to_owned(), place);
        self.target = Target::Section(self.document.sections.len());
        self.document.sections.push(Section { name: name.to_owned(), place, is_broken: true, ..Section::default() });
    }

    fn discard(&mut self, place: Place, name: &str) {
        self.target = Target::Discarded;
        self.discarded = Section { name: name.to_owned(), place, ..Section::default() };
    }

    fn read_option(&mut self, place: Place, text: &str) {
        let Some(separator) = text.find(['=', ':']) else {
            if let Some(name) = text.strip_prefix('[') {
                // What follows was surely meant for a new section, and would else give one false fault a line.
                self.fault(place, None, FaultKind::UnclosedHeader);
                self.open_broken_section(place, name);
            } else {
                self.fault_here(place, FaultKind::NoSeparator);
            }
            return;
        };
        let key = fold_key(text[..separator].trim_end_matches(is_space));
        if key.is_empty() {
            self.fault_here(place, FaultKind::NoKey);
            // For Python, an option without a name has no continuation lines.
            self.continues = Continuation::Nothing;
            return;
        }
        let known = if self.target == Target::Defaults { &mut self.default_key_places } else { &mut self.key_places };
        if let Some(first) = known.get(&key).copied() {
            self.fault_here(place, FaultKind::DuplicateKey(key, first));
            self.continues = Continuation::DroppedEntry;
            return;
        }
        known.insert(key.clone(), place);
        let value = text[separator + 1..].trim_start_matches(is_space).to_owned();
        if let Some(section) = self.section() {
            section.entries.push(Entry { key, value, place });
        }
        self.continues = Continuation::LastEntry;
    }

    fn section(&mut self) -> Option<&mut Section> {
        match self.target {
            Target::Nowhere => None,
            Target::Defaults => Some(&mut self.document.defaults),
            Target::Section(index) => self.document.sections.get_mut(index),
            Target::Discarded => Some(&mut self.discarded),
        }
    }

    fn fault_here(&mut self, place: Place, kind: FaultKind) {
        let name = self.section().map(|section| {
            section.is_broken = true;
            section.name.clone()
        });
        self.fault(place, name.as_deref(), kind);
    }

    fn fault(&mut self, place: Place, section: Option<&str>, kind: FaultKind) {
        self.document.faults.push(Fault { place, section: section.map(str::to_owned), kind });
    }

    fn finish(mut self) -> Document {
        let sections = self.document.sections.iter_mut().chain([&mut self.document.defaults]);
        for entry in sections.flat_map(|section| section.entries.iter_mut()) {
            entry.value.truncate(entry.value.trim_end_matches(is_space).len());
        }
        self.document
    }
}

/// Returns what stands between the first `[` and the last `]` of a line; Python ignores what follows.
fn header_name(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('[')?;
    let name = &rest[..rest.rfind(']')?];
    (!name.is_empty()).then_some(name)
}

/// Splits at line feeds, carriage returns and pairs of both, and at nothing else.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|piece| piece.strip_suffix('\r').unwrap_or(piece).split('\r'))
}

#[cfg(test)]
#[path = "ini_tests.rs"]
pub(super) mod tests;
