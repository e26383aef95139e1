//! The only place that reads the time. Everything else is told what time it is.

use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};

/// Returns the wall clock's time, to the millisecond.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> DateTime<Utc> {
    let now = SystemTime::now();
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::UNIX_EPOCH)
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

/// The longest sleep without a look at the wall clock: the timer does not count while the machine is suspended.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Sleeps until the wall clock shows `at`, or a while less; without an instant, for ever.
pub async fn sleep_until(at: Option<DateTime<Utc>>) {
    match at {
        Some(at) => tokio::time::sleep((at - now()).to_std().unwrap_or_default().min(LONGEST_SLEEP)).await,
        None => std::future::pending().await,
    }
}
