//! When a task is due, found by walking from minute to minute and looking at what the clocks on the wall show.
//!
//! It shares nothing with the daemon but the tables of the zones.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use super::tasks::{Task, Times};

/// Returns the instants from one on and before another at which a task is due. Both are whole minutes.
pub fn occurrences(task: &Task, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let minute = TimeDelta::minutes(1);
    let mut found = Vec::new();
    // The latest that the clocks have shown so far: what they show again in autumn is not reached again.
    let mut reached = shown(task, from - TimeDelta::days(1));
    let mut at = from - TimeDelta::days(1) + minute;
    while at < until {
        let now = shown(task, at);
        let is_due = match task.times {
            Times::Wild(minutes) => minutes.contains(&now.minute()) && (task.is_day)(now.date()),
            Times::Fixed(times) => is_between(task, times, reached, now),
        };
        reached = reached.max(now);
        if is_due && at >= from {
            found.push(at);
        }
        at += minute;
    }
    found
}

fn shown(task: &Task, at: DateTime<Utc>) -> NaiveDateTime {
    at.with_timezone(&task.zone).naive_local()
}

/// Whether one of the times lies after what was reached and not after what is shown now.
fn is_between(task: &Task, times: &[(u32, u32)], reached: NaiveDateTime, now: NaiveDateTime) -> bool {
    let days = [reached.date(), now.date()];
    let instants = days.into_iter().filter(|day| (task.is_day)(*day)).flat_map(|day| {
        let time = move |(hour, minute): &(u32, u32)| NaiveTime::from_hms_opt(*hour, *minute, 0).map(|time| day.and_time(time));
        times.iter().filter_map(time)
    });
    instants.into_iter().any(|instant| reached < instant && instant <= now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::tasks::TASKS;

    #[track_caller]
    fn check(name: &str, from: &str, hours: i64, expected: &[&str]) {
        let task = TASKS.iter().find(|task| task.name == name).unwrap();
        let from: DateTime<Utc> = from.parse().unwrap();
        let found = occurrences(task, from, from + TimeDelta::hours(hours));
        let shown: Vec<String> = found.iter().map(|at| at.with_timezone(&task.zone).format("%d %H:%M%z").to_string()).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn fixed_times_in_a_gap_come_once_and_together_behind_it() {
        check("half-past-two", "2026-03-28T00:00:00Z", 48, &["28 02:30+0100", "29 03:00+0200"]);
        check("in-the-gap", "2026-03-29T00:00:00Z", 12, &["29 01:59+0100", "29 03:00+0200"]);
    }

    #[test]
    fn fixed_times_in_an_overlap_come_in_the_first_pass() {
        check("half-past-two", "2026-10-24T22:00:00Z", 12, &["25 02:30+0200"]);
        check("in-the-gap", "2026-10-24T22:00:00Z", 12, &["25 01:59+0200", "25 02:01+0200", "25 02:59+0200", "25 03:00+0100"]);
    }

    #[test]
    fn wild_times_come_whenever_they_are_shown() {
        check("half-past", "2026-03-29T00:00:00Z", 3, &["29 01:30+0100", "29 03:30+0200", "29 04:30+0200"]);
        check("hourly", "2026-10-25T00:00:00Z", 3, &["25 02:00+0200", "25 02:00+0100", "25 03:00+0100"]);
    }

    #[test]
    fn days_are_those_of_the_zone() {
        check("weekly", "2026-10-25T12:00:00Z", 24, &["26 05:00+0100"]);
        check("monthly", "2026-10-25T00:00:00Z", 240, &["01 04:10+0100"]);
        check("new-york", "2026-10-31T12:00:00Z", 24, &["01 01:30-0400"]);
        check("kathmandu", "2026-10-31T12:00:00Z", 1, &["31 18:00+0545"]);
    }
}
