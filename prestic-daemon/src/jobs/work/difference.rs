//! The job that compares two snapshots, or a folder in them, with all that is below.

use std::ffi::OsString;

use prestic_proto::{
    difference::{ChangeKind, DeepChange, DifferenceTotals},
    error::ApiError,
    file_path::FilePath,
    snapshot::SnapshotId,
};
use serde::Deserialize;

use super::{Task, is_pause};
use crate::{jobs::book::Counts, restic::version::ResticVersion};

/// The first restic that compares folders of snapshots.
const COMPARES_FOLDERS: ResticVersion = ResticVersion::new(0, 16, 0);

/// The most changes that are kept. Two snapshots with nothing in common can have millions.
const MAX_CHANGES: u64 = 100_000;

/// A line of `restic diff --json`.
#[derive(Debug, Deserialize)]
#[serde(tag = "message_type", rename_all = "snake_case")]
enum Line {
    Change {
        path: String,
        modifier: String,
    },
    Statistics {
        changed_files: u64,
        added: Side,
        removed: Side,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct Side {
    files: u64,
    dirs: u64,
    bytes: u64,
}

/// What a line tells.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// Something is not the same.
    Change(DeepChange),
    /// The sums.
    Totals(DifferenceTotals),
    /// Nothing for us.
    Nothing,
}

impl Task<'_> {
    /// Compares, and writes the changes as they come.
    pub(super) async fn difference(mut self, from: &SnapshotId, to: &SnapshotId, path: &FilePath) -> Result<(), ApiError> {
        let is_by_restic = !path.is_root() && self.reader.is_at_least(COMPARES_FOLDERS);
        let mut arguments: Vec<OsString> = vec!["diff".into(), "--json".into()];
        for snapshot in [from, to] {
            arguments.push(if is_by_restic { folder_of(snapshot, path)? } else { snapshot.as_str().into() });
        }
        let (wanted, above) = if is_by_restic { (FilePath::root(), path.clone()) } else { (path.clone(), FilePath::root()) };
        let id = self.record.job.id;
        let storage = |error: std::io::Error| ApiError::Storage {
            what: "the changes cannot be written".to_owned(),
            reason: error.to_string(),
        };
        let begun = self.shared.with_files(move |files| files.begin_results(id)).await;
        let mut writer = begun.ok_or(ApiError::ShuttingDown)?.map_err(storage)?;
        let mut lines = self.reader.lines(&arguments, self.priority()).await?;
        let (mut counts, mut seen) = (Counts::default(), 0_u64);
        while let Some(line) = lines.next().await? {
            match read_change(&line, &wanted, &above) {
                Told::Change(change) => {
                    counts.done += 1;
                    if counts.results < MAX_CHANGES {
                        writer.add(&change).map_err(storage)?;
                        counts.results += 1;
                    } else {
                        counts.is_cut = true;
                    }
                }
                // Those of restic are about the whole snapshots, if only we look at a folder.
                Told::Totals(totals) if wanted.is_root() => self.shared.state().book.add_totals(id, totals),
                Told::Totals(_) | Told::Nothing => {}
            }
            seen += 1;
            if is_pause(seen) {
                writer.flush().map_err(storage)?;
                self.reporter.tell(counts).await;
                tokio::task::yield_now().await;
            }
        }
        writer.flush().map_err(storage)?;
        self.reporter.tell(counts).await;
        Ok(())
    }
}

/// Writes a folder of a snapshot as restic wants it.
fn folder_of(snapshot: &SnapshotId, path: &FilePath) -> Result<OsString, ApiError> {
    let text = std::str::from_utf8(path.as_bytes()).map_err(|_| ApiError::Restic {
        command: "restic diff".to_owned(),
        message: format!("`{}` has a name that is no text, and restic cannot be asked for it", path.shown()),
        hint: Some("compare the folder above it".to_owned()),
    })?;
    Ok(format!("{snapshot}:{text}").into())
}

