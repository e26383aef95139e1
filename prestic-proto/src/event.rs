//! Events are facts: numbered, and kept by the daemon for a while.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    change::TaskChange,
    job::Job,
    limit::Limit,
    notification::NotificationState,
    profile::ConfigProblem,
    progress::Progress,
    run::{Run, RunId},
    system::WebState,
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
    /// A task has not ended well for longer than its `overdue-after`.
    Overdue {
        /// The task.
        task: String,
        /// When a run last ended well; none if that never happened.
        last_success_at: Option<DateTime<Utc>>,
    },
    /// A task, or every task, was paused.
    Paused {
        /// The task; none for all.
        task: Option<String>,
        /// Until when; none if until somebody resumes it.
        until: Option<DateTime<Utc>>,
    },
    /// A task, or every task, is paused no longer.
    Resumed {
        /// The task; none for all.
        task: Option<String>,
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
        /// What is not as in the one before; empty for the daemon's first one.
        changes: Vec<TaskChange>,
    },
    /// A new configuration has errors; the one before stays live.
    ConfigRejected {
        /// What is wrong with it.
        errors: Vec<ConfigProblem>,
    },
    /// The web interface listens, or cannot.
    Web {
        /// How it is now.
        state: WebState,
    },
    /// Desktop notifications reach somebody, or do not.
    Notifications {
        /// How they are now.
        state: NotificationState,
    },
    /// A job came into being, or moved on.
    Job {
        /// The job as it is now.
        job: Box<Job>,
    },
    /// The snapshots in a repository are others than before.
    SnapshotsChanged {
        /// The profiles that have this repository.
        profiles: Vec<String>,
    },
    /// The daemon is going down and takes no more runs.
    ShuttingDown,
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
