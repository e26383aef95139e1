//! Decides what runs when: pure functions of the state, what happened, and the time.
//!
//! Here are the doors: a new configuration, a look at the clock, what clients ask for. What is due is decided in `due.rs`,
//! who may start in `turns.rs`, what becomes of a run in `news.rs`.

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{
    error::ApiError,
    outcome::Outcome,
    run::{Finished, Run, RunId, RunState, Trigger, Turn},
    service::{IfActive, RunRequest},
};

use crate::{
    core::{
        action::Action,
        clock_changes::is_far_ahead,
        leaving::comes_again,
        state::{Conditioned, RunEntry, State, TaskMemory, TaskPlan, TaskState},
    },
    schedule::Event,
    supervise::feed::StopCause,
};

/// How many runs that have ended are remembered; the history has all. Each costs a kilobyte of memory and one small file.
pub const REMEMBERED_RUNS: usize = 500;

/// How many tasks are looked at in one go. Others come right after it: what clients want comes in between.
///
/// What is let go in one go has to be written before [`REMEMBERED_RUNS`] drops it: so many due ones and as many late ones fit.
pub(super) const MOST_AT_ONCE: usize = 200;

/// How far apart the signals of one shutdown may reach restic and the daemon.
const SAME_SHUTDOWN: TimeDelta = TimeDelta::seconds(10);

/// What holds for all tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many runs there may be at once.
    pub max_parallel: usize,
    /// How long after a start catching up begins, and over how long it is spread.
    pub startup_delay: TimeDelta,
}

/// A run that is to be queued.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) task: String,
    pub(super) trigger: Trigger,
    pub(super) due_at: Option<DateTime<Utc>>,
    pub(super) missed: u32,
    pub(super) attempt: u32,
    pub(super) extra_args: Vec<String>,
}

/// Decides what runs when.
#[derive(Debug, Default)]
pub struct Planner {
    pub(super) state: State,
}

impl Planner {
    /// Starts with no tasks and no runs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the state, to look at.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns the earliest instant at which something may be to do.
    pub fn next_wake(&self) -> Option<DateTime<Utc>> {
        self.state.wake_at.filter(|_| !self.state.is_shutting_down)
    }

    /// Takes in a new configuration. Runs under way go on as they were started.
    ///
    /// `memory` tells what is known of a task that this daemon has not had before.
    pub fn configure(
        &mut self,
        plans: Vec<TaskPlan>,
        limits: Limits,
        memory: impl Fn(&str, &State) -> TaskMemory,
        now: DateTime<Utc>,
    ) -> Vec<Action> {
        self.state.max_parallel = limits.max_parallel;
        self.state.startup_delay = limits.startup_delay;
        let is_first = !std::mem::replace(&mut self.state.is_configured, true);
        if is_first {
            self.state.settling_until = Some(now + limits.startup_delay);
        }
        let mut old = std::mem::take(&mut self.state.tasks);
        for plan in plans {
            let task = match old.remove(&plan.name) {
                Some(known) => reconfigured(*known, plan, now),
                None => self.introduced(plan, &memory, now),
            };
            self.state.tasks.insert(task.plan.name.clone(), Box::new(task));
        }
        let mut actions = self.follow_plans(now);
        if is_first {
            actions.extend(self.queue_event(&Event::Startup, Trigger::Startup, now));
        } else {
            actions.extend(self.queue_event(&Event::Reload, Trigger::Reload, now));
        }
        actions.extend(self.wake(now));
        actions.extend(self.state.tasks.keys().cloned().map(Action::SaveStatus));
        actions
    }

    /// A run that still waits will be started as its task is configured by then.
    fn follow_plans(&mut self, now: DateTime<Utc>) -> Vec<Action> {
        let mut actions = Vec::new();
        for id in self.state.queue.clone() {
            let Some(entry) = self.state.runs.get_mut(&id) else { continue };
            let Some(task) = self.state.tasks.get(&entry.run.task) else {
                actions.extend(self.drop_queued(id, Outcome::Stopped, now));
                continue;
            };
            entry.repositories.clone_from(&task.plan.repositories);
            entry.priority = task.plan.priority;
            entry.conditions = Conditioned::Unknown;
        }
        let runs = &self.state.runs;
        let rank = |id: &RunId| runs.get(id).map(|entry| -entry.priority);
        self.state.queue.make_contiguous().sort_by_key(rank);
        actions
    }

