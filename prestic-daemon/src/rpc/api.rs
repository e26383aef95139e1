//! The API's calls, each a question to the core or a look into a log.

use std::{path::PathBuf, time::Duration};

use chrono::{DateTime, Utc};
use prestic_proto::{
    change::Reloaded,
    error::ApiError,
    event::{Cursor, Watched},
    home::Home,
    log::LogChunk,
    profile::{ProfileDetails, ProfileSummary},
    run::{Run, RunId},
    service::{Api, Hello, MAX_WAIT_MS, PROTOCOL, RunRequest, RunSelector},
    status::{Status, Upcoming},
};
use tarpc::context::Context;
use tokio::time::Instant;

use crate::{
    core::{
        CoreHandle,
        command::{Command, CoreGone},
    },
    rpc::log_chunk,
};

/// The most runs that one call returns: they must fit into a frame.
const MAX_HISTORY: u32 = 500;

/// The most coming runs that one call returns: the core works them out while others wait.
const MAX_UPCOMING: u32 = 10_000;

/// Answers one connection's calls.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) core: CoreHandle,
    pub(super) instance: u64,
    pub(super) home: Home,
}

impl Api for Server {
    async fn hello(self, _: Context) -> Hello {
        Hello {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            instance: self.instance,
            pid: std::process::id(),
        }
    }

    async fn status(self, _: Context) -> Status {
        answer(self.core.ask(Command::Status).await).await
    }

    async fn watch(self, _: Context, after: Cursor, wait_ms: u64) -> Watched {
        answer(self.core.watch(after, Duration::from_millis(wait_ms.min(MAX_WAIT_MS))).await).await
    }

    async fn run(self, _: Context, request: RunRequest) -> Result<RunId, ApiError> {
        refuse_if_gone(self.core.ask(|reply| Command::Run(request, reply)).await)
    }

    async fn pause(self, _: Context, task: Option<String>, until: Option<DateTime<Utc>>) -> Result<(), ApiError> {
        refuse_if_gone(self.core.ask(|reply| Command::Pause(task, until, reply)).await)
    }

    async fn resume(self, _: Context, task: Option<String>) -> Result<(), ApiError> {
        refuse_if_gone(self.core.ask(|reply| Command::Resume(task, reply)).await)
    }

    async fn upcoming(
        self,
        _: Context,
        task: Option<String>,
        after: Option<DateTime<Utc>>,
        limit: u32,
    ) -> Result<Vec<Upcoming>, ApiError> {
        let limit = usize::try_from(limit.min(MAX_UPCOMING)).unwrap_or_default();
        refuse_if_gone(self.core.ask(|reply| Command::Upcoming(task, after, limit, reply)).await)
    }

    async fn find_run(self, _: Context, run: RunSelector) -> Result<Run, ApiError> {
        refuse_if_gone(self.core.ask(|reply| Command::FindRun(run, reply)).await)
    }

    async fn stop(self, _: Context, run: RunSelector) -> Result<RunId, ApiError> {
        refuse_if_gone(self.core.ask(|reply| Command::Stop(run, reply)).await)
    }

    async fn history(self, _: Context, task: Option<String>, limit: u32) -> Result<Vec<Run>, ApiError> {
        let limit = usize::try_from(limit.min(MAX_HISTORY)).unwrap_or_default();
        refuse_if_gone(self.core.ask(|reply| Command::History(task, limit, reply)).await)
    }

    async fn log(self, _: Context, run: RunId, offset: u64, wait_ms: u64) -> Result<LogChunk, ApiError> {
        let deadline = Instant::now() + Duration::from_millis(wait_ms.min(MAX_WAIT_MS));
        let mut ticks = self.core.ticks();
        loop {
            ticks.borrow_and_update();
            // The run first: if it is over now, its log is whole when we read it.
            let found = refuse_if_gone(self.core.ask(|reply| Command::FindRun(RunSelector::Run(run), reply)).await)?;
            let is_over = found.finished().is_some();
            let chunk = match found.log_file {
                None if is_over => return Err(ApiError::NoLog { run, reason: why_no_log(&found.last_lines) }),
                Some(name) => read_chunk(run, self.home.logs_dir().join(name), offset, is_over).await?,
                None => LogChunk { offset, text: String::new(), next: offset, is_complete: false },
            };
            if !chunk.text.is_empty() || chunk.is_complete {
                return Ok(chunk);
            }
            if !matches!(tokio::time::timeout_at(deadline, ticks.changed()).await, Ok(Ok(()))) {
                return Ok(chunk);
            }
        }
    }

    async fn profiles(self, _: Context) -> Vec<ProfileSummary> {
        answer(self.core.ask(Command::Profiles).await).await
    }

    async fn profile(self, _: Context, name: String) -> Result<ProfileDetails, ApiError> {
        refuse_if_gone(self.core.ask(|reply| Command::Profile(name, reply)).await)
    }

    async fn reload(self, _: Context) -> Result<Reloaded, ApiError> {
        refuse_if_gone(self.core.ask(Command::Reload).await)
    }

    async fn shutdown(self, _: Context) {
        // A core that is gone has shut down already.
        let _ = self.core.ask(Command::ShutDown).await;
    }
}

/// A call with no way to say no waits for the connection's end when the core has gone, which is near.
async fn answer<T>(asked: Result<T, CoreGone>) -> T {
    match asked {
        Ok(answer) => answer,
        Err(CoreGone) => std::future::pending().await,
    }
}

fn refuse_if_gone<T>(asked: Result<Result<T, ApiError>, CoreGone>) -> Result<T, ApiError> {
    asked.unwrap_or(Err(ApiError::ShuttingDown))
}

/// A run that restic was never started for, or whose log could not be made, has its reason in its last lines.
fn why_no_log(last_lines: &[String]) -> String {
    if last_lines.is_empty() { "it has none, because restic was not started".to_owned() } else { last_lines.join("; ") }
}

async fn read_chunk(run: RunId, path: PathBuf, offset: u64, is_over: bool) -> Result<LogChunk, ApiError> {
    let read = tokio::task::spawn_blocking(move || log_chunk::read(&path, offset, is_over)).await;
    let (text, is_end) = read
        .unwrap_or_else(|error| Err(std::io::Error::other(error)))
        .map_err(|error| ApiError::NoLog { run, reason: error.to_string() })?;
    let next = offset + text.len() as u64;
    Ok(LogChunk { offset, text, next, is_complete: is_over && is_end })
}
