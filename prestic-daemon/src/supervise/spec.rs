//! What the daemon tells a supervisor, once, on its standard input.
//!
//! No secret is in it: those are in the supervisor's environment, which restic inherits as it is.

use std::path::PathBuf;

use prestic_proto::run::RunId;
use serde::{Deserialize, Serialize};

use crate::{
    process::{CpuPriority, IoPriority},
    restic::version::ResticVersion,
    supervise::limits::Limits,
};

/// All that a supervisor needs to know of its run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSpec {
    /// The run.
    pub run: RunId,
    /// Its task.
    pub task: String,
    /// Why it runs, in words, for the log's header.
    pub trigger: String,
    /// The folder with the run's record; the record itself is there already, in the stage `Planned`.
    pub records: PathBuf,
    /// The socket on which the supervisor offers its feed.
    pub socket: PathBuf,
    /// The folder of the logs.
    pub logs: PathBuf,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The program and the global flags that reach the same repository, for `unlock` and `list locks`.
    pub restic: Vec<String>,
    /// restic's command (`backup`, `forget`, …): decides what the exit codes mean.
    pub subcommand: String,
    /// The command line as it may be shown.
    pub shown_command: String,
    /// The repository as it may be shown.
    pub shown_repository: String,
    /// restic's version, where it is known.
    pub restic_version: Option<ResticVersion>,
    /// How long it may take.
    pub limits: Limits,
    /// What restic writes.
    pub output: OutputFormat,
    /// Lines that match are left out of the log.
    pub log_filter: Option<String>,
    /// restic's share of the processors.
    pub cpu_priority: Option<CpuPriority>,
    /// restic's share of the disks.
    pub io_priority: Option<IoPriority>,
}

/// What restic writes on its standard output, and so what the log needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutputFormat {
    /// Text: goes into the log as it is, progress lines apart.
    Text,
    /// JSON lines because we asked for them: progress is taken out, the rest is made readable.
    Json,
    /// JSON because the user asked for it: goes into the log as it is.
    JsonForUser,
}
