//! What follows when the clock was set, the machine was suspended, or its time zone is another one. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::run::Trigger;

use crate::{
    core::{action::Action, planner::Planner, state::TaskState},
    schedule::Event,
};

/// A mark that is further ahead than this was made by a clock that was wrong (as Debian's cron judges it).
const FAR_AHEAD: TimeDelta = TimeDelta::hours(3);

pub(super) fn is_far_ahead(mark: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    mark - now > FAR_AHEAD
}

impl Planner {
    /// The wall clock was set, or the machine's time zone has changed.
    pub fn clock_changed(&mut self, now: DateTime<Utc>) -> Vec<Action> {
        self.plan_all_anew();
        self.wake(now)
    }

    fn plan_all_anew(&mut self) {
        for task in self.state.tasks.values_mut() {
            // What is queued is answered already, though not dealt with.
            let queued = [task.active, task.waiting].into_iter().flatten().filter_map(|id| self.state.runs.get(&id));
            let answered_until = queued.filter_map(|entry| entry.run.due_at).max();
            let after = task.handled_until.max(answered_until.unwrap_or(task.handled_until));
            task.next = task.occurrence_after(after);
        }
    }

    /// The machine was suspended until now.
    pub fn resumed(&mut self, now: DateTime<Utc>) -> Vec<Action> {
        if self.state.is_shutting_down {
            return Vec::new();
        }
        self.state.settling_until = Some(now + self.state.startup_delay);
        let mut actions = self.queue_event(&Event::Resume, Trigger::Resume, now);
        actions.extend(self.clock_changed(now));
        actions
    }

    /// Plans anew when the clock was set back: the next times would be too far ahead. What is dealt with stays so, unless
    /// the mark is so far ahead that the clock must have been wrong when it was made.
    pub(super) fn look_at_the_clock(&mut self, now: DateTime<Utc>) -> Vec<Action> {
        let was_set_back = self.state.last_wake_at.replace(now).is_some_and(|before| now < before);
        let mut actions = Vec::new();
        if !was_set_back {
            return actions;
        }
        // Nobody waits longer than from now on, whatever a clock that was ahead has said.
        let longest_delay = self.state.startup_delay * 2;
        self.state.settling_until = self.state.settling_until.map(|until| until.min(now + self.state.startup_delay));
        for id in &self.state.queue {
            if let Some(entry) = self.state.runs.get_mut(id) {
                entry.not_before = entry.not_before.map(|at| at.min(now + longest_delay));
            }
        }
        for task in self.state.tasks.values_mut() {
            if is_far_ahead(task.handled_until, now) {
                let name = &task.plan.name;
                actions.push(Action::Warn(format!("the clock was set back: task `{name}` is planned anew from now on")));
                actions.push(Action::SaveStatus(name.clone()));
                task.handled_until = now;
            }
            task.forget_the_future(now);
        }
        self.plan_all_anew();
        actions
    }
}

impl TaskState {
    /// Takes what is said to have happened far ahead, by a clock that was wrong, for something of just now.
    pub(super) fn forget_the_future(&mut self, now: DateTime<Utc>) {
        let mend = |at: &mut DateTime<Utc>| {
            if is_far_ahead(*at, now) {
                *at = now;
            }
        };
        self.last_run.iter_mut().for_each(|last| mend(&mut last.at));
        self.last_success_at.iter_mut().for_each(mend);
        self.retry.iter_mut().for_each(|retry| mend(&mut retry.at));
        mend(&mut self.first_seen_at);
    }
}
