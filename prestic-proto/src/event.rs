//! Events are facts: numbered, and kept by the daemon for a while.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    limit::Limit,
    profile::ConfigProblem,
    progress::Progress,
    run::{Run, RunId},
};

/// Where a client is in the events of one daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Which start of the daemon numbered it.
    pub instance: u64,
    /// The number of the last event that the client has seen.
    pub seq: u64,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number: one more than the event's before.
    pub seq: u64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    /// A run came into being, or moved on in its life.
    Run {
        /// The run as it is now.
        run: Box<Run>,
    },
    /// A task was due and does not run for it.
    Skipped {
        /// The task.
        task: String,
        /// The occurrence of its schedule; of several the latest.
        due_at: DateTime<Utc>,
        /// Why.
        reason: SkipReason,
    },
    /// A run will be ended by a limit, if nothing changes.
    LimitNear {
        /// The run.
        run: RunId,
        /// Its task.
        task: String,
        /// The limit.
        limit: Limit,
        /// When it ends the run.
        stops_at: DateTime<Utc>,
    },
    /// A new configuration is live.
    ConfigLoaded {
        /// How many tasks it has.
        tasks: usize,
        /// What it warns of.
        warnings: Vec<ConfigProblem>,
    },
    /// A new configuration has errors; the one before stays live.
    ConfigRejected {
        /// What is wrong with it.
        errors: Vec<ConfigProblem>,
    },
    /// The daemon is going down and takes no more runs.
    ShuttingDown,
}

/// Why a task that was due does not run for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipReason {
    /// Its last run is still under way.
    StillRunning,
    /// It was missed, and the catch-up rule leaves it to the next time, which is near.
    Missed {
        /// How many occurrences were missed.
        count: u32,
    },
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StillRunning => f.write_str("its last run is still under way"),
            Self::Missed { count: 1 } => f.write_str("it was missed, and the next time is near"),
            Self::Missed { count } => write!(f, "it was missed {count} times, and the next time is near"),
        }
    }
}

/// What a long poll answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Watched {
    /// What happened since the client's cursor, and the latest progress of all runs.
    Events {
        /// Oldest first; empty when the time was over first, or when only progress changed.
        events: Vec<Event>,
        /// The latest progress of every running run.
        progress: Vec<(RunId, Progress)>,
        /// The cursor for the next call.
        next: Cursor,
    },
    /// The cursor is of another daemon, or too old: ask for the status and go on from there.
    Resync,
}
