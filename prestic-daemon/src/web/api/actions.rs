//! The orders that there are: they run, stop and pause tasks, and change nothing in a repository but stale locks.

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use chrono::{DateTime, Utc};
use prestic_proto::{
    service::{IfActive, RunRequest, RunSelector},
    system::CacheKind,
};
use serde::Deserialize;
use serde_json::json;

use super::{
    Answered, Refusal, answer, done,
    request::{Nothing, Order, RunSegment, Segment},
};
use crate::web::Web;

/// How to run a task. Words of one's own are not taken: restic's options can name programs, and files to write.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunOrder {
    #[serde(default)]
    if_active: IfActive,
}

/// What to pause, and until when.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseOrder {
    task: Option<String>,
    until: Option<DateTime<Utc>>,
}

/// Whose pause to end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResumeOrder {
    task: Option<String>,
}

/// Puts a run of a task into the queue.
pub async fn run(State(web): State<Web>, name: Segment<String>, order: Order<RunOrder>) -> Answered {
    let request = RunRequest { task: name.0, args: Vec::new(), if_active: order.0.if_active };
    let run = web.client.run(request).await??;
    Ok((StatusCode::ACCEPTED, Json(json!({ "run": run }))).into_response())
}

/// Asks a run to stop.
pub async fn stop(State(web): State<Web>, run: RunSegment, _: Order<Nothing>) -> Answered {
    stop_selected(&web, RunSelector::Run(run.0)).await
}

/// Asks the active run of a task to stop.
pub async fn stop_task(State(web): State<Web>, name: Segment<String>, _: Order<Nothing>) -> Answered {
    stop_selected(&web, RunSelector::Task(name.0)).await
}

async fn stop_selected(web: &Web, selector: RunSelector) -> Answered {
    let run = web.client.stop(selector).await??;
    Ok((StatusCode::ACCEPTED, Json(json!({ "run": run }))).into_response())
}

/// Pauses a task, or all.
pub async fn pause(State(web): State<Web>, order: Order<PauseOrder>) -> Answered {
    web.client.pause(order.0.task, order.0.until).await??;
    done()
}

/// Ends the pause of a task, or of all.
pub async fn resume(State(web): State<Web>, order: Order<ResumeOrder>) -> Answered {
    web.client.resume(order.0.task).await??;
    done()
}

/// Reads the configuration again.
pub async fn reload(State(web): State<Web>, _: Order<Nothing>) -> Answered {
    answer(web.client.reload().await??)
}

/// Removes the stale locks of a repository, if that is safe.
pub async fn unlock(State(web): State<Web>, name: Segment<String>, _: Order<Nothing>) -> Answered {
    answer(json!({ "done": web.client.unlock(&name.0).await?? }))
}

/// Empties a cache.
pub async fn clear_cache(State(web): State<Web>, cache: Segment<String>, _: Order<Nothing>) -> Answered {
    let cache = serde_json::from_value::<CacheKind>(json!(cache.0))
        .map_err(|_| Refusal::new(StatusCode::NOT_FOUND, "unknown-cache", format!("no cache is called `{}`", cache.0)))?;
    web.client.clear_cache(cache).await??;
    done()
}
