//! The state that the planner decides on.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use prestic_proto::{
    run::{Run, RunId, RunState},
    status::LastRun,
};

use crate::schedule::Schedule;

/// What the planner needs to know of a task's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskPlan {
    /// The task's name.
    pub name: String,
    /// When it is due; none if only by hand.
    pub schedule: Option<Schedule>,
    /// What stands for its repository: runs on the same one follow each other.
    pub repository: String,
}

/// A task and what became of it.
#[derive(Debug, Clone)]
pub struct TaskState {
    /// Its configuration.
    pub plan: TaskPlan,
    /// Up to here every occurrence of the schedule has been dealt with: it ran, or was dropped by a rule. What is queued
    /// has not been dealt with yet, so that a crash does not lose it.
    pub handled_until: DateTime<Utc>,
    /// The next occurrence that will be queued.
    pub next_due_at: Option<DateTime<Utc>>,
    /// The run that is queued or running.
    pub active: Option<RunId>,
    /// The last run that ended.
    pub last_run: Option<LastRun>,
    /// When a run last ended well.
    pub last_success_at: Option<DateTime<Utc>>,
    /// The occurrence whose run was ended by a SIGTERM that was not ours, and when.
    pub terminated: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The occurrence whose run was cut off and repeated: that happens once.
    pub repeated: Option<DateTime<Utc>>,
}

/// What is remembered of a task from before this daemon.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskMemory {
    /// See [`TaskState::handled_until`].
    pub handled_until: Option<DateTime<Utc>>,
    /// The last run that ended.
    pub last_run: Option<LastRun>,
    /// When a run last ended well.
    pub last_success_at: Option<DateTime<Utc>>,
}

/// A run, and what only the planner knows of it.
#[derive(Debug, Clone)]
pub struct RunEntry {
    /// The run as clients see it.
    pub run: Run,
    /// Its repository at the time it was queued.
    pub repository: String,
    /// The words to add to the task's own arguments.
    pub extra_args: Vec<String>,
    /// Whether it was found without a supervisor when this daemon began.
    pub is_lost: bool,
}

/// Everything that the planner decides on.
#[derive(Debug, Default)]
pub struct State {
    /// Every task of the live configuration, by name.
    pub tasks: BTreeMap<String, TaskState>,
    /// The active runs and the last ones that ended, by number.
    pub runs: BTreeMap<RunId, RunEntry>,
    /// The runs that wait, in the order in which they came.
    pub queue: VecDeque<RunId>,
    /// The greatest number given to a run so far.
    pub last_run_id: u64,
    /// How many runs there may be at once.
    pub max_parallel: usize,
    /// When the planner looked at the time last.
    pub last_wake_at: Option<DateTime<Utc>>,
    /// Whether no new run is taken.
    pub is_shutting_down: bool,
}

impl State {
    /// Returns the runs that have been launched and have not ended.
    pub fn launched(&self) -> impl Iterator<Item = &RunEntry> {
        self.runs.values().filter(|entry| !matches!(entry.run.state, RunState::Queued | RunState::Finished(_)))
    }

    /// Whether any run is under way, the queue left out.
    pub fn is_busy(&self) -> bool {
        self.launched().next().is_some()
    }
}
