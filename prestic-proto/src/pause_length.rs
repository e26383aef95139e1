//! How long a pause lasts that somebody chooses from a list. For every client the same; pure.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use crate::moment::Moment;

/// How long a pause lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PauseLength {
    /// An hour.
    OneHour,
    /// Four hours.
    FourHours,
    /// Until the machine's next day begins.
    UntilTomorrow,
    /// Until somebody ends it.
    UntilResumed,
}

impl PauseLength {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::OneHour, Self::FourHours, Self::UntilTomorrow, Self::UntilResumed];

    /// Returns the word for it in forms.
    pub fn word(self) -> &'static str {
        match self {
            Self::OneHour => "one-hour",
            Self::FourHours => "four-hours",
            Self::UntilTomorrow => "until-tomorrow",
            Self::UntilResumed => "until-resumed",
        }
    }

    /// Returns what the list says.
    pub fn label(self) -> &'static str {
        match self {
            Self::OneHour => "For 1 hour",
            Self::FourHours => "For 4 hours",
            Self::UntilTomorrow => "Until tomorrow",
            Self::UntilResumed => "Until I resume",
        }
    }

    /// Returns when a pause ends that begins now; none if it has no end.
    pub fn until(self, moment: &Moment) -> Option<DateTime<Utc>> {
        match self {
            Self::OneHour => Some(moment.now + TimeDelta::hours(1)),
            Self::FourHours => Some(moment.now + TimeDelta::hours(4)),
            Self::UntilTomorrow => Some(moment.next_midnight()),
            Self::UntilResumed => None,
        }
    }
}
