//! How each kind of file writes a word that means itself.

use std::ffi::OsStr;

/// Returns a word for a line of a systemd unit, where it may be a program, an argument or an assignment.
///
/// A `$` means itself in the path of a program and in an assignment, which is all that we write.
pub fn systemd(word: &OsStr) -> String {
    let mut quoted = String::from("\"");
    for chunk in word.as_encoded_bytes().utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '"' | '\\' => quoted.extend(['\\', letter]),
                '%' => quoted.push_str("%%"),
                letter if letter.is_control() => {
                    letter.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| quoted.push_str(&format!("\\x{byte:02x}")));
                }
                letter => quoted.push(letter),
            }
        }
        chunk.invalid().iter().for_each(|byte| quoted.push_str(&format!("\\x{byte:02x}")));
    }
    quoted.push('"');
    quoted
}

/// Returns a word for the `Exec` of a desktop entry. Its values are texts with backslashes of their own, so those count twice.
pub fn desktop_entry(word: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in word.chars() {
        match letter {
            '\\' => quoted.push_str("\\\\\\\\"),
            '"' | '`' | '$' => quoted.extend(['\\', '\\', letter]),
            '%' => quoted.push_str("%%"),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// Returns text for an element of XML.
pub fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(quote: impl Fn(&str) -> String, word: &str, expected: &str) {
        assert_eq!(quote(word), expected);
    }

    #[test]
    fn units_have_their_own_percent_signs_and_backslashes() {
        let quote = |word: &str| systemd(OsStr::new(word));
        check(quote, "/usr/bin/prestic-daemon", "\"/usr/bin/prestic-daemon\"");
        check(quote, "/a b/50% \"x\"\\", "\"/a b/50%% \\\"x\\\"\\\\\"");
        check(quote, "/a\nb/$HOME/ü", "\"/a\\x0ab/$HOME/ü\"");
    }

    #[test]
    #[cfg(unix)]
    fn units_take_paths_that_are_no_text() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(systemd(OsStr::from_bytes(b"/a\xff/\xc3\xbc")), "\"/a\\xff/ü\"");
    }

    #[test]
    fn desktop_entries_unescape_twice() {
        check(desktop_entry, "/a b/50%/$x", "\"/a b/50%%/\\\\$x\"");
        check(desktop_entry, "/a\\b", "\"/a\\\\\\\\b\"");
    }

    #[test]
    fn xml_has_no_marks_of_its_own() {
        check(xml, "a & <b>", "a &amp; &lt;b&gt;");
    }
}
