//! What the planner wants done.

use chrono::{DateTime, Utc};
use prestic_proto::{
    event::EventKind,
    run::{Run, RunId},
};

use crate::supervise::feed::StopCause;

/// When conditions are to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// Now.
    AtOnce,
    /// When they may have changed.
    AfterChange,
}

/// Something to do outside the planner.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Tell the clients that a run came into being or moved on.
    Announce(Box<Run>),
    /// Tell the clients of something else.
    Tell(EventKind),
    /// Tell the clients that a run comes close to a limit, or no longer does.
    AnnounceLimit(Box<Run>),
    /// Tell the user, in the daemon's log, of something odd.
    Warn(String),
    /// Note that a run's number is given.
    NumberGiven(RunId),
    /// Write the run's record and start its supervisor.
    Launch {
        /// The run.
        run: RunId,
        /// When it has to stop, because the hours of its task are over.
        ends_at: Option<DateTime<Utc>>,
    },
    /// Find out which conditions of a queued run do not hold.
    Ask {
        /// The run.
        run: RunId,
        /// The number of the question, for the answer.
        question: u32,
        /// When.
        when: Asking,
    },
    /// Write the record of an occurrence that no run answers, and then the task's status.
    RecordSkip(RunId),
    /// Ask the run's supervisor to stop restic.
    Stop {
        /// The run.
        run: RunId,
        /// Who wants it.
        by: StopCause,
        /// Whether there is no time for a grace.
        at_once: bool,
    },
    /// Write what a task did into `status.ini`.
    SaveStatus(String),
    /// Write the pause of all tasks into `status.ini`.
    SavePause,
    /// Keep a run that has ended for good.
    AddToHistory(Box<Run>),
    /// Delete old logs of a task.
    PruneLogs(String),
    /// Remove the record of a run that is too long ago, once the history has it.
    Forget(RunId),
}
