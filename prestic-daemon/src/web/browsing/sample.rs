//! Hand-made snapshots and entries for the tests of pages.

use chrono::{DateTime, Utc};
use prestic_proto::{
    file_path::{FileName, FilePath},
    snapshot::{Entry, EntryKind, Snapshot, SnapshotId, SnapshotSummary, TreeId},
};

use crate::web::words::Moment;

/// Markup that would be seen in a page if it were not escaped.
pub const MARKUP: &str = "<script>alert(1)</script>";

/// Returns noon of a day.
pub fn moment() -> Moment {
    Moment { now: at("2026-11-23T12:00:00Z"), local: |at| at.fixed_offset() }
}

/// Returns an instant.
pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Returns an id that ends with a digit.
pub fn id(digit: u8) -> SnapshotId {
    SnapshotId::new(&format!("{digit:064x}").chars().rev().collect::<String>()).unwrap()
}

/// Returns a snapshot whose host and tag are markup.
pub fn snapshot(digit: u8, time: &str) -> Snapshot {
    Snapshot {
        id: id(digit),
        time: at(time),
        tree: TreeId(format!("{digit:064x}")),
        parent: None,
        host: format!("host{MARKUP}"),
        user: "me".to_owned(),
        paths: vec!["/home/me".to_owned()],
        tags: vec![format!("tag{MARKUP}")],
        program_version: None,
        summary: None,
    }
}

/// Returns what a backup did.
pub fn summary(files_new: u64, files_changed: u64, files_unmodified: u64) -> SnapshotSummary {
    let files_processed = files_new + files_changed + files_unmodified;
    SnapshotSummary { files_new, files_changed, files_unmodified, files_processed, bytes_processed: 9, bytes_added: 2048 }
}

/// Returns an entry.
pub fn entry(name: &[u8], kind: EntryKind) -> Entry {
    Entry {
        name: FileName::new(name).unwrap(),
        kind,
        size: 1234,
        mode: Some(0o644),
        modified_at: Some(at("2026-11-01T10:00:00Z")),
        owner: Some("me".to_owned()),
        group: None,
        link_target: None,
        subtree: None,
        content: None,
        totals: None,
        chain: Vec::new(),
    }
}

/// Returns a path.
pub fn path(text: &[u8]) -> FilePath {
    FilePath::new(text).unwrap()
}

/// Fails the test where anything that a snapshot says could be taken for markup, or for the end of an attribute.
#[track_caller]
pub fn check_harmless(shown: &str) {
    for bad in ["<script", "<img", "onerror=\"", "\u{202e}", "\"x\""] {
        assert!(!shown.contains(bad), "{bad}: {shown}");
    }
}
