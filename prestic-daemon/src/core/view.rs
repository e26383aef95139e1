//! What clients see of the state.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use prestic_proto::{
    error::ApiError,
    outcome::Outcome,
    run::{Run, RunId, RunState, Turn},
    service::RunSelector,
    status::{Pause, Skip, TaskStatus},
};

use crate::{
    config::Config,
    core::{
        planner::Planner,
        state::{State, TaskState},
    },
};

/// Returns every task at a glance, in the order of the configuration.
pub fn tasks(state: &State, config: &Config, now: DateTime<Utc>) -> Vec<TaskStatus> {
    let skips = last_skips(state);
    config
        .tasks()
        .filter_map(|profile| {
            let task = state.tasks.get(profile.name())?;
            Some(TaskStatus {
                name: profile.name().to_owned(),
                description: profile.description().to_owned(),
                repository: profile.shown_repository().unwrap_or_default(),
                schedule: profile.schedule().map(str::to_owned),
                group: task.plan.group.clone(),
                next_run_at: next_run_at(state, task),
                retry_at: task.retry.map(|retry| retry.at),
                paused: task.pause,
                overdue_since: task.overdue_at().filter(|at| *at <= now),
                last_skip: skips.get(profile.name()).copied(),
                active: task.active,
                last_run: task.last_run.clone(),
                last_success_at: task.last_success_at,
                cannot_run: profile.cannot_run().map(|error| error.to_string()),
            })
        })
        .collect()
}

/// Returns when a task starts next; while it is paused, what comes after the pause.
pub fn next_run_at(state: &State, task: &TaskState) -> Option<DateTime<Utc>> {
    let starts_at = match state.pause_of(task) {
        None => task.next,
        Some(Pause { until: Some(until) }) => task.occurrence_after(task.handled_until.max(until)),
        Some(Pause { until: None }) => None,
    };
    starts_at.map(|next| next.starts_at)
}

/// Returns of each task the last occurrence that no run answered, unless a run has ended since.
fn last_skips(state: &State) -> HashMap<&str, Skip> {
    let mut last_runs = HashMap::new();
    for run in state.runs.values().map(|entry| &entry.run) {
        if let Some(finished) = run.finished() {
            let skip = match finished.outcome {
                Outcome::Skipped(reason) => run.due_at.map(|due_at| Skip { due_at, reason }),
                _ => None,
            };
            last_runs.insert(run.task.as_str(), skip);
        }
    }
    last_runs.into_iter().filter_map(|(task, skip)| Some((task, skip?))).collect()
}

/// Returns the runs that have not ended, oldest first.
pub fn active_runs(planner: &Planner, now: DateTime<Utc>) -> Vec<Run> {
    let mut turns: HashMap<RunId, Turn> = planner.turns(now).into_iter().collect();
    let unfinished = planner.state().runs.values().map(|entry| &entry.run).filter(|run| run.finished().is_none());
    let with_turn = |run: &Run| {
        let mut run = run.clone();
        if let Some(turn) = turns.remove(&run.id) {
            run.state = RunState::Queued(turn);
        }
        run
    };
    unfinished.map(with_turn).collect()
}

/// Returns a run with what it waits for now.
pub fn with_turn(run: &Run, planner: &Planner, now: DateTime<Utc>) -> Run {
    let mut run = run.clone();
    if let RunState::Queued(turn) = &mut run.state
        && let Some((_, found)) = planner.turns(now).into_iter().find(|(id, _)| *id == run.id)
    {
        *turn = found;
    }
    run
}

/// Returns the runs of one task, of the tasks of a group, or of all, newest first.
pub fn history(state: &State, name: Option<&str>) -> Vec<Run> {
    let is_member = |task: &str, name| state.tasks.get(task).is_some_and(|task| task.plan.group.as_deref() == Some(name));
    let is_wanted = |run: &&Run| name.is_none_or(|name| run.task == name || is_member(&run.task, name));
    state.runs.values().rev().map(|entry| &entry.run).filter(is_wanted).cloned().collect()
}

