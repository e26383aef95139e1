//! What the planner wants done.

use prestic_proto::run::{Run, RunId};

/// One thing to do, in the order given.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Tell the clients that a run came into being or moved on.
    Announce(Box<Run>),
    /// Write the run's record and start its supervisor.
    Launch(RunId),
    /// Ask the run's supervisor to stop restic.
    Stop {
        /// The run.
        run: RunId,
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
