//! Notices that the system's time zone is another one.

use chrono::{DateTime, Local, Offset, TimeDelta, TimeZone, Utc};

/// How far ahead zones are compared: what a schedule has planned anew by then needs no comparison.
const WEEKS: i32 = 53;

/// The system's zone, as the schedules see it: how far local time is ahead at weekly instants of the coming year.
///
/// Two zones whose summers begin some hours apart can look the same. Where the system tells of a change, it is believed.
#[derive(Debug)]
pub(super) struct Zone {
    from: DateTime<Utc>,
    offsets: Vec<i32>,
}

impl Zone {
    /// Looks at the system's zone.
    pub(super) fn look(now: DateTime<Utc>) -> Self {
        Self { from: now, offsets: offsets(&Local, now) }
    }

    /// Whether the system has another zone than at the last look.
    pub(super) fn has_changed(&mut self, now: DateTime<Utc>) -> bool {
        self.differs_from(&Local, now)
    }

    fn differs_from(&mut self, zone: &impl TimeZone, now: DateTime<Utc>) -> bool {
        let differs = offsets(zone, self.from) != self.offsets;
        *self = Self { from: now, offsets: offsets(zone, now) };
        differs
    }
}

fn offsets(zone: &impl TimeZone, from: DateTime<Utc>) -> Vec<i32> {
    let instants = (0..WEEKS).filter_map(|week| from.checked_add_signed(TimeDelta::weeks(week.into())));
    instants.map(|at| zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()).collect()
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;

    #[track_caller]
    fn check(before: Tz, after: Tz, is_change: bool) {
        let now = "2026-01-10T12:00:00Z".parse().unwrap();
        let mut zone = Zone { from: now, offsets: offsets(&before, now) };
        let later = now + TimeDelta::days(40);
        assert_eq!(zone.differs_from(&after, later), is_change);
        assert!(!zone.differs_from(&after, later), "it is told twice");
    }

    #[test]
    fn zone_that_stays_is_no_change_in_summer_either() {
        check(Tz::Europe__Berlin, Tz::Europe__Berlin, false);
        let now = "2026-01-10T12:00:00Z".parse().unwrap();
        let mut zone = Zone { from: now, offsets: offsets(&Tz::Europe__Berlin, now) };
        assert!(!zone.differs_from(&Tz::Europe__Berlin, "2026-07-10T12:00:00Z".parse().unwrap()));
    }

    #[test]
    fn other_zone_is_a_change() {
        check(Tz::Europe__Berlin, Tz::America__New_York, true);
        check(Tz::UTC, Tz::Asia__Kathmandu, true);
    }

    #[test]
    fn zone_with_another_summer_is_a_change() {
        check(Tz::Europe__Berlin, Tz::Africa__Algiers, true);
        // Both have summer time, until other weeks.
        check(Tz::Europe__Athens, Tz::Africa__Cairo, true);
    }

    #[test]
    fn zone_that_differs_by_its_name_only_is_none() {
        check(Tz::Europe__Berlin, Tz::Europe__Vienna, false);
    }
}