/// Finds the run that a client means: by its number, or the active one of a task, else its last one that was none of those
/// that were skipped, if there is such a one.
pub fn find_run<'a>(state: &'a State, config: &Config, selector: &RunSelector) -> Result<&'a Run, ApiError> {
    match selector {
        RunSelector::Run(id) => state.runs.get(id).map(|entry| &entry.run).ok_or(ApiError::UnknownRun(*id)),
        RunSelector::Task(name) => {
            let active = state.tasks.get(name).and_then(|task| state.runs.get(&task.active?)).map(|entry| &entry.run);
            let runs = || state.runs.values().rev().map(|entry| &entry.run).filter(|run| run.task == *name);
            let newest = active.or_else(|| runs().find(|run| !run.is_skipped())).or_else(|| runs().next());
            if state.tasks.contains_key(name) {
                newest.ok_or_else(|| ApiError::NoRuns(name.clone()))
            } else {
                newest.ok_or_else(|| unknown_task(config, name))
            }
        }
    }
}

/// Finds the run to stop: of a task only the active one.
pub fn run_to_stop(state: &State, config: &Config, selector: &RunSelector) -> Result<RunId, ApiError> {
    match find_run(state, config, selector) {
        Ok(run) if !matches!(run.state, RunState::Finished(_)) => Ok(run.id),
        Ok(run) => Err(ApiError::NotRunning(run.task.clone())),
        Err(ApiError::NoRuns(task)) => Err(ApiError::NotRunning(task)),
        Err(error) => Err(error),
    }
}

/// Says that there is no such task, as helpfully as possible.
pub fn unknown_task(config: &Config, name: &str) -> ApiError {
    if let Some(members) = config.group(name) {
        let members = members.into_iter().map(str::to_owned).collect();
        return ApiError::Group { name: name.to_owned(), members };
    }
    match config.profile(name).and_then(|profile| profile.missing_for_task()) {
        Some(missing) => ApiError::NotATask { name: name.to_owned(), missing: missing.to_owned() },
        None => ApiError::UnknownTask { name: name.to_owned(), similar: config.similar_task(name) },
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::service::{IfActive, RunRequest};

    use super::*;
    use crate::{
        core::{
            rig::{LIMITS, asked, at, end_at, end_with, plan, planner},
            state::{TaskMemory, TaskPlan},
        },
        schedule::CatchUp,
    };

    fn found(planner: &Planner, task: &str) -> Result<u64, ApiError> {
        let selector = RunSelector::Task(task.to_owned());
        find_run(planner.state(), &Config::default(), &selector).map(|run| run.id.0)
    }

    #[test]
    fn task_means_its_active_run_also_while_another_one_waits_behind_it() {
        let mut planner = planner(&[plan("home", "", "r")], at(0));
        planner.request(asked("home"), at(1)).unwrap();
        let queued = RunRequest { if_active: IfActive::Queue, ..asked("home") };
        planner.request(queued, at(1)).unwrap();
        assert_eq!(found(&planner, "home"), Ok(1));
        end_with(&mut planner, 1, Outcome::Succeeded);
        assert_eq!(found(&planner, "home"), Ok(2));
    }

    #[test]
    fn task_means_its_last_run_and_not_an_occurrence_that_was_skipped_since() {
        let no_catching_up = TaskPlan { catch_up: CatchUp::No, ..plan("home", "daily at 01:00", "r") };
        let mut planner = planner(&[no_catching_up], at(0));
        planner.request(asked("home"), at(1)).unwrap();
        end_at(&mut planner, 1, Outcome::Succeeded, 2);
        planner.wake(at(120));
        assert!(planner.state().runs[&RunId(2)].run.is_skipped());
        assert_eq!(found(&planner, "home"), Ok(1));
    }

    #[test]
    fn history_of_a_group_has_the_runs_of_its_tasks() {
        let member = |name: &str, group: &str| TaskPlan { group: Some(group.to_owned()), ..plan(name, "", name) };
        let mut planner = Planner::new();
        let plans = vec![member("home@a", "home"), member("home@b", "home"), member("mail@a", "mail")];
        planner.configure(plans, LIMITS, |_, _| TaskMemory::default(), at(0));
        for task in ["home@a", "mail@a", "home@b"] {
            planner.request(asked(task), at(1)).unwrap();
        }
        let numbers = |name| history(planner.state(), name).iter().map(|run| run.id.0).collect::<Vec<_>>();
        assert_eq!(numbers(Some("home")), [3, 1]);
        assert_eq!(numbers(Some("home@a")), [1]);
        assert_eq!(numbers(None), [3, 2, 1]);
    }
}