    fn introduced(&self, plan: TaskPlan, memory: &impl Fn(&str, &State) -> TaskMemory, now: DateTime<Utc>) -> TaskState {
        let TaskMemory { first_seen_at, handled_until, last_run, last_success_at, pause } = memory(&plan.name, &self.state);
        let unfinished = |entry: &&RunEntry| entry.run.task == plan.name && entry.run.finished().is_none();
        let active = self.state.runs.values().map(Box::as_ref).find(unfinished).map(|entry| entry.run.id);
        let mut task = TaskState {
            plan,
            first_seen_at: first_seen_at.filter(|at| *at <= now).or(handled_until).map_or(now, |at| at.min(now)),
            handled_until: handled_until.filter(|until| !is_far_ahead(*until, now)).unwrap_or(now),
            next: None,
            active,
            waiting: None,
            last_run,
            last_success_at,
            pause,
            retry: None,
            is_told_overdue: false,
            terminated: None,
            repeated: None,
        };
        task.forget_the_future(now);
        task.next = task.occurrence_after(task.handled_until);
        let last =
            self.state.runs.values().rev().map(|entry| &entry.run).find(|run| run.task == task.plan.name && !run.is_skipped());
        task.retry = last.and_then(|run| task.retry_after(run));
        task
    }

    /// Queues what is due, and launches what can run.
    pub fn wake(&mut self, now: DateTime<Utc>) -> Vec<Action> {
        if self.state.is_shutting_down {
            return Vec::new();
        }
        let mut actions = self.look_at_the_clock(now);
        actions.extend(self.end_pauses(now));
        let to_look_at = self.state.tasks.values().filter(|task| self.is_to_look_at(task, now));
        let due: Vec<String> = to_look_at.take(MOST_AT_ONCE).map(|task| task.plan.name.clone()).collect();
        let mut is_all = due.len() < MOST_AT_ONCE;
        for name in due {
            actions.extend(self.look_at(&name, now));
        }
        let late = self.drop_late(now);
        is_all &= late.is_empty();
        actions.extend(late);
        actions.extend(self.launch(now));
        self.state.wake_at = if is_all { self.earliest(now) } else { Some(now) };
        actions
    }

    /// Returns when something may be to do next.
    pub(super) fn earliest(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let tasks = self.state.tasks.values().flat_map(|task| self.instants_of(task, now));
        let queued =
            self.state.queue.iter().filter_map(|id| self.state.runs.get(id)).flat_map(|entry| self.instants_of_run(entry, now));
        let pause_end = self.state.pause.and_then(|pause| pause.until);
        tasks.chain(queued).chain(pause_end).filter(|at| *at > now).min()
    }

    /// Notes that all up to an instant is dealt with; not if only a clock that was wrong can have made it due.
    pub(super) fn mark_handled(&mut self, task: &str, until: DateTime<Utc>, now: DateTime<Utc>) {
        if let Some(task) = self.state.tasks.get_mut(task).filter(|_| !is_far_ahead(until, now)) {
            task.handled_until = task.handled_until.max(until);
        }
    }

    /// Looks anew at when a task is due next, after a run of it has ended.
    pub(super) fn release(&mut self, task: &str, run: RunId) {
        let Some(task) = self.state.tasks.get_mut(task) else { return };
        if task.waiting == Some(run) {
            task.waiting = None;
        }
        if task.active == Some(run) {
            task.active = task.waiting.take();
        }
        if task.active.is_none() {
            task.next = task.occurrence_after(task.handled_until);
        }
        let next_start = task.next.map(|next| next.starts_at);
        self.state.wake_by(next_start);
    }

