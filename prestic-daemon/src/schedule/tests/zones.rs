//! What holds in every time zone of the tz database, at every change of its clocks from 1970 to 2100.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::{calendar, random::Random};
use crate::schedule::{Calendar, Schedule, Zone, wall};

/// No zone changes its clocks twice so soon that both are missed: in Ramadan Morocco's go back for a month.
const LOOKED_AT: TimeDelta = TimeDelta::days(7);

/// Later changes are projections of the rules of today, one year like the other.
const LAST_RULED_ANEW: i32 = 2040;

/// Of those every so many are looked at.
const FAR_OFF: u64 = 8;

/// Every so many changes are walked through minute by minute.
const WALKED: u64 = 40;

/// Returns the days from 1970 to 2100 on which a zone changes its clocks.
fn changes(zone: Tz) -> Vec<DateTime<Utc>> {
    let end: DateTime<Utc> = "2100-12-31T00:00:00Z".parse().unwrap();
    let mut changes = Vec::new();
    let mut from = DateTime::UNIX_EPOCH;
    while from < end {
        let to = from + LOOKED_AT;
        match wall::first_change(from, to, Zone::Named(zone)) {
            Some(change) => {
                changes.push(change);
                from = change;
            }
            None => from = to,
        }
    }
    changes
}

fn instants(schedule: &Schedule, calendar: &Calendar, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let next = |after: &DateTime<Utc>| schedule.next_after(*after, calendar);
    std::iter::successors(next(&from), next).take_while(|instant| *instant <= until).collect()
}

/// Returns the first instant at which a clock shows a local time or, if it never does, the first whole minute after it.
fn first_valid(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let minutes = std::iter::successors(Some(local), |local| Some(*local + TimeDelta::minutes(1)));
    let mut instants = minutes.filter_map(|local| zone.from_local_datetime(&local).earliest());
    instants.next().unwrap().with_timezone(&Utc)
}

fn check_once_a_day(zone: Tz, change: DateTime<Utc>, minute: u32) {
    let schedule = Schedule::parse(&format!("{:02}:{:02}", minute / 60, minute % 60)).unwrap();
    let (from, until) = (change - TimeDelta::days(2), change + TimeDelta::days(2));
    let first_date = from.with_timezone(&zone).date_naive() - TimeDelta::days(1);
    let times = first_date.iter_days().take(7).filter_map(|date| date.and_hms_opt(minute / 60, minute % 60, 0));
    // Dates that are left out as a whole fall together with the next one.
    let expected: BTreeSet<_> = times.map(|local| first_valid(local, zone)).filter(|at| from < *at && *at <= until).collect();
    let found = instants(&schedule, &calendar(zone), from, until);
    assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{schedule} in {zone} around {change}");
    for due in found {
        let before = due - TimeDelta::minutes(1);
        assert_eq!(schedule.next_after(before, &calendar(zone)), Some(due), "{schedule} in {zone} after {before}");
    }
}

fn check_wild(zone: Tz, change: DateTime<Utc>, minute: u32) {
    let schedule = Schedule::parse(&format!("*:{minute:02}")).unwrap();
    let (from, until) = (change - TimeDelta::hours(3), change + TimeDelta::hours(3));
    let minutes = (0..=360).map(|minutes| from + TimeDelta::minutes(minutes));
    // Before 1972 a zone's minutes could begin between two of UTC.
    let shows = |at: &DateTime<Utc>| {
        let local = at.with_timezone(&zone).naive_local();
        local.minute() == minute && local.second() == 0
    };
    let expected: Vec<_> = minutes.filter(|at| from < *at && shows(at)).collect();
    let found: Vec<_> = instants(&schedule, &calendar(zone), from, until);
    let found: Vec<_> = found.into_iter().filter(|at| (*at - from).num_seconds() % 60 == 0).collect();
    assert_eq!(found, expected, "{schedule} in {zone} around {change}");
}

#[test]
fn fixed_time_comes_once_on_each_date_and_wild_one_whenever_it_is_shown() {
    let mut random = Random(2100);
    let mut checked = 0;
    for zone in TZ_VARIANTS {
        for change in changes(zone) {
            if change.year() > LAST_RULED_ANEW && random.below(FAR_OFF) != 0 {
                continue;
            }
            // Mostly a time that the change jumps over, or brings back.
            let shown = change.with_timezone(&zone).time();
            let minute = (shown.hour() * 60 + shown.minute() + 1440 + random.below(240) as u32 - 120) % 1440;
            check_once_a_day(zone, change, minute);
            if random.below(WALKED) == 0 {
                check_wild(zone, change, minute % 60);
            }
            checked += 1;
        }
        let day = DateTime::UNIX_EPOCH + TimeDelta::days(random.below(47_000) as i64);
        check_once_a_day(zone, day, random.below(1440) as u32);
        check_wild(zone, day, random.below(60) as u32);
    }
    assert!(checked > 10_000, "only {checked} changes were found");
}

/// Whenever a daemon is started between two instants, it finds the same next one.
#[test]
fn next_instant_does_not_depend_on_when_it_is_asked_for() {
    let mut random = Random(1970);
    for zone in TZ_VARIANTS {
        let text = random.schedule();
        let Ok(schedule) = Schedule::parse(&text) else { continue };
        let start = DateTime::UNIX_EPOCH + TimeDelta::minutes(random.below(68_000_000) as i64);
        let Some(first) = schedule.next_after(start, &calendar(zone)) else { continue };
        let Some(second) = schedule.next_after(first, &calendar(zone)) else { continue };
        assert!(start < first && first < second, "{text:?} in {zone} after {start}");
        for _ in 0..3 {
            let seconds = random.below((second - first).num_seconds().unsigned_abs());
            let between = first + TimeDelta::seconds(seconds as i64);
            assert_eq!(schedule.next_after(between, &calendar(zone)), Some(second), "{text:?} in {zone} after {between}");
        }
    }
}
