//! What schedules mean, what is refused and how, and the instants that follow.

mod brute_force;
mod english;
mod forms;
mod instants;
mod missed;
mod random;
mod refused;
mod refused_forms;
mod zones;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{Calendar, Schedule, Zone};

const UTC: Calendar = calendar(Tz::UTC);

const fn calendar(zone: Tz) -> Calendar {
    Calendar { zone: Zone::Named(zone), anchor: DateTime::UNIX_EPOCH }
}

/// Reads an instant in local time with the offset.
#[track_caller]
fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_str(text, "%Y-%m-%d %H:%M%:z").unwrap().with_timezone(&Utc)
}

/// Checks the instants that follow on an instant, all written in local time with the offset.
#[track_caller]
fn check_next(text: &str, zone: Tz, after: &str, expected: &[&str]) {
    let schedule = Schedule::parse(text).unwrap();
    let mut instant = at(after);
    for expected in expected {
        instant = schedule.next_after(instant, &calendar(zone)).unwrap();
        assert_eq!(instant.with_timezone(&zone).format("%Y-%m-%d %H:%M%:z").to_string(), *expected, "for {text:?}");
    }
}

/// Checks how a schedule is written in its one canonical way, and that this reads back as the same schedule.
#[track_caller]
fn check(text: &str, canonical: &str) {
    let schedule = Schedule::parse(text).unwrap();
    assert_eq!(schedule.to_string(), canonical, "for {text:?}");
    assert_eq!(Schedule::parse(canonical).unwrap(), schedule, "read back from {canonical:?}");
}

/// Checks what is said of a text that is no schedule, and which word is underlined.
#[track_caller]
fn check_refused(text: &str, underlined: &str, message: &str, hint: &str) {
    let error = Schedule::parse(text).unwrap_err();
    assert_eq!(error.to_string(), message, "for {text:?}");
    assert_eq!(error.hint().unwrap_or_default(), hint, "for {text:?}");
    let (column, length) = error.span().unwrap_or((1, 0));
    assert_eq!(text.chars().skip(column - 1).take(length).collect::<String>(), underlined, "in {text:?}");
}
