//! The lines of `restic ls --json`, of every version since 0.14.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use prestic_proto::snapshot::EntryKind;
use serde::Deserialize;

/// A file or folder, as a line tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node<'line> {
    /// Its path.
    pub path: Cow<'line, str>,
    /// Its name.
    pub name: Cow<'line, str>,
    /// What it is.
    pub kind: EntryKind,
    /// Its bytes, of a file.
    pub size: u64,
    /// When it was changed last.
    pub modified_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Line<'line> {
    // 0.14 has no `message_type`, and later versions have both.
    struct_type: Option<&'line str>,
    #[serde(rename = "type")]
    kind: Option<&'line str>,
    #[serde(borrow)]
    path: Option<Cow<'line, str>>,
    #[serde(borrow)]
    name: Option<Cow<'line, str>>,
    size: Option<u64>,
    #[serde(borrow)]
    mtime: Option<Cow<'line, str>>,
}

/// Reads a line; none if it tells of no file, as the first one, which is the snapshot. The error is no JSON, or other than ours.
pub fn read_line(line: &[u8]) -> Result<Option<Node<'_>>, serde_json::Error> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let line: Line<'_> = serde_json::from_slice(line)?;
    let (Some("node"), Some(kind), Some(path), Some(name)) = (line.struct_type, line.kind, line.path, line.name) else {
        return Ok(None);
    };
    let kind = match kind {
        "dir" => EntryKind::Folder,
        "file" => EntryKind::File,
        "symlink" => EntryKind::Link,
        _ => EntryKind::Special,
    };
    let modified_at = line.mtime.and_then(|text| DateTime::parse_from_rfc3339(&text).ok()).map(|at| at.to_utc());
    Ok(Some(Node { path, name, kind, size: line.size.unwrap_or(0), modified_at }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<(&str, &str, EntryKind, u64)>) {
        let node = read_line(line.as_bytes()).unwrap();
        let found = node.as_ref().map(|node| (node.path.as_ref(), node.name.as_ref(), node.kind, node.size));
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn lines_of_all_versions_are_read() {
        let old = r#"{"name":"y.JPG","type":"file","path":"/src/A b/y.JPG","uid":0,"gid":0,"size":4,"mode":420,"mtime":"2026-11-23T07:39:09.573205164Z","struct_type":"node"}"#;
        check(old, Some(("/src/A b/y.JPG", "y.JPG", EntryKind::File, 4)));
        let new = r#"{"name":"a","type":"dir","path":"/a","mtime":"2026-11-23T08:39:09+01:00","inode":7,"message_type":"node","struct_type":"node"}"#;
        check(new, Some(("/a", "a", EntryKind::Folder, 0)));
        check(r#"{"name":"l","type":"symlink","path":"/l","struct_type":"node"}"#, Some(("/l", "l", EntryKind::Link, 0)));
        check(r#"{"name":"p","type":"fifo","path":"/p","struct_type":"node"}"#, Some(("/p", "p", EntryKind::Special, 0)));
        assert_eq!(read_line(old.as_bytes()).unwrap().unwrap().modified_at.unwrap().timestamp(), 1_795_419_549);
    }

    #[test]
    fn what_is_written_out_in_json_is_read_back() {
        check(
            r#"{"name":"a\"\n\ufffd","type":"file","path":"/a\"\n\ufffd","struct_type":"node"}"#,
            Some(("/a\"\n\u{fffd}", "a\"\n\u{fffd}", EntryKind::File, 0)),
        );
    }

    #[test]
    fn snapshot_itself_is_no_entry() {
        check(r#"{"time":"2026-11-23T07:39:12Z","tree":"52ac","paths":["/src"],"id":"7174","struct_type":"snapshot"}"#, None);
        check("", None);
        assert!(read_line(b"Fatal: no").is_err());
    }
}
