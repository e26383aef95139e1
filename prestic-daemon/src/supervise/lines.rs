//! Cuts a stream of bytes into lines, and cleans them, in a bounded amount of memory.
//!
//! A line ends at a newline or a carriage return. Nothing here knows what a line means.

/// The most bytes of a line that are kept; the rest is counted.
pub const LINE_LIMIT: usize = 64 * 1024;

/// Cuts a stream into lines, however its bytes arrive.
#[derive(Debug, Default)]
pub struct LineSplitter {
    /// The start of a line whose end has not come yet. Never longer than [`LINE_LIMIT`].
    started: Vec<u8>,
    /// The bytes of that line that were not kept.
    cut: u64,
    after_return: bool,
}

impl LineSplitter {
    /// Takes the next bytes, and hands over each line that they complete with the number of its bytes that were cut off.
    pub fn push(&mut self, mut bytes: &[u8], mut take: impl FnMut(&[u8], u64)) {
        while let Some(first) = bytes.first() {
            if std::mem::take(&mut self.after_return) && *first == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.keep(bytes);
                return;
            };
            let is_return = bytes[end] == b'\r';
            if self.started.is_empty() && self.cut == 0 && end <= LINE_LIMIT {
                // A carriage return at the start of a line clears the terminal's line: it ends nothing.
                if end > 0 || !is_return {
                    take(&bytes[..end], 0);
                }
                self.after_return = is_return && end > 0;
            } else {
                self.keep(&bytes[..end]);
                self.hand_over(&mut take);
                self.after_return = is_return;
            }
            bytes = &bytes[end + 1..];
        }
    }

    /// Hands over a last line that had no end.
    pub fn finish(&mut self, mut take: impl FnMut(&[u8], u64)) {
        if !self.started.is_empty() || self.cut > 0 {
            self.hand_over(&mut take);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let kept = bytes.len().min(LINE_LIMIT - self.started.len());
        self.started.extend_from_slice(&bytes[..kept]);
        self.cut += (bytes.len() - kept) as u64;
    }

    fn hand_over(&mut self, take: &mut impl FnMut(&[u8], u64)) {
        take(&self.started, self.cut);
        self.started.clear();
        self.cut = 0;
    }
}

/// Appends bytes as text that is safe to show: invalid UTF-8 is marked, and what would control a terminal is left out.
pub fn push_clean(text: &mut String, bytes: &[u8]) {
    let is_plain = bytes.iter().all(|byte| matches!(byte, b'\t' | 0x20..0x7f));
    if is_plain && let Ok(plain) = str::from_utf8(bytes) {
        text.push_str(plain);
        return;
    }
    let mut escape = Escape::None;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if escape.shows(character) {
                text.push(character);
            }
        }
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

/// Where in an escape sequence a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    None,
    /// After the escape character.
    Begun,
    /// In a sequence of parameters, such as the one that clears the line.
    Parameters,
    /// In a string that sets the window's title or the like.
    Text,
}

impl Escape {
    fn shows(&mut self, character: char) -> bool {
        *self = match (*self, character) {
            (_, '\u{1b}') => Self::Begun,
            (Self::Begun, '[') => Self::Parameters,
            (Self::Begun, ']' | 'P' | 'X' | '^' | '_') => Self::Text,
            (Self::Begun, ' '..='/') => Self::Begun,
            (Self::Parameters, ' '..='?') => Self::Parameters,
            (Self::Text, '\u{7}') => Self::None,
            (Self::Text, _) => Self::Text,
            (Self::Begun | Self::Parameters, _) => {
                *self = Self::None;
                return false;
            }
            (Self::None, character) => return character == '\t' || !character.is_control(),
        };
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(chunks: &[&[u8]]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut splitter = LineSplitter::default();
        let mut take = |line: &[u8], cut: u64| lines.push(format!("{}+{cut}", String::from_utf8_lossy(line)));
        for chunk in chunks {
            splitter.push(chunk, &mut take);
        }
        splitter.finish(&mut take);
        lines
    }

    #[track_caller]
    fn check_split(input: &str, expected: &[&str]) {
        let expected: Vec<String> = expected.iter().map(|line| format!("{line}+0")).collect();
        assert_eq!(split(&[input.as_bytes()]), expected, "in one piece");
        let single: Vec<&[u8]> = input.as_bytes().chunks(1).collect();
        assert_eq!(split(&single), expected, "byte by byte");
    }

    #[test]
    fn lines_end_at_newlines_and_carriage_returns() {
        check_split("a\nb\r\n\nc\rd", &["a", "b", "", "c", "d"]);
        check_split("\r\rx\n\r\n", &["x", ""]);
        check_split("", &[]);
    }

    #[test]
    fn line_at_the_limit_is_whole_and_a_longer_one_is_counted() {
        let whole = "x".repeat(LINE_LIMIT);
        assert_eq!(split(&[format!("{whole}\n").as_bytes()]), [format!("{whole}+0")]);
        assert_eq!(split(&[format!("{whole}yz\nb\n").as_bytes()]), [format!("{whole}+2"), "b+0".to_owned()]);
    }

    #[test]
    fn line_of_a_gigabyte_takes_no_more_memory_than_a_short_one() {
        const CHUNK: usize = 1024 * 1024;
        let chunk = vec![b'x'; CHUNK];
        let mut splitter = LineSplitter::default();
        for _ in 0..1024 {
            splitter.push(&chunk, |_, _| panic!("the line has not ended"));
        }
        assert!(splitter.started.capacity() <= 2 * LINE_LIMIT);
        let mut ends = Vec::new();
        splitter.push(b"\n", |line, cut| ends.push((line.len(), cut)));
        assert_eq!(ends, [(LINE_LIMIT, (1024 * CHUNK - LINE_LIMIT) as u64)]);
    }

    #[track_caller]
    fn check_clean(input: &[u8], expected: &str) {
        let mut text = String::new();
        push_clean(&mut text, input);
        assert_eq!(text, expected);
    }

    #[test]
    fn nothing_that_controls_a_terminal_is_left() {
        check_clean(b"plain\ttext", "plain\ttext");
        check_clean("\u{1b}[2Ksignal interrupt received".as_bytes(), "signal interrupt received");
        check_clean("a\u{1b}[1;31mred\u{1b}[0m\u{1b}(Bb".as_bytes(), "aredb");
        check_clean("\u{1b}]0;title\u{7}x\u{1b}]0;t\u{1b}\\y".as_bytes(), "xy");
        check_clean("nul\0bell\u{7}del\u{7f}c1\u{85}".as_bytes(), "nulbelldelc1");
        check_clean("größe".as_bytes(), "größe");
    }

    #[test]
    fn invalid_utf_8_is_marked() {
        check_clean(b"a\xffb\xc3", "a\u{fffd}b\u{fffd}");
    }
}
