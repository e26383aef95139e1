//! Runs, and what they said.

use std::time::Duration;

use axum::extract::State;
use prestic_proto::{
    history::{MAX_RUNS, RunQuery},
    run::RunId,
    service::{MAX_WAIT_MS, RunSelector},
};

use super::{Answered, Parameters, Refusal, answer, request::RunSegment};
use crate::web::Web;

/// How many runs are told of if nothing is said.
const USUAL_RUNS: u32 = 50;
/// The longest time, in seconds, that a request may wait for something to happen.
pub const MAX_WAIT: u32 = (MAX_WAIT_MS / 1000) as u32;

/// Tells runs, newest first.
pub async fn runs(State(web): State<Web>, mut parameters: Parameters) -> Answered {
    let query = RunQuery {
        task: parameters.take("task"),
        outcomes: parameters.take_all("outcome"),
        before: parameters.parse::<RunId>("before")?,
        limit: parameters.number("limit", USUAL_RUNS, MAX_RUNS)?,
    };
    parameters.finish()?;
    answer(web.client.history(query).await??)
}

/// Tells one run.
pub async fn run(State(web): State<Web>, run: RunSegment, parameters: Parameters) -> Answered {
    parameters.finish()?;
    answer(web.client.find_run(RunSelector::Run(run.0)).await??)
}

/// Tells a piece of a run's log.
pub async fn log(State(web): State<Web>, run: RunSegment, mut parameters: Parameters) -> Answered {
    let offset = parameters.parse("offset")?.unwrap_or(0);
    let wait = wait(&mut parameters)?;
    parameters.finish()?;
    answer(web.client.log(run.0, offset, wait).await??)
}

/// Takes how long to wait.
pub fn wait(parameters: &mut Parameters) -> Result<Duration, Refusal> {
    Ok(Duration::from_secs(parameters.number("wait", 0, MAX_WAIT)?.into()))
}
