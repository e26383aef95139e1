//! What is not the same in two snapshots.

use serde::{Deserialize, Serialize};

use crate::{
    file_path::{FileName, FilePath},
    snapshot::{Entry, Snapshot, SnapshotId},
};

/// Which folder of which snapshots to compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferenceQuery {
    /// The older one; none for the one before of the same machine and paths.
    pub from: Option<SnapshotId>,
    /// The newer one.
    pub to: SnapshotId,
    /// The folder, or the file.
    pub path: FilePath,
    /// How many changes to leave out.
    pub offset: u32,
    /// How many to return.
    pub limit: u32,
}

/// The changes in one folder; those in the folders below it are not looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The older snapshot; none if there is none.
    pub from: Option<Snapshot>,
    /// The newer one.
    pub to: Snapshot,
    /// The folder, or the file.
    pub path: FilePath,
    /// What is at the path itself, if that is not a folder in both.
    pub itself: Option<Change>,
    /// The changes, those that add the most bytes first.
    pub changes: Vec<Change>,
    /// How many there are.
    pub total: u32,
    /// How many entries are the same.
    pub unchanged: u32,
    /// Whether all of it is known to be the same, because the trees are.
    pub is_same: bool,
}

/// What happened to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its content is another; of a folder: something in it.
    Modified,
    /// Its times, owner or permissions are others.
    Metadata,
    /// It is something else now: a file that was a folder.
    Type,
    /// The content of a file is another, and its time and size are not: it may have rotted.
    Suspicious,
}

/// Something that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its name.
    pub name: FileName,
    /// What happened.
    pub kind: ChangeKind,
    /// As it was.
    pub before: Option<Entry>,
    /// As it is.
    pub after: Option<Entry>,
}

/// A change anywhere below a folder, as `restic diff` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeepChange {
    /// The path.
    pub path: FilePath,
    /// What happened.
    pub kind: ChangeKind,
}

/// The sums that `restic diff` tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferenceTotals {
    /// Files whose content changed.
    pub files_changed: u64,
    /// New files.
    pub files_added: u64,
    /// Files that are gone.
    pub files_removed: u64,
    /// New folders.
    pub folders_added: u64,
    /// Folders that are gone.
    pub folders_removed: u64,
    /// Bytes that only the newer one needs.
    pub bytes_added: u64,
    /// Bytes that only the older one needs.
    pub bytes_removed: u64,
}
