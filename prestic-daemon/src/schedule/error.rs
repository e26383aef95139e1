//! What is wrong with a schedule, where, and how to put it right.

use std::fmt;

use thiserror::Error;

/// A text that is no schedule, or no part of one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", self.message())]
pub struct ScheduleError {
    /// What is wrong is in this word; empty if it is in none.
    word: String,
    /// Where the word begins, in characters from 1; none if it is all there is.
    column: Option<usize>,
    fault: Fault,
    hint: Option<String>,
}

/// What can be wrong with a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nobody knows it as this.
    Unknown(&'static str),
    /// It looks like this, but is none.
    Bad(&'static str),
    /// Behind it this is missing.
    Missing(&'static str),
    /// It says otherwise than an earlier word.
    Contradicts(String),
    /// It has a meaning only without this.
    NotWith(String),
    /// It ends before it begins.
    Backwards,
    /// It has no minute in it.
    EmptyWindow,
    /// It is on no date of the next decades.
    NeverComes,
    /// It has not as many fields as cron wants.
    NotFiveFields(usize),
    /// It begins with a quotation mark that does not come again.
    OpenQuote,
    /// There is no word at all.
    NoWords,
}

impl ScheduleError {
    /// Says what is wrong with a word of a longer text.
    pub(super) fn at(word: &str, column: usize, fault: Fault) -> Self {
        Self { word: word.to_owned(), column: Some(column), fault, hint: None }
    }

    /// Says what is wrong with a text that is one word.
    pub(super) fn alone(word: &str, fault: Fault) -> Self {
        Self { word: word.to_owned(), column: None, fault, hint: None }
    }

    /// Moves an error about a single word to where the word stands.
    pub(super) fn moved_to(self, column: usize) -> Self {
        Self { column: Some(column), ..self }
    }

    pub(super) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Asks whether another word was meant, if there is one.
    pub(super) fn with_closest(self, closest: Option<&str>) -> Self {
        Self { hint: closest.map(|closest| format!("did you mean `{closest}`?")).or(self.hint), ..self }
    }

    /// Returns what to write instead, as far as that can be told.
    pub fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    /// Returns where the offending word begins and how long it is, in characters, the first one being 1.
    pub fn span(&self) -> Option<(usize, usize)> {
        (!self.word.is_empty()).then(|| (self.column.unwrap_or(1), self.word.chars().count()))
    }

    fn message(&self) -> String {
        let word = Place { word: &self.word, column: self.column };
        match &self.fault {
            Fault::Unknown(what) => format!("unknown {what} {word}"),
            Fault::Bad(what) => format!("{word} is no {what}"),
            Fault::Missing(what) => format!("no {what} after {word}"),
            Fault::Contradicts(earlier) => format!("{word} contradicts `{earlier}`"),
            Fault::NotWith(other) => format!("{word} does not go together with {other}"),
            Fault::Backwards => format!("{word} goes backwards"),
            Fault::EmptyWindow => format!("the window {word} is empty"),
            Fault::NeverComes => format!("{word} never comes"),
            Fault::NotFiveFields(fields) => format!("{word} has {fields} fields instead of five"),
            Fault::OpenQuote => format!("the quotation mark of {word} is not closed"),
            Fault::NoWords => "the schedule has no words".to_owned(),
        }
    }
}

/// A word with where it stands.
struct Place<'error> {
    word: &'error str,
    column: Option<usize>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.word.escape_debug())?;
        match self.column {
            Some(column) => write!(f, " at column {column}"),
            None => Ok(()),
        }
    }
}
