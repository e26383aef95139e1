//! The API. A call that changes something is answered after the change.
//!
//! tarpc has no streams, so [`Api::watch`] and [`Api::log`] are long polls: the client says how long it would wait.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    change::Reloaded,
    content::{ContentId, ContentRequest, Opened, Piece},
    difference::{Difference, DifferenceQuery},
    error::ApiError,
    event::{Cursor, Watched},
    file_path::FilePath,
    history::{RepositorySize, RunPage, RunQuery, TaskDays},
    job::{Job, JobId, JobRequest, JobResults},
    log::LogChunk,
    notification::NotificationServer,
    profile::{ProfileDetails, ProfileSummary},
    repository_lock::RepositoryLocks,
    run::{Run, RunId},
    search::{SearchPage, SearchQuery},
    snapshot::{Folder, FolderQuery, Found, SnapshotId, SnapshotPage, SnapshotQuery, VersionQuery, Versions},
    status::{Status, Upcoming},
    system::{CacheKind, System, WebCode},
};

/// The number of this API. Daemon and client must have the same one.
pub const PROTOCOL: u32 = 5;

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

    /// Returns runs, newest first.
    async fn history(query: RunQuery) -> Result<RunPage, ApiError>;

    /// Returns what happened to each task on each of the last days, today among them.
    async fn days(days: u32) -> Vec<TaskDays>;

    /// Returns how large a profile's repository was whenever it was measured, oldest first.
    async fn sizes(profile: String) -> Result<Vec<RepositorySize>, ApiError>;

    /// Returns a piece of a run's log from `offset` on; if there is none yet, waits for it for `wait_ms`.
    async fn log(run: RunId, offset: u64, wait_ms: u64) -> Result<LogChunk, ApiError>;

    /// Lists the profiles of the live configuration.
    async fn profiles() -> Vec<ProfileSummary>;

    /// Returns one profile with the origin of every option.
    async fn profile(name: String) -> Result<ProfileDetails, ApiError>;

    /// Lists the snapshots in a profile's repository, newest first.
    async fn snapshots(profile: String, query: SnapshotQuery) -> Result<SnapshotPage, ApiError>;

    /// Lists a folder of a snapshot.
    async fn folder(profile: String, query: FolderQuery) -> Result<Folder, ApiError>;

    /// Looks one file or folder of a snapshot up.
    async fn find_entry(profile: String, snapshot: SnapshotId, path: FilePath) -> Result<Found, ApiError>;

    /// Looks a file up in one snapshot after the other.
    async fn versions(profile: String, query: VersionQuery) -> Result<Versions, ApiError>;

    /// Compares one folder, or a file, of two snapshots.
    async fn difference(profile: String, query: DifferenceQuery) -> Result<Difference, ApiError>;

    /// Begins to read a file, or a folder as an archive. Answered when restic has given its first bytes.
    async fn open(profile: String, request: ContentRequest) -> Result<Opened, ApiError>;

    /// Returns the next bytes.
    async fn read(content: ContentId) -> Result<Piece, ApiError>;

    /// Ends the reading, wherever it is.
    async fn close(content: ContentId);

    /// Finds names in the indexed snapshots of a profile's repository.
    async fn search(profile: String, query: SearchQuery) -> Result<SearchPage, ApiError>;

    /// Starts a job, or returns the one that does the same already.
    async fn start_job(profile: String, request: JobRequest) -> Result<JobId, ApiError>;

    /// Returns a job, after at most `wait_ms` if it has not ended before.
    async fn job(job: JobId, wait_ms: u64) -> Result<Job, ApiError>;

    /// Returns the jobs of a profile's repository, newest first.
    async fn jobs(profile: String) -> Result<Vec<Job>, ApiError>;

    /// Returns a page of a job's results.
    async fn job_results(job: JobId, offset: u32, limit: u32) -> Result<JobResults, ApiError>;

    /// Ends a job.
    async fn cancel_job(job: JobId) -> Result<(), ApiError>;

    /// Returns the locks in a profile's repository.
    async fn locks(profile: String) -> Result<RepositoryLocks, ApiError>;

    /// Removes the stale locks, if the rules of safe unlocking allow it. Returns what was done.
    async fn unlock(profile: String) -> Result<String, ApiError>;

    /// Returns what is known of the daemon itself.
    async fn system() -> System;

    /// Empties a cache. Nothing is lost but time.
    async fn clear_cache(cache: CacheKind) -> Result<(), ApiError>;

    /// Makes a code that opens the web interface, once.
    async fn web_code() -> Result<WebCode, ApiError>;

    /// Takes such a code back: it opens only if it was made, is not too old, and has not been used.
    async fn redeem_web_code(code: String) -> bool;

    /// Shows a desktop notification for trying, and returns what showed it.
    async fn notify_test() -> Result<NotificationServer, ApiError>;

    /// Reads the configuration again. With errors, what was live stays live.
    async fn reload() -> Result<Reloaded, ApiError>;

    /// Stops all runs gracefully, then the daemon. Answered when the shutdown has begun; the end of the connection is its end.
    async fn shutdown();

    /// Ends the daemon and leaves the runs to the next one. Answered when that has begun; the end of the connection is its end.
    async fn hand_over();
}
