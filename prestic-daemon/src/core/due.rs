//! What is due: by the clock, by an event, or because it failed before; and what is done about it. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{
    event::EventKind,
    outcome::{Outcome, SkipReason},
    run::{Finished, Run, RunId, RunState, Trigger},
    status::LastRun,
};

use crate::{
    config::scheduling::Overlap,
    core::{
        action::Action,
        clock_changes::is_far_ahead,
        planner::{MOST_AT_ONCE, Planner, Wanted},
        state::{Retry, RunEntry, TaskState},
    },
    fingerprint::fingerprint,
    schedule::{
        AfterEnd, CatchUp, Event,
        missed::{self, Missed},
        spread::spread,
    },
    supervise::feed::StopCause,
};

/// An event that is no older than this is being answered, not caught up.
const ON_TIME: TimeDelta = TimeDelta::minutes(1);

/// No pause before another attempt is longer.
const LONGEST_RETRY_DELAY: TimeDelta = TimeDelta::hours(24);

/// By how many thousandths a pause before another attempt is longer at most, so that what failed together does not come
/// back together.
const RETRY_JITTER: i64 = 250;

/// An occurrence that has come.
#[derive(Debug, Clone)]
struct Due {
    at: DateTime<Utc>,
    trigger: Trigger,
    /// How many earlier ones it stands for.
    missed: u32,
}

