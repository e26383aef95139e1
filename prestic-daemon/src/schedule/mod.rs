//! When a task is due: schedules as the user writes them, and what follows from them at a given instant.
//!
//! All of it is pure. Nothing here reads the clock, sleeps, or knows of tasks and runs.

pub mod missed;
pub mod spread;
pub mod window;
pub mod zone;

mod dates;
mod english;
mod error;
mod event;
mod modifiers;
mod next;
mod parse;
mod rule;
mod set;
mod show;
mod spelling;
mod wall;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use self::{dates::Dates, rule::Rule};
pub use self::{
    error::ScheduleError,
    event::{AfterEnd, Event},
    modifiers::{CatchUp, Modifiers},
    zone::Zone,
};

/// When a task is due: at instants that follow from a calendar, and when something happens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule {
    /// The task is due when any of these says so.
    rules: Vec<Rule>,
    /// The task is due when any of these happens.
    events: Vec<Event>,
    modifiers: Modifiers,
}

/// What the instants of a schedule depend on besides its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    /// Where the schedule does not name another one.
    pub zone: Zone,
    /// When the task was first known: the beginning of all steps that do not divide an hour or a day.
    pub anchor: DateTime<Utc>,
}

impl Schedule {
    /// Reads a schedule as the user wrote it. An empty text, `off` and its like give one that is never due.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        parse::parse(text)
    }

    /// Whether it has neither times nor events.
    pub fn is_never(&self) -> bool {
        self.rules.is_empty() && self.events.is_empty()
    }

    /// Returns the first instant that is later than `after`.
    pub fn next_after(&self, after: DateTime<Utc>, calendar: &Calendar) -> Option<DateTime<Utc>> {
        self.rules.iter().filter_map(|rule| next::next_after(rule, after, calendar)).min()
    }

    /// Returns the events that it waits for.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Returns what it says besides its times.
    pub fn modifiers(&self) -> &Modifiers {
        &self.modifiers
    }

    /// Returns the schedule in plain English, as `every day at 02:30 and 14:30`.
    pub fn words(&self) -> String {
        english::words(self)
    }

    /// Whether all its times are wild, so that one that was missed is usually soon followed by another.
    fn is_wild(&self) -> bool {
        self.rules.iter().all(Rule::is_wild)
    }
}
