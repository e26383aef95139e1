//! Pauses: nothing starts by itself, and what comes due meanwhile follows the catch-up rule. Pure.

use chrono::{DateTime, Utc};
use prestic_proto::{error::ApiError, event::EventKind, status::Pause};

use crate::core::{action::Action, planner::Planner};

impl Planner {
    /// Pauses a task, or all.
    pub fn pause(
        &mut self,
        task: Option<String>,
        until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Action>, ApiError> {
        *self.pause_mut(task.as_deref())? = Some(Pause { until });
        let mut actions = vec![save(task.as_deref()), Action::Tell(EventKind::Paused { task, until })];
        actions.extend(self.launch(now));
        // What is to do at once stays to be done.
        if self.state.wake_at.is_none_or(|at| at > now) {
            self.state.wake_at = self.earliest(now);
        }
        Ok(actions)
    }

    /// Ends the pause of a task, or of all.
    pub fn resume(&mut self, task: Option<String>, now: DateTime<Utc>) -> Result<Vec<Action>, ApiError> {
        if self.pause_mut(task.as_deref())?.take().is_none() {
            return Err(ApiError::NotPaused(task));
        }
        let mut actions = vec![save(task.as_deref()), Action::Tell(EventKind::Resumed { task })];
        actions.extend(self.wake(now));
        Ok(actions)
    }

    /// Takes in the pause of all tasks that an earlier daemon has left.
    pub fn restore_pause(&mut self, pause: Option<Pause>) {
        self.state.pause = pause;
        self.state.wake_by(pause.and_then(|pause| pause.until));
    }

    /// Ends the pauses whose time is over.
    pub(super) fn end_pauses(&mut self, now: DateTime<Utc>) -> Vec<Action> {
        let is_over = |pause: &Option<Pause>| pause.and_then(|pause| pause.until).is_some_and(|until| until <= now);
        let mut ended = Vec::new();
        if is_over(&self.state.pause) {
            self.state.pause = None;
            ended.push(None);
        }
        for task in self.state.tasks.values_mut().filter(|task| is_over(&task.pause)) {
            task.pause = None;
            ended.push(Some(task.plan.name.clone()));
        }
        let tell = |task: Option<String>| [save(task.as_deref()), Action::Tell(EventKind::Resumed { task })];
        ended.into_iter().flat_map(tell).collect()
    }

    fn pause_mut(&mut self, task: Option<&str>) -> Result<&mut Option<Pause>, ApiError> {
        match task {
            None => Ok(&mut self.state.pause),
            Some(name) => {
                let task = self.state.tasks.get_mut(name);
                task.map(|task| &mut task.pause).ok_or_else(|| ApiError::UnknownTask { name: name.to_owned(), similar: None })
            }
        }
    }
}

fn save(task: Option<&str>) -> Action {
    task.map_or(Action::SavePause, |task| Action::SaveStatus(task.to_owned()))
}