impl Planner {
    /// Whether there may be something to do for a task.
    pub(super) fn is_to_look_at(&self, task: &TaskState, now: DateTime<Utc>) -> bool {
        if !task.is_told_overdue && task.is_overdue(now) {
            return true;
        }
        // Of these nothing would come: they are looked at again when the pause is over, or when more is known of the run.
        if self.state.pause_of(task).is_some() || self.is_run_unclear(task) {
            return false;
        }
        let has_come = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at <= now);
        has_come(task.next.map(|next| next.starts_at))
            || (task.active.is_none() && has_come(task.retry.map(|retry| retry.at)))
            || self.event_after(task, now).is_some()
    }

    /// Returns the instants at which there may be something to do for a task.
    pub(super) fn instants_of(&self, task: &TaskState, now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let is_paused = self.state.pause_of(task).is_some();
        let due = [task.next.map(|next| next.starts_at), task.retry.map(|retry| retry.at)];
        let due = due.into_iter().flatten().filter(move |_| !is_paused);
        let overdue_at = task.overdue_at().filter(|at| !task.is_told_overdue && *at > now);
        due.chain(overdue_at).chain(task.pause.and_then(|pause| pause.until))
    }

    /// Does for a task what is to do now.
    pub(super) fn look_at(&mut self, name: &str, now: DateTime<Utc>) -> Vec<Action> {
        let mut actions: Vec<Action> = self.tell_overdue(name, now).into_iter().collect();
        let Some(task) = self.state.tasks.get(name) else { return actions };
        if self.state.pause_of(task).is_some() {
            return actions;
        }
        if task.next.is_some_and(|next| next.starts_at <= now) {
            actions.extend(self.answer_schedule(name, now));
        }
        if let Some((at, trigger)) = self.state.tasks.get(name).and_then(|task| self.event_after(task, now)) {
            actions.extend(self.answer_event(name, at, trigger, now));
        }
        actions.extend(self.try_again(name, now));
        actions
    }

    /// Says once that a task has become overdue.
    fn tell_overdue(&mut self, name: &str, now: DateTime<Utc>) -> Option<Action> {
        let task = self.state.tasks.get_mut(name)?;
        let is_overdue = task.is_overdue(now);
        let was_told = std::mem::replace(&mut task.is_told_overdue, is_overdue);
        let last_success_at = task.last_success_at;
        (is_overdue && !was_told).then(|| Action::Tell(EventKind::Overdue { task: name.to_owned(), last_success_at }))
    }

    fn answer_schedule(&mut self, name: &str, now: DateTime<Utc>) -> Vec<Action> {
        let Some(task) = self.state.tasks.get(name) else { return Vec::new() };
        // This is looked at again when it is clear.
        if self.is_run_unclear(task) {
            return Vec::new();
        }
        let waiting = self.scheduled_run_in_queue(task);
        let due_of = |run| self.state.runs.get(&run).and_then(|entry| entry.run.due_at);
        let answered_until = waiting.and_then(due_of).map_or(task.handled_until, |due_at| due_at.max(task.handled_until));
        let (Some(schedule), Some(next)) = (&task.plan.schedule, task.next) else { return Vec::new() };
        // Where starts are spread, the schedule is looked at as if it were as much earlier.
        let spread_by = next.starts_at - next.due_at;
        let decision = missed::missed(schedule, answered_until, now - spread_by, &task.calendar(), task.plan.catch_up);
        let next = task.occurrence_after(now - spread_by);
        if let Some(task) = self.state.tasks.get_mut(name) {
            task.next = next;
        }
        self.state.wake_by(next.map(|next| next.starts_at));
        match (decision, waiting) {
            (Missed::Nothing, _) => Vec::new(),
            (Missed::Due { at, missed }, _) => self.answer(name, Due { at, trigger: Trigger::Scheduled, missed }, now),
            (Missed::CatchUp { at, missed }, _) => {
                let due = Due { at, trigger: Trigger::CaughtUp, missed: missed.saturating_sub(1) };
                self.answer(name, due, now)
            }
            // There will be a run, so nothing is let go.
            (Missed::Skip { at, missed }, Some(run)) => {
                self.stand_for(run, at, missed);
                Vec::new()
            }
            (Missed::Skip { at, missed }, None) => {
                self.skip(name, at, missed.saturating_sub(1), SkipReason::Missed { count: missed }, now)
            }
        }
    }

    /// Whether it is not known yet which occurrences the run of a task has dealt with.
    ///
    /// One that was launched may not be on disk: a later instant there would hide it from the next daemon. And one that lost
    /// its supervisor is about to end as interrupted, after which the rule for what was missed decides on all at once.
    fn is_run_unclear(&self, task: &TaskState) -> bool {
        let active = task.active.and_then(|run| self.state.runs.get(&run));
        active.is_some_and(|active| {
            let is_being_recorded = active.run.state == RunState::Starting && active.run.due_at > Some(task.handled_until);
            active.is_lost || is_being_recorded
        })
    }

    /// Returns the run of a task that was due and still waits.
    fn scheduled_run_in_queue(&self, task: &TaskState) -> Option<RunId> {
        let waits = |run: &RunId| self.state.runs.get(run).is_some_and(|entry| entry.is_queued() && entry.is_scheduled());
        [task.active, task.waiting].into_iter().flatten().find(waits)
    }

    /// Lets a run that still waits stand for more occurrences, up to one.
    fn stand_for(&mut self, run: RunId, until: DateTime<Utc>, count: u32) {
        let Some(entry) = self.state.runs.get_mut(&run) else { return };
        entry.run.missed = entry.run.missed.saturating_add(count);
        entry.run.due_at = entry.run.due_at.max(Some(until));
    }

    /// Returns the last end of another task that asks for a run of this one and has not been answered.
    fn event_after(&self, task: &TaskState, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Trigger)> {
        let runs = [task.active, task.waiting].into_iter().flatten().filter_map(|run| self.state.runs.get(&run));
        // What somebody asked for is no answer, but nothing else runs beside it.
        let waits_for_own = |entry: &RunEntry| !entry.is_scheduled() && task.plan.overlap == Overlap::Skip;
        let answered_until = runs.clone().filter_map(|entry| entry.run.due_at).max();
        if runs.map(Box::as_ref).any(waits_for_own) {
            return None;
        }
        let ends = task.plan.events().iter().filter_map(|event| match event {
            Event::After { task, end } => Some((self.last_end(task, *end)?, Trigger::After(task.clone()))),
            _ => None,
        });
        let is_new = |at| at > task.handled_until && Some(at) > answered_until && !is_far_ahead(at, now);
        ends.filter(|(at, _)| is_new(*at)).max_by_key(|(at, _)| *at)
    }

    /// Returns when a task, or the last one of a group, ended as it is asked for; none while one of them is under way.
    fn last_end(&self, name: &str, wanted: AfterEnd) -> Option<DateTime<Utc>> {
        let members = || self.state.tasks.values().filter(|task| task.plan.is_called(name));
        if members().any(|task| task.plan.group.as_deref() == Some(name) && task.active.is_some()) {
            return None;
        }
        let ends: Vec<&LastRun> = members().map(|task| task.last_run.as_ref()).collect::<Option<_>>()?;
        let is_good = ends.iter().all(|last| is_success(last));
        let is_wanted = match wanted {
            AfterEnd::Ok => is_good,
            AfterEnd::Fail => !is_good,
            AfterEnd::Any => true,
        };
        ends.iter().map(|last| last.at).max().filter(|_| is_wanted)
    }

    /// The end of another task is an occurrence like one of the clock.
    fn answer_event(&mut self, name: &str, at: DateTime<Utc>, trigger: Trigger, now: DateTime<Utc>) -> Vec<Action> {
        let Some(task) = self.state.tasks.get(name) else { return Vec::new() };
        let is_late = now - at > ON_TIME;
        let is_dropped = match task.plan.catch_up {
            CatchUp::Auto | CatchUp::Yes => false,
            CatchUp::No => is_late,
            CatchUp::Within(age) => is_late && now - at > age,
        };
        if is_dropped {
            return self.skip(name, at, 0, SkipReason::Missed { count: 1 }, now);
        }
        self.answer(name, Due { at, trigger, missed: 0 }, now)
    }

    /// Queues every task that asks for an event that has just come.
    pub(super) fn queue_event(&mut self, event: &Event, trigger: Trigger, now: DateTime<Utc>) -> Vec<Action> {
        let asks = |task: &&TaskState| task.plan.events().contains(event) && self.state.pause_of(task).is_none();
        let names: Vec<String> =
            self.state.tasks.values().map(Box::as_ref).filter(asks).map(|task| task.plan.name.clone()).collect();
        names.iter().flat_map(|name| self.answer(name, Due { at: now, trigger: trigger.clone(), missed: 0 }, now)).collect()
    }

    /// Answers the start of the machine: once, whichever daemon sees it first.
    pub fn booted(&mut self, booted_at: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Action> {
        let asks = |task: &&TaskState| task.plan.events().contains(&Event::Boot) && task.handled_until < booted_at;
        let names: Vec<String> =
            self.state.tasks.values().map(Box::as_ref).filter(asks).map(|task| task.plan.name.clone()).collect();
        let mut actions: Vec<Action> = Vec::new();
        for name in names {
            actions.extend(self.answer(&name, Due { at: booted_at, trigger: Trigger::Boot, missed: 0 }, now));
        }
        actions.extend(self.launch(now));
        actions
    }

    /// Answers an occurrence with a run, or with the run that is there already, or not at all.
    fn answer(&mut self, name: &str, due: Due, now: DateTime<Utc>) -> Vec<Action> {
        let Some(task) = self.state.tasks.get(name) else { return Vec::new() };
        let overlap = task.plan.overlap;
        if let Some(run) = self.scheduled_run_in_queue(task) {
            self.stand_for(run, due.at, due.missed.saturating_add(1));
            return Vec::new();
        }
        let active = task.active.and_then(|run| self.state.runs.get(&run));
        match (active, overlap) {
            (None, _) => self.queue_due(name, due, now),
            // Somebody's own run stands for no occurrence: this one is looked at again when that has ended.
            (Some(active), Overlap::Skip) if !active.is_scheduled() => Vec::new(),
            // A task never runs twice at once.
            (Some(_), Overlap::Skip) => self.skip(name, due.at, due.missed, SkipReason::StillRunning, now),
            (Some(active), Overlap::Replace) if active.is_scheduled() => {
                let stop = Action::Stop { run: active.run.id, by: StopCause::User, at_once: false };
                let mut actions = self.queue_due(name, due, now);
                actions.push(stop);
                actions
            }
            (Some(_), Overlap::Queue | Overlap::Replace) => self.queue_due(name, due, now),
        }
    }

    fn queue_due(&mut self, name: &str, due: Due, now: DateTime<Utc>) -> Vec<Action> {
        let Due { at, trigger, missed } = due;
        let not_before = (trigger == Trigger::CaughtUp).then(|| self.settled_at(name, now)).flatten();
        let wanted = Wanted { task: name.to_owned(), trigger, due_at: Some(at), missed, attempt: 0, extra_args: Vec::new() };
        let (run, actions) = self.queue_run(wanted, now);
        if let Some(entry) = self.state.runs.get_mut(&run) {
            entry.not_before = not_before;
        }
        self.state.wake_by(not_before);
        actions
    }

    /// Returns when a task may catch up, while the daemon or the machine has just started.
    fn settled_at(&self, name: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let until = self.state.settling_until.filter(|until| *until > now)?;
        let seed = self.state.tasks.get(name)?.plan.seed;
        Some(spread(seed, until, None, self.state.startup_delay))
    }

    /// Lets an occurrence go, and those that were missed before it, and writes that down.
    fn skip(&mut self, name: &str, due_at: DateTime<Utc>, missed: u32, reason: SkipReason, now: DateTime<Utc>) -> Vec<Action> {
        self.mark_handled(name, due_at, now);
        let trigger = Trigger::Scheduled;
        let wanted =
            Wanted { task: name.to_owned(), trigger, due_at: Some(due_at), missed, attempt: 0, extra_args: Vec::new() };
        let outcome = Outcome::Skipped(reason);
        let end = RunState::Finished(Finished { at: now, duration_ms: 0, exit_code: None, outcome });
        let (entry, number_given) = self.new_entry(wanted, end, now);
        let id = entry.run.id;
        let mut actions = vec![number_given, Action::Announce(Box::new(entry.run.clone())), Action::RecordSkip(id)];
        self.state.runs.insert(id, Box::new(entry));
        actions.extend(self.note_ended(id));
        actions
    }

    /// Drops the runs that could not begin before their deadline.
    pub(super) fn drop_late(&mut self, now: DateTime<Utc>) -> Vec<Action> {
        let is_late = |id: &RunId| {
            let entry = self.state.runs.get(id)?;
            self.deadline_of(entry).filter(|deadline| *deadline <= now).map(|_| *id)
        };
        // Each leaves a record, which has to be written before the oldest ones are forgotten.
        let late: Vec<RunId> = self.state.queue.iter().filter_map(is_late).take(MOST_AT_ONCE).collect();
        let mut actions = Vec::new();
        for id in late {
            if let Some((task, due_at)) =
                self.state.runs.get(&id).and_then(|entry| Some((entry.run.task.clone(), entry.run.due_at?)))
            {
                self.mark_handled(&task, due_at, now);
            }
            actions.extend(self.drop_queued(id, Outcome::Skipped(SkipReason::Deadline), now));
        }
        actions
    }

    /// Returns until when a queued run has to begin.
    pub(super) fn deadline_of(&self, entry: &RunEntry) -> Option<DateTime<Utc>> {
        let deadline = self.state.tasks.get(&entry.run.task)?.plan.deadline.filter(|_| !entry.is_wanted)?;
        // What is caught up is late already: it has its time from when it may begin.
        let is_caught_up = entry.run.trigger == Trigger::CaughtUp;
        let from = if is_caught_up { entry.not_before.unwrap_or(entry.run.created_at) } else { entry.run.due_at? };
        from.checked_add_signed(deadline)
    }

    fn try_again(&mut self, name: &str, now: DateTime<Utc>) -> Vec<Action> {
        let Some(task) = self.state.tasks.get_mut(name) else { return Vec::new() };
        // A newer occurrence has been dealt with since.
        task.retry = task.retry.filter(|retry| retry.due_at.is_none_or(|due_at| due_at >= task.handled_until));
        let Some(retry) = task.retry.filter(|retry| retry.at <= now && task.active.is_none()) else { return Vec::new() };
        let wanted = Wanted {
            task: name.to_owned(),
            trigger: Trigger::Retry,
            due_at: retry.due_at,
            missed: 0,
            attempt: retry.attempt,
            extra_args: Vec::new(),
        };
        self.queue_run(wanted, now).1
    }
}

