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
    endpoint::{self, Endpoint},
    error::{ApiError, CallError, ConnectError},
    event::{Cursor, Watched},
    home::Home,
    log::LogChunk,
    profile::{ProfileDetails, ProfileSummary},
    run::{Run, RunId},
    service::{ApiClient, ApiRequest, ApiResponse, Hello, PROTOCOL, RunRequest, RunSelector},
    status::{Status, Upcoming},
    transport,
};

/// How long a call that waits for nothing may take.
const CALL_LIMIT: Duration = Duration::from_secs(10);
/// How much longer than its wait a long poll may take.
const POLL_MARGIN: Duration = Duration::from_secs(5);

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
        Err(ConnectError::OtherVersion { pid: hello.pid, daemon: hello.version, client: env!("CARGO_PKG_VERSION").to_owned() })
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

    /// Returns past runs, newest first.
    pub async fn history(&self, task: Option<String>, limit: u32) -> Answer<Vec<Run>> {
        Ok(self.api.history(within(CALL_LIMIT), task, limit).await?)
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

    /// Reads the configuration again.
    pub async fn reload(&self) -> Answer<Reloaded> {
        Ok(self.api.reload(within(CALL_LIMIT)).await?)
    }

    /// Begins the daemon's shutdown.
    pub async fn shutdown(&self) -> Result<(), CallError> {
        Ok(self.api.shutdown(within(CALL_LIMIT)).await?)
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
