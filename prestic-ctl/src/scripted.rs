//! A daemon that follows a script, for tests: it answers with what it was given and notes what it was asked.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, Utc};
use futures::StreamExt;
use prestic_proto::{
    change::Reloaded,
    client::Client,
    content::{ContentId, ContentRequest, Opened, Piece},
    difference::{Difference, DifferenceQuery},
    error::ApiError,
    event::{Cursor, Event, EventKind, Watched},
    file_path::FilePath,
    history::{RepositorySize, RunPage, RunQuery, TaskDays},
    job::{Job, JobId, JobRequest, JobResults},
    log::LogChunk,
    notification::{NotificationServer, NotificationState},
    profile::{ProfileDetails, ProfileSummary},
    progress::Progress,
    repository_lock::RepositoryLocks,
    run::{Run, RunId},
    search::{SearchPage, SearchQuery},
    service::{Api, ApiRequest, ApiResponse, Hello, PROTOCOL, RunRequest, RunSelector},
    snapshot::{Folder, FolderQuery, Found, SnapshotId, SnapshotPage, SnapshotQuery, VersionQuery, Versions},
    status::{ConfigState, Status, TaskStatus, Upcoming},
    system::{CacheKind, EventFeed, System, WebCode, WebState},
};
use tarpc::{
    ClientMessage, Response, Transport,
    context::Context,
    server::{BaseChannel, Channel},
};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};

/// What the daemon answers, and what it was asked.
#[derive(Clone)]
pub struct Scripted {
    pub runs: Arc<Mutex<Vec<Run>>>,
    pub tasks: Vec<&'static str>,
    pub log: &'static str,
    pub calls: Arc<Mutex<Vec<String>>>,
    watches: Arc<AsyncMutex<mpsc::Receiver<Watched>>>,
}

/// Tells the watching clients what happens.
pub struct Script(mpsc::Sender<Watched>);

impl Script {
    pub async fn run(&self, run: Run) {
        let kind = EventKind::Run { run: Box::new(run) };
        let events = vec![Event { seq: 1, at: DateTime::UNIX_EPOCH, kind }];
        self.watched(Watched::Events { events, progress: Vec::new(), next: cursor() }).await;
    }

    pub async fn progress(&self, id: RunId, progress: Progress) {
        self.watched(Watched::Events { events: Vec::new(), progress: vec![(id, progress)], next: cursor() }).await;
    }

    /// Waits until all that was sent has been taken.
    pub async fn taken(&self) {
        drop(self.0.reserve_many(self.0.max_capacity()).await.unwrap());
    }

    pub async fn watched(&self, watched: Watched) {
        self.0.send(watched).await.unwrap();
    }
}

impl Scripted {
    /// Returns a daemon that knows these tasks and runs, and the script of what happens next.
    pub fn new(tasks: &[&'static str], runs: Vec<Run>) -> (Self, Script) {
        let (sender, receiver) = mpsc::channel(64);
        let daemon = Self {
            runs: Arc::new(Mutex::new(runs)),
            tasks: tasks.to_vec(),
            log: "",
            calls: Arc::default(),
            watches: Arc::new(AsyncMutex::new(receiver)),
        };
        (daemon, Script(sender))
    }

    /// Connects a client to it, without a socket.
    pub async fn client(&self) -> Client {
        let (client_side, server_side) = tarpc::transport::channel::unbounded();
        tokio::spawn(serve(self.clone(), server_side, oneshot::channel().1));
        Client::over(client_side).await.unwrap().0
    }

    fn called(&self, call: impl Into<String>) {
        self.calls.lock().unwrap().push(call.into());
    }

    fn known(&self, run: &RunSelector) -> Result<Run, ApiError> {
        let runs = self.runs.lock().unwrap();
        match run {
            RunSelector::Run(id) => runs.iter().find(|run| run.id == *id).cloned().ok_or(ApiError::UnknownRun(*id)),
            RunSelector::Task(name) if !self.tasks.contains(&name.as_str()) => Err(unknown(name)),
            RunSelector::Task(name) => {
                runs.iter().find(|run| run.task == *name).cloned().ok_or_else(|| ApiError::NoRuns(name.clone()))
            }
        }
    }
}

/// Serves one connection, until it ends or is told to.
pub async fn serve<T>(daemon: Scripted, connection: T, end: oneshot::Receiver<()>)
where
    T: Transport<Response<ApiResponse>, ClientMessage<ApiRequest>> + Send + 'static,
    T::Error: std::error::Error + Send + Sync + 'static,
{
    let mut handlers = tokio::task::JoinSet::new();
    let mut requests = Box::pin(BaseChannel::with_defaults(connection).execute(daemon.serve()));
    let mut end = Box::pin(async move {
        if end.await.is_err() {
            // Nobody is there to end it.
            std::future::pending::<()>().await;
        }
    });
    loop {
        tokio::select! {
            () = &mut end => return,
            handler = requests.next() => match handler {
                Some(handler) => { handlers.spawn(handler); }
                None => return,
            },
        }
    }
}

fn cursor() -> Cursor {
    Cursor { instance: 1, seq: 1 }
}

fn unknown(name: &str) -> ApiError {
    ApiError::UnknownTask { name: name.to_owned(), similar: None }
}

impl Api for Scripted {
    async fn hello(self, _: Context) -> Hello {
        Hello { protocol: PROTOCOL, version: "0".to_owned(), instance: 1, pid: 1 }
    }

