//! The name under which a browser saves what it downloads (RFC 6266).

use std::fmt::Write as _;

use prestic_proto::{content::ContentForm, file_path::FileName, snapshot::SnapshotId};

/// Returns the header `Content-Disposition` that makes a browser save it, and never show it.
pub fn attachment(name: Option<&FileName>, snapshot: &SnapshotId, form: ContentForm) -> String {
    let name = name.map_or_else(|| snapshot.short().to_owned(), |name| String::from_utf8_lossy(name.as_bytes()).into_owned());
    let ending = match form {
        ContentForm::File | ContentForm::Beginning => "",
        ContentForm::Tar => ".tar",
        ContentForm::Zip => ".zip",
    };
    let name = format!("{}{ending}", harmless(&name));
    let ascii: String = name.chars().map(|character| if is_plain(character) { character } else { '_' }).collect();
    let mut header = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''");
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => header.push(char::from(byte)),
            byte => write!(header, "%{byte:02X}").expect("a string takes any text"),
        }
    }
    header
}

/// Replaces what no file system should be given, and what makes a name look like another.
fn harmless(name: &str) -> String {
    let is_harmful = |character: char| {
        character.is_control()
            || matches!(
                character,
                '/' | '\\' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{61c}'
            )
    };
    name.chars().map(|character| if is_harmful(character) { '_' } else { character }).collect()
}

/// Whether a character means nothing in a quoted string or to a browser that decodes it once more.
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, ' ' | '-' | '.' | '_' | '(' | ')' | '+' | ',' | '=' | '@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &[u8], form: ContentForm, expected: &str) {
        let snapshot = SnapshotId::new("0123abcd").unwrap();
        assert_eq!(attachment(FileName::new(name).as_ref(), &snapshot, form), expected);
    }

    #[test]
    fn names_are_saved_as_they_are_where_that_is_safe() {
        check(b"a b.txt", ContentForm::File, "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt");
        check("grün".as_bytes(), ContentForm::Zip, "attachment; filename=\"gr_n.zip\"; filename*=UTF-8''gr%C3%BCn.zip");
        check(b"100%", ContentForm::File, "attachment; filename=\"100_\"; filename*=UTF-8''100%25");
    }

    #[test]
    fn nothing_in_a_name_reaches_the_header_or_misleads() {
        check(b"a\"b\r\nX: y", ContentForm::File, "attachment; filename=\"a_b__X_ y\"; filename*=UTF-8''a%22b__X%3A%20y");
        check(
            "x\u{202e}txt.exe".as_bytes(),
            ContentForm::File,
            "attachment; filename=\"x_txt.exe\"; filename*=UTF-8''x_txt.exe",
        );
        check(b"a\\b\xff", ContentForm::File, "attachment; filename=\"a_b_\"; filename*=UTF-8''a_b%EF%BF%BD");
    }

    #[test]
    fn a_whole_snapshot_is_called_by_its_id() {
        check(b"/", ContentForm::Tar, "attachment; filename=\"0123abcd.tar\"; filename*=UTF-8''0123abcd.tar");
    }
}
