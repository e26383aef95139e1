//! The API. A call that changes something is answered after the change.
//!
//! tarpc has no streams, so [`Api::watch`] and [`Api::log`] are long polls: the client says how long it would wait.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    change::Reloaded,
    error::ApiError,
    event::{Cursor, Watched},
    log::LogChunk,
    profile::{ProfileDetails, ProfileSummary},
    run::{Run, RunId},
    status::{Status, Upcoming},
};

/// The number of this API. Daemon and client must have the same one.
pub const PROTOCOL: u32 = 2;

/// The longest time that one long poll may ask for.
pub const MAX_WAIT_MS: u64 = 60_000;

/// Who the daemon is. This type and [`Api::hello`] never change, so that versions can always tell each other apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The daemon's [`PROTOCOL`].
    pub protocol: u32,
    /// The daemon's version.
    pub version: String,
    /// Which start of the daemon this is.
    pub instance: u64,
    /// The daemon's process id.
    pub pid: u32,
}

/// What to stop, or whose log to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunSelector {
    /// The run with this number.
    Run(RunId),
    /// The active run of this task, else its last one.
    Task(String),
}

/// A run that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RunRequest {
    /// The task.
    pub task: String,
    /// Words that come after the task's own `args`.
    pub args: Vec<String>,
    /// What to do if the task is under way.
    pub if_active: IfActive,
}

/// What to do with a request to run a task that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IfActive {
    /// Refuse it with the number of the run.
    #[default]
    Refuse,
    /// Run it after that.
    Queue,
}

/// What the daemon does for its clients.
#[tarpc::service]
pub trait Api {
    /// Tells who the daemon is: the first call on every connection.
    async fn hello() -> Hello;

    /// Returns everything at a glance, with the cursor from which on [`Api::watch`] tells the rest.
    async fn status() -> Status;

    /// Waits for something to happen after the cursor, or for `wait_ms` to pass.
    async fn watch(after: Cursor, wait_ms: u64) -> Watched;

    /// Puts a run of a task into the queue.
    async fn run(request: RunRequest) -> Result<RunId, ApiError>;

    /// Pauses a task, or all: nothing starts by itself until the pause is over. What runs goes on.
    async fn pause(task: Option<String>, until: Option<DateTime<Utc>>) -> Result<(), ApiError>;

    /// Ends the pause of a task, or of all; what came due meanwhile follows the catch-up rule.
    async fn resume(task: Option<String>) -> Result<(), ApiError>;

    /// Returns the coming runs of one task, or of all, that are due later than an instant, the earliest first.
    async fn upcoming(task: Option<String>, after: Option<DateTime<Utc>>, limit: u32) -> Result<Vec<Upcoming>, ApiError>;

    /// Returns one run, active or past.
    async fn find_run(run: RunSelector) -> Result<Run, ApiError>;

    /// Asks a run to stop: gracefully, and after the grace with force.
    async fn stop(run: RunSelector) -> Result<RunId, ApiError>;

    /// Returns the runs of one task, of a group, or of all, newest first, those that have not ended among them.
    async fn history(task: Option<String>, limit: u32) -> Result<Vec<Run>, ApiError>;

    /// Returns a piece of a run's log from `offset` on; if there is none yet, waits for it for `wait_ms`.
    async fn log(run: RunId, offset: u64, wait_ms: u64) -> Result<LogChunk, ApiError>;

    /// Lists the profiles of the live configuration.
    async fn profiles() -> Vec<ProfileSummary>;

    /// Returns one profile with the origin of every option.
    async fn profile(name: String) -> Result<ProfileDetails, ApiError>;

    /// Reads the configuration again. With errors, what was live stays live.
    async fn reload() -> Result<Reloaded, ApiError>;

    /// Stops all runs gracefully, then the daemon. Answered when the shutdown has begun; the end of the connection is its end.
    async fn shutdown();
}
