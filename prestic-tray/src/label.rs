//! Texts as a menu may show them: one line, not too long, and nothing in them that would be more than text.

use prestic_proto::text;

/// Wider texts make the menu wider than people like.
const COLUMNS: usize = 80;

/// Returns a text as a line of a menu.
pub fn line(text: &str) -> String {
    escaped(&text::cut_middle(&text::printable(text), COLUMNS))
}

/// Returns a sentence as lines that need not be cut, if it has no very long words: the whole of it matters.
pub fn wrapped(text: &str) -> Vec<String> {
    let mut lines = Vec::<String>::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text::width(line) + 1 + text::width(word) <= COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Returns a text for a tooltip: Windows shows 127 characters.
pub fn tooltip(text: &str) -> String {
    const LONGEST: usize = 120;
    text.lines().map(text::printable).collect::<Vec<_>>().join("\n").chars().take(LONGEST).collect()
}

/// A single `&` would mark the next letter as a shortcut.
fn escaped(text: &str) -> String {
    text.replace('&', "&&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_shows_what_it_is_given_and_nothing_else_happens() {
        assert_eq!(line("a&b_c"), "a&&b_c");
        assert_eq!(line("two\nlines\u{202e}"), "two\u{fffd}lines\u{fffd}");
    }

    #[test]
    fn long_line_keeps_its_beginning_and_its_end() {
        let long = format!("{}-{}", "a".repeat(50), "z".repeat(50));
        let line = line(&long);
        assert_eq!(text::width(&line), COLUMNS);
        assert!(line.starts_with("aaa") && line.ends_with("zzz") && line.contains('…'), "{line}");
    }

    #[test]
    fn sentence_is_wrapped_and_nothing_of_it_is_left_out() {
        let sentence = format!("{} end", ["twelve chars"; 10].join(" "));
        let lines = wrapped(&sentence);
        assert_eq!((lines.len(), lines.join(" ")), (2, sentence));
        assert!(lines.iter().all(|line| text::width(line) <= COLUMNS), "{lines:?}");
        assert_eq!(wrapped(""), Vec::<String>::new());
    }

    #[test]
    fn tooltip_keeps_its_lines() {
        assert_eq!(tooltip("a & b\n\u{7}c"), "a & b\n\u{fffd}c");
        assert_eq!(tooltip(&"x".repeat(500)).len(), 120);
    }
}
