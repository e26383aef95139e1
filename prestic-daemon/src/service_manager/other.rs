//! Other systems: their service managers see for themselves that a process lives.

use std::{convert::Infallible, future::Ready, time::Duration};

/// There is nobody to talk to.
#[derive(Debug)]
pub(super) struct ServiceManager(Infallible);

impl ServiceManager {
    /// # Safety
    ///
    /// None is needed: nothing is changed.
    pub(super) unsafe fn take_from_environment() -> Option<Self> {
        None
    }

    pub(super) fn watchdog(&self) -> Option<Duration> {
        match self.0 {}
    }

    pub(super) fn send(&self, _message: &str) -> Ready<()> {
        match self.0 {}
    }
}

pub(super) fn monotonic() -> Duration {
    Duration::ZERO
}
