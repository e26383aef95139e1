//! From a [`Schedule`] back to a text: one spelling for each, which reads back as the same schedule.

use std::fmt;

use super::{Dates, DayMinutes, Rule, Schedule, Times, set::NumberSet};

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rules.split_first() {
            None => f.write_str("off"),
            Some((first, others)) => {
                first.fmt(f)?;
                others.iter().try_for_each(|rule| write!(f, "; {rule}"))
            }
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_each_hour =
            self.times.fixed.is_empty() && self.times.wild == DayMinutes::of(NumberSet::range(0, 23), NumberSet::of(0));
        match (self.dates == Dates::EVERY, is_each_hour) {
            (true, true) => f.write_str("hourly"),
            (false, true) => write!(f, "hourly {}", self.dates),
            (_, false) => write!(f, "{} at {}", self.dates, self.times),
        }
    }
}

impl fmt::Display for Dates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::EVERY {
            f.write_str("daily")
        } else if self.days == NumberSet::of(1) {
            f.write_str("monthly")
        } else {
            write_list(f, (0..).zip(WEEKDAYS).filter(|(weekday, _)| self.weekdays.contains(*weekday)).map(|(_, name)| name))
        }
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fixed = self.fixed.iter().map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60));
        write_list(f, fixed.chain(self.wild.iter().take_while(|minute| *minute < 60).map(|minute| format!("*:{minute:02}"))))
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, words: impl Iterator<Item: fmt::Display>) -> fmt::Result {
    for (position, word) in words.enumerate() {
        let separator = if position == 0 { "" } else { ", " };
        write!(f, "{separator}{word}")?;
    }
    Ok(())
}
