//! How a task stands: what is wrong with it, and what it is doing. For every client the same; pure.

use chrono::{DateTime, Utc};

use crate::{
    outcome::SkipReason,
    run::{Run, RunId, RunState, Wait},
    status::{Pause, Status, TaskStatus},
};

/// How a task stands, the worst first: everything else (the first sentence, the order of troubles, colors) follows from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Its last run failed.
    Failed {
        /// How, in words.
        message: String,
        /// The run, if PRestic knows it.
        run: Option<RunId>,
    },
    /// It has gone without a good run for too long.
    Overdue {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// It was due, and did not run.
    Missed {
        /// When it was due.
        due_at: DateTime<Utc>,
        /// Why it did not run.
        message: String,
    },
    /// It cannot run as it is configured.
    CannotRun {
        /// Why.
        reason: String,
    },
    /// Its last run did its work, but not for every file.
    Warnings {
        /// The run, if PRestic knows it.
        run: Option<RunId>,
    },
    /// Somebody stopped its last run.
    Stopped,
    /// It has never run.
    NotYet,
    /// All is well.
    Fine,
}

/// What a task is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// restic runs for it, or is about to.
    Running,
    /// restic was asked to stop.
    Stopping,
    /// It waits, and for what.
    Waiting(String),
    /// It starts nothing by itself.
    Paused(Pause),
    /// Nothing.
    Idle,
}

/// Returns how a task stands.
pub fn standing(task: &TaskStatus) -> Standing {
    let last = task.last_run.as_ref();
    let run = last.and_then(|last| last.id);
    match last.map(|last| (last.outcome.as_str(), &last.message)) {
        Some(("succeeded" | "warnings" | "stopped" | "skipped", _)) | None => {}
        Some((_, message)) => return Standing::Failed { message: message.clone(), run },
    }
    if let Some(since) = task.overdue_since {
        return Standing::Overdue { since };
    }
    // What was not run because it ran already is no trouble.
    if let Some(skip) = task.last_skip.filter(|skip| skip.reason != SkipReason::StillRunning) {
        return Standing::Missed { due_at: skip.due_at, message: skip.reason.to_string() };
    }
    if let Some(reason) = &task.cannot_run {
        return Standing::CannotRun { reason: reason.clone() };
    }
    match last.map(|last| last.outcome.as_str()) {
        Some("warnings") => Standing::Warnings { run },
        Some("stopped") => Standing::Stopped,
        Some(_) => Standing::Fine,
        None => Standing::NotYet,
    }
}

/// Returns what a task is doing. A pause of all tasks counts for each.
pub fn activity(task: &TaskStatus, active: Option<&Run>, everything: Option<Pause>) -> Activity {
    match active.map(|run| &run.state) {
        Some(RunState::Running { .. } | RunState::Starting) => Activity::Running,
        Some(RunState::Stopping { .. }) => Activity::Stopping,
        Some(RunState::WaitingForSecret { .. }) => Activity::Waiting("waits for its password from the keyring".to_owned()),
        Some(RunState::WaitingForLock { .. }) => Activity::Waiting("waits for a lock in the repository".to_owned()),
        Some(RunState::Queued(turn)) => match &turn.waits_for {
            Some(Wait::Paused { until }) => Activity::Paused(Pause { until: *until }),
            Some(wait) => Activity::Waiting(wait.to_string()),
            None => Activity::Waiting("about to start".to_owned()),
        },
        Some(RunState::Finished(_)) | None => task.paused.or(everything).map_or(Activity::Idle, Activity::Paused),
    }
}

/// Returns the run that a task has under way.
pub fn active_run<'a>(status: &'a Status, task: &TaskStatus) -> Option<&'a Run> {
    task.active.and_then(|active| status.runs.iter().find(|run| run.id == active))
}

impl Standing {
    /// Whether somebody has to do something.
    pub fn needs_attention(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Overdue { .. } | Self::Missed { .. } | Self::CannotRun { .. })
    }

    /// Returns the word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Failed { .. } => "Failed",
            Self::Overdue { .. } => "Overdue",
            Self::Missed { .. } => "Missed",
            Self::CannotRun { .. } => "Cannot run",
            Self::Warnings { .. } => "Warnings",
            Self::Stopped => "Stopped",
            Self::NotYet => "Not run yet",
            Self::Fine => "OK",
        }
    }
}

impl Activity {
    /// Whether a run is under way or queued.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Running | Self::Stopping | Self::Waiting(_))
    }
}
