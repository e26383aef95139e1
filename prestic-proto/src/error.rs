//! What can go wrong between a client and the daemon.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{profile::ConfigProblem, run::RunId};

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
    #[error(
        "the daemon (pid {pid}) is version {daemon}, this program is version {client}: restart it with `prestic-ctl shutdown`, \
         then run this again"
    )]
    OtherVersion {
        /// The daemon's process id.
        pid: u32,
        /// The daemon's version.
        daemon: String,
        /// The client's version.
        client: String,
    },
    /// The connection broke, or a call took too long.
    #[error("the daemon does not answer")]
    Call(#[from] CallError),
}

/// Why a call had no answer.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct CallError(#[from] pub tarpc::client::RpcError);
