//! The daemon's state at one moment.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    event::Cursor,
    notification::NotificationState,
    outcome::SkipReason,
    profile::ConfigProblem,
    run::{Run, RunId},
    system::WebState,
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
    /// How the web interface is.
    #[serde(default)]
    pub web: WebState,
    /// How desktop notifications are.
    #[serde(default)]
    pub notifications: NotificationState,
    /// Whether every task is paused.
    #[serde(default)]
    pub paused: Option<Pause>,
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

/// A pause: nothing starts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it ends; none if when somebody ends it.
    pub until: Option<DateTime<Utc>>,
}

/// An occurrence that no run answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// The occurrence; of several the latest.
    pub due_at: DateTime<Utc>,
    /// Why.
    pub reason: SkipReason,
}

/// A coming run of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upcoming {
    /// The task.
    pub task: String,
    /// The instant of its schedule.
    pub due_at: DateTime<Utc>,
    /// When it starts: later than that with `random-delay`.
    pub starts_at: DateTime<Utc>,
    /// The time zone of the schedule, by its name; none for the machine's own.
    pub timezone: Option<String>,
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
    /// The group that it belongs to: the profile that names its repository among others.
    #[serde(default)]
    pub group: Option<String>,
    /// When it is due next, and starts if nothing holds it back.
    pub next_run_at: Option<DateTime<Utc>>,
    /// When a failed run is tried again.
    #[serde(default)]
    pub retry_at: Option<DateTime<Utc>>,
    /// Whether it is paused by itself; that all tasks are paused does not show here.
    #[serde(default)]
    pub paused: Option<Pause>,
    /// Since when it has gone without a good run for longer than it should.
    #[serde(default)]
    pub overdue_since: Option<DateTime<Utc>>,
    /// The last occurrence that no run answered, if that is newer than the last run.
    #[serde(default)]
    pub last_skip: Option<Skip>,
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
