//! The API's calls, each a question to the core or a look into a log.

use std::{io::ErrorKind, path::PathBuf, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use prestic_proto::{
    change::Reloaded,
    content::{ContentId, ContentRequest, Opened, Piece},
    difference::{Difference, DifferenceQuery},
    error::ApiError,
    event::{Cursor, Watched},
    file_path::FilePath,
    history::{MAX_RUNS, RepositorySize, RunPage, RunQuery, TaskDays},
    home::Home,
    job::{Job, JobId, JobRequest, JobResults},
    log::LogChunk,
    notification::NotificationServer,
    profile::{ProfileDetails, ProfileSummary},
    repository_lock::RepositoryLocks,
    run::{Run, RunId},
    search::{SearchPage, SearchQuery},
    service::{Api, Hello, MAX_WAIT_MS, PROTOCOL, RunRequest, RunSelector},
    snapshot::{Folder, FolderQuery, Found, SnapshotId, SnapshotPage, SnapshotQuery, VersionQuery, Versions},
    status::{Status, Upcoming},
    system::{CacheKind, System, WebCode, WebState},
};
use tarpc::context::Context;
use tokio::time::Instant;

use crate::{
    core::{
        CoreHandle,
        command::{Command, CoreGone},
    },
    history::History,
    jobs::Jobs,
    keyring::Keyring,
    notify::NotifyHandle,
    repository::Repositories,
    rpc::{log_chunk, past_runs, web_codes::WebCodes},
};

/// The most days that one call looks back.
const MAX_DAYS: u32 = 400;

/// The most coming runs that one call returns: the core works them out while others wait.
const MAX_UPCOMING: u32 = 10_000;

/// Answers one connection's calls.
#[derive(Debug, Clone)]
pub struct Server {
    core: CoreHandle,
    instance: u64,
    home: Home,
    history: History,
    repositories: Repositories,
    jobs: Jobs,
    web_codes: Arc<WebCodes>,
    notify: NotifyHandle,
}

impl Server {
    /// Makes the server of a home's core.
    pub fn new(core: CoreHandle, instance: u64, home: Home, history: History, keyring: Keyring, notify: NotifyHandle) -> Self {
        let repositories = Repositories::new(core.clone(), home.clone(), keyring);
        let jobs = Jobs::new(core.clone(), home.clone(), repositories.clone(), history.clone());
        Self { core, instance, home, history, repositories, jobs, web_codes: Arc::default(), notify }
    }

    /// Returns what reads the repositories.
    pub fn repositories(&self) -> &Repositories {
        &self.repositories
    }

    /// Returns the jobs.
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }
}

