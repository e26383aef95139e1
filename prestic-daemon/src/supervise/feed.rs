//! What a supervisor and the daemon say to each other over the supervisor's socket: one JSON value a line.
//!
//! A supervisor tells a new listener all that it knows, then what changes. It never waits for a listener: the latest
//! progress replaces an older one that has not been sent.

use chrono::{DateTime, Utc};
use prestic_proto::{
    limit::{Limit, LimitNear},
    lock::LockHolder,
    outcome::Outcome,
    progress::Progress,
};
use serde::{Deserialize, Serialize};

/// From the supervisor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Report {
    /// restic runs; the record says so too. It can come again, after a wait.
    Started,
    /// restic was kept out by a lock and will be started again; the record says so too.
    WaitingForLock {
        /// Who holds it.
        holders: Vec<LockHolder>,
        /// When the wait ends.
        until: Option<DateTime<Utc>>,
    },
    /// How far restic has come.
    Progress(Progress),
    /// A limit will end the run, if nothing changes; or none will any more.
    LimitNear(Option<LimitNear>),
    /// There is more to read in the log; told as seldom as progress.
    LogGrew,
    /// restic was asked to stop.
    Stopping,
    /// It is over, and the record has the end. Nothing follows.
    Finished,
}

/// To the supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Interrupt restic, and kill it after the grace.
    Stop {
        /// The grace.
        grace_ms: u64,
        /// Who wants it. Orders that do not tell were the user's.
        #[serde(default)]
        by: StopCause,
    },
}

/// Who stops a run. The first one decides what becomes of it: see [`StopCause::outcome`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopCause {
    /// Somebody who wanted this run to stop.
    #[default]
    User,
    /// The end of the daemon or of the machine, which has nothing to do with the run.
    Shutdown,
    /// A limit of the run itself.
    Limit(Limit),
}

impl StopCause {
    /// Returns how a run ends that is stopped for this cause.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::User => Outcome::Stopped,
            Self::Shutdown => Outcome::Interrupted,
            Self::Limit(limit) => Outcome::TimedOut(limit),
        }
    }
}
