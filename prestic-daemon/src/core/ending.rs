//! The ways to end: to stop all runs first, or to leave them to their supervisors and the next daemon.

use std::time::Duration;

use prestic_proto::{event::EventKind, run::RunState};
use tokio::time::Instant;

use crate::{clock, core::Core};

/// How much longer than the grace a stop may take: after a kill, the lock is looked at with a few commands of restic.
const STOP_MARGIN: Duration = Duration::from_secs(120);
/// How long the runs have after the second call to shut down.
const LAST_PATIENCE: Duration = Duration::from_secs(10);
/// How long a run that is being started has to get a supervisor before the daemon leaves without it.
const HAND_OVER_LIMIT: Duration = Duration::from_secs(20);

impl Core {
    /// Stops all runs, then the daemon. The second time there is no grace.
    pub(super) fn shut_down(&mut self) {
        if self.leaves_runs {
            // It is as good as gone.
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
    /// What is queued has no record yet: the next daemon's catch-up rule decides on it, but for what somebody asked for.
    pub(super) fn hand_over(&mut self) {
        if !self.planner.state().is_shutting_down {
            tracing::info!("ending; runs that are under way go on, and the next daemon takes them over");
            self.announce(EventKind::ShuttingDown);
            self.leaves_runs = true;
            self.planner.leave();
            self.give_up_after(HAND_OVER_LIMIT);
        }
    }

    /// Whether nothing is left to wait for.
    pub(super) fn has_ended(&self) -> bool {
        let state = self.planner.state();
        let is_starting = |run| state.runs.get(run).is_some_and(|entry| matches!(entry.run.state, RunState::Starting));
        let is_free = if self.leaves_runs { !self.driven.values().any(is_starting) } else { self.drivers.is_empty() };
        state.is_shutting_down && is_free
    }

    fn give_up_after(&mut self, patience: Duration) {
        self.gives_up_at = Some(Instant::now() + patience);
        self.phases.end_begins(patience);
    }
}
