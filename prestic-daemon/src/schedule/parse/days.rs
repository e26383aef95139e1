//! Reads days: of the week, of the month, and in a certain place of it.

use super::{
    super::{
        dates::LAST,
        error::{Fault, ScheduleError},
        set::NumberSet,
        spelling,
    },
    tokens::Token,
};

const DAY_HINT: &str = "days of a month are 1 to 31, or -1 for the last one";

/// Days of a month, counted from its beginning and from its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct MonthDays {
    pub days: NumberSet,
    pub last_days: NumberSet,
}

impl MonthDays {
    pub(super) fn add(&mut self, other: Self) {
        self.days = self.days.union(other.days);
        self.last_days = self.last_days.union(other.last_days);
    }

    pub(super) fn is_empty(self) -> bool {
        self.days.is_empty() && self.last_days.is_empty()
    }
}

/// A place in a month: `1st`, `first` or `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// `1st` to `31st`, which can be a day of the month, too.
    Number(u32),
    /// `first` to `fifth`, and `last`.
    Ordinal(u32),
}

impl Place {
    pub(super) const LAST: Self = Self::Ordinal(LAST);

    pub(super) fn of(token: &Token) -> Option<Self> {
        if token.is_quoted {
            return None;
        }
        nth(&token.word).map(Self::Number).or_else(|| spelling::ordinal(&token.word).map(Self::Ordinal))
    }

    /// Returns which one of its kind it is; from the sixth on there is none in a month.
    pub(super) fn ordinal(self) -> Option<u32> {
        match self {
            Self::Number(number) => Some(number - 1).filter(|ordinal| *ordinal < LAST),
            Self::Ordinal(ordinal) => Some(ordinal),
        }
    }

    /// Returns the day of the month.
    pub(super) fn day(self) -> MonthDays {
        match self {
            Self::Ordinal(LAST) => MonthDays { last_days: NumberSet::of(1), ..MonthDays::default() },
            Self::Ordinal(ordinal) => MonthDays { days: NumberSet::of(ordinal + 1), ..MonthDays::default() },
            Self::Number(number) => MonthDays { days: NumberSet::of(number), ..MonthDays::default() },
        }
    }
}

/// Reads `1st`, `2nd`, `15th`.
fn nth(word: &str) -> Option<u32> {
    let digits = word.find(|letter: char| !letter.is_ascii_digit())?;
    let number = spelling::number(&word[..digits], 1, 31)?;
    (word[digits..] == *ending(number)).then_some(number)
}

fn ending(number: u32) -> &'static str {
    match number {
        1 | 21 | 31 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    }
}

/// Tells how to write what looks like a place in a month and is none, as `2th`.
pub(super) fn misspelt_place(token: &Token) -> Option<String> {
    let digits = token.word.find(|letter: char| !letter.is_ascii_digit()).filter(|_| !token.is_quoted)?;
    let (digits, letters) = token.word.split_at(digits);
    if !["st", "nd", "rd", "th"].contains(&letters) {
        return None;
    }
    let number = spelling::number(digits, 1, 31);
    Some(number.map_or(DAY_HINT.to_owned(), |number| format!("write `{number}{}`", ending(number))))
}

/// Whether a word is a number or a range of them, of days of a month if anything.
pub(super) fn is_day_number(token: &Token) -> bool {
    let is_number = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        nth(text).is_some() || (!digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()))
    };
    let (first, last) = ends(&token.word);
    !token.is_quoted && is_number(first) && is_number(last)
}

/// Whether a word is a range of numbers.
pub(super) fn is_day_range(token: &Token) -> bool {
    let (first, last) = ends(&token.word);
    is_day_number(token) && first.as_ptr() != last.as_ptr()
}

/// Reads `15`, `15th`, `1..7`, `1-7`, `-3` or `-3..-1`.
pub(super) fn month_days(token: &Token) -> Result<MonthDays, ScheduleError> {
    let bad = || token.fault(Fault::Bad("day of a month")).with_hint(DAY_HINT);
    let number = |text| spelling::number(text, 1, 31).or_else(|| nth(text)).ok_or_else(bad);
    let (first, last) = ends(&token.word);
    let backwards = |hint: String| token.fault(Fault::Backwards).with_hint(hint);
    match (first.strip_prefix('-'), last.strip_prefix('-')) {
        (None, None) => {
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return Err(backwards(format!("write it as two: `day {first}..31, 1..{last}`")));
            }
            Ok(MonthDays { days: NumberSet::range(first, last), ..MonthDays::default() })
        }
        (Some(first), Some(last)) => {
            let (first, last) = (number(first)?, number(last)?);
            if first < last {
                return Err(backwards(format!("the last day is -1: write `day -{last}..-{first}`")));
            }
            Ok(MonthDays { last_days: NumberSet::range(last, first), ..MonthDays::default() })
        }
        _ => Err(bad()),
    }
}

/// Returns the ends of a range, or a single number twice.
fn ends(word: &str) -> (&str, &str) {
    let hyphen = || word.split_once('-').filter(|(first, _)| !first.is_empty());
    word.split_once("..").or_else(hyphen).unwrap_or((word, word))
}

/// Reads a range of days of the week, or one of them; it can go over the end of the week.
pub(super) fn weekdays(token: &Token) -> Option<NumberSet> {
    match token.word.as_str() {
        _ if token.is_quoted => None,
        "weekdays" | "weekday" => Some(NumberSet::range(0, 4)),
        "weekends" | "weekend" => Some(NumberSet::range(5, 6)),
        word => {
            let (first, last) = ends(word);
            Some(circle(spelling::weekday(first)?, spelling::weekday(last)?, 0, 7))
        }
    }
}

/// Reads a range of months, or one of them; it can go over the end of the year.
pub(super) fn months(token: &Token) -> Option<NumberSet> {
    let (first, last) = ends(&token.word);
    let (first, last) = (spelling::month(first)?, spelling::month(last)?);
    (!token.is_quoted).then(|| circle(first, last, 1, 12))
}

/// Returns the numbers from one to another, through the end and on from the beginning if need be.
pub(super) fn circle(first: u32, last: u32, lowest: u32, count: u32) -> NumberSet {
    let steps = (last + count - first) % count;
    (0..=steps).map(|step| (first - lowest + step) % count + lowest).collect()
}
