//! A run: one execution of a task.

use std::{fmt, num::ParseIntError, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    condition::Unmet,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// Its schedule was due.
    Scheduled,
    /// Its schedule had been due while nobody could answer it: no daemon ran, the machine slept, or the task was paused.
    CaughtUp,
    /// Somebody asked for it.
    Manual,
    /// A run of this task, or of all tasks of this group, had ended as the schedule asks for.
    After(String),
    /// The daemon had started.
    Startup,
    /// The machine had started.
    Boot,
    /// The machine had been suspended.
    Resume,
    /// The configuration had been read again.
    Reload,
    /// An earlier run failed in a way that is worth another attempt.
    Retry,
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheduled => "scheduled",
            Self::CaughtUp => "caught up",
            Self::Manual => "manual",
            Self::After(task) => return write!(f, "after {task}"),
            Self::Startup => "at the daemon's start",
            Self::Boot => "at the machine's start",
            Self::Resume => "after a suspend",
            Self::Reload => "after a reload",
            Self::Retry => "retry",
        })
    }
}

/// Where a run is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum RunState {
    /// Waits for its turn.
    Queued(Turn),
    /// Its supervisor is being started.
    Starting,
    /// Its password is being read from the keyring, which may be asking the user to unlock it.
    WaitingForSecret {
        /// When the run gives up.
        until: DateTime<Utc>,
    },
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

/// Where a run stands in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Turn {
    /// Its place among the runs that wait for others, from 1; none if it is held back by something else, or if nobody has
    /// looked yet.
    pub position: Option<u32>,
    /// What it waits for; none if nothing is in its way.
    pub waits_for: Option<Wait>,
}

/// What a run in the queue waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "kebab-case")]
pub enum Wait {
    /// The task, or every task, is paused.
    Paused {
        /// Until when; none if until somebody resumes it.
        until: Option<DateTime<Utc>>,
    },
    /// The machine or the daemon has just started, and catching up is spread over a while.
    StartupDelay {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// Another run of the same task.
    SameTask {
        /// That run.
        run: RunId,
    },
    /// A task that it needs has not ended well since this one ran last.
    Needs {
        /// That task.
        task: String,
    },
    /// The hours in which the task may run.
    Window {
        /// When they begin.
        opens_at: DateTime<Utc>,
    },
    /// Whether its conditions hold is being found out.
    Conditions,
    /// Its conditions do not hold.
    Unmet {
        /// Those that do not.
        conditions: Vec<Unmet>,
    },
    /// Another run uses the repository, and they cannot both.
    Repository {
        /// That run.
        run: RunId,
        /// Its task.
        task: String,
    },
    /// As many runs as `max-parallel` allows are under way.
    Place,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused { .. } => f.write_str("paused"),
            Self::StartupDelay { .. } => f.write_str("waits until the machine has settled"),
            Self::SameTask { run } => write!(f, "waits for run {run} of the same task"),
            Self::Needs { task } => write!(f, "waits for a good run of {task}"),
            Self::Window { .. } => f.write_str("waits for its hours"),
            Self::Conditions => f.write_str("looks at its conditions"),
            Self::Unmet { conditions } => {
                f.write_str("held back: ")?;
                for (index, condition) in conditions.iter().enumerate() {
                    write!(f, "{}{condition}", if index == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
            Self::Repository { run, task } => write!(f, "waits for its repository, which run {run} of {task} uses"),
            Self::Place => f.write_str("waits for a place (max-parallel)"),
        }
    }
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
    /// How many earlier instants it stands for too, because nobody could answer them in time.
    #[serde(default)]
    pub missed: u32,
    /// How many runs before it were for the same instant and failed.
    #[serde(default)]
    pub attempt: u32,
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

    /// Whether it stands for an occurrence that no run answered.
    pub fn is_skipped(&self) -> bool {
        self.finished().is_some_and(|finished| matches!(finished.outcome, Outcome::Skipped(_)))
    }

    /// Returns the process id of the run's restic while there is one.
    pub fn pid(&self) -> Option<u32> {
        match self.state {
            RunState::Running { pid } | RunState::Stopping { pid } => Some(pid),
            _ => None,
        }
    }
}