impl TaskState {
    /// Returns the attempt that follows on a run that has ended: on one that failed in a way that may pass, as long as there
    /// are attempts left, and before the schedule comes round again. What somebody asked for is theirs to repeat.
    pub(super) fn retry_after(&self, run: &Run) -> Option<Retry> {
        let finished = run.finished().filter(|finished| finished.outcome.is_worth_repeating())?;
        if run.trigger == Trigger::Manual || run.attempt >= self.plan.retry {
            return None;
        }
        let doubled = 1_i32.checked_shl(run.attempt.min(20)).unwrap_or(i32::MAX);
        let delay =
            self.plan.retry_delay.checked_mul(doubled).map_or(LONGEST_RETRY_DELAY, |delay| delay.min(LONGEST_RETRY_DELAY));
        let draw = i64::try_from(fingerprint(&run.id.0.to_le_bytes()) % 1000).unwrap_or_default();
        let jitter = TimeDelta::milliseconds(delay.num_milliseconds() / 1000 * RETRY_JITTER / 1000 * draw);
        let at = finished.at.checked_add_signed(delay + jitter)?;
        let comes_round_first = self.occurrence_after(finished.at).is_some_and(|next| next.starts_at <= at);
        (!comes_round_first).then_some(Retry { at, due_at: run.due_at, attempt: run.attempt + 1 })
    }
}

/// Whether a run ended well, as `status.ini` remembers it.
pub(super) fn is_success(last: &LastRun) -> bool {
    [Outcome::Succeeded, Outcome::Warnings].iter().any(|outcome| outcome.word() == last.outcome)
}

#[cfg(test)]
#[path = "due_tests.rs"]
mod tests;
