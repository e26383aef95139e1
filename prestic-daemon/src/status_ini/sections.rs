//! The sections of the file, each as it is spelled there: with thousands of tasks, a tenth of what they take when they are
//! taken apart, and written in no time.

use std::{collections::HashMap, io};

use ini::{EscapePolicy, Ini, LineSeparator, Properties, WriteOption};

use super::python;

/// Sections in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Sections {
    /// With their headers.
    texts: Vec<Box<str>>,
    numbers: HashMap<Box<str>, usize>,
}

impl Sections {
    /// Returns the keys and values of a section.
    pub(super) fn get(&self, name: &str) -> Option<Properties> {
        self.numbers.get(name).map(|number| python::read_section(&self.texts[*number]))
    }

    /// Replaces a section, or adds it at the end.
    pub(super) fn set(&mut self, name: &str, properties: Properties) -> io::Result<()> {
        let text = spell(name, properties)?.into_boxed_str();
        match self.numbers.get(name) {
            Some(number) => self.texts[*number] = text,
            None => {
                self.numbers.insert(name.into(), self.texts.len());
                self.texts.push(text);
            }
        }
        Ok(())
    }

    /// Returns the content of the file.
    pub(super) fn to_text(&self) -> String {
        self.texts.join("\n")
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

fn spell(name: &str, properties: Properties) -> io::Result<String> {
    let options = WriteOption { escape_policy: EscapePolicy::Nothing, line_separator: LineSeparator::CR, kv_separator: " = " };
    let mut section = Ini::new();
    section.entry(Some(name.to_owned())).or_insert(properties);
    let mut text = Vec::new();
    section.write_to_opt(&mut text, options)?;
    String::from_utf8(text).map_err(io::Error::other)
}
