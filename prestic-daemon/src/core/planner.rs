//! Decides what runs when: pure functions of the state, what happened, and the time.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use prestic_proto::{
    error::ApiError,
    event::SkipReason,
    outcome::Outcome,
    run::{Finished, Run, RunId, RunState, Trigger},
};

use crate::{
    core::{
        action::Action,
        state::{RunEntry, State, TaskMemory, TaskPlan, TaskState},
    },
    schedule::missed::{self, Missed},
    supervise::feed::StopCause,
};

/// How many runs that have ended are remembered. Each costs less than a kilobyte of memory and one small file.
pub const REMEMBERED_RUNS: usize = 500;

/// A mark that is further ahead than this was made by a clock that was wrong (as Debian's cron judges it).
const FAR_AHEAD: TimeDelta = TimeDelta::hours(3);

/// How far apart the signals of one shutdown may reach restic and the daemon.
const SAME_SHUTDOWN: TimeDelta = TimeDelta::seconds(10);

fn is_far_ahead(mark: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    mark - now > FAR_AHEAD
}

/// Decides what runs when.
#[derive(Debug)]
pub struct Planner<Zone> {
    pub(super) state: State,
    pub(super) zone: Zone,
}

impl<Zone: TimeZone> Planner<Zone> {
    /// Starts with no tasks and no runs.
    pub fn new(zone: Zone) -> Self {
        Self { state: State::default(), zone }
    }

    /// Returns the state, to look at.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns the earliest instant at which something is due.
    pub fn next_wake(&self) -> Option<DateTime<Utc>> {
        if self.state.is_shutting_down {
            return None;
        }
        self.state.tasks.values().filter_map(|task| task.next_due_at).min()
    }

    /// Takes in a new configuration. Runs under way go on as they were started.
    ///
    /// `memory` tells what is known of a task that this daemon has not had before.
    pub fn configure(
        &mut self,
        plans: Vec<TaskPlan>,
        max_parallel: usize,
        memory: impl Fn(&str, &State) -> TaskMemory,
        now: DateTime<Utc>,
    ) -> Vec<Action> {
        self.state.max_parallel = max_parallel;
        let mut old = std::mem::take(&mut self.state.tasks);
        for plan in plans {
            let task = match old.remove(&plan.name) {
                Some(known) => self.reconfigured(known, plan, now),
                None => self.introduced(plan, &memory, now),
            };
            self.state.tasks.insert(task.plan.name.clone(), task);
        }
        self.follow_repositories();
        let mut actions = self.wake(now);
        actions.extend(self.state.tasks.keys().cloned().map(Action::SaveStatus));
        actions
    }

    /// A run that still waits will be started as its task is configured by then.
    fn follow_repositories(&mut self) {
        for id in &self.state.queue {
            if let Some(entry) = self.state.runs.get_mut(id)
                && let Some(task) = self.state.tasks.get(&entry.run.task)
            {
                entry.repository.clone_from(&task.plan.repository);
            }
        }
    }

    fn reconfigured(&self, mut task: TaskState, plan: TaskPlan, now: DateTime<Utc>) -> TaskState {
        if task.plan.schedule != plan.schedule {
            // What was due by the old schedule is not due by the new one.
            task.handled_until = task.handled_until.max(now);
            task.next_due_at = self.next_after(&plan, task.handled_until);
        }
        task.plan = plan;
        task
    }

    fn introduced(&self, plan: TaskPlan, memory: &impl Fn(&str, &State) -> TaskMemory, now: DateTime<Utc>) -> TaskState {
        let TaskMemory { handled_until, last_run, last_success_at } = memory(&plan.name, &self.state);
        let handled_until = handled_until.filter(|until| !is_far_ahead(*until, now)).unwrap_or(now);
        let active = self.active_run(&plan.name);
        let next_due_at = self.next_after(&plan, handled_until);
        TaskState { plan, handled_until, next_due_at, active, last_run, last_success_at, terminated: None, repeated: None }
    }

    fn active_run(&self, task: &str) -> Option<RunId> {
        self.state
            .runs
            .values()
            .find(|entry| entry.run.task == task && entry.run.finished().is_none())
            .map(|entry| entry.run.id)
    }

    fn next_after(&self, plan: &TaskPlan, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        plan.schedule.as_ref()?.next_after(after, &self.zone)
    }

