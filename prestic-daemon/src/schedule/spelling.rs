//! How single words are spelled: days, months, numbers, times of day, durations; and what a misspelt word was meant to be.

use chrono::{NaiveTime, TimeDelta};
use chrono_tz::TZ_VARIANTS;

use crate::config::value;

/// Every spelling of a day of the week; a prefix of one is no spelling (`money` is not Monday).
const WEEKDAYS: [&[&str]; 7] = [
    &["mon", "monday", "mondays"],
    &["tue", "tues", "tuesday", "tuesdays"],
    &["wed", "weds", "wednesday", "wednesdays"],
    &["thu", "thur", "thurs", "thursday", "thursdays"],
    &["fri", "friday", "fridays"],
    &["sat", "saturday", "saturdays"],
    &["sun", "sunday", "sundays"],
];

/// Every spelling of a month.
const MONTHS: [&[&str]; 12] = [
    &["jan", "january"],
    &["feb", "february"],
    &["mar", "march"],
    &["apr", "april"],
    &["may"],
    &["jun", "june"],
    &["jul", "july"],
    &["aug", "august"],
    &["sep", "sept", "september"],
    &["oct", "october"],
    &["nov", "november"],
    &["dec", "december"],
];

const ORDINALS: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "last"];

/// The words that switch a schedule off.
pub(super) const OFF: [&str; 5] = ["off", "never", "manual", "disabled", "none"];

/// The words that have no table of their own; only for telling what a misspelt one was meant to be.
const OTHERS: [&str; 40] = [
    "hourly",
    "daily",
    "weekly",
    "monthly",
    "quarterly",
    "yearly",
    "annually",
    "weekdays",
    "weekends",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "last",
    "day",
    "days",
    "at",
    "noon",
    "midnight",
    "every",
    "minutes",
    "hours",
    "from",
    "to",
    "in",
    "after",
    "random",
    "catch-up",
    "deadline",
    "cron:",
    "calendar:",
    "@startup",
    "@boot",
    "@resume",
    "@reload",
    "@hourly",
    "@daily",
    "@weekly",
    "@monthly",
];

/// A word is taken for a misspelling of another one up to this many letters that differ, transposed ones counted once, and
/// if they are less than half of it.
const MISSPELLED_LETTERS: usize = 2;

/// Reads a day of the week in lower case; Monday is 0.
pub(super) fn weekday(word: &str) -> Option<u32> {
    (0..).zip(WEEKDAYS).find(|(_, spellings)| spellings.contains(&word)).map(|(weekday, _)| weekday)
}

/// Reads a month in lower case; January is 1.
pub(super) fn month(word: &str) -> Option<u32> {
    (1..).zip(MONTHS).find(|(_, spellings)| spellings.contains(&word)).map(|(month, _)| month)
}

/// Reads `first` to `fifth` and `last`, in lower case; the first one is 0.
pub(super) fn ordinal(word: &str) -> Option<u32> {
    (0..).zip(ORDINALS).find(|(_, name)| *name == word).map(|(ordinal, _)| ordinal)
}

/// Returns the name of an ordinal.
pub(super) fn ordinal_name(ordinal: u32) -> &'static str {
    ORDINALS[ordinal as usize]
}

/// Returns the short name of a day of the week, in lower case.
pub(super) fn weekday_name(weekday: u32) -> &'static str {
    WEEKDAYS[weekday as usize][0]
}

/// Returns the short name of a month, in lower case.
pub(super) fn month_name(month: u32) -> &'static str {
    MONTHS[month as usize - 1][0]
}

/// Reads ASCII digits, no more than the last number has.
pub(super) fn number(digits: &str, first: u32, last: u32) -> Option<u32> {
    let most = last.checked_ilog10().unwrap_or_default() as usize + 1;
    let are_digits = (1..=most).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|number| are_digits && (first..=last).contains(number))
}

/// Reads `HH:MM`.
pub(super) fn time_of_day(text: &str) -> Option<NaiveTime> {
    let (hour, minute) = text.split_once(':')?;
    NaiveTime::from_hms_opt(number(hour, 0, 23)?, number(minute, 0, 59)?, 0)
}

/// Reads a duration as the configuration spells them.
pub(super) fn duration(text: &str) -> Option<TimeDelta> {
    if text.is_empty() { None } else { value::parse_duration(text).and_then(|length| TimeDelta::from_std(length).ok()) }
}

/// Returns the known word that a word, in lower case, is likely to have been meant as.
pub(super) fn closest(word: &str) -> Option<&'static str> {
    let tables = WEEKDAYS.into_iter().chain(MONTHS).flatten().copied();
    closest_of(word, tables.chain(ORDINALS).chain(OFF).chain(OTHERS))
}

/// Returns the day of the week that a word, in lower case, is likely to have been meant as.
pub(super) fn closest_weekday(word: &str) -> Option<&'static str> {
    closest_of(word, WEEKDAYS.into_iter().flatten().copied())
}

/// Returns the time zone that a name is likely to have been meant as: misspelt, or only its last part.
pub(super) fn closest_zone(name: &str) -> Option<&'static str> {
    let name = name.replace(' ', "_");
    let is_part = |zone: &&str| zone.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&name));
    let mut zones = TZ_VARIANTS.iter().map(|zone| zone.name());
    zones.find(is_part).or_else(|| closest_of(&name, TZ_VARIANTS.iter().map(|zone| zone.name())))
}

pub(super) fn closest_of(word: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    known
        .map(|known| (strsim::osa_distance(word, known), known))
        .filter(|(distance, _)| *distance <= MISSPELLED_LETTERS && 2 * distance < word.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}
