//! From the text to a [`Schedule`]: words in any order, between blanks and commas.

use std::collections::BTreeSet;

use chrono::{NaiveTime, Timelike};

use super::{
    Dates, DayMinutes, Rule, Schedule, ScheduleError, Times,
    set::NumberSet,
    spelling::{OFF, closest, number, weekday},
};

const PERIODS: [(&str, Period); 4] =
    [("hourly", Period::Hourly), ("daily", Period::Daily), ("weekly", Period::Weekly), ("monthly", Period::Monthly)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Hourly,
    Daily,
    Weekly,
    Monthly,
}

/// A word of the text.
struct Token<'text> {
    /// As the user wrote it.
    text: &'text str,
    /// In lower case.
    word: String,
    /// Where it begins, in characters from 1.
    column: usize,
}

/// What a word says.
enum Meaning {
    At,
    Period(&'static str, Period),
    Weekdays(Vec<u32>),
    Fixed(NaiveTime),
    EveryHour(u32),
}

/// What the words say together.
#[derive(Default)]
struct Words<'text> {
    period: Option<(&'static str, Period)>,
    weekdays: NumberSet,
    first_weekday: Option<&'text Token<'text>>,
    fixed: BTreeSet<NaiveTime>,
    first_fixed: Option<&'text Token<'text>>,
    hourly: NumberSet,
    /// The `at` that still waits for its time.
    at: Option<&'text Token<'text>>,
}

pub(super) fn parse(text: &str) -> Result<Schedule, ScheduleError> {
    if text.trim().is_empty() {
        return Ok(Schedule::default());
    }
    let tokens = tokens(text);
    match tokens.iter().find(|token| OFF.contains(&token.word.as_str())) {
        Some(_) if tokens.len() == 1 => Ok(Schedule::default()),
        Some(off) => Err(ScheduleError::OffWithOthers { word: off.text.to_owned(), column: off.column }),
        None if tokens.is_empty() => Err(ScheduleError::NoWords),
        None => Ok(Schedule { rules: vec![Words::read(&tokens)?.into_rule()?], ..Schedule::default() }),
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut column = 1;
    for piece in text.split_inclusive(is_separator) {
        let word = piece.trim_end_matches(is_separator);
        if !word.is_empty() {
            tokens.push(Token { text: word, word: word.to_lowercase(), column });
        }
        column += piece.chars().count();
    }
    tokens
}

fn is_separator(letter: char) -> bool {
    letter.is_whitespace() || letter == ','
}

impl Token<'_> {
    fn meaning(&self) -> Result<Meaning, ScheduleError> {
        if self.word == "at" {
            return Ok(Meaning::At);
        }
        if let Some((name, period)) = PERIODS.into_iter().find(|(name, _)| self.word == *name) {
            return Ok(Meaning::Period(name, period));
        }
        if let Some(weekday) = weekday(&self.word) {
            return Ok(Meaning::Weekdays(vec![weekday]));
        }
        if let Some((first, last)) = self.word.split_once("..").or_else(|| self.word.split_once('-'))
            && let (Some(first), Some(last)) = (weekday(first), weekday(last))
        {
            // Friday to Monday goes over the end of the week.
            let days = (last + 7 - first) % 7;
            return Ok(Meaning::Weekdays((0..=days).map(|day| (first + day) % 7).collect()));
        }
        if self.word.contains(|letter: char| letter == ':' || letter == '*' || letter.is_numeric()) {
            return self.time().ok_or_else(|| ScheduleError::BadTime { word: self.text.to_owned(), column: self.column });
        }
        Err(ScheduleError::UnknownWord { word: self.text.to_owned(), column: self.column, closest: closest(&self.word) })
    }

    fn time(&self) -> Option<Meaning> {
        let (hour, minute) = self.word.split_once(':')?;
        let minute = number(minute, 0, 59)?;
        match hour {
            "*" => Some(Meaning::EveryHour(minute)),
            _ => NaiveTime::from_hms_opt(number(hour, 0, 23)?, minute, 0).map(Meaning::Fixed),
        }
    }
}

impl<'text> Words<'text> {
    fn read(tokens: &'text [Token<'text>]) -> Result<Self, ScheduleError> {
        let mut words = Self::default();
        for token in tokens {
            words.add(token)?;
        }
        match words.at {
            Some(at) => Err(ScheduleError::NoTimeAfterAt { column: at.column }),
            None => Ok(words),
        }
    }

    fn add(&mut self, token: &'text Token<'text>) -> Result<(), ScheduleError> {
        let meaning = token.meaning()?;
        if let Some(at) = self.at.take()
            && !matches!(meaning, Meaning::Fixed(_) | Meaning::EveryHour(_))
        {
            return Err(ScheduleError::NoTimeAfterAt { column: at.column });
        }
        match meaning {
            Meaning::At => self.at = Some(token),
            Meaning::Period(second, period) => match self.period {
                Some((first, earlier)) if earlier != period => {
                    return Err(ScheduleError::TwoPeriods { first, second, column: token.column });
                }
                _ => self.period = Some((second, period)),
            },
            Meaning::Weekdays(weekdays) => {
                weekdays.into_iter().for_each(|weekday| self.weekdays.insert(weekday));
                self.first_weekday.get_or_insert(token);
            }
            Meaning::Fixed(time) => {
                self.fixed.insert(time);
                self.first_fixed.get_or_insert(token);
            }
            Meaning::EveryHour(minute) => self.hourly.insert(minute),
        }
        Ok(())
    }

    fn into_rule(self) -> Result<Rule, ScheduleError> {
        let period = self.period.map(|(_, period)| period);
        match (period, self.first_weekday, self.first_fixed) {
            (Some(Period::Monthly), Some(weekday), _) => {
                return Err(ScheduleError::MonthlyOnWeekday { weekday: weekday.text.to_owned(), column: weekday.column });
            }
            (Some(Period::Hourly), _, Some(time)) => {
                return Err(ScheduleError::HourlyAtFixedTime { time: time.text.to_owned(), column: time.column });
            }
            _ => {}
        }
        let mut dates = Dates::EVERY;
        match period {
            _ if !self.weekdays.is_empty() => dates.weekdays = self.weekdays,
            Some(Period::Weekly) => dates.weekdays = NumberSet::of(0),
            Some(Period::Monthly) => dates.days = NumberSet::of(1),
            Some(Period::Hourly | Period::Daily) | None => {}
        }
        let minute_of_day = |time: &NaiveTime| time.hour() * 60 + time.minute();
        let mut times = Times {
            fixed: self.fixed.iter().map(minute_of_day).collect(),
            wild: DayMinutes::of(NumberSet::range(0, 23), self.hourly),
        };
        if times.fixed.is_empty() && times.wild.is_empty() {
            match period {
                Some(Period::Hourly) => times.wild = DayMinutes::of(NumberSet::range(0, 23), NumberSet::of(0)),
                _ => {
                    times.fixed = [0].into_iter().collect();
                }
            }
        }
        Ok(Rule { dates, times })
    }
}
