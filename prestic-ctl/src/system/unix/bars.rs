//! The terminal under the bars: stderr, where the cursor rests behind the text of the last line.
//!
//! indicatif fills each line up to the width with blanks, so that the cursor rests at the right edge. The kernel's `^C` then goes
//! to the line below, all is a line further down than indicatif believes, and a stale line stays behind. Here lines end as lines
//! do, and the texts leave a few columns free: the `^C` has its place there.

use std::{
    io::{self, Write},
    sync::{Mutex, MutexGuard, PoisonError},
};

use indicatif::{ProgressDrawTarget, TermLike};

/// The room for two `^C`, and one column because some terminals wrap when the last one is used.
const FREE_COLUMNS: usize = 5;

/// What is assumed of a terminal that does not tell its size.
const USUAL_SIZE: (usize, usize) = (80, 24);

/// Returns the terminal to draw bars on.
pub fn bar_target() -> ProgressDrawTarget {
    ProgressDrawTarget::term_like(Box::new(Stderr::default()))
}

/// Returns how many columns bars can use: the user may resize the terminal at any time.
pub fn bar_columns() -> Option<usize> {
    size().map(|(columns, _)| columns.saturating_sub(FREE_COLUMNS).max(1))
}

/// Collects what is written, so that a whole picture goes out at once and nothing flickers.
#[derive(Debug, Default)]
struct Stderr(Mutex<Picture>);

/// What goes out next.
#[derive(Debug, Default, PartialEq, Eq)]
struct Picture {
    text: String,
    place: Place,
}

/// Where the next words go: indicatif writes a line's text, then its blanks.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    StartOfLine,
    BehindText,
    BehindBlanks,
}

impl Picture {
    fn control(&mut self, sequence: &str) {
        self.text += sequence;
        self.place = Place::StartOfLine;
    }

    fn words(&mut self, words: &str) {
        if self.place == Place::BehindText && words.bytes().all(|byte| byte == b' ') {
            self.text += "\x1b[K";
            self.place = Place::BehindBlanks;
            return;
        }
        if self.place == Place::BehindBlanks {
            self.text += "\r\n";
        }
        self.text += words;
        self.place = Place::BehindText;
    }
}

impl Stderr {
    fn picture(&self) -> MutexGuard<'_, Picture> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn control(&self, sequence: &str) -> io::Result<()> {
        self.picture().control(sequence);
        Ok(())
    }

    /// Moves the cursor; the terminal would take 0 for 1.
    fn move_cursor(&self, steps: usize, direction: char) -> io::Result<()> {
        if steps == 0 { Ok(()) } else { self.control(&format!("\x1b[{steps}{direction}")) }
    }
}

impl TermLike for Stderr {
    fn width(&self) -> u16 {
        let (columns, _) = size().unwrap_or(USUAL_SIZE);
        u16::try_from(columns).unwrap_or(u16::MAX)
    }

    fn height(&self) -> u16 {
        let (_, rows) = size().unwrap_or(USUAL_SIZE);
        u16::try_from(rows).unwrap_or(u16::MAX)
    }

    fn move_cursor_up(&self, steps: usize) -> io::Result<()> {
        self.move_cursor(steps, 'A')
    }

    fn move_cursor_down(&self, steps: usize) -> io::Result<()> {
        self.move_cursor(steps, 'B')
    }

    fn move_cursor_right(&self, steps: usize) -> io::Result<()> {
        self.move_cursor(steps, 'C')
    }

    fn move_cursor_left(&self, steps: usize) -> io::Result<()> {
        self.move_cursor(steps, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.control(text)?;
        self.control("\r\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        if text == "\r" {
            return self.control(text);
        }
        self.picture().words(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.control("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let picture = std::mem::take(&mut self.picture().text);
        let mut stderr = io::stderr().lock();
        stderr.write_all(picture.as_bytes())?;
        stderr.flush()
    }
}

/// Returns the columns and rows that can be drawn on.
fn size() -> Option<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    let (columns, rows) = (usize::from(size.ws_col), usize::from(size.ws_row));
    (columns > 0 && rows > 0).then_some((columns, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_rests_behind_the_last_text() {
        let terminal = Stderr::default();
        for words in ["\r", "one", "     ", "two", "     "] {
            terminal.write_str(words).unwrap();
        }
        assert_eq!(terminal.picture().text, "\rone\x1b[K\r\ntwo\x1b[K");
    }

    #[test]
    fn an_empty_line_is_a_line() {
        let terminal = Stderr::default();
        for words in ["\r", "", "     ", "two", ""] {
            terminal.write_str(words).unwrap();
        }
        assert_eq!(terminal.picture().text, "\r\x1b[K\r\ntwo\x1b[K");
    }
}
