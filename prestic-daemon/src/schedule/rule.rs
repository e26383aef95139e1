//! One rule of a schedule: what it says, and in which form it was written.

use super::{
    dates::Dates,
    set::{DayMinutes, NumberSet},
    zone::Zone,
};

/// Some dates, and the times of day on each of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// None means that of the calendar.
    pub zone: Option<Zone>,
    pub dates: Dates,
    pub times: Times,
    pub form: Form,
}

impl Rule {
    /// Whether its times come whenever clocks show them, and often enough to wait for the next one.
    pub(super) fn is_wild(&self) -> bool {
        match &self.times {
            Times::Clock { fixed, .. } => fixed.is_empty(),
            Times::Steps { minutes, .. } => *minutes <= LONGEST_WILD_STEP,
        }
    }
}

/// Steps that are longer are as rare as fixed times: what was missed has to be caught up.
const LONGEST_WILD_STEP: u32 = 12 * 60;

/// Times of the days of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Times {
    /// What clocks show. The sets are not empty together.
    Clock {
        /// Minutes that every date has once, whatever the clocks do to it.
        fixed: DayMinutes,
        /// Minutes that come whenever the clocks show them: not in a gap, twice in an overlap.
        wild: DayMinutes,
    },
    /// Steps of real time from the calendar's anchor on, as far as they come within the minutes.
    Steps {
        /// From 1.
        minutes: u32,
        /// What the clocks may show then.
        within: DayMinutes,
    },
}

impl Times {
    /// Whether no day has any of them.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Clock { fixed, wild } => fixed.is_empty() && wild.is_empty(),
            Self::Steps { within, .. } => within.is_empty(),
        }
    }
}

/// How a rule was written, as far as its dates and times do not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// Words for the dates, and times.
    Words,
    /// `every 15 minutes`, perhaps only between two minutes of the day, both included.
    Every { minutes: u32, window: Option<(u32, u32)> },
    /// Five fields.
    Cron { minute: Field, hour: Field, day: Field, month: Field, weekday: Field },
    /// systemd's way.
    Calendar { hour: Field, minute: Field },
}

/// One field of a cron expression or a systemd calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub numbers: NumberSet,
    /// Whether it was written with an asterisk, which changes what it means.
    pub has_asterisk: bool,
}

impl Field {
    /// Returns the minutes of the day that two fields say, as fixed or wild ones.
    pub(super) fn times(hour: Self, minute: Self) -> Times {
        let minutes = DayMinutes::of(hour.numbers, minute.numbers);
        if hour.has_asterisk || minute.has_asterisk {
            Times::Clock { fixed: DayMinutes::default(), wild: minutes }
        } else {
            Times::Clock { fixed: minutes, wild: DayMinutes::default() }
        }
    }
}
