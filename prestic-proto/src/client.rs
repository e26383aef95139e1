//! A client of the daemon: domain types in, domain types out.

use std::{
    io,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tarpc::{
    ClientMessage, Response, Transport,
    client::NewClient,
    context::{self, Context},
};
use tokio::sync::watch;

use crate::{
    change::Reloaded,
    content::{ContentId, ContentRequest, Opened, Piece},
    difference::{Difference, DifferenceQuery},
    endpoint::{self, Endpoint},
    error::{ApiError, CallError, ConnectError},
    event::{Cursor, Watched},
    file_path::FilePath,
    history::{RepositorySize, RunPage, RunQuery, TaskDays},
    home::Home,
    job::{Job, JobId, JobRequest, JobResults},
    log::LogChunk,
    notification::NotificationServer,
    profile::{ProfileDetails, ProfileSummary},
    repository_lock::RepositoryLocks,
    run::{Run, RunId},
    search::{SearchPage, SearchQuery},
    service::{ApiClient, ApiRequest, ApiResponse, Hello, PROTOCOL, RunRequest, RunSelector},
    snapshot::{Folder, FolderQuery, Found, SnapshotId, SnapshotPage, SnapshotQuery, VersionQuery, Versions},
    status::{Status, Upcoming},
    system::{CacheKind, System, WebCode},
    transport,
};

/// How long a call that waits for nothing may take.
const CALL_LIMIT: Duration = Duration::from_secs(10);
/// How much longer than its wait a long poll may take.
const POLL_MARGIN: Duration = Duration::from_secs(5);

/// How long a call may take that waits for a notification server, behind others that wait for it too.
const NOTIFICATION_LIMIT: Duration = Duration::from_secs(30);
/// How long a call may take that waits for restic to read a repository, which may be far away.
const REPOSITORY_LIMIT: Duration = Duration::from_secs(15 * 60);

/// The answer to a call: the outer error is the connection's, the inner one the daemon's.
pub type Answer<T> = Result<Result<T, ApiError>, CallError>;

/// A connection to the daemon of a home.
#[derive(Debug, Clone)]
pub struct Client {
    api: ApiClient,
    hello: Hello,
    /// Its sender is dropped when the connection ends; nothing is ever sent.
    connected: watch::Receiver<()>,
}

impl Client {
    /// Connects to the daemon of a home and makes sure that both speak the same protocol.
    pub async fn connect(home: &Home) -> Result<Self, ConnectError> {
        let (client, hello) = Self::connect_any(home).await?;
        if hello.protocol == PROTOCOL {
            return Ok(client);
        }
        let client = env!("CARGO_PKG_VERSION").to_owned();
        let is_newer = hello.protocol > PROTOCOL;
        Err(ConnectError::OtherVersion { pid: hello.pid, daemon: hello.version, client, is_newer })
    }

    /// Connects to the daemon of a home, whatever its version: good for [`Client::hello`] and [`Client::shutdown`] only.
    pub async fn connect_any(home: &Home) -> Result<(Self, Hello), ConnectError> {
        let socket = Endpoint::read(home).map_or_else(|_| endpoint::daemon_socket(home), |endpoint| endpoint.socket);
        let connection = match transport::connect(&socket).await {
            Ok(connection) => connection,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                return Err(ConnectError::NotRunning { home: home.root().to_owned() });
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(ConnectError::LongPath { socket }),
            Err(source) => return Err(ConnectError::Io { socket, source }),
        };
        Self::over(connection).await.map_err(ConnectError::Call)
    }

    /// Makes a client of a connection, over whatever transport.
    pub async fn over<T>(connection: T) -> Result<(Self, Hello), CallError>
    where
        T: Transport<ClientMessage<ApiRequest>, Response<ApiResponse>> + Send + 'static,
        T::Error: std::error::Error + Send + Sync + 'static,
    {
        let NewClient { client: api, dispatch } = ApiClient::new(tarpc::client::Config::default(), connection);
        let (is_open, connected) = watch::channel(());
        // The dispatch ends with the connection, or when the last clone of the client is gone: nobody has to join it.
        tokio::spawn(async move {
            let _is_open = is_open;
            // Calls in flight are told themselves why the connection broke.
            let _ = dispatch.await;
        });
        let hello = api.hello(within(CALL_LIMIT)).await?;
        Ok((Self { api, hello: hello.clone(), connected }, hello))
    }

    /// Waits until the daemon has closed the connection: the last that is heard of a daemon that shuts down.
    pub async fn ended(&self) {
        while self.connected.clone().changed().await.is_ok() {}
    }

    /// Returns who the daemon is.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Returns everything at a glance.
    pub async fn status(&self) -> Result<Status, CallError> {
        Ok(self.api.status(within(CALL_LIMIT)).await?)
    }

    /// Waits for events after a cursor.
    pub async fn watch(&self, after: Cursor, wait: Duration) -> Result<Watched, CallError> {
        Ok(self.api.watch(within(wait + POLL_MARGIN), after, millis(wait)).await?)
    }

    /// Queues a run.
    pub async fn run(&self, request: RunRequest) -> Answer<RunId> {
        Ok(self.api.run(within(CALL_LIMIT), request).await?)
    }

    /// Pauses a task, or all.
    pub async fn pause(&self, task: Option<String>, until: Option<DateTime<Utc>>) -> Answer<()> {
        Ok(self.api.pause(within(CALL_LIMIT), task, until).await?)
    }

    /// Ends the pause of a task, or of all.
    pub async fn resume(&self, task: Option<String>) -> Answer<()> {
        Ok(self.api.resume(within(CALL_LIMIT), task).await?)
    }

    /// Returns the coming runs of a task, or of all.
    pub async fn upcoming(&self, task: Option<String>, after: Option<DateTime<Utc>>, limit: u32) -> Answer<Vec<Upcoming>> {
        Ok(self.api.upcoming(within(CALL_LIMIT), task, after, limit).await?)
    }

    /// Returns one run.
    pub async fn find_run(&self, run: RunSelector) -> Answer<Run> {
        Ok(self.api.find_run(within(CALL_LIMIT), run).await?)
    }

    /// Asks a run to stop.
    pub async fn stop(&self, run: RunSelector) -> Answer<RunId> {
        Ok(self.api.stop(within(CALL_LIMIT), run).await?)
    }

    /// Returns runs, newest first.
    pub async fn history(&self, query: RunQuery) -> Answer<RunPage> {
        Ok(self.api.history(within(CALL_LIMIT), query).await?)
    }

    /// Returns what happened to each task on each of the last days.
    pub async fn days(&self, days: u32) -> Result<Vec<TaskDays>, CallError> {
        Ok(self.api.days(within(CALL_LIMIT), days).await?)
    }

    /// Returns a piece of a log.
    pub async fn log(&self, run: RunId, offset: u64, wait: Duration) -> Answer<LogChunk> {
        Ok(self.api.log(within(wait + POLL_MARGIN), run, offset, millis(wait)).await?)
    }

    /// Lists the profiles.
    pub async fn profiles(&self) -> Result<Vec<ProfileSummary>, CallError> {
        Ok(self.api.profiles(within(CALL_LIMIT)).await?)
    }

    /// Returns one profile.
    pub async fn profile(&self, name: &str) -> Answer<ProfileDetails> {
        Ok(self.api.profile(within(CALL_LIMIT), name.to_owned()).await?)
    }

    /// Returns how large a profile's repository was.
    pub async fn sizes(&self, profile: &str) -> Answer<Vec<RepositorySize>> {
        Ok(self.api.sizes(within(CALL_LIMIT), profile.to_owned()).await?)
    }

    /// Lists snapshots.
    pub async fn snapshots(&self, profile: &str, query: SnapshotQuery) -> Answer<SnapshotPage> {
        Ok(self.api.snapshots(within(REPOSITORY_LIMIT), profile.to_owned(), query).await?)
    }

    /// Lists a folder of a snapshot.
    pub async fn folder(&self, profile: &str, query: FolderQuery) -> Answer<Folder> {
        Ok(self.api.folder(within(REPOSITORY_LIMIT), profile.to_owned(), query).await?)
    }

    /// Looks one file or folder up.
    pub async fn find_entry(&self, profile: &str, snapshot: SnapshotId, path: FilePath) -> Answer<Found> {
        Ok(self.api.find_entry(within(REPOSITORY_LIMIT), profile.to_owned(), snapshot, path).await?)
    }

    /// Looks a file up in one snapshot after the other.
    pub async fn versions(&self, profile: &str, query: VersionQuery) -> Answer<Versions> {
        Ok(self.api.versions(within(REPOSITORY_LIMIT), profile.to_owned(), query).await?)
    }

    /// Compares one folder of two snapshots.
    pub async fn difference(&self, profile: &str, query: DifferenceQuery) -> Answer<Difference> {
        Ok(self.api.difference(within(REPOSITORY_LIMIT), profile.to_owned(), query).await?)
    }

    /// Begins to read a file, or a folder as an archive.
    pub async fn open(&self, profile: &str, request: ContentRequest) -> Answer<Opened> {
        Ok(self.api.open(within(REPOSITORY_LIMIT), profile.to_owned(), request).await?)
    }

    /// Returns the next bytes.
    pub async fn read(&self, content: ContentId) -> Answer<Piece> {
        Ok(self.api.read(within(REPOSITORY_LIMIT), content).await?)
    }

    /// Ends a reading.
    pub async fn close(&self, content: ContentId) -> Result<(), CallError> {
        Ok(self.api.close(within(CALL_LIMIT), content).await?)
    }

    /// Finds names in the indexed snapshots.
    pub async fn search(&self, profile: &str, query: SearchQuery) -> Answer<SearchPage> {
        Ok(self.api.search(within(REPOSITORY_LIMIT), profile.to_owned(), query).await?)
    }

    /// Starts a job.
    pub async fn start_job(&self, profile: &str, request: JobRequest) -> Answer<JobId> {
        Ok(self.api.start_job(within(REPOSITORY_LIMIT), profile.to_owned(), request).await?)
    }

    /// Returns a job, after at most this long if it has not ended before.
    pub async fn job(&self, job: JobId, wait: Duration) -> Answer<Job> {
        Ok(self.api.job(within(wait + POLL_MARGIN), job, millis(wait)).await?)
    }

    /// Returns the jobs of a profile's repository.
    pub async fn jobs(&self, profile: &str) -> Answer<Vec<Job>> {
        Ok(self.api.jobs(within(CALL_LIMIT), profile.to_owned()).await?)
    }

    /// Returns a page of a job's results.
    pub async fn job_results(&self, job: JobId, offset: u32, limit: u32) -> Answer<JobResults> {
        Ok(self.api.job_results(within(CALL_LIMIT), job, offset, limit).await?)
    }

    /// Ends a job.
    pub async fn cancel_job(&self, job: JobId) -> Answer<()> {
        Ok(self.api.cancel_job(within(CALL_LIMIT), job).await?)
    }

    /// Returns the locks in a profile's repository.
    pub async fn locks(&self, profile: &str) -> Answer<RepositoryLocks> {
        Ok(self.api.locks(within(REPOSITORY_LIMIT), profile.to_owned()).await?)
    }

    /// Removes the stale locks, if that is safe.
    pub async fn unlock(&self, profile: &str) -> Answer<String> {
        Ok(self.api.unlock(within(REPOSITORY_LIMIT), profile.to_owned()).await?)
    }

    /// Returns what is known of the daemon itself.
    pub async fn system(&self) -> Result<System, CallError> {
        Ok(self.api.system(within(REPOSITORY_LIMIT)).await?)
    }

    /// Empties a cache.
    pub async fn clear_cache(&self, cache: CacheKind) -> Answer<()> {
        Ok(self.api.clear_cache(within(CALL_LIMIT), cache).await?)
    }

    /// Makes a code that opens the web interface, once.
    pub async fn web_code(&self) -> Answer<WebCode> {
        Ok(self.api.web_code(within(CALL_LIMIT)).await?)
    }

    /// Tells whether such a code opens, and uses it up.
    pub async fn redeem_web_code(&self, code: String) -> Result<bool, CallError> {
        Ok(self.api.redeem_web_code(within(CALL_LIMIT), code).await?)
    }

    /// Shows a desktop notification for trying.
    pub async fn notify_test(&self) -> Answer<NotificationServer> {
        Ok(self.api.notify_test(within(NOTIFICATION_LIMIT)).await?)
    }

    /// Reads the configuration again.
    pub async fn reload(&self) -> Answer<Reloaded> {
        Ok(self.api.reload(within(CALL_LIMIT)).await?)
    }

    /// Begins the daemon's shutdown.
    pub async fn shutdown(&self) -> Result<(), CallError> {
        Ok(self.api.shutdown(within(CALL_LIMIT)).await?)
    }

    /// Ends the daemon and leaves the runs to the next one.
    pub async fn hand_over(&self) -> Result<(), CallError> {
        Ok(self.api.hand_over(within(CALL_LIMIT)).await?)
    }
}

fn within(limit: Duration) -> Context {
    let mut context = context::current();
    context.deadline = Instant::now() + limit;
    context
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
