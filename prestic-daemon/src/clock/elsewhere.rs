//! Systems with no timer that follows the wall clock: the alarm looks at the clocks from time to time.

use std::{convert::Infallible, io};

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::alarm::Cause;

/// There is none.
#[derive(Debug)]
pub(super) struct Timer(Infallible);

impl Timer {
    pub(super) fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    #[expect(clippy::unused_async, reason = "it waits where there is a timer")]
    pub(super) async fn sleep(&mut self, _until: Option<DateTime<Utc>>) -> io::Result<Cause> {
        match self.0 {}
    }
}

/// Nothing tells: that the machine was suspended looks like a clock that was set forward.
/// These systems have no call that is the same everywhere.
pub(super) fn up_for() -> Option<TimeDelta> {
    None
}

pub(super) fn suspended() -> TimeDelta {
    TimeDelta::zero()
}
