//! What is in a repository: its snapshots, their folders and files.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::file_path::{FileName, FilePath};

/// The most entries, snapshots or matches that one call returns.
pub const MAX_PAGE: u32 = 1000;

/// The id of a snapshot: 8 to 64 hexadecimal digits, as restic prints it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SnapshotId(String);

impl SnapshotId {
    /// Takes an id, or the beginning of one; none if it is anything else, such as `latest` or a flag.
    pub fn new(text: &str) -> Option<Self> {
        let is_id = (8..=64).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_id.then(|| Self(text.to_owned()))
    }

    /// Returns all of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the eight digits that people read.
    pub fn short(&self) -> &str {
        &self.0[..8]
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SnapshotId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| D::Error::custom("not the id of a snapshot"))
    }
}

/// The id of a tree object: what a folder held. Equal ids are equal folders, with all that is in them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TreeId(pub String);

/// One snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its id.
    pub id: SnapshotId,
    /// When it was made.
    pub time: DateTime<Utc>,
    /// Its topmost folder.
    pub tree: TreeId,
    /// The snapshot that restic compared with.
    pub parent: Option<String>,
    /// The machine that made it.
    pub host: String,
    /// The user who made it.
    pub user: String,
    /// What was backed up.
    pub paths: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// The restic that made it, where it says so (0.16 and later).
    pub program_version: Option<String>,
    /// What the backup did, where it says so (0.17 and later).
    pub summary: Option<SnapshotSummary>,
}

/// What the backup of a snapshot did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotSummary {
    /// Files that were not in the parent snapshot.
    pub files_new: u64,
    /// Files that differ from it.
    pub files_changed: u64,
    /// Files that are as in it.
    pub files_unmodified: u64,
    /// Files looked at.
    pub files_processed: u64,
    /// Bytes looked at.
    pub bytes_processed: u64,
    /// Bytes added to the repository, before compression.
    pub bytes_added: u64,
}

/// Which snapshots to list. Filters that are not set let all through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotQuery {
    /// Only those of this machine.
    pub host: Option<String>,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those of this path.
    pub path: Option<String>,
    /// How many of the newest to leave out.
    pub offset: u32,
    /// How many to return, at most [`MAX_PAGE`].
    pub limit: u32,
    /// Whether to ask restic again, whatever is known.
    pub is_fresh: bool,
}

/// A page of the list of snapshots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotPage {
    /// Newest first.
    pub snapshots: Vec<Snapshot>,
    /// How many pass the filters.
    pub total: u32,
    /// How many there are.
    pub in_all: u32,
    /// The machines of all snapshots.
    pub hosts: Vec<String>,
    /// The tags of all snapshots.
    pub tags: Vec<String>,
    /// The paths of all snapshots.
    pub paths: Vec<String>,
    /// When restic was asked.
    pub read_at: DateTime<Utc>,
}

/// What something in a snapshot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A folder.
    Folder,
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A device, socket, pipe or whatever else.
    Special,
}

/// How much a folder holds, with all folders in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderTotals {
    /// Files.
    pub files: u64,
    /// Folders.
    pub folders: u64,
    /// Bytes of the files.
    pub bytes: u64,
}

/// One file or folder in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name.
    pub name: FileName,
    /// What it is.
    pub kind: EntryKind,
    /// Its bytes, of a file.
    pub size: u64,
    /// Its permission bits as Unix has them, where they are known.
    pub mode: Option<u32>,
    /// When it was changed last.
    pub modified_at: Option<DateTime<Utc>>,
    /// Its owner and group, by name where the snapshot has names.
    pub owner: Option<String>,
    /// The group.
    pub group: Option<String>,
    /// Where a link leads.
    pub link_target: Option<String>,
    /// What a folder holds; none where restic is too old to tell.
    pub subtree: Option<TreeId>,
    /// A fingerprint of a file's content; none where restic is too old to tell.
    pub content: Option<String>,
    /// How much a folder holds, where its snapshot is indexed.
    pub totals: Option<FolderTotals>,
    /// The names of folders below this one, each the only thing in the one before, as far as they are known.
    pub chain: Vec<FileName>,
}

/// Which part of a folder to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderQuery {
    /// The snapshot.
    pub snapshot: SnapshotId,
    /// The folder.
    pub path: FilePath,
    /// Only names that contain this, upper and lower case alike.
    pub filter: Option<String>,
    /// How many entries to leave out.
    pub offset: u32,
    /// How many to return, at most [`MAX_PAGE`].
    pub limit: u32,
}

/// A page of a folder: folders first, then by name as people count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Folder {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// The folder.
    pub path: FilePath,
    /// What it holds; none where restic is too old to tell.
    pub tree: Option<TreeId>,
    /// The page.
    pub entries: Vec<Entry>,
    /// How many pass the filter.
    pub total: u32,
    /// How many there are.
    pub in_all: u32,
    /// How much it holds, where the snapshot is indexed.
    pub totals: Option<FolderTotals>,
}

/// A file or folder, with the snapshot that it is in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Its path.
    pub path: FilePath,
    /// What is known of it; none of the topmost folder.
    pub entry: Option<Entry>,
}

/// Which versions of a file to look for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionQuery {
    /// A snapshot: others of its machine and paths are looked at.
    pub snapshot: SnapshotId,
    /// The file.
    pub path: FilePath,
    /// How many of the newest snapshots to leave out.
    pub offset: u32,
    /// How many snapshots to look at.
    pub limit: u32,
}

/// One version of a file: as it was from one snapshot to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The file; none where it was not there.
    pub entry: Option<Entry>,
    /// The newest snapshot that has this version.
    pub newest: Snapshot,
    /// The oldest one.
    pub oldest: Snapshot,
    /// How many snapshots have it.
    pub snapshots: u32,
}

/// The versions of a file, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Versions {
    /// Neighbors differ in size, time or content.
    pub versions: Vec<Version>,
    /// How many snapshots were looked at.
    pub looked_at: u32,
    /// How many there are to look at.
    pub in_all: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_are_ids() {
        assert!(SnapshotId::new("0123abcd").is_some());
        for text in ["latest", "0123abc", "0123ABCD", "--help123", "0123abcd/..", &"a".repeat(65)] {
            assert_eq!(SnapshotId::new(text), None, "{text}");
        }
    }
}
