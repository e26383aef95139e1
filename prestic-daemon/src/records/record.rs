//! The record of one run.

use chrono::{DateTime, Utc};
use prestic_proto::{
    progress::Summary,
    run::{Finished, RunId, Trigger},
};
use serde::{Deserialize, Serialize};

use crate::process::ProcessId;

/// What is on disk of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The run.
    pub run: RunId,
    /// Its task.
    pub task: String,
    /// Why it runs.
    pub trigger: Trigger,
    /// The instant of the schedule that it answers.
    pub due_at: Option<DateTime<Utc>>,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// How far it has come.
    pub stage: Stage,
}

/// How far a run has come, as its record knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "kebab-case")]
pub enum Stage {
    /// The supervisor is about to be started, or has not said anything yet.
    Planned,
    /// restic was started.
    Running {
        /// When.
        started_at: DateTime<Utc>,
        /// restic's process.
        restic: ProcessId,
        /// The name of its log file in the folder of the logs.
        log_file: String,
    },
    /// It is over.
    Finished {
        /// When restic was started, if it was.
        started_at: Option<DateTime<Utc>>,
        /// The name of its log file, if there is one.
        log_file: Option<String>,
        /// The end.
        finished: Finished,
        /// What restic said that it did.
        summary: Option<Summary>,
        /// The last lines that it wrote, when it failed.
        last_lines: Vec<String>,
    },
}
