//! Tells the clients what is new.

use chrono::Local;
use prestic_proto::{event::EventKind, limit::LimitNear, run::Run};

use crate::{clock, core::Core};

impl Core {
    /// Tells the clients of something.
    pub(super) fn announce(&mut self, kind: EventKind) {
        self.events.push(clock::now(), kind);
        self.tick();
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
