//! The next instant of one rule, clock changes included.
//!
//! A fixed time is due once on each of its dates: when the clocks first show it, or first show a later time because they
//! jump over it. A wild time is due whenever the clocks show it: not at all in a gap, twice in an overlap. A step is due
//! after a length of real time, whatever the clocks do.

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};

use super::{
    Calendar,
    dates::Dates,
    rule::{Rule, Times},
    set::DayMinutes,
    wall,
    zone::Zone,
};

/// 29 February on one given weekday can be 40 years away (over a century without a leap day); nothing is farther.
pub(super) const SEARCHED_YEARS: i32 = 41;

/// Returns the first instant of a rule that is later than `after`.
pub(super) fn next_after(rule: &Rule, after: DateTime<Utc>, calendar: &Calendar) -> Option<DateTime<Utc>> {
    let zone = rule.zone.unwrap_or(calendar.zone);
    match &rule.times {
        Times::Clock { fixed, wild } => {
            let fixed = (!fixed.is_empty()).then(|| next_fixed(&rule.dates, fixed, after, zone)).flatten();
            let wild = (!wild.is_empty()).then(|| next_wild(&rule.dates, wild, after, zone)).flatten();
            [fixed, wild].into_iter().flatten().min()
        }
        Times::Steps { minutes, within } => {
            let steps = Steps { anchor: calendar.anchor, minutes: i64::from(*minutes) };
            next_step(&rule.dates, within, steps, after, zone)
        }
    }
}

/// What has not been reached yet comes when it is.
fn next_fixed(dates: &Dates, minutes: &DayMinutes, after: DateTime<Utc>, zone: Zone) -> Option<DateTime<Utc>> {
    let reached = wall::reached(after, zone);
    let from = reached + TimeDelta::minutes(1) - TimeDelta::seconds(i64::from(reached.second()));
    let local = next_local(dates, minutes, from.with_nanosecond(0)?, searched_until(dates, after))?;
    Some(wall::first_reach(local, zone))
}

/// Goes from one change of the clocks to the next, as long as they come before what would be due without them.
fn next_wild(dates: &Dates, minutes: &DayMinutes, after: DateTime<Utc>, zone: Zone) -> Option<DateTime<Utc>> {
    let last_year = searched_until(dates, after);
    // The first instant of which it is not known that nothing is due before it.
    let mut from = DateTime::from_timestamp(after.timestamp() + 1, 0)?;
    loop {
        let now_shown = wall::shown(from, zone);
        let ahead = now_shown - from.naive_utc();
        let local = next_local(dates, minutes, now_shown + wall::to_whole_minute(now_shown), last_year)?;
        let due = local.and_utc() - ahead;
        let known_until = due.min(from + wall::LONGEST_JUMP);
        from = match wall::first_change(from, known_until, zone) {
            Some(change) => change,
            None if due == known_until => return Some(due),
            // No later jump back can bring what was shown up to now once more.
            None => wall::first_reach(local, zone),
        };
    }
}

/// Steps of real time from an anchor on, and backwards from it.
struct Steps {
    anchor: DateTime<Utc>,
    minutes: i64,
}

impl Steps {
    /// Returns the first step that is later than an instant.
    fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let anchor = self.anchor.timestamp().div_euclid(60) * 60;
        let seconds = self.minutes * 60;
        let steps = (after.timestamp() - anchor).div_euclid(seconds) + 1;
        DateTime::from_timestamp(anchor + steps * seconds, 0)
    }
}

/// Goes from step to step, and over the time in which none is allowed.
fn next_step(dates: &Dates, within: &DayMinutes, steps: Steps, after: DateTime<Utc>, zone: Zone) -> Option<DateTime<Utc>> {
    let last_year = searched_until(dates, after);
    let mut step = steps.next_after(after)?;
    loop {
        let shown = wall::shown(step, zone).with_second(0)?;
        let allowed = next_local(dates, within, shown, last_year)?;
        if allowed == shown {
            return Some(step);
        }
        let allowed_from = wall::first_reach(allowed, zone) - TimeDelta::seconds(1);
        step = steps.next_after(allowed_from.max(step))?;
    }
}

/// Returns the last year that is looked at; a schedule that names its years is looked through.
fn searched_until(dates: &Dates, after: DateTime<Utc>) -> i32 {
    let last_named = dates.years.and_then(|years| years.iter().last());
    let last_named = last_named.and_then(|year| i32::try_from(year).ok());
    last_named.unwrap_or(after.year() + SEARCHED_YEARS)
}

/// Returns the first of some times of some dates that is not before a local time.
pub(super) fn next_local(dates: &Dates, minutes: &DayMinutes, from: NaiveDateTime, last_year: i32) -> Option<NaiveDateTime> {
    let date = dates.next(from.date(), last_year)?;
    let minute_of_day = from.hour() * 60 + from.minute();
    let (date, minute) = match minutes.next(if date == from.date() { minute_of_day } else { 0 }) {
        Some(minute) => (date, minute),
        None => (dates.next(date.succ_opt()?, last_year)?, minutes.next(0)?),
    };
    date.and_hms_opt(minute / 60, minute % 60, 0)
}