    /// Queues a run because somebody asked for it.
    pub fn request(&mut self, request: RunRequest, now: DateTime<Utc>) -> Result<(RunId, Vec<Action>), ApiError> {
        if self.state.is_shutting_down {
            return Err(ApiError::ShuttingDown);
        }
        let RunRequest { task, args, if_active } = request;
        let Some(state) = self.state.tasks.get(&task) else {
            return Err(ApiError::UnknownTask { name: task, similar: None });
        };
        // A run that waits by itself is the one that is asked for; not with other words, which may be those of a dry run.
        let (active, waiting) = (state.active, state.waiting);
        let waits_by_itself = |entry: &RunEntry| entry.is_queued() && !entry.is_wanted;
        for run in [active, waiting].into_iter().flatten().filter(|_| args.is_empty()) {
            if let Some(entry) = self.state.runs.get_mut(&run).filter(|entry| waits_by_itself(entry)) {
                entry.is_wanted = true;
                return Ok((run, self.launch(now)));
            }
        }
        let is_only_waiting = active.and_then(|run| self.state.runs.get(&run)).is_some_and(|entry| waits_by_itself(entry));
        match (active, waiting, if_active) {
            (None, _, _) | (Some(_), None, IfActive::Queue) => {}
            (Some(_), None, IfActive::Refuse) if is_only_waiting => {}
            (Some(_), Some(run), IfActive::Queue) | (Some(run), _, IfActive::Refuse) => {
                return Err(ApiError::AlreadyActive { task, run });
            }
        }
        let wanted = Wanted { task, trigger: Trigger::Manual, due_at: None, missed: 0, attempt: 0, extra_args: args };
        let (run, mut actions) = self.queue_run(wanted, now);
        actions.extend(self.launch(now));
        Ok((run, actions))
    }

    /// Puts a run into the queue: behind those of the same or a higher priority.
    pub(super) fn queue_run(&mut self, wanted: Wanted, now: DateTime<Utc>) -> (RunId, Vec<Action>) {
        let is_wanted = wanted.trigger == Trigger::Manual;
        let (entry, number_given) = self.new_entry(wanted, RunState::Queued(Turn::default()), now);
        let (id, priority, has_own_words) = (entry.run.id, entry.priority, !entry.extra_args.is_empty());
        if let Some(task) = self.state.tasks.get_mut(&entry.run.task) {
            // Words of somebody's own make it another run.
            if !has_own_words {
                task.retry = None;
            }
            match task.active {
                None => task.active = Some(id),
                Some(_) => task.waiting = Some(id),
            }
        }
        let announced = Action::Announce(Box::new(entry.run.clone()));
        self.state.runs.insert(id, Box::new(RunEntry { is_wanted, ..entry }));
        let rank = |queued: &RunId| self.state.runs.get(queued).map_or(0, |entry| entry.priority);
        let place = self.state.queue.iter().rposition(|queued| rank(queued) >= priority).map_or(0, |last| last + 1);
        self.state.queue.insert(place, id);
        (id, vec![number_given, announced])
    }

    /// Makes the entry of a new run, with a number of its own.
    pub(super) fn new_entry(&mut self, wanted: Wanted, state: RunState, now: DateTime<Utc>) -> (RunEntry, Action) {
        self.state.last_run_id += 1;
        let id = RunId(self.state.last_run_id);
        let plan = self.state.tasks.get(&wanted.task).map(|task| &task.plan);
        let run = Run {
            id,
            task: wanted.task,
            trigger: wanted.trigger,
            due_at: wanted.due_at,
            missed: wanted.missed,
            attempt: wanted.attempt,
            created_at: now,
            started_at: None,
            log_file: None,
            state,
            progress: None,
            limit_near: None,
            summary: None,
            last_lines: Vec::new(),
        };
        let entry = RunEntry {
            run,
            repositories: plan.map(|plan| plan.repositories.clone()).unwrap_or_default(),
            extra_args: wanted.extra_args,
            is_lost: false,
            is_wanted: false,
            priority: plan.map_or(0, |plan| plan.priority),
            not_before: None,
            conditions: Conditioned::Unknown,
            questions: 0,
        };
        (entry, Action::NumberGiven(id))
    }

    /// Notes that a run is over, and drops the oldest ones that are, so that memory and folder stay bounded.
    pub(super) fn note_ended(&mut self, run: RunId) -> Vec<Action> {
        self.state.under_way.remove(&run);
        self.state.ended.push_back(run);
        self.forget_oldest()
    }

