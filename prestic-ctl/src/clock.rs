//! The only place that reads the wall clock. Everything else is told what time it is.

use chrono::{DateTime, Utc};

/// Returns the wall clock's time.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}