    async fn status(self, _: Context) -> Status {
        let task = |name: &&str| TaskStatus {
            name: (*name).to_owned(),
            description: String::new(),
            repository: String::new(),
            schedule: None,
            group: None,
            next_run_at: None,
            retry_at: None,
            paused: None,
            overdue_since: None,
            last_skip: None,
            active: None,
            last_run: None,
            last_success_at: None,
            cannot_run: None,
        };
        let path = PathBuf::from("config.ini");
        Status {
            version: "0".to_owned(),
            pid: 1,
            home: PathBuf::from("home"),
            started_at: DateTime::UNIX_EPOCH,
            config: ConfigState { path, loaded_at: None, errors: Vec::new(), warnings: Vec::new() },
            paused: None,
            tasks: self.tasks.iter().map(task).collect(),
            runs: self.runs.lock().unwrap().iter().filter(|run| run.finished().is_none()).cloned().collect(),
            web: WebState::Off,
            notifications: NotificationState::default(),
            cursor: cursor(),
        }
    }

    async fn watch(self, _: Context, _after: Cursor, _wait_ms: u64) -> Watched {
        match self.watches.lock().await.recv().await {
            Some(watched) => watched,
            None => std::future::pending().await,
        }
    }

    async fn run(self, _: Context, request: RunRequest) -> Result<RunId, ApiError> {
        let RunRequest { task, args, .. } = request;
        self.called(format!("run {task} {}", args.join(" ")).trim_end());
        let run = self.known(&RunSelector::Task(task))?;
        if run.pid().is_some() { Err(ApiError::AlreadyActive { task: run.task, run: run.id }) } else { Ok(run.id) }
    }

    async fn pause(self, _: Context, task: Option<String>, until: Option<DateTime<Utc>>) -> Result<(), ApiError> {
        self.called(format!("pause {task:?} {}", until.is_some()));
        Ok(())
    }

    async fn resume(self, _: Context, task: Option<String>) -> Result<(), ApiError> {
        Err(ApiError::NotPaused(task))
    }

    async fn upcoming(
        self,
        _: Context,
        _task: Option<String>,
        _after: Option<DateTime<Utc>>,
        _limit: u32,
    ) -> Result<Vec<Upcoming>, ApiError> {
        Ok(Vec::new())
    }

    async fn find_run(self, _: Context, run: RunSelector) -> Result<Run, ApiError> {
        self.known(&run)
    }

    async fn stop(self, _: Context, run: RunSelector) -> Result<RunId, ApiError> {
        let id = self.known(&run)?.id;
        self.called(format!("stop {id}"));
        Ok(id)
    }

    async fn history(self, _: Context, query: RunQuery) -> Result<RunPage, ApiError> {
        let runs = self.runs.lock().unwrap();
        let is_wanted = |run: &&Run| run.finished().is_some() && query.before.is_none_or(|before| run.id < before);
        // Small pages, so that a reader has to go on.
        let mut runs: Vec<Run> = runs.iter().filter(is_wanted).take(3).cloned().collect();
        let has_more = runs.len() > 2;
        runs.truncate(2.min(query.limit as usize));
        self.called(format!("history {} {:?}", query.limit, query.before.map(|run| run.0)));
        Ok(RunPage { runs, has_more })
    }

