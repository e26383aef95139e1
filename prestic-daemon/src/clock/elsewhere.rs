//! Systems with no timer that follows the wall clock: the alarm looks at the clocks from time to time.

#[cfg(target_os = "macos")]
mod macos;
#[cfg(not(any(target_os = "macos", windows)))]
mod other;
#[cfg(windows)]
mod windows;

use std::{convert::Infallible, io};

use chrono::{DateTime, Utc};

use crate::clock::alarm::Cause;

#[cfg(target_os = "macos")]
pub(super) use macos::{INSTANTS_COUNT_SUSPENDS, suspended, up_for};
#[cfg(not(any(target_os = "macos", windows)))]
pub(super) use other::{INSTANTS_COUNT_SUSPENDS, suspended, up_for};
#[cfg(windows)]
pub(super) use windows::{INSTANTS_COUNT_SUSPENDS, suspended, up_for};

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
