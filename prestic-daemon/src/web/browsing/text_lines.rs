//! Turns a file's bytes into lines that can be shown: which encoding they are in, and what would mislead written out.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// How many bytes tell whether a file without a mark of its encoding is text.
const LOOKED_AT: usize = 8 * 1024;

/// One in so many bytes may be a control character before a file counts as binary: logs have a few.
const TEXT_PER_CONTROL: usize = 100;

/// A file's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What the encoding is called.
    pub encoding: &'static str,
    /// Whether the encoding is a guess.
    pub is_guess: bool,
    /// The text, its lines ended as in the file.
    pub text: String,
}

/// Decodes a file's first bytes; none if they are no text. Where the file goes on, a character at the end may be cut through.
pub fn decode(bytes: &[u8], is_cut: bool) -> Option<Text> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let (text, _) = encoding.decode_without_bom_handling(&bytes[mark..]);
        return Some(Text { encoding: encoding.name(), is_guess: false, text: text.into_owned() });
    }
    let beginning = &bytes[..bytes.len().min(LOOKED_AT)];
    if beginning.contains(&0) || control_characters(beginning) * TEXT_PER_CONTROL > beginning.len() {
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(Text { encoding: UTF_8.name(), is_guess: false, text: text.to_owned() }),
        Err(error) if is_cut && error.error_len().is_none() => {
            let text = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
            Some(Text { encoding: UTF_8.name(), is_guess: false, text })
        }
        Err(_) => {
            let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
            Some(Text { encoding: WINDOWS_1252.name(), is_guess: true, text: text.into_owned() })
        }
    }
}

fn control_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\r' | b'\t' | 0x0c | 0x1b)).count()
}

/// Returns a line as it may be shown: without its end, and with what is not seen, or turns the direction around, written out.
pub fn shown_line(line: &str) -> String {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let mut shown = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            '\t' => shown.push(character),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' => {
                shown.extend(character.escape_unicode());
            }
            _ if character.is_control() => shown.extend(character.escape_unicode()),
            _ => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], is_cut: bool, expected: Option<(&str, &str)>) {
        let text = decode(bytes, is_cut);
        assert_eq!(text.as_ref().map(|text| (text.encoding, text.text.as_str())), expected);
    }

    #[test]
    fn the_encoding_is_told_by_mark_or_guessed() {
        check(b"plain\n", false, Some(("UTF-8", "plain\n")));
        check("gr\u{fc}n".as_bytes(), false, Some(("UTF-8", "grün")));
        check(b"\xef\xbb\xbfmarked", false, Some(("UTF-8", "marked")));
        check(b"\xff\xfeh\0i\0", false, Some(("UTF-16LE", "hi")));
        check(b"\xfe\xff\0h\0i", false, Some(("UTF-16BE", "hi")));
        check(b"gr\xfcn", false, Some(("windows-1252", "grün")));
        check(b"", false, Some(("UTF-8", "")));
    }

    #[test]
    fn a_character_that_the_limit_cuts_through_does_not_make_it_another_encoding() {
        check("ab\u{20ac}".as_bytes()[..4].as_ref(), true, Some(("UTF-8", "ab")));
        check("ab\u{20ac}".as_bytes()[..4].as_ref(), false, Some(("windows-1252", "abâ‚")));
    }

    #[test]
    fn what_is_no_text_is_told_by_zeros_and_control_characters() {
        check(b"\x7fELF\x02\x01\x01\0\0", false, None);
        check(&[1, 2, 3, 4, 5], false, None);
    }

    #[test]
    fn lines_are_shown_without_what_misleads() {
        assert_eq!(shown_line("a\tb\r\n"), "a\tb");
        assert_eq!(shown_line("if (\u{202e}x\u{1b}[31m"), "if (\\u{202e}x\\u{1b}[31m");
        assert_eq!(shown_line("<script>"), "<script>", "escaping is the markup's");
    }
}
