//! What a log's lines are, and which of them a page shows. Pure.

use std::collections::VecDeque;

pub use crate::log_files::shown_line as shown;

/// So many lines of a log's end are shown at first.
pub const TAIL_LINES: usize = 500;
/// So many of the lines that were looked for are shown, the last ones.
pub const FOUND_LINES: usize = 2000;

/// A log's end.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tail {
    lines: VecDeque<String>,
    /// How many lines were before them.
    pub left_out: u64,
    /// Where the log goes on.
    pub next: u64,
    /// The last line has no end yet.
    is_open: bool,
}

impl Tail {
    /// Takes the next piece.
    pub fn take(&mut self, text: &str) {
        for piece in text.split_inclusive('\n') {
            match self.lines.back_mut().filter(|_| self.is_open) {
                Some(last) => last.push_str(piece.trim_end_matches('\n')),
                None => self.lines.push_back(piece.trim_end_matches('\n').to_owned()),
            }
            self.is_open = !piece.ends_with('\n');
            if self.lines.len() > TAIL_LINES {
                self.lines.pop_front();
                self.left_out += 1;
            }
        }
    }

    /// Returns the lines as they may be shown.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.lines.iter().map(|line| shown(line))
    }
}

/// The lines that have what was looked for, in whatever case.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    wanted: String,
    rest: String,
    lines: VecDeque<(u64, String)>,
    /// How many lines there are.
    pub all: u64,
    /// How many of them have it.
    pub hits: u64,
}

impl Found {
    /// Looks for a text.
    pub fn new(wanted: &str) -> Self {
        Self { wanted: wanted.to_lowercase(), rest: String::new(), lines: VecDeque::new(), all: 0, hits: 0 }
    }

    /// Takes the next piece.
    pub fn take(&mut self, text: &str) {
        let whole = std::mem::take(&mut self.rest) + text;
        for piece in whole.split_inclusive('\n') {
            match piece.strip_suffix('\n') {
                Some(line) => self.look_at(line),
                None => piece.clone_into(&mut self.rest),
            }
        }
    }

    /// Looks at the last line, which may have no end.
    pub fn end(&mut self) {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            self.look_at(&rest);
        }
    }

    fn look_at(&mut self, line: &str) {
        self.all += 1;
        if line.to_lowercase().contains(&self.wanted) {
            self.hits += 1;
            self.lines.push_back((self.all, line.to_owned()));
            if self.lines.len() > FOUND_LINES {
                self.lines.pop_front();
            }
        }
    }

    /// Returns the lines with their numbers, as they may be shown.
    pub fn lines(&self) -> impl Iterator<Item = (u64, String)> {
        self.lines.iter().map(|(number, line)| (*number, shown(line)))
    }
}

/// What a line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Something failed.
    Error,
    /// Something is odd.
    Warning,
    /// Anything else.
    Plain,
}

impl Weight {
    /// Returns the name of its colors.
    pub fn class(self) -> &'static str {
        match self {
            Self::Error => "line error",
            Self::Warning => "line warning",
            Self::Plain => "line",
        }
    }
}

/// Tells errors from other lines by how restic writes them.
pub fn weight(line: &str) -> Weight {
    let lower = line.trim_start().to_ascii_lowercase();
    if ["error", "fatal", "panic", "unable to"].iter().any(|start| lower.starts_with(start))
        || lower.contains("\"message_type\":\"error\"")
    {
        Weight::Error
    } else if lower.starts_with("warn") || lower.contains(": permission denied") {
        Weight::Warning
    } else {
        Weight::Plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_has_the_last_lines_however_the_pieces_fall() {
        let mut tail = Tail::default();
        for piece in ["a\nb", "c\n", "d\n", "e"] {
            tail.take(piece);
        }
        assert_eq!(tail.lines().collect::<Vec<_>>(), ["a", "bc", "d", "e"]);
        assert_eq!(tail.left_out, 0);
        tail.take(&"x\n".repeat(TAIL_LINES));
        assert_eq!((tail.left_out, tail.lines().count()), (4 - 1, TAIL_LINES));
    }

    #[test]
    fn lines_are_found_in_whatever_case_and_keep_their_numbers() {
        let mut found = Found::new("Error");
        for piece in ["fine\nan ERR", "OR here\nfine\nerror at the end"] {
            found.take(piece);
        }
        found.end();
        let lines: Vec<_> = found.lines().collect();
        assert_eq!(lines, [(2, "an ERROR here".to_owned()), (4, "error at the end".to_owned())]);
        assert_eq!((found.all, found.hits), (4, 2));
    }

    #[test]
    fn errors_are_told_by_how_restic_writes_them() {
        for (line, expected) in [
            ("Fatal: wrong password", Weight::Error),
            ("error: lstat /a: no such file", Weight::Error),
            ("unable to open repository", Weight::Error),
            ("{\"message_type\":\"error\",\"error\":{}}", Weight::Error),
            ("Warning: at least one source file could not be read", Weight::Warning),
            ("snapshot 1234 saved", Weight::Plain),
            ("new /home/me/error.txt", Weight::Plain),
        ] {
            assert_eq!(weight(line), expected, "{line}");
        }
    }
}