/// Reads a line. Of the changes, those in the folder `wanted` count; `above` is where the paths that restic tells begin.
fn read_change(line: &[u8], wanted: &FilePath, above: &FilePath) -> Told {
    match serde_json::from_slice(line) {
        Ok(Line::Change { path, modifier }) => {
            let (Some(kind), Some(path)) = (kind(&modifier), FilePath::new(path.into_bytes())) else { return Told::Nothing };
            let is_within = wanted.is_root()
                || path == *wanted
                || path.as_bytes().strip_prefix(wanted.as_bytes()).is_some_and(|rest| rest.starts_with(b"/"));
            if !is_within {
                return Told::Nothing;
            }
            Told::Change(DeepChange { path: path.names().fold(above.clone(), |path, name| path.join(&name)), kind })
        }
        Ok(Line::Statistics { changed_files, added, removed }) => Told::Totals(DifferenceTotals {
            files_changed: changed_files,
            files_added: added.files,
            files_removed: removed.files,
            folders_added: added.dirs,
            folders_removed: removed.dirs,
            bytes_added: added.bytes,
            bytes_removed: removed.bytes,
        }),
        Ok(Line::Other) | Err(_) => Told::Nothing,
    }
}

/// Returns what restic's letters mean; the gravest of several counts.
fn kind(modifier: &str) -> Option<ChangeKind> {
    let meanings = [
        ('?', ChangeKind::Suspicious),
        ('+', ChangeKind::Added),
        ('-', ChangeKind::Removed),
        ('T', ChangeKind::Type),
        ('M', ChangeKind::Modified),
        ('U', ChangeKind::Metadata),
    ];
    meanings.into_iter().find(|(letter, _)| modifier.contains(*letter)).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, wanted: &str, above: &str, expected: Option<(&str, ChangeKind)>) {
        let told = read_change(line.as_bytes(), &FilePath::new(wanted).unwrap(), &FilePath::new(above).unwrap());
        let found = if let Told::Change(change) = &told { Some((change.path.shown(), change.kind)) } else { None };
        assert_eq!(found, expected.map(|(path, kind)| (path.to_owned(), kind)), "{line}");
    }

    #[test]
    fn changes_are_read() {
        let line = r#"{"message_type":"change","path":"/src/new/","modifier":"+"}"#;
        check(line, "/", "/", Some(("/src/new", ChangeKind::Added)));
        check(line, "/src", "/", Some(("/src/new", ChangeKind::Added)));
        check(line, "/src/new", "/", Some(("/src/new", ChangeKind::Added)));
        check(line, "/src/ne", "/", None);
        check(line, "/", "/home/me", Some(("/home/me/src/new", ChangeKind::Added)));
        check(r#"{"message_type":"change","path":"/a","modifier":"M?"}"#, "/", "/", Some(("/a", ChangeKind::Suspicious)));
        check(r#"{"message_type":"change","path":"/a","modifier":"TU"}"#, "/", "/", Some(("/a", ChangeKind::Type)));
        check(r#"{"message_type":"news"}"#, "/", "/", None);
        check("comparing snapshot", "/", "/", None);
    }

    #[test]
    fn sums_are_read() {
        let line = r#"{"message_type":"statistics","source_snapshot":"50","target_snapshot":"71","changed_files":1,"added":{"files":2,"dirs":3,"others":0,"data_blobs":2,"tree_blobs":5,"bytes":3367},"removed":{"files":4,"dirs":5,"others":0,"data_blobs":1,"tree_blobs":4,"bytes":2664}}"#;
        let expected = DifferenceTotals {
            files_changed: 1,
            files_added: 2,
            files_removed: 4,
            folders_added: 3,
            folders_removed: 5,
            bytes_added: 3367,
            bytes_removed: 2664,
        };
        assert_eq!(read_change(line.as_bytes(), &FilePath::root(), &FilePath::root()), Told::Totals(expected));
    }
}
