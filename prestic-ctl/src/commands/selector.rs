//! `TASK|RUN` on the command line: a number is a run, unless a task has it for a name.

use prestic_proto::{
    client::Client,
    error::ApiError,
    history::RunQuery,
    run::{Run, RunId},
    service::RunSelector,
};

use crate::error::CtlError;

/// Finds out what a word means.
pub async fn resolve(client: &Client, word: &str) -> Result<RunSelector, CtlError> {
    let task = RunSelector::Task(word.to_owned());
    let Ok(id) = word.parse::<RunId>() else { return Ok(task) };
    match client.find_run(task.clone()).await? {
        Err(ApiError::UnknownTask { .. } | ApiError::UnknownProfile { .. } | ApiError::NotATask { .. }) => {
            Ok(RunSelector::Run(id))
        }
        _ => Ok(task),
    }
}

/// Returns the run that a word means.
pub async fn find(client: &Client, word: &str) -> Result<Run, CtlError> {
    let selector = resolve(client, word).await?;
    Ok(client.find_run(selector).await??)
}

/// How many of the last runs are looked at for one that was not skipped.
const LOOKED_AT: u32 = 100;

/// Returns the newest run of all that was not skipped, active or past.
pub async fn newest(client: &Client) -> Result<Run, CtlError> {
    let active = client.status().await?.runs;
    let past = client.history(RunQuery { limit: LOOKED_AT, ..RunQuery::default() }).await??.runs;
    let newest = active.into_iter().chain(past).filter(|run| !run.is_skipped()).max_by_key(|run| run.id);
    newest.ok_or(CtlError::NothingYet("nothing has run yet"))
}