    /// Drops the oldest runs that have ended.
    pub fn forget_oldest(&mut self) -> Vec<Action> {
        let surplus = self.state.ended.len().saturating_sub(REMEMBERED_RUNS);
        let forgotten: Vec<RunId> = self.state.ended.drain(..surplus).collect();
        for run in &forgotten {
            self.state.runs.remove(run);
        }
        forgotten.into_iter().map(Action::Forget).collect()
    }

    /// Stops a run because somebody asked for it. A queued run ends here and now.
    pub fn stop(&mut self, id: RunId, now: DateTime<Utc>) -> Result<Vec<Action>, ApiError> {
        let entry = self.state.runs.get_mut(&id).ok_or(ApiError::UnknownRun(id))?;
        let task = entry.run.task.clone();
        match entry.run.state {
            RunState::Finished(_) => Err(ApiError::NotRunning(task)),
            RunState::Queued(_) => {
                if let Some(due_at) = entry.run.due_at {
                    self.mark_handled(&task, due_at, now);
                }
                let mut actions = self.drop_queued(id, Outcome::Stopped, now);
                actions.extend(self.launch(now));
                Ok(actions)
            }
            _ => Ok(vec![Action::Stop { run: id, by: StopCause::User, at_once: false }]),
        }
    }

    /// Ends a run that was never launched.
    pub(super) fn drop_queued(&mut self, id: RunId, outcome: Outcome, now: DateTime<Utc>) -> Vec<Action> {
        self.state.queue.retain(|queued| *queued != id);
        let Some(entry) = self.state.runs.get_mut(&id) else { return Vec::new() };
        entry.run.state = RunState::Finished(Finished { at: now, duration_ms: 0, exit_code: None, outcome });
        let run = entry.run.clone();
        self.release(&run.task, id);
        let mut actions = vec![Action::Announce(Box::new(run.clone()))];
        if run.is_skipped() {
            actions.push(Action::RecordSkip(id));
        } else {
            // What only the daemon's end takes from the queue may come again with the next one.
            let is_over = !self.state.is_shutting_down || !comes_again(&run);
            actions.extend(is_over.then(|| Action::AddToHistory(Box::new(run.clone()))));
            actions.push(Action::SaveStatus(run.task));
        }
        actions.extend(self.note_ended(id));
        actions
    }

    /// A machine that goes down sends SIGTERM to everybody at once: what it ended a moment before us was cut off, too.
    fn give_back_terminated(&mut self, now: DateTime<Utc>) -> Vec<Action> {
        let mut actions = Vec::new();
        for task in self.state.tasks.values_mut() {
            if let Some((due_at, _)) = task.terminated.take().filter(|(_, at)| now - *at < SAME_SHUTDOWN) {
                task.handled_until = task.handled_until.min(due_at - TimeDelta::minutes(1));
                actions.push(Action::SaveStatus(task.plan.name.clone()));
            }
        }
        actions
    }

    /// Takes no more runs, drops the queue and asks every run to stop. Told twice, it leaves no grace.
    ///
    /// What was queued or is cut off by this has not been dealt with: the next daemon's catch-up rule decides on it.
    pub fn shut_down(&mut self, now: DateTime<Utc>) -> Vec<Action> {
        let at_once = self.state.is_shutting_down;
        self.state.is_shutting_down = true;
        let mut actions = self.give_back_terminated(now);
        for id in self.state.queue.clone() {
            actions.extend(self.drop_queued(id, Outcome::Stopped, now));
        }
        let under_way = self.state.under_way.iter();
        actions.extend(under_way.map(|run| Action::Stop { run: *run, by: StopCause::Shutdown, at_once }));
        actions
    }
}

fn reconfigured(mut task: TaskState, plan: TaskPlan, now: DateTime<Utc>) -> TaskState {
    let is_rescheduled = task.plan.schedule != plan.schedule || task.plan.zone != plan.zone;
    let is_spread_anew = task.plan.random_delay != plan.random_delay;
    task.plan = plan;
    if is_rescheduled {
        // What was due by the old schedule is not due by the new one.
        task.handled_until = task.handled_until.max(now);
    }
    if is_rescheduled || is_spread_anew {
        task.next = task.occurrence_after(task.handled_until);
    }
    task
}

#[cfg(test)]
#[path = "planner_tests.rs"]
mod tests;