    async fn log(self, _: Context, run: RunId, offset: u64, _wait_ms: u64) -> Result<LogChunk, ApiError> {
        self.called(format!("log {run} {offset}"));
        // Small pieces, so that a reader has to go on.
        let rest = self.log.get(offset as usize..).unwrap_or_default();
        let text = rest.chars().take(4).collect::<String>();
        let next = offset + text.len() as u64;
        Ok(LogChunk { offset, text, next, length: self.log.len() as u64, is_complete: next == self.log.len() as u64 })
    }

    async fn profiles(self, _: Context) -> Vec<ProfileSummary> {
        Vec::new()
    }

    async fn profile(self, _: Context, name: String) -> Result<ProfileDetails, ApiError> {
        Err(ApiError::UnknownProfile { name, similar: None })
    }

    async fn reload(self, _: Context) -> Result<Reloaded, ApiError> {
        Ok(Reloaded::default())
    }

    // No command of this program reads repositories through the daemon.

    async fn sizes(self, _: Context, profile: String) -> Result<Vec<RepositorySize>, ApiError> {
        Err(ApiError::NoRepository(profile))
    }

    async fn snapshots(self, _: Context, profile: String, _: SnapshotQuery) -> Result<SnapshotPage, ApiError> {
        Err(ApiError::NoRepository(profile))
    }

    async fn folder(self, _: Context, profile: String, _: FolderQuery) -> Result<Folder, ApiError> {
        Err(ApiError::NoRepository(profile))
    }

    async fn find_entry(self, _: Context, profile: String, _: SnapshotId, _: FilePath) -> Result<Found, ApiError> {
        Err(ApiError::NoRepository(profile))
    }

    async fn versions(self, _: Context, profile: String, _: VersionQuery) -> Result<Versions, ApiError> {
        Err(ApiError::NoRepository(profile))
    }

    async fn difference(self, _: Context, profile: String, _: DifferenceQuery) -> Result<Difference, ApiError> {
        Err(ApiError::NoRepository(profile))
    }

    async fn open(self, _: Context, profile: String, _: ContentRequest) -> Result<Opened, ApiError> {
        Err(ApiError::NoRepository(profile))
    }

    async fn search(self, _: Context, profile: String, _: SearchQuery) -> Result<SearchPage, ApiError> {
        Err(ApiError::NoRepository(profile))
    }

    async fn start_job(self, _: Context, profile: String, _: JobRequest) -> Result<JobId, ApiError> {
        Err(ApiError::NoRepository(profile))
    }

    async fn jobs(self, _: Context, profile: String) -> Result<Vec<Job>, ApiError> {
        Err(ApiError::NoRepository(profile))
    }

    async fn locks(self, _: Context, profile: String) -> Result<RepositoryLocks, ApiError> {
        Err(ApiError::NoRepository(profile))
    }

    async fn unlock(self, _: Context, profile: String) -> Result<String, ApiError> {
        Err(ApiError::NoRepository(profile))
    }

    async fn days(self, _: Context, _: u32) -> Vec<TaskDays> {
        Vec::new()
    }

    async fn read(self, _: Context, content: ContentId) -> Result<Piece, ApiError> {
        Err(ApiError::NotOpen(content.0))
    }

    async fn close(self, _: Context, _: ContentId) {}

    async fn job(self, _: Context, job: JobId, _: u64) -> Result<Job, ApiError> {
        Err(ApiError::UnknownJob(job))
    }

    async fn job_results(self, _: Context, job: JobId, _: u32, _: u32) -> Result<JobResults, ApiError> {
        Err(ApiError::UnknownJob(job))
    }

    async fn cancel_job(self, _: Context, job: JobId) -> Result<(), ApiError> {
        Err(ApiError::UnknownJob(job))
    }

    async fn system(self, _: Context) -> System {
        let events = EventFeed { newest: 0, kept: 0, capacity: 0 };
        System { restics: Vec::new(), caches: Vec::new(), events, readers: 0, recorded_runs: 0, timezone: None }
    }

    async fn clear_cache(self, _: Context, _: CacheKind) -> Result<(), ApiError> {
        Ok(())
    }

    async fn notify_test(self, _: Context) -> Result<NotificationServer, ApiError> {
        Ok(NotificationServer { name: "double".to_owned(), version: None, has_actions: false })
    }

    async fn web_code(self, _: Context) -> Result<WebCode, ApiError> {
        Err(ApiError::NoWeb("it is off".to_owned()))
    }

    async fn redeem_web_code(self, _: Context, _: String) -> bool {
        false
    }

    async fn shutdown(self, _: Context) {}

    async fn hand_over(self, _: Context) {}
}
