//! Finds runs that the core has forgotten: what it answers is completed by the history.

use prestic_proto::{
    error::ApiError,
    history::{RunPage, RunQuery},
    run::Run,
    service::RunSelector,
};

use crate::history::History;

/// Returns the run that a client means, after the core has said what it knows of it.
pub async fn find(history: &History, wanted: RunSelector, found: Result<Run, ApiError>) -> Result<Run, ApiError> {
    match (wanted, found) {
        (RunSelector::Run(run), Err(ApiError::UnknownRun(_))) => history.find(run).await,
        // What was skipped often enough has made the core forget the run before.
        (RunSelector::Task(task), Ok(skipped)) if skipped.is_skipped() => Ok(history.last_run(&task).await?.unwrap_or(skipped)),
        (RunSelector::Task(task), Err(error @ (ApiError::NoRuns(_) | ApiError::UnknownTask { .. }))) => {
            history.last_run(&task).await?.ok_or(error)
        }
        (_, found) => found,
    }
}

/// Returns a page of runs, after the core has said which ones it remembers.
pub async fn page(history: &History, query: RunQuery, remembered: Result<Vec<Run>, ApiError>) -> Result<RunPage, ApiError> {
    match remembered {
        // The configuration has it no longer, but it may have run once.
        Err(ApiError::UnknownTask { name, .. } | ApiError::NotATask { name, .. }) if history.knows(&name).await => {
            history.runs(query, Vec::new()).await
        }
        remembered => history.runs(query, remembered?).await,
    }
}

/// Says why a log is not there; `days` is what `prune-logs-after` says.
pub fn why_log_is_gone(days: Option<u32>) -> String {
    match days {
        Some(1) => "it was removed: `prune-logs-after` keeps the logs of this task for 1 day".to_owned(),
        Some(days) => format!("it was removed: `prune-logs-after` keeps the logs of this task for {days} days"),
        None => "it is not there any more, although `prune-logs-after` is not set for this task".to_owned(),
    }
}
