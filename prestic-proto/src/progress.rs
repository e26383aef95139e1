//! How far a run has come.

use serde::{Deserialize, Serialize};

/// The latest numbers of a running restic. Fields that restic has not told yet are 0 or `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// How much is done, from 0 to 1. It can be 1 while the last packs are still being uploaded.
    pub fraction: Option<f64>,
    /// Files (or, in a check, packs) done.
    pub files_done: u64,
    /// Files (or packs) in all, as far as restic has counted.
    pub files_total: u64,
    /// Bytes done.
    pub bytes_done: u64,
    /// Bytes in all, as far as restic has counted.
    pub bytes_total: u64,
    /// Bytes a second since the start.
    pub bytes_per_second: Option<u64>,
    /// Seconds that restic expects to need still.
    pub seconds_remaining: Option<u64>,
    /// A file that is being read now.
    pub current_file: Option<String>,
    /// Files that could not be read so far.
    pub errors: u64,
}

/// What a run did, from restic's own summary.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// The snapshot that a backup made, as long as restic tells it (8 characters before 0.15).
    pub snapshot_id: Option<String>,
    /// Files that were not in the parent snapshot.
    pub files_new: u64,
    /// Files that differ from the parent snapshot.
    pub files_changed: u64,
    /// Files that are as in the parent snapshot.
    pub files_unmodified: u64,
    /// Files looked at.
    pub files_processed: u64,
    /// Bytes looked at.
    pub bytes_processed: u64,
    /// Bytes added to the repository, before compression.
    pub bytes_added: u64,
    /// Files that could not be read.
    pub errors: u64,
}
