//! The state that the planner decides on.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{
    condition::Unmet,
    run::{Run, RunId, RunState, Trigger},
    status::{LastRun, Pause},
};

use crate::{
    conditions::Conditions,
    config::scheduling::Overlap,
    core::overdue,
    records::RepositoryUse,
    schedule::{Calendar, CatchUp, Event, Schedule, Zone, spread::spread, window::Window},
};

/// What the planner needs to know of a task's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskPlan {
    /// The task's name.
    pub name: String,
    /// The group that it belongs to.
    pub group: Option<String>,
    /// When it is due; none if only by hand.
    pub schedule: Option<Schedule>,
    /// Where the times of its schedule are meant.
    pub zone: Zone,
    /// What to do about occurrences that nobody could answer in time.
    pub catch_up: CatchUp,
    /// By how much its starts are spread.
    pub random_delay: Option<TimeDelta>,
    /// What decides on its place in that spread.
    pub seed: u64,
    /// How long after it was due a run may begin.
    pub deadline: Option<TimeDelta>,
    /// What to do when it is due while it runs.
    pub overlap: Overlap,
    /// Runs of a higher one start first.
    pub priority: i64,
    /// The tasks that must have ended well since it ran last.
    pub needs: Vec<String>,
    /// What must hold for it to start by itself.
    pub conditions: Conditions,
    /// Whether its repository is on another machine.
    pub needs_network: bool,
    /// The hours in which it may run by itself.
    pub window: Option<Window>,
    /// How long it may go without a good run.
    pub overdue_after: Option<TimeDelta>,
    /// How often a failed run is tried again.
    pub retry: u32,
    /// How long after a failure that is, the first time.
    pub retry_delay: TimeDelta,
    /// The repositories that it uses, and how.
    pub repositories: Arc<[RepositoryUse]>,
}

impl TaskPlan {
    /// Returns what must hold for a run of it to start by itself: after a start the network may take a while.
    pub fn conditions_of(&self, run: &Run) -> Conditions {
        let route = self.needs_network && run.trigger == Trigger::CaughtUp;
        Conditions { route, ..self.conditions.clone() }
    }

    /// Returns the events that make it run.
    pub fn events(&self) -> &[Event] {
        self.schedule.as_ref().map_or(&[], Schedule::events)
    }

    /// Whether it is known by this name: its own, or its group's.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.group.as_deref() == Some(name)
    }
}

/// An occurrence of a schedule that is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// The instant of the schedule.
    pub due_at: DateTime<Utc>,
    /// When its run starts: later than that with a random delay.
    pub starts_at: DateTime<Utc>,
}

/// Another attempt at what failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// When.
    pub at: DateTime<Utc>,
    /// The occurrence that it answers.
    pub due_at: Option<DateTime<Utc>>,
    /// How many have failed.
    pub attempt: u32,
}

/// A task and what became of it.
#[derive(Debug, Clone)]
pub struct TaskState {
    /// Its configuration.
    pub plan: TaskPlan,
    /// When it was seen first: from then on it can be overdue, and `every` counts.
    pub first_seen_at: DateTime<Utc>,
    /// Up to here every occurrence of the schedule has been dealt with: it ran, or was dropped by a rule. What is queued
    /// has not been dealt with yet, so that a crash does not lose it.
    pub handled_until: DateTime<Utc>,
    /// The next occurrence that will be queued.
    pub next: Option<Occurrence>,
    /// The run that is under way; without one the first that is queued.
    pub active: Option<RunId>,
    /// The run that is queued behind that one.
    pub waiting: Option<RunId>,
    /// The last run that ended.
    pub last_run: Option<LastRun>,
    /// When a run last ended well.
    pub last_success_at: Option<DateTime<Utc>>,
    /// Its own pause.
    pub pause: Option<Pause>,
    /// The attempt that follows on a failure.
    pub retry: Option<Retry>,
    /// Whether it was told that the task is overdue.
    pub is_told_overdue: bool,
    /// The occurrence whose run was ended by a SIGTERM that was not ours, and when.
    pub terminated: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The occurrence whose run was cut off and repeated: that happens once.
    pub repeated: Option<DateTime<Utc>>,
}

impl TaskState {
    /// Returns what its schedule's instants depend on.
    pub fn calendar(&self) -> Calendar {
        Calendar { zone: self.plan.zone, anchor: self.first_seen_at }
    }

    /// Returns the first occurrence after an instant.
    pub fn occurrence_after(&self, after: DateTime<Utc>) -> Option<Occurrence> {
        let schedule = self.plan.schedule.as_ref()?;
        let due_at = schedule.next_after(after, &self.calendar())?;
        let starts_at = match self.plan.random_delay {
            Some(delay) => spread(self.plan.seed, due_at, schedule.next_after(due_at, &self.calendar()), delay),
            None => due_at,
        };
        Some(Occurrence { due_at, starts_at })
    }

