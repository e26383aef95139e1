//! What jobs do, one file for each kind.

mod difference;
mod index;
mod measure;
mod search;

use std::sync::{Arc, Mutex, PoisonError};

use prestic_proto::{
    error::ApiError,
    job::{JobId, JobRequest},
    snapshot::SnapshotId,
};

use super::{
    book::Record,
    driver::{Live, Reporter, Shared},
    files::JobFiles,
    index::{Node, read_line},
    search::Merged,
};
use crate::repository::{
    access::{Priority, Reader},
    lines::Lines,
};

/// After so many lines others get a turn: restic can list faster than we read.
const LINES_AT_A_TIME: u64 = 1000;

/// What a job needs for its work.
pub(super) struct Task<'a> {
    shared: &'a Arc<Shared>,
    record: &'a Record,
    live: &'a Live,
    reader: Reader,
    reporter: Reporter,
}

/// Does a job.
pub(super) async fn work(shared: &Arc<Shared>, record: &Record, live: &Live, reporter: Reporter) -> Result<(), ApiError> {
    let reader = shared.repositories.reader(&record.job.profile).await?;
    if reader.repository().as_str() != record.repository {
        // The configuration was changed while the job waited.
        return Err(ApiError::NoRepository(record.job.profile.clone()));
    }
    let task = Task { shared, record, live, reader, reporter };
    match &record.job.request {
        JobRequest::Search { query } => task.search(query).await,
        JobRequest::Difference { from, to, path } => task.difference(from, to, path).await,
        JobRequest::Index { snapshot } => task.index(snapshot).await,
        JobRequest::Measure => task.measure().await,
    }
}

/// Writes what a search has found.
pub(super) fn write_matches(files: &JobFiles, id: JobId, merged: &Mutex<Merged>) {
    let merged = merged.lock().unwrap_or_else(PoisonError::into_inner);
    let written = files.begin_results(id).and_then(|mut writer| {
        merged.matches().iter().try_for_each(|found| writer.add(found))?;
        writer.flush()
    });
    if let Err(error) = written {
        tracing::warn!("what job {id} has found cannot be written: {error}");
    }
}

impl Task<'_> {
    fn priority(&self) -> Priority {
        if self.record.is_automatic { Priority::Idle } else { Priority::Now }
    }

    /// Has restic list all files of a snapshot.
    async fn listing(&self, snapshot: &SnapshotId) -> Result<Lines, ApiError> {
        let arguments = ["ls".into(), "--json".into(), snapshot.as_str().into()];
        self.reader.lines(&arguments, self.priority()).await
    }
}

/// Whether it is time to tell how far a job is, and to let others have their turn.
fn is_pause(lines: u64) -> bool {
    lines.is_multiple_of(LINES_AT_A_TIME)
}

/// Reads a line of a listing; none if it tells of no file.
fn node(line: &[u8]) -> Result<Option<Node<'_>>, ApiError> {
    read_line(line).map_err(|error| ApiError::Restic {
        command: "restic ls".to_owned(),
        message: format!("`restic ls --json` writes what is not known: {error}"),
        hint: None,
    })
}

/// Runs what keeps a processor busy where nobody waits for it.
pub(super) async fn apart<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let storage = |error: tokio::task::JoinError| ApiError::Storage {
        what: "the work has broken off".to_owned(),
        reason: error.to_string(),
    };
    tokio::task::spawn_blocking(act).await.map_err(storage)
}
