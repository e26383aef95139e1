//! The daemon's state at one moment.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    event::Cursor,
    profile::ConfigProblem,
    run::{Run, RunId},
};

/// Everything that a client shows at a glance, and the event from which on it can follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The daemon's version.
    pub version: String,
    /// The daemon's process id.
    pub pid: u32,
    /// The home that it serves.
    pub home: PathBuf,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// What is known of its configuration.
    pub config: ConfigState,
    /// Every task, by name.
    pub tasks: Vec<TaskStatus>,
    /// The runs that have not ended, oldest first.
    pub runs: Vec<Run>,
    /// The last event that this snapshot contains.
    pub cursor: Cursor,
}

/// The configuration that is live, and what was wrong with a newer one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigState {
    /// The file.
    pub path: PathBuf,
    /// When the live configuration was read; none if it had errors, so that only the profiles without any are live.
    pub loaded_at: Option<DateTime<Utc>>,
    /// Errors of the last attempt to read it: while there are any, an older configuration is live.
    pub errors: Vec<ConfigProblem>,
    /// Warnings about the live configuration.
    pub warnings: Vec<ConfigProblem>,
}

/// One task at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskStatus {
    /// The task's name: its section in config.ini.
    pub name: String,
    /// What the user says it is for.
    pub description: String,
    /// The repository, without credentials.
    pub repository: String,
    /// The schedule as written in the configuration.
    pub schedule: Option<String>,
    /// When it is due next.
    pub next_run_at: Option<DateTime<Utc>>,
    /// The run that is queued or running.
    pub active: Option<RunId>,
    /// The last run that ended.
    pub last_run: Option<LastRun>,
    /// When a run last ended well, if that is known.
    pub last_success_at: Option<DateTime<Utc>>,
    /// Why it cannot run as it is configured, where that is known beforehand.
    pub cannot_run: Option<String>,
}

/// The last run of a task that ended, as `status.ini` keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastRun {
    /// Its number; none if Python's PRestic ran it.
    pub id: Option<RunId>,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// restic's exit code.
    pub exit_code: Option<i32>,
    /// The word for its outcome ([`crate::outcome::Outcome::word`]).
    pub outcome: String,
    /// The outcome in words.
    pub message: String,
    /// The name of its log file in `<home>/logs`.
    pub log_file: Option<String>,
}
