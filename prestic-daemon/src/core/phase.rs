//! Whether the daemon reads its configuration on request, and whether it is about to end: what a service manager is told.

use std::time::Duration;

use tokio::sync::watch;

/// Where the daemon is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Phase {
    /// How many reloads somebody has asked for: one can be over before anybody has looked.
    pub reloads: u64,
    /// Whether one of them is under way.
    pub is_reloading: bool,
    /// How long its end may take, once that has begun.
    pub ends_within: Option<Duration>,
}

/// The core's side: tells whoever listens.
#[derive(Debug, Default)]
pub(super) struct Phases(watch::Sender<Phase>);

impl Phases {
    /// Returns the phase, now and after each change, until the core has ended.
    pub(super) fn subscribe(&self) -> watch::Receiver<Phase> {
        self.0.subscribe()
    }

    /// Somebody has asked for a reload. One that joins another under way is the same one.
    pub(super) fn reload_begins(&self) {
        self.0.send_if_modified(|phase| {
            let is_new = !phase.is_reloading;
            phase.reloads += u64::from(is_new);
            phase.is_reloading = true;
            is_new
        });
    }

    /// Nobody waits for a reload any more.
    pub(super) fn reload_ends(&self) {
        self.0.send_if_modified(|phase| std::mem::replace(&mut phase.is_reloading, false));
    }

    /// The daemon is about to end.
    pub(super) fn end_begins(&self, within: Duration) {
        self.0.send_modify(|phase| phase.ends_within = Some(within));
    }
}
