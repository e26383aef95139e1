//! Paths and names inside snapshots: bytes, because a file's name need not be text.

use std::{borrow::Cow, fmt};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// What stands for itself in a URL's path (RFC 3986, `pchar`) is left alone, but for what ends it or could be mistaken.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The longest path that is taken from anybody: Linux has 4,096 bytes for one, and snapshots of other systems a little more.
pub const MAX_PATH: usize = 16 * 1024;

/// The name of one file or folder. In JSON and in URLs it is percent-encoded, which loses nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(Vec<u8>);

/// An absolute path in a snapshot. In JSON and in URLs it is percent-encoded, which loses nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(Vec<u8>);

impl FileName {
    /// Takes a name; none if no file can have it.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Option<Self> {
        let bytes = bytes.into();
        is_name(&bytes).then_some(Self(bytes))
    }

    /// Returns its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns it as it may be shown: what would not be seen, or would mislead, is written out.
    pub fn shown(&self) -> String {
        shown(&self.0)
    }

    /// Returns it as it stands in a URL.
    pub fn encoded(&self) -> String {
        percent_encode(&self.0, ENCODED).to_string()
    }
}

impl FilePath {
    /// Returns the path of the topmost folder.
    pub fn root() -> Self {
        Self(vec![b'/'])
    }

    /// Takes a path; none if it is not absolute, is too long, or has parts that no file can have. Slashes at the end go.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Option<Self> {
        let mut bytes = bytes.into();
        while bytes.len() > 1 && bytes.ends_with(b"/") {
            bytes.pop();
        }
        let rest = bytes.strip_prefix(b"/")?;
        let has_names = rest.is_empty() || rest.split(|byte| *byte == b'/').all(is_name);
        (has_names && bytes.len() <= MAX_PATH).then_some(Self(bytes))
    }

    /// Takes a path as it stands in a URL, decoded once.
    pub fn from_encoded(text: &str) -> Option<Self> {
        Self::new(Cow::from(percent_decode_str(text)))
    }

    /// Returns its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is the topmost folder.
    pub fn is_root(&self) -> bool {
        self.0 == b"/"
    }

    /// Returns its names, from the top.
    pub fn names(&self) -> impl Iterator<Item = FileName> + '_ {
        self.0.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).map(|part| FileName(part.to_vec()))
    }

    /// Returns its last name; none of the topmost folder.
    pub fn name(&self) -> Option<FileName> {
        self.names().last()
    }

    /// Returns the folder that it is in; none of the topmost folder.
    pub fn parent(&self) -> Option<Self> {
        let cut = self.0.iter().rposition(|byte| *byte == b'/')?;
        match (cut, self.is_root()) {
            (_, true) => None,
            (0, false) => Some(Self::root()),
            (cut, false) => Some(Self(self.0[..cut].to_vec())),
        }
    }

    /// Returns the path of a file in this folder.
    pub fn join(&self, name: &FileName) -> Self {
        let mut bytes = if self.is_root() { Vec::new() } else { self.0.clone() };
        bytes.push(b'/');
        bytes.extend_from_slice(&name.0);
        Self(bytes)
    }

    /// Returns it as it may be shown.
    pub fn shown(&self) -> String {
        shown(&self.0)
    }

    /// Returns it as it stands in a URL, its slashes left alone.
    pub fn encoded(&self) -> String {
        percent_encode(&self.0, ENCODED).to_string()
    }
}

/// Whether a file can have this name.
fn is_name(bytes: &[u8]) -> bool {
    !matches!(bytes, b"" | b"." | b"..") && !bytes.iter().any(|byte| matches!(byte, 0 | b'/'))
}

/// Writes out what is not text, what moves a cursor, and what turns the direction of writing around (CVE-2021-42574).
pub fn shown(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{61c}' => {
                    text.extend(character.escape_unicode());
                }
                _ if character.is_control() => text.extend(character.escape_unicode()),
                _ => text.push(character),
            }
        }
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.shown(), f)
    }
}

impl fmt::Debug for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.shown(), f)
    }
}

impl Serialize for FileName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encoded())
    }
}

impl Serialize for FilePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encoded())
    }
}

impl<'de> Deserialize<'de> for FileName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(Cow::from(percent_decode_str(&text))).ok_or_else(|| D::Error::custom("no file can have this name"))
    }
}

impl<'de> Deserialize<'de> for FilePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_encoded(&text).ok_or_else(|| D::Error::custom("not an absolute path in a snapshot"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_round_trip(bytes: &[u8], encoded: &str) {
        let path = FilePath::new(bytes).unwrap();
        assert_eq!(path.encoded(), encoded);
        assert_eq!(FilePath::from_encoded(encoded).unwrap(), path);
        let json = serde_json::to_string(&path).unwrap();
        assert_eq!(serde_json::from_str::<FilePath>(&json).unwrap(), path);
    }

    #[test]
    fn every_name_survives_a_url() {
        check_round_trip(b"/", "/");
        check_round_trip(b"/home/me", "/home/me");
        check_round_trip(b"/a b/100%#?", "/a%20b/100%25%23%3F");
        check_round_trip(b"/\xff\n\"<script>", "/%FF%0A%22%3Cscript%3E");
        check_round_trip("/ümlaut\u{202e}".as_bytes(), "/%C3%BCmlaut%E2%80%AE");
    }

    #[test]
    fn what_no_file_can_have_is_refused() {
        for path in ["", "home", "/a/../b", "/a//b", "/./a", "/a\0"] {
            assert_eq!(FilePath::new(path), None, "{path}");
        }
        assert_eq!(FilePath::new(format!("/{}", "x".repeat(MAX_PATH))), None);
        assert_eq!(FilePath::new("/a/"), FilePath::new("/a"));
        assert_eq!(FileName::new("a/b"), None);
    }

    #[test]
    fn folders_and_names_are_parts_of_a_path() {
        let path = FilePath::new("/home/me").unwrap();
        assert_eq!(path.parent().unwrap().as_bytes(), b"/home");
        assert_eq!(path.parent().unwrap().parent(), Some(FilePath::root()));
        assert_eq!(FilePath::root().parent(), None);
        assert_eq!(path.name().unwrap().as_bytes(), b"me");
        assert_eq!(FilePath::root().join(&path.name().unwrap()).as_bytes(), b"/me");
        assert_eq!(path.names().count(), 2);
    }

    #[test]
    fn what_would_mislead_is_written_out() {
        assert_eq!(shown(b"bad-\xff.txt"), "bad-\\xff.txt");
        assert_eq!(shown("a\nb\u{202e}c\u{1b}".as_bytes()), "a\\nb\\u{202e}c\\u{1b}");
    }
}
