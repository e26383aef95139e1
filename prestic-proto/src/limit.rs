//! The limits that end a run which takes too long.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What ended a run, or is about to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// It ran for longer than `max-runtime`.
    MaxRuntime,
    /// Nothing moved for as long as `no-progress-timeout`.
    NoProgress,
    /// The window ended in which it may run.
    Window,
}

/// A limit that a run comes close to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitNear {
    /// Which one.
    pub limit: Limit,
    /// When it ends the run, if nothing changes.
    pub stops_at: DateTime<Utc>,
}

impl Limit {
    /// Returns what is to be said before the limit is reached.
    pub fn approach(self) -> &'static str {
        match self {
            Self::MaxRuntime => "max-runtime is near",
            Self::NoProgress => "nothing moves",
            Self::Window => "its window ends",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MaxRuntime => "it ran for longer than max-runtime",
            Self::NoProgress => "nothing moved for as long as no-progress-timeout",
            Self::Window => "its window has ended",
        })
    }
}
