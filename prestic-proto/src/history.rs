//! What has happened: past runs, days at a glance, and how large repositories were.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::run::{Run, RunId};

/// The most runs that one call returns: they must fit into a frame.
pub const MAX_RUNS: u32 = 500;

/// Which runs to return.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunQuery {
    /// Only those of this task or group.
    pub task: Option<String>,
    /// Only those with one of these outcomes ([`crate::outcome::Outcome::word`]); none for all, and those that have not ended.
    pub outcomes: Vec<String>,
    /// Only those older than this one.
    pub before: Option<RunId>,
    /// How many, at most [`MAX_RUNS`].
    pub limit: u32,
}

/// A page of runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunPage {
    /// Newest first.
    pub runs: Vec<Run>,
    /// Whether there are older ones.
    pub has_more: bool,
}

/// What happened to a task on one day of the daemon's calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The day.
    pub date: NaiveDate,
    /// Runs that ended well.
    pub succeeded: u32,
    /// Runs with warnings.
    pub warnings: u32,
    /// Runs that failed, in whatever way.
    pub failed: u32,
    /// Runs that somebody stopped.
    pub stopped: u32,
    /// Occurrences that no run answered.
    pub missed: u32,
    /// The last run of the day that failed, or else the last one.
    pub run: Option<RunId>,
    /// Bytes that its runs added.
    pub bytes_added: u64,
}

/// The last days of a task. Days on which nothing happened are not listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDays {
    /// The task.
    pub task: String,
    /// Oldest first.
    pub days: Vec<Day>,
}

/// How large a repository was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositorySize {
    /// When.
    pub measured_at: DateTime<Utc>,
    /// The bytes of its data, as they are stored.
    pub bytes: u64,
    /// The bytes before compression, where restic tells them.
    pub uncompressed_bytes: Option<u64>,
    /// How many snapshots there were.
    pub snapshots: u64,
}
