//! The only place that reads the time. Everything else is told what time it is, and [`Alarm`] says when to look.

use std::time::{Instant, SystemTime};

use chrono::{DateTime, Utc};

mod alarm;
mod readings;
mod zone;

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

#[cfg(not(target_os = "linux"))]
use elsewhere as system;
#[cfg(target_os = "linux")]
use linux as system;

pub use alarm::{Alarm, ClockKind, Woke};
#[cfg(target_os = "linux")]
pub use linux::monotonic;

/// Returns the wall clock's time, to the millisecond.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> DateTime<Utc> {
    let now = SystemTime::now();
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::UNIX_EPOCH)
}

/// Returns when the machine was started, by the wall clock as it goes now; none where the system does not tell.
pub fn booted_at() -> Option<DateTime<Utc>> {
    now().checked_sub_signed(system::up_for()?)
}

/// Measures durations by a clock that nobody sets.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts to measure.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the milliseconds since the start.
    pub fn elapsed_ms(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
