//! The next instant of one rule, clock changes included.
//!
//! A fixed time is due once on each of its dates: at the first valid minute after it where the clocks jump over it, and
//! in the first pass where they go through it twice. A minute of every hour is due whenever a clock on the wall shows it.

use std::iter;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};

use super::Rule;

/// 29 February on one given weekday can be 40 years away (over a century without a leap day); nothing is farther.
const SEARCHED_DAYS: usize = 41 * 366;

/// Samoa left out a whole day in 2011. No clock jumped farther.
const LONGEST_GAP_MINUTES: usize = 24 * 60;

pub(super) fn next_after<Zone: TimeZone>(rule: &Rule, after: DateTime<Utc>, zone: &Zone) -> Option<DateTime<Utc>> {
    // A gap can carry a time of the day before over midnight.
    let first_date = after.with_timezone(zone).naive_local().date().pred_opt()?;
    let later_on = |date| instants_on(rule, date, zone).into_iter().filter(|instant| *instant > after).min();
    let dates = first_date.iter_days().take(SEARCHED_DAYS);
    let (date, found) = dates.filter_map(|date| later_on(date).map(|found| (date, found))).next()?;
    // Where the clocks go back over midnight the next date's first minutes come before the last ones of this date.
    let rival = date.succ_opt().and_then(later_on);
    Some(rival.map_or(found, |rival| rival.min(found)))
}

/// Returns the instants that belong to a date, in no order.
fn instants_on<Zone: TimeZone>(rule: &Rule, date: NaiveDate, zone: &Zone) -> Vec<DateTime<Utc>> {
    if !rule.dates.contains(date) {
        return Vec::new();
    }
    let fixed = rule.times.fixed.iter().filter_map(|time| fixed_instant(date.and_time(*time), zone));
    let hourly = (0..24)
        .flat_map(|hour| rule.times.hourly.iter().map(move |minute| (hour, minute)))
        .filter_map(|(hour, minute)| date.and_hms_opt(hour, minute, 0))
        .flat_map(|local| valid_instants(local, zone));
    fixed.chain(hourly).collect()
}

fn fixed_instant<Zone: TimeZone>(local: NaiveDateTime, zone: &Zone) -> Option<DateTime<Utc>> {
    let minutes = iter::successors(Some(local), |local| local.checked_add_signed(TimeDelta::minutes(1)));
    minutes.take(LONGEST_GAP_MINUTES + 1).find_map(|local| valid_instants(local, zone).min())
}

/// Returns the instants at which a clock on the wall shows a local time: none, one or two.
///
/// The way back is checked because chrono's zone of the machine takes the ends of gaps and overlaps for part of them.
fn valid_instants<Zone: TimeZone>(local: NaiveDateTime, zone: &Zone) -> impl Iterator<Item = DateTime<Utc>> {
    let found = zone.from_local_datetime(&local);
    let both = [found.clone().earliest(), found.latest()].map(|instant| instant.map(|instant| instant.with_timezone(&Utc)));
    let second = both[1].filter(|second| both[0] != Some(*second));
    let zone = zone.clone();
    [both[0], second].into_iter().flatten().filter(move |instant| instant.with_timezone(&zone).naive_local() == local)
}
