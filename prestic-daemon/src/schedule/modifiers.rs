//! What a schedule says besides its times: how starts are spread, what becomes of missed ones, and when it is too late.

use std::fmt;

use chrono::TimeDelta;

use super::{
    error::{Fault, ScheduleError},
    spelling,
};
use crate::config::value;

/// What holds for all times of a schedule, as far as it was written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modifiers {
    /// Starts are spread over so much time.
    pub random: Option<TimeDelta>,
    /// What becomes of a time that was missed.
    pub catch_up: Option<CatchUp>,
    /// A run that could not begin for so long does not begin any more.
    pub deadline: Option<TimeDelta>,
}

/// What becomes of a time that was missed because the machine was off, or the daemon down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CatchUp {
    /// PRestic's rule: what was missed recently waits for a next time that is near.
    #[default]
    Auto,
    /// It is always caught up.
    Yes,
    /// It is let go.
    No,
    /// It is caught up while it is younger than this.
    Within(TimeDelta),
}

impl CatchUp {
    /// Reads `auto`, `yes`, `no` or a duration.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        match text.to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "yes" => Ok(Self::Yes),
            "no" => Ok(Self::No),
            _ => spelling::duration(text).map(Self::Within).ok_or_else(|| {
                let error = ScheduleError::alone(text, Fault::Bad("rule for missed times"));
                error.with_hint("write `auto`, `yes`, `no`, or for how long, as `6h`")
            }),
        }
    }
}

impl fmt::Display for CatchUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Yes => f.write_str("yes"),
            Self::No => f.write_str("no"),
            Self::Within(length) => f.write_str(&show_duration(*length)),
        }
    }
}

/// Writes each modifier with a blank before it, since they stand behind something.
impl fmt::Display for Modifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(length) = self.random {
            write!(f, " random {}", show_duration(length))?;
        }
        if let Some(catch_up) = self.catch_up {
            write!(f, " catch-up {catch_up}")?;
        }
        if let Some(length) = self.deadline {
            write!(f, " deadline {}", show_duration(length))?;
        }
        Ok(())
    }
}

pub(super) fn show_duration(length: TimeDelta) -> String {
    value::show_duration(length.to_std().unwrap_or_default())
}
