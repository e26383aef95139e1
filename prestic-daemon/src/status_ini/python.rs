//! Reads a file as Python's ConfigParser does, with the settings that PRestic used.
//!
//! rust-ini in no setting reads the same, so it only keeps and writes what is read here.

use std::collections::HashSet;

use ini::{Ini, Properties};

use super::Damage;

/// Reads a text. Values of several lines are spelled as they stand in a file: each further line begins with a tab.
pub(super) fn read(text: &str) -> Result<Ini, Damage> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = Reader::default();
    for (index, line) in text.split('\n').enumerate() {
        reader.line(line).map_err(|message| Damage::NotIni { line: index + 1, message })?;
    }
    Ok(reader.finish())
}

/// Takes away what Python counts as white space.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

fn is_space(letter: char) -> bool {
    letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter)
}

#[derive(Default)]
struct Reader {
    sections: Vec<(String, Vec<Pair>)>,
    section_names: HashSet<String>,
    /// Whether the last key can go on in the next line.
    is_value_open: bool,
    /// How far the last key or section was indented.
    indent: usize,
}

struct Pair {
    key: String,
    lines: Vec<String>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), &'static str> {
        let content = strip(line);
        if content.starts_with(['#', ';']) {
            return Ok(());
        }
        let indent = line.chars().take_while(|letter| is_space(*letter)).count();
        let goes_on = content.is_empty() || indent > self.indent;
        if let Some(pair) = self.open_pair().filter(|_| goes_on) {
            pair.lines.push(content.to_owned());
            return Ok(());
        }
        if content.is_empty() {
            return Ok(());
        }
        self.indent = indent;
        let bracketed = content.strip_prefix('[').and_then(|rest| rest.rfind(']').map(|end| &rest[..end]));
        match bracketed.filter(|name| !name.is_empty()) {
            Some(name) => self.section(name),
            None => self.pair(content),
        }
    }

    fn open_pair(&mut self) -> Option<&mut Pair> {
        let is_open = self.is_value_open;
        self.sections.last_mut()?.1.last_mut().filter(|_| is_open)
    }

    fn section(&mut self, name: &str) -> Result<(), &'static str> {
        if !self.section_names.insert(name.to_owned()) {
            return Err("the section was there before");
        }
        self.sections.push((name.to_owned(), Vec::new()));
        self.is_value_open = false;
        Ok(())
    }

    fn pair(&mut self, content: &str) -> Result<(), &'static str> {
        let (_, pairs) = self.sections.last_mut().ok_or("there is no section yet")?;
        let delimiter = content.find(['=', ':']).ok_or("there is a key without a value")?;
        let key = strip(&content[..delimiter]).to_lowercase();
        if key.is_empty() {
            return Err("there is a value without a key");
        }
        if pairs.iter().any(|pair| pair.key == key) {
            return Err("the key was there before");
        }
        pairs.push(Pair { key, lines: vec![strip(&content[delimiter + 1..]).to_owned()] });
        self.is_value_open = true;
        Ok(())
    }

    fn finish(self) -> Ini {
        let mut content = Ini::new();
        for (name, pairs) in self.sections {
            let mut properties = Properties::new();
            for pair in pairs {
                properties.insert(pair.key, pair.lines.join("\n").trim_end_matches(is_space).replace('\n', "\n\t"));
            }
            content.entry(Some(name)).or_insert(properties);
        }
        content
    }
}
