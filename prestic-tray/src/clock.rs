//! The only place that reads the wall clock. Everything else is told what time it is.

use chrono::{DateTime, FixedOffset, Local, Utc};
use prestic_proto::moment::Moment;

/// Returns what time it is, in the machine's zone.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn moment() -> Moment {
    fn local(at: DateTime<Utc>) -> DateTime<FixedOffset> {
        at.with_timezone(&Local).fixed_offset()
    }
    Moment { now: Utc::now(), local }
}