    /// Queues what is due, and launches what can run.
    pub fn wake(&mut self, now: DateTime<Utc>) -> Vec<Action> {
        if self.state.is_shutting_down {
            return Vec::new();
        }
        let mut actions = self.look_at_the_clock(now);
        let is_due = |task: &&TaskState| task.next_due_at.is_some_and(|at| at <= now);
        let due: Vec<String> = self.state.tasks.values().filter(is_due).map(|task| task.plan.name.clone()).collect();
        for name in due {
            actions.extend(self.queue_due(&name, now));
        }
        actions.extend(self.launch());
        actions
    }

    /// Plans anew when the clock was set back: the next times would be too far ahead. What is dealt with stays so, unless
    /// the mark is so far ahead that the clock must have been wrong when it was made.
    fn look_at_the_clock(&mut self, now: DateTime<Utc>) -> Vec<Action> {
        let was_set_back = self.state.last_wake_at.replace(now).is_some_and(|before| now < before);
        let mut actions = Vec::new();
        if !was_set_back {
            return actions;
        }
        for task in self.state.tasks.values_mut() {
            if is_far_ahead(task.handled_until, now) {
                let name = &task.plan.name;
                actions.push(Action::Warn(format!("the clock was set back: task `{name}` is planned anew from now on")));
                actions.push(Action::SaveStatus(name.clone()));
                task.handled_until = now;
            }
            let after = task.handled_until.max(now);
            task.next_due_at = task.plan.schedule.as_ref().and_then(|schedule| schedule.next_after(after, &self.zone));
        }
        actions
    }

    fn queue_due(&mut self, name: &str, now: DateTime<Utc>) -> Vec<Action> {
        let Some(task) = self.state.tasks.get_mut(name) else { return Vec::new() };
        let Some(schedule) = &task.plan.schedule else { return Vec::new() };
        let decision = missed::missed(schedule, task.handled_until, now, &self.zone);
        task.next_due_at = schedule.next_after(now, &self.zone);
        let (trigger, at, missed) = match decision {
            Missed::Nothing => return Vec::new(),
            Missed::Due { at, missed } => (Some(Trigger::Scheduled), at, missed),
            Missed::CatchUp { at, missed } => (Some(Trigger::CaughtUp), at, missed),
            Missed::Skip { at, missed } => (None, at, missed),
        };
        match (trigger, task.active.and_then(|run| self.state.runs.get_mut(&run))) {
            (Some(trigger), None) => {
                let run = self.queue_run(name, trigger, Some(at), Vec::new(), now);
                [Action::NumberGiven(run)].into_iter().chain(self.announce(run)).collect()
            }
            // Somebody's own run stands for no occurrence: this one is looked at again when that has ended.
            (Some(_), Some(RunEntry { run: Run { due_at: None, .. }, .. })) => Vec::new(),
            // A scheduled run that still waits stands for this occurrence too.
            (Some(_), Some(entry)) if entry.run.state == RunState::Queued => {
                entry.run.due_at = Some(at);
                Vec::new()
            }
            // A task never runs twice at once.
            (Some(_), Some(_)) => self.skip(name, at, SkipReason::StillRunning),
            (None, _) => self.skip(name, at, SkipReason::Missed { count: missed }),
        }
    }

    fn skip(&mut self, task: &str, due_at: DateTime<Utc>, reason: SkipReason) -> Vec<Action> {
        self.mark_handled(task, due_at);
        let task = task.to_owned();
        vec![Action::SaveStatus(task.clone()), Action::AnnounceSkip { task, due_at, reason }]
    }

    pub(super) fn mark_handled(&mut self, task: &str, until: DateTime<Utc>) {
        if let Some(task) = self.state.tasks.get_mut(task) {
            task.handled_until = task.handled_until.max(until);
        }
    }

    /// Looks anew at when a task is due next, after a run of it has ended.
    pub(super) fn release(&mut self, task: &str, run: RunId) {
        if let Some(task) = self.state.tasks.get_mut(task) {
            task.active = task.active.filter(|active| *active != run);
            let schedule = task.plan.schedule.as_ref();
            task.next_due_at = schedule.and_then(|schedule| schedule.next_after(task.handled_until, &self.zone));
        }
    }

    /// Queues a run because somebody asked for it.
    pub fn request(
        &mut self,
        task: &str,
        extra_args: Vec<String>,
        now: DateTime<Utc>,
    ) -> Result<(RunId, Vec<Action>), ApiError> {
        if self.state.is_shutting_down {
            return Err(ApiError::ShuttingDown);
        }
        let Some(state) = self.state.tasks.get(task) else {
            return Err(ApiError::UnknownTask { name: task.to_owned(), similar: None });
        };
        if let Some(run) = state.active {
            return Err(ApiError::AlreadyActive { task: task.to_owned(), run });
        }
        let run = self.queue_run(task, Trigger::Manual, None, extra_args, now);
        let mut actions = vec![Action::NumberGiven(run)];
        actions.extend(self.announce(run));
        actions.extend(self.launch());
        Ok((run, actions))
    }

