//! What can go wrong between a client and the daemon.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{file_path::FilePath, job::JobId, profile::ConfigProblem, run::RunId, snapshot::SnapshotId};

/// The daemon's "no", with what the user needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum ApiError {
    /// No task has this name.
    #[error("no task is called `{name}`{}", hint(.similar))]
    UnknownTask {
        /// What was asked for.
        name: String,
        /// A task whose name is much like it.
        similar: Option<String>,
    },
    /// No profile has this name.
    #[error("no profile is called `{name}`{}", hint(.similar))]
    UnknownProfile {
        /// What was asked for.
        name: String,
        /// A profile whose name is much like it.
        similar: Option<String>,
    },
    /// The profile is there, but it has nothing to run.
    #[error("profile `{name}` is not a task: it has no `{missing}`")]
    NotATask {
        /// The profile.
        name: String,
        /// The option that would make it one.
        missing: String,
    },
    /// The profile names several repositories, with a task for each.
    #[error("`{name}` is {}: {}", count(.members.len(), "task"), .members.join(", "))]
    Group {
        /// The profile.
        name: String,
        /// Its tasks.
        members: Vec<String>,
    },
    /// The task is not paused.
    #[error("{} not paused", .0.as_ref().map_or_else(|| "the tasks are".to_owned(), |task| format!("task `{task}` is")))]
    NotPaused(Option<String>),
    /// No run has this number, or it is too long ago.
    #[error("no run {0} is known")]
    UnknownRun(RunId),
    /// The task has a run under way.
    #[error("task `{task}` is already under way as run {run}")]
    AlreadyActive {
        /// The task.
        task: String,
        /// Its run.
        run: RunId,
    },
    /// There is nothing to stop.
    #[error("task `{0}` is not running")]
    NotRunning(String),
    /// The task has never run.
    #[error("task `{0}` has not run yet")]
    NoRuns(String),
    /// The run's log is not there.
    #[error("the log of run {run} cannot be read: {reason}")]
    NoLog {
        /// The run.
        run: RunId,
        /// The system's words.
        reason: String,
    },
    /// The profile has no repository that could be read.
    #[error("profile `{0}` has no repository")]
    NoRepository(String),
    /// restic failed.
    #[error("{message}{}", .hint.as_ref().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default())]
    Restic {
        /// What restic was to do, as `restic cat tree`.
        command: String,
        /// Its own words.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The password is in the keyring, and was not to be had.
    #[error("{message}\n  hint: {hint}")]
    NoSecret {
        /// Whose password, and why not.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// restic is too old for it.
    #[error("{what} needs restic {since} or later{}", .found.as_ref().map(|found| format!(", and this is {found}")).unwrap_or_default())]
    NeedsRestic {
        /// What was wanted.
        what: String,
        /// The first version that can do it.
        since: String,
        /// The version that is there.
        found: Option<String>,
    },
    /// The repository has no such snapshot.
    #[error("no snapshot `{0}` is in the repository")]
    UnknownSnapshot(String),
    /// The snapshot does not have it.
    #[error("`{}` is not in snapshot {}", .path.shown(), .snapshot.short())]
    NoSuchPath {
        /// What was looked for.
        path: FilePath,
        /// Where.
        snapshot: SnapshotId,
        /// Snapshots of the same machine and paths that are known to have it, the nearest first.
        others: Vec<SnapshotId>,
    },
    /// It is not what it would have to be.
    #[error("`{}` is not a {wanted}", .path.shown())]
    WrongKind {
        /// What was asked for.
        path: FilePath,
        /// What it would have to be: file, folder.
        wanted: String,
    },
    /// The content is not open, or no longer.
    #[error("nothing is open under number {0}: it was closed, or not read for too long")]
    NotOpen(u64),
    /// The job is not known, or no longer.
    #[error("no job {0} is known")]
    UnknownJob(JobId),
    /// There is too much of it at once.
    #[error("too many {0} at a time: try again when some of them have ended")]
    Busy(String),
    /// The text cannot be looked for.
    #[error("`{query}` cannot be looked for: {reason}")]
    BadQuery {
        /// The text.
        query: String,
        /// Why.
        reason: String,
    },
    /// The web interface does not listen.
    #[error("the web interface is not to be had: {0}")]
    NoWeb(String),
    /// No notification can be shown.
    #[error("no notification was shown: {reason}\n  hint: {hint}")]
    NoNotifications {
        /// Why not.
        reason: String,
        /// What to do about it.
        hint: String,
    },
    /// Something of the daemon's own could not be read or written.
    #[error("{what}: {reason}")]
    Storage {
        /// What was tried.
        what: String,
        /// The system's words.
        reason: String,
    },
    /// The configuration has errors.
    #[error("{} in the configuration; what was live before stays live", count(.0.len(), "error"))]
    BadConfig(Vec<ConfigProblem>),
    /// The daemon is going down.
    #[error("the daemon is shutting down")]
    ShuttingDown,
}

fn hint(similar: &Option<String>) -> String {
    similar.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Why a client could not talk to the daemon.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// Nobody listens.
    #[error("no daemon runs for {}", .home.display())]
    NotRunning {
        /// The home that it would serve.
        home: PathBuf,
    },
    /// No socket can have this path.
    #[error("{} is too long for the path of a socket: use a shorter `PRESTIC_HOME`", .socket.display())]
    LongPath {
        /// The path that the socket would have.
        socket: PathBuf,
    },
    /// The socket is there, but it cannot be used.
    #[error("cannot connect to the daemon at {}", .socket.display())]
    Io {
        /// The socket.
        socket: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The daemon speaks another version of the protocol.
    #[error("the daemon (pid {pid}) is version {daemon}, this program is version {client}: {}", way_to_same_version(*is_newer))]
    OtherVersion {
        /// The daemon's process id.
        pid: u32,
        /// The daemon's version.
        daemon: String,
        /// The client's version.
        client: String,
        /// Whether the daemon's protocol is the later one.
        is_newer: bool,
    },
    /// The connection broke, or a call took too long.
    #[error("the daemon does not answer")]
    Call(#[from] CallError),
}

fn way_to_same_version(is_daemon_newer: bool) -> &'static str {
    if is_daemon_newer {
        "it has been upgraded meanwhile; start this program again"
    } else {
        "restart it with `prestic-ctl shutdown`, then run this again"
    }
}

impl ConnectError {
    /// Whether a daemon that comes up or goes down can be the reason, and the next attempt may have another end.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::NotRunning { .. } => true,
            Self::Call(CallError(error)) => !matches!(error, tarpc::client::RpcError::DeadlineExceeded),
            Self::LongPath { .. } | Self::Io { .. } | Self::OtherVersion { .. } => false,
        }
    }
}

/// Why a call had no answer.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct CallError(#[from] pub tarpc::client::RpcError);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(is_newer: bool, expected: &str) {
        let [daemon, client] = ["1.0.0", "2.0.0"].map(str::to_owned);
        let text = ConnectError::OtherVersion { pid: 7, daemon, client, is_newer }.to_string();
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn it_is_the_older_one_of_daemon_and_client_that_is_to_be_started_again() {
        check(false, "restart it with `prestic-ctl shutdown`, then run this again");
        check(true, "start this program again");
    }
}
