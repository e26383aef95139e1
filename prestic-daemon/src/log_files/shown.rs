//! A line of a log as it may be shown: without what moves a cursor or turns the direction of writing around.

use prestic_proto::file_path;

/// Of a line that is longer than this only its beginning is shown.
const LONGEST_LINE: usize = 4096;

/// Returns a line without what moves the cursor, colors, or turns the direction of writing around.
pub fn shown_line(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line.trim_end_matches('\r');
    // A line that was written over is what was written last.
    if let Some((_, last)) = rest.rsplit_once('\r') {
        rest = last;
    }
    while let Some(start) = rest.find('\u{1b}') {
        text.push_str(&rest[..start]);
        rest = after_sequence(&rest[start + 1..]);
    }
    text.push_str(rest);
    if text.len() > LONGEST_LINE {
        text.truncate(text.floor_char_boundary(LONGEST_LINE));
        text.push('…');
    }
    text.split('\t').map(|part| file_path::shown(part.as_bytes())).collect::<Vec<_>>().join("\t")
}

/// Skips a control sequence of a terminal (ECMA-48, 5.4), or the one character that an escape was for.
fn after_sequence(text: &str) -> &str {
    let Some(parameters) = text.strip_prefix('[') else {
        return text.char_indices().nth(1).map_or("", |(next, _)| &text[next..]);
    };
    parameters.find(|last: char| ('@'..='~').contains(&last)).map_or("", |last| &parameters[last + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        assert_eq!(shown_line(line), expected);
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_shown() {
        check("\u{1b}[31mred\u{1b}[0m text", "red text");
        check("\u{1b}[2K\u{1b}(B10 %\r20 %\r", "20 %");
        check("a\tb\u{7}\u{202e}c", "a\tb\\u{7}\\u{202e}c");
        check("cut \u{1b}[", "cut ");
        check("<script>", "<script>");
    }

    #[test]
    fn endless_line_is_cut_between_characters() {
        let line = shown_line(&"ä".repeat(LONGEST_LINE));
        assert!(line.ends_with('…') && line.len() <= LONGEST_LINE + 4);
    }
}