    fn queue_run(
        &mut self,
        task: &str,
        trigger: Trigger,
        due_at: Option<DateTime<Utc>>,
        extra_args: Vec<String>,
        now: DateTime<Utc>,
    ) -> RunId {
        self.state.last_run_id += 1;
        let id = RunId(self.state.last_run_id);
        let repository = match self.state.tasks.get_mut(task) {
            Some(state) => {
                state.active = Some(id);
                state.plan.repository.clone()
            }
            None => String::new(),
        };
        let run = Run {
            id,
            task: task.to_owned(),
            trigger,
            due_at,
            created_at: now,
            started_at: None,
            log_file: None,
            state: RunState::Queued,
            progress: None,
            limit_near: None,
            summary: None,
            last_lines: Vec::new(),
        };
        self.state.runs.insert(id, RunEntry { run, repository, extra_args, is_lost: false });
        self.state.queue.push_back(id);
        id
    }

    /// Launches, in the order of the queue, every run whose repository is free, as long as there is a place.
    fn launch(&mut self) -> Vec<Action> {
        if self.state.is_shutting_down {
            return Vec::new();
        }
        let mut busy: Vec<String> = self.state.launched().map(|entry| entry.repository.clone()).collect();
        let mut waiting = VecDeque::new();
        let mut actions = Vec::new();
        for id in std::mem::take(&mut self.state.queue) {
            let Some(entry) = self.state.runs.get_mut(&id) else { continue };
            if busy.len() < self.state.max_parallel && !busy.contains(&entry.repository) {
                busy.push(entry.repository.clone());
                entry.run.state = RunState::Starting;
                actions.push(Action::Announce(Box::new(entry.run.clone())));
                actions.push(Action::Launch(id));
            } else {
                waiting.push_back(id);
            }
        }
        self.state.queue = waiting;
        actions
    }

    fn announce(&self, run: RunId) -> Option<Action> {
        self.state.runs.get(&run).map(|entry| Action::Announce(Box::new(entry.run.clone())))
    }

    /// Drops the oldest runs that have ended, so that memory and folder stay bounded.
    pub fn forget_oldest(&mut self) -> Vec<Action> {
        let ended: Vec<RunId> =
            self.state.runs.values().filter(|entry| entry.run.finished().is_some()).map(|entry| entry.run.id).collect();
        let surplus = ended.len().saturating_sub(REMEMBERED_RUNS);
        ended
            .into_iter()
            .take(surplus)
            .map(|id| {
                self.state.runs.remove(&id);
                Action::Forget(id)
            })
            .collect()
    }

    /// Stops a run because somebody asked for it. A queued run ends here and now.
    pub fn stop(&mut self, id: RunId, now: DateTime<Utc>) -> Result<Vec<Action>, ApiError> {
        let entry = self.state.runs.get_mut(&id).ok_or(ApiError::UnknownRun(id))?;
        let task = entry.run.task.clone();
        match entry.run.state {
            RunState::Finished(_) => Err(ApiError::NotRunning(task)),
            RunState::Queued => {
                if let Some(due_at) = entry.run.due_at {
                    self.mark_handled(&task, due_at);
                }
                Ok(self.drop_queued(id, now))
            }
            RunState::Starting | RunState::Running { .. } | RunState::WaitingForLock { .. } | RunState::Stopping { .. } => {
                Ok(vec![Action::Stop { run: id, by: StopCause::User, at_once: false }])
            }
        }
    }

    fn drop_queued(&mut self, id: RunId, now: DateTime<Utc>) -> Vec<Action> {
        self.state.queue.retain(|queued| *queued != id);
        let Some(entry) = self.state.runs.get_mut(&id) else { return Vec::new() };
        entry.run.state = RunState::Finished(Finished { at: now, duration_ms: 0, exit_code: None, outcome: Outcome::Stopped });
        let run = entry.run.clone();
        self.release(&run.task, id);
        vec![Action::Announce(Box::new(run.clone())), Action::SaveStatus(run.task)]
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
            actions.extend(self.drop_queued(id, now));
        }
        for entry in self.state.runs.values().filter(|entry| entry.run.finished().is_none()) {
            actions.push(Action::Stop { run: entry.run.id, by: StopCause::Shutdown, at_once });
        }
        actions
    }
}

#[cfg(test)]
#[path = "planner_tests.rs"]
mod tests;
