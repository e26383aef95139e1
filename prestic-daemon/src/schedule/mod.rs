//! When a task is due: schedules as the user writes them, and what follows from them at a given instant.
//!
//! All of it is pure. Nothing here reads the clock, sleeps, or knows of tasks and runs.

pub mod missed;

mod error;
mod next;
mod parse;
mod set;
mod show;

#[cfg(test)]
mod brute_force;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeZone, Utc};

pub use self::error::ScheduleError;
use self::set::NumberSet;

/// The instants at which a task is due, in whatever time zone they are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The task is due when any of these says so; with none it never is.
    rules: Vec<Rule>,
}

/// Some dates, and the times of day on each of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    dates: Dates,
    times: Times,
}

/// The dates that are in all of these sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Dates {
    /// Days of the month, from 1.
    days: NumberSet,
    /// Days of the week, Monday is 0.
    weekdays: NumberSet,
}

/// Times of day. They are not empty together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Times {
    /// Times that every date has once, whatever the clocks do to it.
    fixed: BTreeSet<NaiveTime>,
    /// Minutes of every hour that the date really has: none in a gap, both in an overlap.
    hourly: NumberSet,
}

impl Schedule {
    /// Reads a schedule as the user wrote it. An empty text, `off`, `never` and `manual` give one that is never due.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        parse::parse(text)
    }

    /// Whether it is never due.
    pub fn is_never(&self) -> bool {
        self.rules.is_empty()
    }

    /// Returns the first instant that is later than `after`.
    pub fn next_after<Zone: TimeZone>(&self, after: DateTime<Utc>, zone: &Zone) -> Option<DateTime<Utc>> {
        self.rules.iter().filter_map(|rule| next::next_after(rule, after, zone)).min()
    }

    /// Whether all its times stand in every hour, so that one that was missed is soon followed by another.
    fn is_hourly(&self) -> bool {
        self.rules.iter().all(|rule| rule.times.fixed.is_empty())
    }
}

impl Dates {
    const EVERY: Self = Self { days: NumberSet::range(1, 31), weekdays: NumberSet::range(0, 6) };

    fn contains(self, date: NaiveDate) -> bool {
        self.days.contains(date.day()) && self.weekdays.contains(date.weekday().num_days_from_monday())
    }
}
