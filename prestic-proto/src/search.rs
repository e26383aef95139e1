//! Finding files in snapshots: at once where there is an index, by a job anywhere else.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    file_path::FilePath,
    snapshot::{EntryKind, SnapshotId},
};

/// What to look for in the indexed snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchQuery {
    /// A part of a name, or a pattern with `*`, `?` or `[`; upper and lower case alike. With a `/` it is about whole paths.
    pub query: String,
    /// Only in this snapshot; none for the newest of each machine and paths that is indexed, and then older ones.
    pub snapshot: Option<SnapshotId>,
    /// How many matches to leave out.
    pub offset: u32,
    /// How many to return.
    pub limit: u32,
}

/// A file or folder that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// Its path.
    pub path: FilePath,
    /// What it is.
    pub kind: EntryKind,
    /// Its bytes, of a file.
    pub size: u64,
    /// When it was changed last, where that is known.
    pub modified_at: Option<DateTime<Utc>>,
    /// The newest snapshot that has it so.
    pub snapshot: SnapshotId,
    /// In how many snapshots that were searched it is so.
    pub snapshots: u32,
    /// Whether the path is what the snapshot has: restic lists names that are no text with U+FFFD in them, and such a file can
    /// only be reached through its folder.
    #[serde(default = "yes")]
    pub is_exact: bool,
}

fn yes() -> bool {
    true
}

/// A page of what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchPage {
    /// The matches.
    pub matches: Vec<Match>,
    /// How many there are; counted up to a limit.
    pub total: u32,
    /// Whether there are more than were counted.
    pub has_more: bool,
    /// The snapshots that were searched, newest first.
    pub searched: Vec<SnapshotId>,
    /// How many snapshots are not indexed, and were not searched.
    pub not_indexed: u32,
}
