//! A run: one execution of a task.

use std::{fmt, num::ParseIntError, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    limit::LimitNear,
    lock::LockHolder,
    outcome::Outcome,
    progress::{Progress, Summary},
};

/// Names one run of one home, for ever: numbers are not used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RunId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Why a run was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// Its schedule was due.
    Scheduled,
    /// Its schedule had been due while no daemon ran.
    CaughtUp,
    /// Somebody asked for it.
    Manual,
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheduled => "scheduled",
            Self::CaughtUp => "caught up",
            Self::Manual => "manual",
        })
    }
}

/// Where a run is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum RunState {
    /// Waits for its repository, or for one of the places that `max-parallel` gives.
    Queued,
    /// Its supervisor is being started.
    Starting,
    /// restic runs.
    Running {
        /// restic's process id.
        pid: u32,
    },
    /// Another process holds the repository's lock: restic will be started again when it has gone.
    WaitingForLock {
        /// Who holds it.
        holders: Vec<LockHolder>,
        /// When the run gives up, or looks whether a lock that seems to be left behind has been touched.
        until: Option<DateTime<Utc>>,
    },
    /// restic was asked to stop and is finishing what it has under way.
    Stopping {
        /// restic's process id.
        pid: u32,
    },
    /// It is over.
    Finished(Finished),
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// How long restic ran, by a clock that nobody sets.
    pub duration_ms: u64,
    /// restic's exit code; none if it was killed, or never ran.
    pub exit_code: Option<i32>,
    /// What that means.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// One execution of a task, as clients see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// The task that it executes.
    pub task: String,
    /// Why it was started.
    pub trigger: Trigger,
    /// The instant of the schedule that it answers; none for a manual run.
    pub due_at: Option<DateTime<Utc>>,
    /// When it was put into the queue.
    pub created_at: DateTime<Utc>,
    /// When restic was started.
    pub started_at: Option<DateTime<Utc>>,
    /// The name of its log file in `<home>/logs`.
    pub log_file: Option<String>,
    /// Where it is now.
    #[serde(flatten)]
    pub state: RunState,
    /// How far it has come, while it runs.
    pub progress: Option<Progress>,
    /// The limit that will end it soon, if nothing changes.
    #[serde(default)]
    pub limit_near: Option<LimitNear>,
    /// What restic said that it did.
    pub summary: Option<Summary>,
    /// The last lines that it wrote when it failed.
    #[serde(default)]
    pub last_lines: Vec<String>,
}

impl Run {
    /// Returns how the run ended, once it has.
    pub fn finished(&self) -> Option<&Finished> {
        match &self.state {
            RunState::Finished(finished) => Some(finished),
            _ => None,
        }
    }

    /// Returns the process id of the run's restic while there is one.
    pub fn pid(&self) -> Option<u32> {
        match self.state {
            RunState::Running { pid } | RunState::Stopping { pid } => Some(pid),
            _ => None,
        }
    }
}