impl Server {
    /// Says why the log of a run is not there.
    async fn removed_log(&self, run: RunId, task: String) -> ApiError {
        let profile = self.core.ask(|reply| Command::FindProfile(task, reply)).await;
        let days = profile.ok().and_then(Result::ok).and_then(|profile| profile.prune_logs_after());
        ApiError::NoLog { run, reason: past_runs::why_log_is_gone(days) }
    }
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
        let found = refuse_if_gone(self.core.ask(|reply| Command::FindRun(run.clone(), reply)).await);
        past_runs::find(&self.history, run, found).await
    }

    async fn stop(self, _: Context, run: RunSelector) -> Result<RunId, ApiError> {
        refuse_if_gone(self.core.ask(|reply| Command::Stop(run, reply)).await)
    }

    async fn history(self, _: Context, query: RunQuery) -> Result<RunPage, ApiError> {
        let task = query.task.clone();
        let remembered = refuse_if_gone(self.core.ask(|reply| Command::RememberedRuns(task, reply)).await);
        past_runs::page(&self.history, RunQuery { limit: query.limit.min(MAX_RUNS), ..query }, remembered).await
    }

    async fn days(self, _: Context, days: u32) -> Vec<TaskDays> {
        self.history.days(days.min(MAX_DAYS)).await
    }

    async fn sizes(self, _: Context, profile: String) -> Result<Vec<RepositorySize>, ApiError> {
        let found = refuse_if_gone(self.core.ask(|reply| Command::FindProfile(profile.clone(), reply)).await)?;
        let repository = found.repository_id().ok_or(ApiError::NoRepository(profile))?;
        self.history.sizes(repository.as_str()).await
    }

    async fn log(self, _: Context, run: RunId, offset: u64, wait_ms: u64) -> Result<LogChunk, ApiError> {
        let deadline = Instant::now() + Duration::from_millis(wait_ms.min(MAX_WAIT_MS));
        let mut ticks = self.core.ticks();
        loop {
            ticks.borrow_and_update();
            // The run first: if it is over now, its log is whole when we read it.
            let found = self.clone().find_run(tarpc::context::current(), RunSelector::Run(run)).await?;
            let is_over = found.finished().is_some();
            let chunk = match found.log_file {
                None if is_over => return Err(ApiError::NoLog { run, reason: why_no_log(&found.last_lines) }),
                Some(name) => {
                    let read = read_chunk(self.home.logs_dir().join(name), offset, is_over).await;
                    match read {
                        Err(Unread::Removed) => return Err(self.removed_log(run, found.task).await),
                        Err(Unread::Error(reason)) => return Err(ApiError::NoLog { run, reason }),
                        Ok(chunk) => chunk,
                    }
                }
                None => LogChunk { offset, text: String::new(), next: offset, length: 0, is_complete: false },
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

    async fn snapshots(self, _: Context, profile: String, query: SnapshotQuery) -> Result<SnapshotPage, ApiError> {
        self.repositories.snapshots(&profile, query).await
    }

    async fn folder(self, _: Context, profile: String, query: FolderQuery) -> Result<Folder, ApiError> {
        let mut folder = self.repositories.folder(&profile, query).await?;
        self.jobs.add_totals(&profile, &mut folder).await;
        Ok(folder)
    }

    async fn find_entry(self, _: Context, profile: String, snapshot: SnapshotId, path: FilePath) -> Result<Found, ApiError> {
        let mut found = self.repositories.find_entry(&profile, snapshot, path).await?;
        self.jobs.add_totals_of_entry(&profile, &mut found).await;
        Ok(found)
    }

    async fn versions(self, _: Context, profile: String, query: VersionQuery) -> Result<Versions, ApiError> {
        self.repositories.versions(&profile, query).await
    }

    async fn difference(self, _: Context, profile: String, query: DifferenceQuery) -> Result<Difference, ApiError> {
        self.repositories.difference(&profile, query).await
    }

    async fn open(self, _: Context, profile: String, request: ContentRequest) -> Result<Opened, ApiError> {
        self.repositories.open(&profile, request).await
    }

    async fn read(self, _: Context, content: ContentId) -> Result<Piece, ApiError> {
        self.repositories.read(content).await
    }

    async fn close(self, _: Context, content: ContentId) {
        self.repositories.close(content).await;
    }

    async fn search(self, _: Context, profile: String, query: SearchQuery) -> Result<SearchPage, ApiError> {
        self.jobs.search(&profile, query).await
    }

    async fn start_job(self, _: Context, profile: String, request: JobRequest) -> Result<JobId, ApiError> {
        self.jobs.start(&profile, request).await
    }

    async fn job(self, _: Context, job: JobId, wait_ms: u64) -> Result<Job, ApiError> {
        self.jobs.job(job, Duration::from_millis(wait_ms.min(MAX_WAIT_MS))).await
    }

    async fn jobs(self, _: Context, profile: String) -> Result<Vec<Job>, ApiError> {
        self.jobs.jobs(&profile).await
    }

    async fn job_results(self, _: Context, job: JobId, offset: u32, limit: u32) -> Result<JobResults, ApiError> {
        self.jobs.results(job, offset, limit).await
    }

    async fn cancel_job(self, _: Context, job: JobId) -> Result<(), ApiError> {
        self.jobs.cancel(job).await
    }

    async fn locks(self, _: Context, profile: String) -> Result<RepositoryLocks, ApiError> {
        self.repositories.locks(&profile).await
    }

    async fn unlock(self, _: Context, profile: String) -> Result<String, ApiError> {
        self.repositories.unlock(&profile).await
    }

    async fn system(self, _: Context) -> System {
        let events = answer(self.core.ask(Command::EventFeed).await).await;
        System {
            restics: self.repositories.restics().await,
            caches: [self.repositories.caches(), self.jobs.caches()].concat(),
            events,
            readers: self.repositories.readers(),
            recorded_runs: self.history.count().await,
            timezone: iana_time_zone::get_timezone().ok(),
        }
    }

    async fn clear_cache(self, _: Context, cache: CacheKind) -> Result<(), ApiError> {
        match cache {
            CacheKind::Snapshots => self.repositories.clear_snapshots(),
            CacheKind::Trees => self.repositories.clear_trees(),
            CacheKind::Indexes | CacheKind::IndexFiles | CacheKind::JobResults => self.jobs.clear(cache).await?,
        }
        Ok(())
    }

    async fn web_code(self, _: Context) -> Result<WebCode, ApiError> {
        match answer(self.core.ask(Command::Status).await).await.web {
            WebState::Off => Err(ApiError::NoWeb("`web-listen` is off".to_owned())),
            WebState::Unavailable { address, reason } => {
                Err(ApiError::NoWeb(format!("it cannot listen on {address}: {reason}")))
            }
            WebState::Listening { address } => Ok(self.web_codes.make(address)),
        }
    }

    async fn redeem_web_code(self, _: Context, code: String) -> bool {
        self.web_codes.redeem(&code)
    }

    async fn notify_test(self, _: Context) -> Result<NotificationServer, ApiError> {
        self.notify.try_out().await
    }

    async fn reload(self, _: Context) -> Result<Reloaded, ApiError> {
        refuse_if_gone(self.core.ask(Command::Reload).await)
    }

    async fn shutdown(self, _: Context) {
        // A core that is gone has shut down already.
        let _ = self.core.ask(Command::ShutDown).await;
    }

    async fn hand_over(self, _: Context) {
        // A core that is gone has left already.
        let _ = self.core.ask(Command::HandOver).await;
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

/// Why a log cannot be read.
enum Unread {
    /// It is not there any more.
    Removed,
    /// Anything else, in the system's words.
    Error(String),
}

async fn read_chunk(path: PathBuf, offset: u64, is_over: bool) -> Result<LogChunk, Unread> {
    let read = tokio::task::spawn_blocking(move || log_chunk::read(&path, offset, is_over)).await;
    let (text, length, is_end) =
        read.unwrap_or_else(|error| Err(std::io::Error::other(error))).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Unread::Removed,
            _ => Unread::Error(error.to_string()),
        })?;
    let next = offset + text.len() as u64;
    Ok(LogChunk { offset, text, next, length, is_complete: is_over && is_end })
}
