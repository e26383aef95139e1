//! Reads a log by offset, ending between two characters.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use prestic_proto::log::MAX_CHUNK;

/// Returns the text from an offset on, the file's length, and whether the text reaches its end.
///
/// A run that is not over may be about to write the rest of the last character.
/// Bytes that are no text are what somebody else has written into the file: each becomes a `?`, so that offsets stay right.
pub(super) fn read(path: &Path, offset: u64, is_over: bool) -> io::Result<(String, u64, bool)> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(MAX_CHUNK.into()).read_to_end(&mut bytes)?;
    let is_end = offset + bytes.len() as u64 >= length;
    Ok((text(bytes, is_over && is_end), length, is_end))
}

fn text(mut bytes: Vec<u8>, is_final: bool) -> String {
    loop {
        match String::from_utf8(bytes) {
            Ok(text) => return text,
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let is_cut = error.utf8_error().error_len().is_none();
                bytes = error.into_bytes();
                if is_cut && !is_final {
                    bytes.truncate(valid);
                } else {
                    bytes[valid] = b'?';
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], is_final: bool, expected: &str) {
        assert_eq!(text(bytes.to_vec(), is_final), expected);
    }

    #[test]
    fn chunk_ends_between_characters() {
        check("aä".as_bytes(), false, "aä");
        check(&"aä".as_bytes()[..2], false, "a");
    }

    #[test]
    fn bytes_that_are_no_text_keep_their_place() {
        check(b"a\xffb", false, "a?b");
        check(&"aä".as_bytes()[..2], true, "a?");
        check(&"ä".as_bytes()[..1], false, "");
    }

    #[test]
    fn file_is_read_from_the_offset_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.txt");
        crate::atomic_write::replace(&path, b"0123456789").unwrap();
        assert_eq!(read(&path, 4, true).unwrap(), ("456789".to_owned(), 10, true));
        assert_eq!(read(&path, 99, true).unwrap(), (String::new(), 10, true));
    }
}
