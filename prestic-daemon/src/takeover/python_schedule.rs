//! When Python's PRestic ran a task, to be compared with when we do. Pure.
//!
//! It looked for a few words, let all others be, and stepped from day to day until date and time fitted.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

use crate::schedule::{Calendar, Schedule, Zone};

/// It looked so many days ahead.
const SEARCHED_DAYS: usize = 32;

/// So many times are compared: those of more than a day, for a task of every hour.
const COMPARED: usize = 26;

/// So many times of each are told.
const TOLD: usize = 3;

/// Why it had no next time although it had a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breakdown {
    /// It asked for the hour after 23, and for this task nothing came any more until it was started again.
    HourAfterLast,
    /// It could not read a word as a time, and broke off.
    NoTime,
}

/// How the two differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It broke off.
    BrokeOff(Breakdown),
    /// It ran at other times: the first ones of each.
    OtherTimes {
        /// When Python's PRestic ran the task.
        then: Vec<NaiveDateTime>,
        /// When it runs now.
        now: Vec<NaiveDateTime>,
    },
}

/// Compares the times after an instant; none if there is no difference, or if ours cannot be told.
///
/// Both are asked in UTC: what becomes of a time that the clocks skip is another matter.
pub fn difference(schedule: &str, from: DateTime<Utc>) -> Option<Difference> {
    let calendar = Calendar { zone: Zone::Named(Tz::UTC), anchor: from };
    let ours = Schedule::parse(schedule).ok()?;
    let next = |after: &DateTime<Utc>| ours.next_after(*after, &calendar);
    let now: Vec<_> = std::iter::successors(next(&from), next).take(COMPARED).map(|at| at.naive_utc()).collect();
    let mut then = Vec::new();
    let mut after = from.naive_utc();
    while then.len() < COMPARED {
        match next_run(schedule, after) {
            Ok(Some(at)) => {
                then.push(at);
                after = at;
            }
            Ok(None) => break,
            Err(breakdown) => return Some(Difference::BrokeOff(breakdown)),
        }
    }
    let first = |mut times: Vec<_>| {
        times.truncate(TOLD);
        times
    };
    (then != now).then(|| Difference::OtherTimes { then: first(then), now: first(now) })
}

/// Returns the next time after the last run, as Python's PRestic found it; none for a schedule that is empty or too rare.
fn next_run(schedule: &str, after: NaiveDateTime) -> Result<Option<NaiveDateTime>, Breakdown> {
    if schedule.is_empty() {
        return Ok(None);
    }
    let from = after + TimeDelta::minutes(1);
    let mut time = NaiveTime::MIN;
    let mut weekdays = BTreeSet::new();
    let mut is_monthly = false;
    for word in schedule.to_lowercase().replace(',', " ").split_whitespace() {
        match word {
            "monthly" => is_monthly = true,
            "weekly" => drop(weekdays.insert(0)),
            "daily" => weekdays.extend(0..7),
            "hourly" => time = time_of(from.hour() + 1, 0)?,
            _ if weekday(word).is_some() => weekdays.extend(weekday(word)),
            _ => {
                if let [hour, minute] = word.split(':').collect::<Vec<_>>()[..] {
                    let hour = if hour == "*" { from.hour() + 1 } else { number(hour)? };
                    time = time_of(hour, number(minute)?)?;
                }
            }
        }
    }
    let fits = |day: NaiveDateTime| {
        (!is_monthly || day.day() == 1) && (weekdays.is_empty() || weekdays.contains(&day.weekday().num_days_from_monday()))
    };
    let days = from.date().iter_days().take(SEARCHED_DAYS).map(|date| date.and_time(time));
    Ok(days.filter(|day| fits(*day)).find(|due| *due >= from))
}

/// It looked at the first three letters only.
fn weekday(word: &str) -> Option<u32> {
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let position = names.iter().position(|name| word.starts_with(name))?;
    u32::try_from(position).ok()
}

fn number(text: &str) -> Result<u32, Breakdown> {
    text.parse().map_err(|_| Breakdown::NoTime)
}

fn time_of(hour: u32, minute: u32) -> Result<NaiveTime, Breakdown> {
    let breakdown = if hour == 24 { Breakdown::HourAfterLast } else { Breakdown::NoTime };
    NaiveTime::from_hms_opt(hour, minute, 0).ok_or(breakdown)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Monday, at half past ten.
    fn monday() -> DateTime<Utc> {
        "2026-11-23T10:30:00Z".parse().unwrap()
    }

    #[track_caller]
    fn check_same(schedule: &str) {
        assert_eq!(difference(schedule, monday()), None, "{schedule}");
    }

    #[track_caller]
    fn check_other(schedule: &str, then: &str, now: &str) {
        match difference(schedule, monday()) {
            Some(Difference::OtherTimes { then: found_then, now: found_now }) => {
                assert_eq!(
                    (found_then[0].to_string(), found_now[0].to_string()),
                    (then.to_owned(), now.to_owned()),
                    "{schedule}"
                );
            }
            other => panic!("{schedule}: {other:?}"),
        }
    }

    #[track_caller]
    fn check_broken(schedule: &str, expected: Breakdown) {
        assert_eq!(difference(schedule, monday()), Some(Difference::BrokeOff(expected)), "{schedule}");
    }

    #[test]
    fn sound_schedules_are_the_same() {
        for schedule in
            ["daily at 02:30", "daily", "weekly at 04:46", "monthly at 03:00", "mon,thu at 12:00", "Mon at 9:05", ""]
        {
            check_same(schedule);
        }
    }

    #[test]
    fn hour_after_the_last_one_broke_it() {
        check_broken("hourly", Breakdown::HourAfterLast);
        check_broken("daily at *:45", Breakdown::HourAfterLast);
        check_broken("9..17:00", Breakdown::NoTime);
    }

    #[test]
    fn words_that_it_let_be_mean_something_now() {
        check_other("every 15 minutes", "2026-11-24 00:00:00", "2026-11-23 10:45:00");
        check_other("daily at 12:00, 18:00", "2026-11-23 18:00:00", "2026-11-23 12:00:00");
        check_other("day 15 at 03:00", "2026-11-24 03:00:00", "2026-12-15 03:00:00");
    }
}
