//! Log files, read by offset.

use serde::{Deserialize, Serialize};

/// The most bytes that one call returns.
pub const MAX_CHUNK: u32 = 256 * 1024;

/// A piece of a run's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogChunk {
    /// Where it begins in the file.
    pub offset: u64,
    /// The text. A chunk ends between characters, so `next` tells how far to go on.
    pub text: String,
    /// The offset of the next chunk.
    pub next: u64,
    /// How many bytes the log has now: by it the end of a log can be found without reading it.
    pub length: u64,
    /// Whether the run is over and this chunk reaches the end of its log.
    pub is_complete: bool,
}
