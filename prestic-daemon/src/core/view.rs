//! What clients see of the state.

use prestic_proto::{
    error::ApiError,
    run::{Run, RunId, RunState},
    service::RunSelector,
    status::TaskStatus,
};

use crate::{config::Config, core::state::State};

/// Returns every task at a glance, in the order of the configuration.
pub fn tasks(state: &State, config: &Config) -> Vec<TaskStatus> {
    config
        .tasks()
        .filter_map(|profile| {
            let task = state.tasks.get(profile.name())?;
            Some(TaskStatus {
                name: profile.name().to_owned(),
                description: profile.description().to_owned(),
                repository: profile.shown_repository().unwrap_or_default(),
                schedule: profile.schedule().map(str::to_owned),
                next_run_at: task.next_due_at,
                active: task.active,
                last_run: task.last_run.clone(),
                last_success_at: task.last_success_at,
                cannot_run: profile.cannot_run().map(|error| error.to_string()),
            })
        })
        .collect()
}

/// Returns the runs that have not ended, oldest first.
pub fn active_runs(state: &State) -> Vec<Run> {
    state.runs.values().map(|entry| &entry.run).filter(|run| run.finished().is_none()).cloned().collect()
}

/// Returns the runs of one task, or of all, newest first.
pub fn history(state: &State, task: Option<&str>, limit: usize) -> Vec<Run> {
    let is_wanted = |run: &&Run| task.is_none_or(|task| run.task == task);
    state.runs.values().rev().map(|entry| &entry.run).filter(is_wanted).take(limit).cloned().collect()
}

/// Finds the run that a client means: by its number, or the active one of a task, else its last one.
pub fn find_run<'a>(state: &'a State, config: &Config, selector: &RunSelector) -> Result<&'a Run, ApiError> {
    match selector {
        RunSelector::Run(id) => state.runs.get(id).map(|entry| &entry.run).ok_or(ApiError::UnknownRun(*id)),
        RunSelector::Task(name) => {
            let mut runs = state.runs.values().rev().map(|entry| &entry.run).filter(|run| run.task == *name);
            let newest = runs.next();
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
    match config.profile(name).and_then(|profile| profile.missing_for_task()) {
        Some(missing) => ApiError::NotATask { name: name.to_owned(), missing: missing.to_owned() },
        None => ApiError::UnknownTask { name: name.to_owned(), similar: config.similar_task(name) },
    }
}
