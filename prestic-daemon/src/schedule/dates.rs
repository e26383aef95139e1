//! Sets of dates, and how to find the next one without looking at each.

use chrono::{Datelike, NaiveDate};

use super::set::{NumberSet, Years};

/// 1 January 1970, in chrono's count of days.
const DAY_ZERO: i32 = 719_163;

/// The same day of the week in five weeks, as bits of a month.
const FIVE_WEEKS: u64 = 1 | 1 << 7 | 1 << 14 | 1 << 21 | 1 << 28;

/// Which of its kind in a month a day of the week is; the last one is `LAST`.
pub(super) const ORDINALS: u32 = 6;

/// The place of `last` among the ordinals; `first` is 0.
pub(super) const LAST: u32 = 5;

/// The dates that are in all of these sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dates {
    /// None means every year.
    pub years: Option<Years>,
    /// January is 1.
    pub months: NumberSet,
    /// Days of the month, from 1; together with `last_days` one set.
    pub days: NumberSet,
    /// Days of the month counted from its end; the last one is 1.
    pub last_days: NumberSet,
    /// Monday is 0.
    pub weekdays: NumberSet,
    /// Pairs of a day of the week and an ordinal, as [`ordinal_weekday`] numbers them; empty means any.
    pub ordinals: NumberSet,
    /// Every so many days since 1970.
    pub every: u32,
    /// Whether it is enough to be in one of the sets of days and weekdays, as cron has it.
    pub is_day_or_weekday: bool,
}

/// Numbers the pairs of a day of the week and an ordinal.
pub(super) fn ordinal_weekday(ordinal: u32, weekday: u32) -> u32 {
    weekday * ORDINALS + ordinal
}

impl Dates {
    pub(super) const ALL_DAYS: NumberSet = NumberSet::range(1, 31);
    pub(super) const ALL_WEEKDAYS: NumberSet = NumberSet::range(0, 6);
    pub(super) const ALL_MONTHS: NumberSet = NumberSet::range(1, 12);

    pub(super) const EVERY: Self = Self {
        years: None,
        months: Self::ALL_MONTHS,
        days: Self::ALL_DAYS,
        last_days: NumberSet::EMPTY,
        weekdays: Self::ALL_WEEKDAYS,
        ordinals: NumberSet::EMPTY,
        every: 1,
        is_day_or_weekday: false,
    };

    /// Returns the first date that is not before another, up to the end of a year.
    pub(super) fn next(&self, from: NaiveDate, last_year: i32) -> Option<NaiveDate> {
        let mut not_before = from.day();
        for year in from.year()..=last_year {
            let first_month = if year == from.year() { from.month() } else { 1 };
            if self.years.is_some_and(|years| !years.contains(year)) {
                not_before = 0;
                continue;
            }
            for month in first_month..=12 {
                let days = self.in_month(year, month) & (u64::MAX << not_before);
                if days != 0 {
                    return NaiveDate::from_ymd_opt(year, month, days.trailing_zeros());
                }
                not_before = 0;
            }
        }
        None
    }

    /// Returns the days of a month, as bits.
    fn in_month(&self, year: i32, month: u32) -> u64 {
        if !self.months.contains(month) || self.years.is_some_and(|years| !years.contains(year)) {
            return 0;
        }
        let Some(first) = NaiveDate::from_ymd_opt(year, month, 1) else { return 0 };
        let length = u32::from(first.num_days_in_month());
        let first_weekday = first.weekday().num_days_from_monday();
        let last_days = self.last_days.iter().filter(|day| *day <= length).map(|day| 1 << (length + 1 - day));
        let by_day = last_days.fold(self.days.bits(), |days, day| days | day);
        let by_weekday = self.by_weekday(first_weekday);
        let mut days = if self.is_day_or_weekday { by_day | by_weekday } else { by_day & by_weekday };
        days &= NumberSet::range(1, length).bits();
        if !self.ordinals.is_empty() {
            days &= self.by_ordinal(first_weekday, length);
        }
        if self.every > 1 {
            let day_before = i64::from(first.num_days_from_ce() - DAY_ZERO) - 1;
            let is_counted = |day: &u32| (day_before + i64::from(*day)).rem_euclid(i64::from(self.every)) == 0;
            days &= (1..=length).filter(is_counted).fold(0, |days, day| days | 1 << day);
        }
        days
    }

    fn by_weekday(&self, first_weekday: u32) -> u64 {
        if self.weekdays == Self::ALL_WEEKDAYS {
            return Self::ALL_DAYS.bits();
        }
        self.weekdays.iter().fold(0, |days, weekday| days | FIVE_WEEKS << first_day(weekday, first_weekday))
    }

    fn by_ordinal(&self, first_weekday: u32, length: u32) -> u64 {
        self.ordinals.iter().fold(0, |days, pair| {
            let first = first_day(pair / ORDINALS, first_weekday);
            let weeks = match pair % ORDINALS {
                LAST => (length - first) / 7,
                ordinal => ordinal,
            };
            days | 1 << (first + 7 * weeks)
        })
    }
}

/// Returns the first day of a month that is some day of the week.
fn first_day(weekday: u32, first_weekday: u32) -> u32 {
    1 + (weekday + 7 - first_weekday) % 7
}
