//! The zones that the tests look at, and when their clocks are changed.

use chrono::{DateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// Zones whose clocks are changed each in its own way: by half an hour, at midnight, over a whole day, in Ramadan, never.
pub(crate) const ZONES: [Tz; 10] = [
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::Asia__Beirut,
    Tz::America__Havana,
    Tz::Australia__Lord_Howe,
    Tz::Europe__Dublin,
    Tz::America__Santiago,
    Tz::Pacific__Apia,
    Tz::Africa__Casablanca,
    Tz::UTC,
];

/// The years whose changes are looked at. Samoa lost a day in the first of them.
const YEARS: [(i32, i32); 2] = [(2010, 2012), (2023, 2027)];

/// Returns the seconds by which a zone's clocks are ahead of UTC.
pub(crate) fn offset(zone: Tz, at: DateTime<Utc>) -> i64 {
    i64::from(zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc())
}

/// Returns the instants at which a zone's clocks are changed in these years, to the minute.
pub(crate) fn changes(zone: Tz) -> Vec<DateTime<Utc>> {
    YEARS.into_iter().flat_map(|(first, last)| changes_between(zone, start_of(first), start_of(last + 1))).collect()
}

/// Returns the instants between two others at which a zone's clocks are changed, to the minute.
///
/// No zone changes its clocks twice within a day and leaves them as they were.
pub(crate) fn changes_between(zone: Tz, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let mut found = Vec::new();
    let mut day = from;
    while day < until {
        let next = day + TimeDelta::days(1);
        if offset(zone, day) != offset(zone, next) {
            let (mut before, mut after) = (day, next);
            while after - before > TimeDelta::minutes(1) {
                let middle = before + TimeDelta::minutes((after - before).num_minutes() / 2);
                if offset(zone, middle) == offset(zone, before) { before = middle } else { after = middle }
            }
            found.push(after);
        }
        day = next;
    }
    found
}

/// Returns the first instant of a year, in UTC.
pub(crate) fn start_of(year: i32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap()
}

#[test]
fn changes_of_berlin_are_known() {
    let found = changes_between(Tz::Europe__Berlin, start_of(2026), start_of(2027));
    assert_eq!(found, ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"].map(|at| at.parse::<DateTime<Utc>>().unwrap()));
}

#[test]
fn every_zone_but_one_changes_its_clocks() {
    for zone in ZONES {
        assert_eq!(changes(zone).is_empty(), zone == Tz::UTC, "{zone}");
    }
}
