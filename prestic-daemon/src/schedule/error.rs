//! What is wrong with a schedule, and how to put it right.

use thiserror::Error;

/// A text that is no schedule. Columns count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the fields repeat the words of the message")]
pub enum ScheduleError {
    /// A word that no schedule has.
    #[error("unknown word `{word}` at column {column}")]
    UnknownWord { word: String, column: usize, closest: Option<&'static str> },
    /// A word that looks like a time but is none.
    #[error("`{word}` at column {column} is no time")]
    BadTime { word: String, column: usize },
    /// `at` with no time behind it.
    #[error("no time after `at` at column {column}")]
    NoTimeAfterAt { column: usize },
    /// Two words of which each says how often.
    #[error("`{second}` at column {column} contradicts `{first}`")]
    TwoPeriods { first: &'static str, second: &'static str, column: usize },
    /// A schedule that is switched off, with more words.
    #[error("`{word}` at column {column} does not go together with other words")]
    OffWithOthers { word: String, column: usize },
    /// `monthly` and a day of the week: which week of the month?
    #[error("`monthly` does not go together with `{weekday}` at column {column}")]
    MonthlyOnWeekday { weekday: String, column: usize },
    /// `hourly` and a time that comes once a day.
    #[error("`hourly` does not go together with `{time}` at column {column}")]
    HourlyAtFixedTime { time: String, column: usize },
    /// A time zone that the tz database does not have.
    #[error("unknown time zone `{name}`")]
    UnknownZone { name: String, column: usize, closest: Option<&'static str> },
    /// A rule for missed times that there is not.
    #[error("`{word}` at column {column} is no rule for missed times")]
    BadCatchUp { word: String, column: usize },
    /// A text that is no part of a day.
    #[error("`{word}` is no window")]
    BadWindow { word: String },
    /// A part of a day that ends where it starts.
    #[error("the window `{word}` is empty")]
    EmptyWindow { word: String },
    /// Commas only.
    #[error("the schedule has no words")]
    NoWords,
}

impl ScheduleError {
    /// Returns what to write instead, as far as that can be told.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownWord { closest, .. } => closest.map(|closest| format!("did you mean `{closest}`?")),
            Self::BadTime { .. } => {
                Some("times are written `HH:MM` (from 00:00 to 23:59), or `*:MM` for a minute of every hour".into())
            }
            Self::NoTimeAfterAt { .. } => Some("write `at HH:MM`".into()),
            Self::TwoPeriods { .. } => Some("keep one of them".into()),
            Self::OffWithOthers { word, .. } => Some(format!("leave out `{word}`, or everything else")),
            Self::MonthlyOnWeekday { weekday, .. } => Some(format!(
                "`monthly` is the first day of each month, whatever its weekday; for every week write `weekly {weekday}`"
            )),
            Self::HourlyAtFixedTime { time, .. } => Some(match time.split_once(':') {
                Some((_, minute)) => format!("write `daily at {time}`, or `*:{minute}` for every hour"),
                None => format!("write `daily at {time}`"),
            }),
            Self::UnknownZone { closest, .. } => closest.map(|closest| format!("did you mean `{closest}`?")),
            Self::BadCatchUp { .. } => Some("write `auto`, `yes`, `no`, or for how long, as `6h`".into()),
            Self::BadWindow { .. } => Some("write two times of day, as `22:00..06:00`".into()),
            Self::EmptyWindow { .. } => Some("leave it out to allow the whole day".into()),
            Self::NoWords => Some("write `off` for a task that only runs when asked to".into()),
        }
    }

    /// Returns where the offending word begins and how long it is, in characters, the first one being 1.
    pub fn span(&self) -> Option<(usize, usize)> {
        let (word, column) = match self {
            Self::UnknownWord { word, column, .. }
            | Self::BadTime { word, column }
            | Self::OffWithOthers { word, column }
            | Self::UnknownZone { name: word, column, .. }
            | Self::BadCatchUp { word, column } => (word.as_str(), *column),
            Self::BadWindow { word } | Self::EmptyWindow { word } => (word.as_str(), 1),
            Self::NoTimeAfterAt { column } => ("at", *column),
            Self::TwoPeriods { second, column, .. } => (*second, *column),
            Self::MonthlyOnWeekday { weekday, column } => (weekday.as_str(), *column),
            Self::HourlyAtFixedTime { time, column } => (time.as_str(), *column),
            Self::NoWords => return None,
        };
        Some((column, word.chars().count()))
    }
}
