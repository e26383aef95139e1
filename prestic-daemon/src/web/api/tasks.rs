//! The daemon and its tasks at a glance.

use axum::extract::State;

use super::{Answered, Parameters, answer};
use crate::web::Web;

/// How many days are told of if nothing is said.
const USUAL_DAYS: u32 = 30;
/// The most days that can be asked for.
const MAX_DAYS: u32 = 400;
/// How many coming runs are told of if nothing is said.
const USUAL_UPCOMING: u32 = 100;
/// The most coming runs that can be asked for.
const MAX_UPCOMING: u32 = 10_000;

/// Tells everything at a glance.
pub async fn status(State(web): State<Web>, parameters: Parameters) -> Answered {
    parameters.finish()?;
    answer(web.client.status().await?)
}

/// Tells every task.
pub async fn tasks(State(web): State<Web>, parameters: Parameters) -> Answered {
    parameters.finish()?;
    answer(web.client.status().await?.tasks)
}

/// Tells what happened to each task on each of the last days.
pub async fn days(State(web): State<Web>, mut parameters: Parameters) -> Answered {
    let days = parameters.number("days", USUAL_DAYS, MAX_DAYS)?;
    parameters.finish()?;
    answer(web.client.days(days).await?)
}

/// Tells the coming runs.
pub async fn upcoming(State(web): State<Web>, mut parameters: Parameters) -> Answered {
    let task = parameters.take("task");
    let from = parameters.instant("from")?;
    let to = parameters.instant("to")?;
    let limit = parameters.number("limit", USUAL_UPCOMING, MAX_UPCOMING)?;
    parameters.finish()?;
    let mut upcoming = web.client.upcoming(task, from, limit).await??;
    upcoming.retain(|run| to.is_none_or(|to| run.due_at <= to));
    answer(upcoming)
}

/// Tells what is known of the daemon itself.
pub async fn system(State(web): State<Web>, parameters: Parameters) -> Answered {
    parameters.finish()?;
    answer(web.client.system().await?)
}
