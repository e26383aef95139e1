//! A schedule as the tests know it: sets of dates and minutes, beside the text that says the same.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate};
use chrono_tz::Tz;

pub(crate) const MINUTES_A_DAY: u32 = 24 * 60;

/// A schedule: several expressions, each of which makes it due.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) text: String,
    pub(crate) expressions: Vec<Expression>,
}

/// One expression.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expression {
    pub(crate) text: String,
    /// Where it has one of its own.
    pub(crate) zone: Option<Tz>,
    /// All of them hold on its dates.
    pub(crate) dates: Vec<DateCondition>,
    /// Minutes of the day that come once, whatever the clocks do.
    pub(crate) fixed: BTreeSet<u32>,
    /// Minutes of the day that come whenever a clock shows them.
    pub(crate) wild: BTreeSet<u32>,
}

/// What a date must be.
#[derive(Debug, Clone)]
pub(crate) enum DateCondition {
    Months(Vec<u32>),
    /// Monday is 0.
    Weekdays(Vec<u32>),
    Numbers(Vec<u32>),
    /// So many days at the end of the month.
    LastDays(u32),
    /// The day that is this number counted from the month's end, which is 1.
    FromEnd(u32),
    /// The first such weekday of the month, or the second...
    Nth(u32, u32),
    /// The last such weekday of the month.
    LastWeekday(u32),
    /// Every so many days, counted from 1970-01-01.
    EveryDays(u32),
    /// What a cron line with both fields says: one of them is enough.
    NumbersOrWeekdays(Vec<u32>, Vec<u32>),
}

impl Expression {
    pub(crate) fn has_date(&self, date: NaiveDate) -> bool {
        self.dates.iter().all(|condition| condition.holds(date))
    }
}

impl DateCondition {
    fn holds(&self, date: NaiveDate) -> bool {
        let weekday = date.weekday().num_days_from_monday();
        match self {
            Self::Months(months) => months.contains(&date.month()),
            Self::Weekdays(weekdays) => weekdays.contains(&weekday),
            Self::Numbers(numbers) => numbers.contains(&date.day()),
            Self::LastDays(count) => from_end(date) <= *count,
            Self::FromEnd(number) => from_end(date) == *number,
            Self::Nth(nth, wanted) => weekday == *wanted && date.day().div_ceil(7) == *nth,
            Self::LastWeekday(wanted) => weekday == *wanted && from_end(date) <= 7,
            Self::EveryDays(count) => {
                let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
                (date - epoch).num_days() % i64::from(*count) == 0
            }
            Self::NumbersOrWeekdays(numbers, weekdays) => numbers.contains(&date.day()) || weekdays.contains(&weekday),
        }
    }
}

/// Returns the number of a date counted from the end of its month, the last one being 1.
fn from_end(date: NaiveDate) -> u32 {
    (1..).find(|days| (date + Days::new(u64::from(*days))).month() != date.month()).unwrap()
}

#[test]
fn last_weekday_is_within_the_last_seven_days() {
    let last_friday = DateCondition::LastWeekday(4);
    let fridays: Vec<u32> = (1..=31).filter(|day| last_friday.holds(NaiveDate::from_ymd_opt(2026, 1, *day).unwrap())).collect();
    assert_eq!(fridays, [30]);
}
