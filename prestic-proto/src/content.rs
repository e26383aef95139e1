//! The content of files and folders in snapshots, read piece by piece.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{file_path::FilePath, snapshot::SnapshotId};

/// The most bytes in one piece. Two of them are in a processor's nearer cache, which makes a download faster than larger ones do.
pub const MAX_PIECE: usize = 256 * 1024;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ContentRequest {
    /// The snapshot.
    pub snapshot: SnapshotId,
    /// The file or folder.
    pub path: FilePath,
    /// As what.
    pub form: ContentForm,
}

/// How something is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContentForm {
    /// A file's bytes.
    File,
    /// The same, for somebody who looks at the beginning and closes it then: that need not wait for downloads.
    Beginning,
    /// A folder as a tar archive.
    Tar,
    /// A folder as a zip archive.
    Zip,
}

/// Content that is open. It is closed by itself when nobody reads it for ten minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Its number.
    pub content: ContentId,
    /// How many bytes there are, where that is known beforehand.
    pub size: Option<u64>,
}

/// The number of content that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentId(pub u64);

/// The next bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The bytes: base64 in JSON.
    #[serde(serialize_with = "encode", deserialize_with = "decode")]
    pub bytes: Bytes,
    /// Whether these were the last ones. Then the content is closed, and restic has ended well.
    pub is_last: bool,
}

fn encode<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
}

fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let text = String::deserialize(deserializer)?;
    BASE64_STANDARD.decode(text).map(Bytes::from).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_json() {
        let piece = Piece { bytes: Bytes::from_static(b"\x00\xff<"), is_last: true };
        let json = serde_json::to_string(&piece).unwrap();
        assert_eq!(serde_json::from_str::<Piece>(&json).unwrap(), piece);
    }
}
