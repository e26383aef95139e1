//! What a queued run waits for, in words, with instants in the user's time zone.
//!
//! Pure: the time is given.

use chrono::{DateTime, Utc};
use prestic_proto::run::Wait;

use crate::words::{local_time, until as time_until};

/// Returns what a run waits for, and for how long where that is known.
pub fn wait_words(wait: &Wait, now: DateTime<Utc>) -> String {
    let dated = |at: DateTime<Utc>| format!("{} ({})", local_time(at), time_until(at, now));
    match wait {
        Wait::Paused { until: Some(until) } => format!("paused until {}", dated(*until)),
        Wait::StartupDelay { until } => format!("{wait}: starts {}", dated(*until)),
        Wait::Window { opens_at } => format!("{wait}, which begin {}", dated(*opens_at)),
        _ => wait.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use prestic_proto::run::RunId;

    use super::*;

    #[track_caller]
    fn check(wait: &Wait, expected: &str) {
        let then = local_time(in_two_hours());
        assert_eq!(wait_words(wait, DateTime::UNIX_EPOCH), expected.replace("THEN", &then));
    }

    fn in_two_hours() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(2)
    }

    #[test]
    fn known_instants_are_told() {
        check(&Wait::Paused { until: Some(in_two_hours()) }, "paused until THEN (in 2 h)");
        check(&Wait::Paused { until: None }, "paused");
        check(&Wait::Window { opens_at: in_two_hours() }, "waits for its hours, which begin THEN (in 2 h)");
        let settled = Wait::StartupDelay { until: in_two_hours() };
        check(&settled, "waits until the machine has settled: starts THEN (in 2 h)");
        check(&Wait::SameTask { run: RunId(7) }, "waits for run 7 of the same task");
    }
}
