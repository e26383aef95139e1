//! Tells the clients what is new.

use std::collections::BTreeMap;

use chrono::Local;
use prestic_proto::{event::EventKind, limit::LimitNear, run::Run};

use crate::{
    clock,
    core::{Core, memory},
};

impl Core {
    /// Tells the clients of something.
    pub(super) fn announce(&mut self, kind: EventKind) {
        self.events.push(clock::now(), kind);
        self.tick();
    }

    /// Tells of the last run of each task if it has ended while no daemon was there.
    pub(super) fn announce_unseen_ends(&mut self) {
        let entries = self.planner.state().runs.values();
        let runs = entries.map(|entry| &entry.run).filter(|run| run.finished().is_some() && !run.is_skipped());
        let last: BTreeMap<&str, &Run> = runs.map(|run| (run.task.as_str(), run)).collect();
        let is_unseen = |run: &&Run| memory::has_ended_unseen(self.saver.task(&run.task).as_ref(), run.id);
        let unseen: Vec<Run> = last.into_values().filter(is_unseen).cloned().collect();
        for run in unseen {
            if let Some(finished) = run.finished() {
                tracing::info!("run {} of task `{}` has ended without a daemon: {}", run.id, run.task, finished.outcome);
            }
            self.announce(EventKind::Run { run: Box::new(run) });
        }
    }

    /// Tells the clients that a run comes close to a limit, or no longer does.
    pub(super) fn announce_limit(&mut self, run: Box<Run>) {
        let (id, task) = (run.id, run.task.clone());
        let near = run.limit_near;
        self.announce(EventKind::Run { run });
        if let Some(LimitNear { limit, stops_at }) = near {
            let at = stops_at.with_timezone(&Local);
            tracing::warn!("run {id} of task `{task}`: {}, it will be stopped at {at}", limit.approach());
            self.announce(EventKind::LimitNear { run: id, task, limit, stops_at });
        }
    }

    /// Wakes the clients that wait for something new.
    pub(super) fn tick(&self) {
        self.ticks.send_modify(|tick| *tick += 1);
    }
}