    /// Returns when it becomes overdue, if no run ends well before.
    pub fn overdue_at(&self) -> Option<DateTime<Utc>> {
        overdue::overdue_at(&self.plan, self.last_success_at, self.first_seen_at)
    }

    /// Whether it has gone without a good run for longer than it should.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.overdue_at().is_some_and(|at| at <= now)
    }
}

/// What is remembered of a task from before this daemon.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskMemory {
    /// See [`TaskState::first_seen_at`].
    pub first_seen_at: Option<DateTime<Utc>>,
    /// See [`TaskState::handled_until`].
    pub handled_until: Option<DateTime<Utc>>,
    /// The last run that ended.
    pub last_run: Option<LastRun>,
    /// When a run last ended well.
    pub last_success_at: Option<DateTime<Utc>>,
    /// Its own pause.
    pub pause: Option<Pause>,
}

/// What is known of the conditions of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Conditioned {
    /// Nothing: they are to be looked at when nothing else is in the run's way.
    #[default]
    Unknown,
    /// They are being looked at.
    Asked,
    /// They held then.
    Met(DateTime<Utc>),
    /// These do not hold; they are looked at again when something has changed.
    Unmet(Vec<Unmet>),
}

/// A run, and what only the planner knows of it.
#[derive(Debug, Clone)]
pub struct RunEntry {
    /// The run as clients see it.
    pub run: Run,
    /// What it uses, as its task was configured when it was queued.
    pub repositories: Arc<[RepositoryUse]>,
    /// The words to add to the task's own arguments.
    pub extra_args: Vec<String>,
    /// Whether it was found without a supervisor when this daemon began.
    pub is_lost: bool,
    /// Whether somebody asked for it, so that neither pause nor condition holds it back.
    pub is_wanted: bool,
    /// Its task's priority.
    pub priority: i64,
    /// Not to be started before.
    pub not_before: Option<DateTime<Utc>>,
    /// Whether its conditions hold.
    pub conditions: Conditioned,
    /// How often they were asked for: an answer to an earlier question is too late.
    pub questions: u32,
}

impl RunEntry {
    /// Whether it is in the queue.
    pub fn is_queued(&self) -> bool {
        matches!(self.run.state, RunState::Queued(_))
    }

    /// Whether it stands for occurrences of the schedule.
    pub fn is_scheduled(&self) -> bool {
        self.run.due_at.is_some()
    }
}

/// Everything that the planner decides on.
///
/// Tasks and runs are boxed: the maps' own nodes are half empty after they were filled in order.
#[derive(Debug, Default)]
pub struct State {
    /// Every task of the live configuration, by name.
    pub tasks: BTreeMap<String, Box<TaskState>>,
    /// The active runs and the last ones that ended, by number.
    pub runs: BTreeMap<RunId, Box<RunEntry>>,
    /// The runs that wait: those of a higher priority first, then in the order in which they came.
    pub queue: VecDeque<RunId>,
    /// The runs that were launched and have not ended.
    pub under_way: BTreeSet<RunId>,
    /// The runs that have ended, oldest first.
    pub ended: VecDeque<RunId>,
    /// The greatest number given to a run so far.
    pub last_run_id: u64,
    /// How many runs there may be at once.
    pub max_parallel: usize,
    /// How long after a start of the daemon or of the machine catching up begins, and over how long it is spread.
    pub startup_delay: TimeDelta,
    /// Until when nothing is caught up.
    pub settling_until: Option<DateTime<Utc>>,
    /// The pause of all tasks.
    pub pause: Option<Pause>,
    /// Something may be to do then, and nothing earlier; none if nothing is to be waited for.
    pub wake_at: Option<DateTime<Utc>>,
    /// When the planner looked at the time last.
    pub last_wake_at: Option<DateTime<Utc>>,
    /// Whether a configuration has been taken in.
    pub is_configured: bool,
    /// Whether no new run is taken.
    pub is_shutting_down: bool,
}

impl State {
    /// Returns the runs that have been launched and have not ended.
    pub fn launched(&self) -> impl Iterator<Item = &RunEntry> {
        self.under_way.iter().filter_map(|id| self.runs.get(id).map(Box::as_ref))
    }

    /// Returns the pause that keeps a task from starting by itself: the longer one, if there are two.
    pub fn pause_of(&self, task: &TaskState) -> Option<Pause> {
        match (self.pause, task.pause) {
            (Some(all), Some(own)) => Some(Pause { until: all.until.zip(own.until).map(|(all, own)| all.max(own)) }),
            (all, own) => all.or(own),
        }
    }

    /// Notes that something is to do at an instant.
    pub fn wake_by(&mut self, at: Option<DateTime<Utc>>) {
        self.wake_at = self.wake_at.into_iter().chain(at).min();
    }
}
