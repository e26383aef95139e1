//! A run: how it went, its errors first, then its log.

mod log_text;
mod show;

use std::time::Duration;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use futures::stream;
use prestic_proto::{error::ApiError, log::LogChunk, run::RunId, service::RunSelector};
use serde::Deserialize;

use self::log_text::{Found, Tail};
use super::{actions, fragment};
use crate::web::{
    Web,
    failure::{Failure, PageResult},
    layout::{self, Mood, Page, ProfileTab, Tab},
    sessions::Session,
};

/// The option that says for how long logs are kept.
const PRUNING: &str = "prune-logs-after";

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/runs/{id}", get(run))
        .route("/runs/{id}/fragment/summary", get(summary_fragment))
        .route("/runs/{id}/log.txt", get(download))
}

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    find: String,
}

/// What there is of a log.
pub enum Log {
    /// Its last lines, or the whole of it.
    Tail(Tail),
    /// The lines that have what was looked for.
    Found(Found),
    /// Nothing: why.
    None(String),
}

async fn run(State(web): State<Web>, session: Session, Path(id): Path<String>, Query(wanted): Query<Wanted>) -> PageResult {
    let run = web.client.find_run(RunSelector::Run(actions::run_id(&id)?)).await??;
    let log = match read(&web, run.id, &wanted.find).await? {
        Ok(log) => log,
        Err(ApiError::NoLog { reason, .. }) => Log::None(reason),
        Err(other) => return Err(other.into()),
    };
    let kept = match &log {
        Log::None(_) => kept_days(&web, &run.task).await?,
        Log::Tail(_) | Log::Found(_) => None,
    };
    let content = show::page(&run, &log, &wanted.find, kept.as_deref(), &session, &web.moment());
    let title = format!("Run {} of {}", run.id, run.task);
    let mood = match run.finished() {
        None => Mood::Running,
        Some(finished) if finished.outcome.is_success() => Mood::Fine,
        Some(_) => Mood::Attention,
    };
    Ok(layout::page(&web, &session, Page { title: &title, active: Tab::Profile(&run.task, ProfileTab::Runs), mood }, content))
}

async fn summary_fragment(State(web): State<Web>, session: Session, Path(id): Path<String>) -> PageResult {
    let run = web.client.find_run(RunSelector::Run(actions::run_id(&id)?)).await??;
    Ok(fragment::respond(show::summary(&run, &session, &web.moment())))
}

/// Returns for how many days the logs of a task are kept, if they are not kept for ever.
async fn kept_days(web: &Web, task: &str) -> Result<Option<String>, Failure> {
    // The task may be gone from the configuration: then nobody knows.
    let Ok(details) = web.client.profile(task).await? else { return Ok(None) };
    Ok(details.options.into_iter().find(|option| option.key == PRUNING).map(|option| option.value))
}

/// Reads a log piece by piece, and keeps of it only what is shown.
async fn read(web: &Web, run: RunId, find: &str) -> Result<Result<Log, ApiError>, Failure> {
    let (mut tail, mut found) = (Tail::default(), Found::new(find));
    let mut offset = 0;
    loop {
        let chunk = match web.client.log(run, offset, Duration::ZERO).await? {
            Ok(chunk) => chunk,
            Err(error) => return Ok(Err(error)),
        };
        let is_end = chunk.text.is_empty() || chunk.is_complete;
        if find.is_empty() {
            tail.take(&chunk.text);
        } else {
            found.take(&chunk.text);
        }
        offset = chunk.next;
        if is_end {
            found.end();
            tail.next = offset;
            return Ok(Ok(if find.is_empty() { Log::Tail(tail) } else { Log::Found(found) }));
        }
    }
}

/// Hands the whole log out as it is, piece by piece.
async fn download(State(web): State<Web>, Path(id): Path<String>) -> PageResult {
    let run = actions::run_id(&id)?;
    let first = web.client.log(run, 0, Duration::ZERO).await??;
    let body = stream::try_unfold(Some(first), move |chunk: Option<LogChunk>| {
        let client = web.client.clone();
        async move {
            let Some(chunk) = chunk else { return Ok(None) };
            if chunk.text.is_empty() {
                return Ok(None);
            }
            let next = if chunk.is_complete {
                None
            } else {
                Some(
                    client
                        .log(run, chunk.next, Duration::ZERO)
                        .await
                        .map_err(std::io::Error::other)?
                        .map_err(std::io::Error::other)?,
                )
            };
            Ok::<_, std::io::Error>(Some((Bytes::from(chunk.text), next)))
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"prestic-run-{run}.txt\"")),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
    ];
    Ok::<Response, Failure>((headers, Body::from_stream(body)).into_response())
}
