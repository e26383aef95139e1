//! Jobs: work on a repository that takes its time, beside the runs. Their results are kept.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    difference::{DeepChange, DifferenceTotals},
    file_path::FilePath,
    search::Match,
    snapshot::SnapshotId,
};

/// The number of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub u64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a job is to do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum JobRequest {
    /// Look for names in all snapshots, indexed or not.
    Search {
        /// As in [`crate::search::SearchQuery`].
        query: String,
    },
    /// Compare two snapshots, or a folder in them, with all that is in it.
    Difference {
        /// The older one.
        from: SnapshotId,
        /// The newer one.
        to: SnapshotId,
        /// The folder.
        path: FilePath,
    },
    /// Make the index of a snapshot.
    Index {
        /// The snapshot.
        snapshot: SnapshotId,
    },
    /// Find out how large the repository is.
    Measure,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum JobState {
    /// It waits for others.
    Queued,
    /// It works.
    Running,
    /// It is done.
    Done,
    /// Somebody has ended it; what was found until then is kept.
    Canceled,
    /// It has failed.
    Failed {
        /// Why, in restic's words where they are restic's.
        reason: String,
    },
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// The profile whose repository it works on.
    pub profile: String,
    /// What it is to do.
    pub request: JobRequest,
    /// How far it is.
    #[serde(flatten)]
    pub state: JobState,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How much is done: snapshots searched, or files looked at.
    pub done: u64,
    /// Of how much, where that is known.
    pub total: Option<u64>,
    /// How many results there are so far.
    pub results: u64,
    /// Whether there were more results than are kept.
    pub is_cut: bool,
    /// The sums of a comparison, once it is done.
    pub totals: Option<DifferenceTotals>,
}

/// A page of a job's results, in the order in which they were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "results", content = "page", rename_all = "kebab-case")]
pub enum JobResults {
    /// Of a search.
    Matches(Vec<Match>),
    /// Of a comparison.
    Changes(Vec<DeepChange>),
    /// Other jobs have none.
    None,
}
