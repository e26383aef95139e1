//! Instants, and the addresses of profiles and runs, as these pages write them. Pure.

use chrono::{DateTime, Utc};
use prestic_proto::run::RunId;

use crate::web::{layout::segment, words::Moment};

/// Returns a time of day with the machine's distance from UTC, and the day where that is not clear.
pub fn clock(moment: &Moment, at: DateTime<Utc>) -> String {
    moment.clock(at)
}

/// Returns the address of a profile's page.
pub fn profile_address(name: &str) -> String {
    format!("/profile/{}", segment(name))
}

/// Returns the address of a run's page.
pub fn run_address(run: RunId) -> String {
    format!("/runs/{run}")
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::web::pages::samples::{moment, now};

    #[track_caller]
    fn check(hours: i64, expected: &str) {
        assert_eq!(clock(&moment(), now() + TimeDelta::hours(hours)), expected);
    }

    #[test]
    fn day_is_told_only_where_it_is_not_clear() {
        check(2, "15:00 UTC+01:00");
        check(12, "Tue 01:00 UTC+01:00");
        check(24 * 8, "2026-12-01 13:00 UTC+01:00");
        check(-24, "2026-11-22 13:00 UTC+01:00");
    }

    #[test]
    fn names_are_one_segment_of_an_address() {
        assert_eq!(profile_address("a/b c"), "/profile/a%2Fb%20c");
        assert_eq!(run_address(RunId(7)), "/runs/7");
    }
}
