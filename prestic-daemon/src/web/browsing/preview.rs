//! What is shown of a file before it is downloaded: text, a picture, or its bytes.

use std::fmt::Write as _;

use crate::web::browsing::text_lines::{decode, shown_line};

/// How much of a file is read for its preview.
pub const PREVIEW_BYTES: usize = 256 * 1024;

/// How many bytes of a binary file are shown: a page of them is enough to see what it is.
const HEX_BYTES: usize = 8 * 1024;

/// How many bytes stand in one line.
const HEX_COLUMNS: usize = 16;

/// The largest picture that is shown in a page.
pub const MAX_PICTURE: u64 = 32 * 1024 * 1024;

/// A picture that browsers show without running anything that is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// WebP.
    Webp,
}

impl Picture {
    /// Tells by a file's first bytes, whatever its name says.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            _ if infer::image::is_png(bytes) => Some(Self::Png),
            _ if infer::image::is_jpeg(bytes) => Some(Self::Jpeg),
            _ if infer::image::is_gif(bytes) => Some(Self::Gif),
            _ if infer::image::is_webp(bytes) => Some(Self::Webp),
            _ => None,
        }
    }

    /// Returns the content type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }
}

/// What is shown of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preview {
    /// There is nothing in it.
    Empty,
    /// Lines of text.
    Text {
        /// What the encoding is called.
        encoding: &'static str,
        /// Whether the encoding is a guess.
        is_guess: bool,
        /// The lines.
        lines: Vec<String>,
        /// Whether the file goes on.
        is_cut: bool,
    },
    /// A picture, to be had at an address of its own.
    Picture(Picture),
    /// Bytes: where they are, in hexadecimal, and as ASCII.
    Hex {
        /// The rows.
        rows: Vec<HexRow>,
        /// Whether the file goes on.
        is_cut: bool,
    },
}

/// One line of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HexRow {
    /// Where the first of them is.
    pub offset: usize,
    /// The bytes in hexadecimal.
    pub hex: String,
    /// The bytes as ASCII, a dot for what cannot be seen.
    pub ascii: String,
}

/// Decides how the first bytes of a file are shown.
pub fn preview(bytes: &[u8], is_cut: bool) -> Preview {
    if bytes.is_empty() {
        return Preview::Empty;
    }
    if let Some(picture) = Picture::of(bytes) {
        return Preview::Picture(picture);
    }
    match decode(bytes, is_cut) {
        Some(text) => Preview::Text {
            encoding: text.encoding,
            is_guess: text.is_guess,
            lines: text.text.split_inclusive('\n').map(shown_line).collect(),
            is_cut,
        },
        None => {
            let shown = &bytes[..bytes.len().min(HEX_BYTES)];
            Preview::Hex { rows: hex_rows(shown), is_cut: is_cut || bytes.len() > HEX_BYTES }
        }
    }
}

fn hex_rows(bytes: &[u8]) -> Vec<HexRow> {
    let row = |(index, chunk): (usize, &[u8])| {
        let mut hex = String::with_capacity(HEX_COLUMNS * 3);
        for (column, byte) in chunk.iter().enumerate() {
            let gap = match column {
                0 => "",
                _ if column % 8 == 0 => "  ",
                _ => " ",
            };
            write!(hex, "{gap}{byte:02x}").expect("a string takes any text");
        }
        let ascii = chunk.iter().map(|byte| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' }).collect();
        HexRow { offset: index * HEX_COLUMNS, hex, ascii }
    };
    bytes.chunks(HEX_COLUMNS).enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_by_their_bytes_and_nothing_else_is_one() {
        assert_eq!(preview(b"\x89PNG\r\n\x1a\n....", false), Preview::Picture(Picture::Png));
        assert_eq!(preview(b"\xff\xd8\xff\xe0....", false), Preview::Picture(Picture::Jpeg));
        assert_eq!(preview(b"GIF89a....", false), Preview::Picture(Picture::Gif));
        assert_eq!(preview(b"RIFF\x10\0\0\0WEBPVP8 ", false), Preview::Picture(Picture::Webp));
        for text in ["<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "<!doctype html><script>", "%PDF-1.4"] {
            assert!(matches!(preview(text.as_bytes(), false), Preview::Text { .. }), "{text}");
        }
    }

    #[test]
    fn text_is_shown_line_by_line() {
        let Preview::Text { lines, is_cut, .. } = preview(b"one\r\ntwo\n\nfour", true) else { panic!("it is text") };
        assert_eq!(lines, ["one", "two", "", "four"]);
        assert!(is_cut);
    }

    #[test]
    fn bytes_are_shown_in_rows_of_sixteen() {
        let bytes: Vec<u8> = (0..=16).chain(*b"A").collect();
        let Preview::Hex { rows, is_cut } = preview(&bytes, false) else { panic!("it is binary") };
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].hex, "00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f");
        assert_eq!((rows[1].offset, rows[1].hex.as_str(), rows[1].ascii.as_str()), (16, "10 41", ".A"));
        assert!(!is_cut);
    }

    #[test]
    fn a_large_binary_is_cut_and_says_so() {
        let Preview::Hex { rows, is_cut } = preview(&[0; HEX_BYTES + 1], false) else { panic!("it is binary") };
        assert_eq!(rows.len(), HEX_BYTES / HEX_COLUMNS);
        assert!(is_cut);
    }

    #[test]
    fn an_empty_file_is_empty() {
        assert_eq!(preview(b"", false), Preview::Empty);
    }
}
