//! The job that finds out how large a repository is.

use prestic_proto::{error::ApiError, history::RepositorySize};
use serde::Deserialize;

use super::Task;
use crate::clock;

/// What `restic stats --mode raw-data --json` writes.
#[derive(Debug, Deserialize)]
struct Stats {
    total_size: u64,
    // Not before 0.15, and 0 in repositories that are not compressed.
    total_uncompressed_size: Option<u64>,
    #[serde(default)]
    snapshots_count: u64,
}

impl Task<'_> {
    /// Measures the repository and notes it down.
    pub(super) async fn measure(self) -> Result<(), ApiError> {
        let arguments = ["stats", "--mode", "raw-data", "--json"].map(Into::into);
        let mut lines = self.reader.lines(&arguments, self.priority()).await?;
        let mut size = None;
        while let Some(line) = lines.next().await? {
            size = read_size(&line).or(size);
        }
        let size = size.ok_or_else(|| ApiError::Restic {
            command: "restic stats".to_owned(),
            message: "`restic stats` does not tell the size of the repository".to_owned(),
            hint: None,
        })?;
        self.shared.history.add_size(self.reader.repository().as_str(), size).await
    }
}

fn read_size(line: &[u8]) -> Option<RepositorySize> {
    let stats: Stats = serde_json::from_slice(line).ok()?;
    Some(RepositorySize {
        measured_at: clock::now(),
        bytes: stats.total_size,
        uncompressed_bytes: stats.total_uncompressed_size.filter(|bytes| *bytes > 0),
        snapshots: stats.snapshots_count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<(u64, Option<u64>, u64)>) {
        let size = read_size(line.as_bytes());
        assert_eq!(size.map(|size| (size.bytes, size.uncompressed_bytes, size.snapshots)), expected, "{line}");
    }

    #[test]
    fn sizes_of_all_versions_are_read() {
        check(r#"{"total_size":3258,"total_file_count":0,"total_blob_count":15,"snapshots_count":2}"#, Some((3258, None, 2)));
        check(
            r#"{"total_size":3588,"total_uncompressed_size":7612,"compression_ratio":2.1,"total_blob_count":16,"snapshots_count":2}"#,
            Some((3588, Some(7612), 2)),
        );
        check("scanning...", None);
    }
}
