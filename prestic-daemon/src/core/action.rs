//! What the planner wants done.

use chrono::{DateTime, Utc};
use prestic_proto::{
    event::SkipReason,
    run::{Run, RunId},
};

use crate::supervise::feed::StopCause;

/// One thing to do, in the order given.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Tell the clients that a run came into being or moved on.
    Announce(Box<Run>),
    /// Tell the clients that an occurrence of a task's schedule was let go.
    AnnounceSkip {
        /// The task.
        task: String,
        /// The latest occurrence that was let go.
        due_at: DateTime<Utc>,
        /// Why.
        reason: SkipReason,
    },
    /// Tell the clients that a run comes close to a limit, or no longer does.
    AnnounceLimit(Box<Run>),
    /// Tell the user, in the daemon's log, of something odd.
    Warn(String),
    /// Note that a run's number is given.
    NumberGiven(RunId),
    /// Write the run's record and start its supervisor.
    Launch(RunId),
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
    /// Delete old logs of a task.
    PruneLogs(String),
    /// Remove the record of a run that is too long ago.
    Forget(RunId),
}
