//! Text that has to fit: its width, cutting, quoting, and what must never reach a terminal or a menu raw. For every client the same.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Returns how many columns a text takes in a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Returns a text with its end cut off where it does not fit.
pub fn cut_end(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    format!("{}…", head(text, room))
}

/// Returns a path with its middle cut out where it does not fit: the name at its end tells the most.
pub fn cut_middle(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let head = head(text, room / 3);
    let tail_room = room - width(head);
    let mut tail_start = text.len();
    let mut used = 0;
    for (start, character) in text.char_indices().rev() {
        used += character.width().unwrap_or(0);
        if used > tail_room {
            break;
        }
        tail_start = start;
    }
    format!("{head}…{}", &text[tail_start..])
}

/// Returns a text that cannot move the cursor, ring the bell or change colors: file names may hold anything.
pub fn printable(text: &str) -> String {
    let shown = |character| match character {
        // Programs indent with it: it does no harm, but its width is anybody's guess.
        '\t' => ' ',
        unsafe_one if is_unsafe(unsafe_one) => '\u{fffd}',
        other => other,
    };
    text.chars().map(shown).collect()
}

/// Returns words as one line that a POSIX shell splits into the same words.
pub fn shell_line<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    words.into_iter().map(|word| shell_word(word.as_ref())).collect::<Vec<_>>().join(" ")
}

fn shell_word(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=@%+,".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// Control characters, and the marks that reorder the text around them.
fn is_unsafe(character: char) -> bool {
    character.is_control() || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn head(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (start, character) in text.char_indices() {
        used += character.width().unwrap_or(0);
        if used > columns {
            return &text[..start];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cut: fn(&str, usize) -> String, text: &str, columns: usize, expected: &str) {
        let result = cut(text, columns);
        assert_eq!(result, expected);
        assert!(width(&result) <= columns, "{result:?} takes more than {columns} columns");
    }

    #[test]
    fn what_fits_is_not_cut() {
        check(cut_end, "home", 4, "home");
        check(cut_middle, "/a/b", 4, "/a/b");
    }

    #[test]
    fn what_does_not_fit_is_cut() {
        check(cut_end, "home-backup", 5, "home…");
        check(cut_middle, "/home/user/documents/report.pdf", 16, "/home…report.pdf");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        check(cut_end, "写真写真", 5, "写真…");
        check(cut_middle, "写真/写真.png", 10, "写…真.png");
    }

    #[test]
    fn no_room_gives_no_text() {
        check(cut_end, "home", 0, "");
        check(cut_middle, "home", 0, "");
        check(cut_middle, "home", 1, "…");
    }

    #[test]
    fn file_names_cannot_drive_the_terminal() {
        assert_eq!(printable("a\x1b[2Jb\r\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c");
    }

    #[test]
    fn tabs_are_shown_as_blanks() {
        assert_eq!(printable("\tat once"), " at once");
    }

    #[test]
    fn command_lines_can_be_pasted_into_a_shell() {
        assert_eq!(shell_line(["restic", "--tag=a b", "it's", ""]), r"restic '--tag=a b' 'it'\''s' ''");
    }
}
