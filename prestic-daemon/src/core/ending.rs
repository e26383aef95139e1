//! The ways to end: to stop all runs first, or to leave them to their supervisors and the next daemon.

use std::time::Duration;

use prestic_proto::{event::EventKind, run::RunState};
use tokio::time::Instant;

use crate::{clock, core::Core, succession::Successor};

/// How much longer than the grace a stop may take: after a kill, the lock is looked at with a few commands of restic.
const STOP_MARGIN: Duration = Duration::from_secs(120);
/// How long the runs have after the second call to shut down.
const LAST_PATIENCE: Duration = Duration::from_secs(10);
/// How long a run that is being started has to get a supervisor before the daemon leaves without it.
const HAND_OVER_LIMIT: Duration = Duration::from_secs(20);

/// How the core ends.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// When it stops waiting for the runs.
    gives_up_at: Option<Instant>,
    /// Whether it leaves them to the next daemon.
    leaves_runs: bool,
    /// The program that is to be that, in this process.
    pub(super) successor: Option<Successor>,
}

impl Ending {
    /// Waits until the time of the runs is over; for ever, before it has begun.
    pub(super) async fn limit(&self) {
        match self.gives_up_at {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }
}

impl Core {
    /// Stops all runs, then the daemon. The second time there is no grace.
    pub(super) fn shut_down(&mut self) {
        if self.ending.leaves_runs {
            // It is as good as gone, with nobody in its place.
            self.ending.successor = None;
            return;
        }
        let patience = if self.planner.state().is_shutting_down {
            LAST_PATIENCE
        } else {
            tracing::info!("shutting down");
            self.announce(EventKind::ShuttingDown);
            self.config.settings.stop_grace + STOP_MARGIN
        };
        self.give_up_after(patience);
        let actions = self.planner.shut_down(clock::now());
        self.perform(actions);
    }

    /// Ends the daemon and leaves all runs to their supervisors. The next daemon takes them over.
    ///
    /// What is queued has no record yet: the next daemon's catch-up rule decides on it. What somebody asked for ends.
    pub(super) fn hand_over(&mut self) {
        self.ending.successor = None;
        if !self.planner.state().is_shutting_down {
            tracing::info!("ending; runs that are under way go on, and the next daemon takes them over");
            self.announce(EventKind::ShuttingDown);
            self.ending.leaves_runs = true;
            self.give_up_after(HAND_OVER_LIMIT);
            let actions = self.planner.leave(clock::now());
            self.perform(actions);
        }
    }

    /// Leaves all runs to the program of an upgrade, unless something would be lost by that now. Returns whether the daemon ends.
    ///
    /// A service manager is told of no end: the process goes on.
    pub(super) fn make_way(&mut self, successor: Successor, is_urgent: bool) -> bool {
        if self.planner.state().is_shutting_down {
            return true;
        }
        let now = clock::now();
        // What is only in memory goes with this program.
        if self.saver.is_behind() || !self.planner.can_be_left(now, is_urgent) {
            return false;
        }
        tracing::info!("{} takes over; runs that are under way go on", successor.0.display());
        self.announce(EventKind::ShuttingDown);
        let gives_up_at = Some(Instant::now() + HAND_OVER_LIMIT);
        self.ending = Ending { gives_up_at, leaves_runs: true, successor: Some(successor) };
        let actions = self.planner.leave(now);
        self.perform(actions);
        true
    }

    /// Whether nothing is left to wait for.
    pub(super) fn has_ended(&self) -> bool {
        let state = self.planner.state();
        let is_starting = |run| state.runs.get(run).is_some_and(|entry| matches!(entry.run.state, RunState::Starting));
        let is_free = if self.ending.leaves_runs { !self.driven.values().any(is_starting) } else { self.drivers.is_empty() };
        state.is_shutting_down && is_free
    }

    fn give_up_after(&mut self, patience: Duration) {
        self.ending.gives_up_at = Some(Instant::now() + patience);
        self.phases.end_begins(patience);
    }
}
