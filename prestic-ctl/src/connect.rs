//! The way to the daemon: connect, start it where none runs, find it again after it went away.

use std::{
    fs::{File, TryLockError},
    thread,
    time::{Duration, Instant},
};

use prestic_proto::{
    client::Client,
    daemon_program::{self, Started},
    error::ConnectError,
    home::Home,
    service::Hello,
};

use tokio::{sync::oneshot, time::timeout};

use crate::{error::CtlError, output::Output, system};

/// How long a daemon that somebody else started at the same moment may need until it listens.
const OTHER_START_LIMIT: Duration = Duration::from_secs(1);
/// How long a daemon that went away may need to come back: an upgrade, a restart by the service manager.
const RETURN_LIMIT: Duration = Duration::from_secs(30);
/// The first and the longest pause between two attempts.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// How long a daemon that has closed its connections may need until it has gone.
const LOCK_LIMIT: Duration = Duration::from_secs(10);

/// Whether a daemon may be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Where none runs.
    IfNeeded,
    /// The user does not want it.
    Never,
}

/// A client and the way back to its daemon.
pub struct Session {
    client: Client,
    home: Home,
}

impl Session {
    /// Connects to the home's daemon; starts one first where none runs.
    pub async fn open(home: Home, start: Start, output: &mut Output) -> Result<Self, CtlError> {
        let client = match (while_held(&home, async || Client::connect(&home).await).await, start) {
            // A daemon without tasks would only stay behind and puzzle whoever finds it.
            (Err(ConnectError::NotRunning { .. }), _) if !home.config_file().exists() => {
                return Err(CtlError::NoConfig { file: home.config_file() });
            }
            (Err(ConnectError::NotRunning { .. }), Start::IfNeeded) => start_daemon(&home, output).await?,
            (Err(ConnectError::NotRunning { home }), Start::Never) => return Err(CtlError::NoDaemon { home }),
            (answer, _) => answer?,
        };
        Ok(Self { client, home })
    }

    /// Returns a session of a client that is connected already.
    pub fn of(client: Client, home: Home) -> Self {
        Self { client, home }
    }

    /// Returns the client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the home.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Waits for the daemon to come back, and connects to it.
    pub async fn reconnect(&mut self) -> Result<(), ConnectError> {
        self.client = connect_within(&self.home, RETURN_LIMIT).await?;
        Ok(())
    }
}

/// Waits until a daemon that is going down has gone.
///
/// After its last word it still has readers of repositories to end: it is gone when its lock is free, and the next one can start.
pub async fn wait_for_end(client: &Client, home: &Home) {
    client.ended().await;
    let lock = home.lock_file();
    let (sender, is_free) = oneshot::channel();
    // A thread of its own, because one that waits for ever must not keep this program from its end.
    thread::spawn(move || {
        system::wait_for_lock(&lock);
        let _ = sender.send(());
    });
    // Whoever holds it longer is the next daemon already.
    let _ = timeout(LOCK_LIMIT, is_free).await;
}

async fn start_daemon(home: &Home, output: &mut Output) -> Result<Client, CtlError> {
    output.say("no daemon runs: starting one");
    // This blocks: nothing else goes on in this process, and Ctrl-C still ends it.
    match daemon_program::start(home)? {
        Started::Ready(_) => Ok(connect_within(home, OTHER_START_LIMIT).await?),
        // It has said why on stderr. Perhaps because another client was faster: then there is a daemon now.
        Started::Ended(status) => match connect_within(home, OTHER_START_LIMIT).await {
            Err(ConnectError::NotRunning { .. }) => Err(CtlError::StartFailed(status)),
            answer => Ok(answer?),
        },
    }
}

/// Connects to the daemon of a home, whatever its version. One that comes up or goes down is waited for.
pub async fn connect_any(home: &Home) -> Result<(Client, Hello), ConnectError> {
    while_held(home, async || Client::connect_any(home).await).await
}

/// Tries again for as long as there is a daemon that has its home and does not answer yet, or no more: it comes up, goes down, or
/// an upgrade takes over.
async fn while_held<T>(home: &Home, connect: impl AsyncFn() -> Result<T, ConnectError>) -> Result<T, ConnectError> {
    let end = Instant::now() + RETURN_LIMIT;
    let (mut pause, longest) = PAUSES;
    loop {
        match connect().await {
            Err(error) if error.may_pass() && is_held(home) && Instant::now() + pause < end => {}
            // It had gone by the time that the lock was looked at.
            Err(ConnectError::Call(_)) if !is_held(home) => {
                return Err(ConnectError::NotRunning { home: home.root().to_owned() });
            }
            answer => return answer,
        }
        tokio::time::sleep(pause).await;
        pause = longest.min(pause * 2);
    }
}

/// Whether there is a daemon for a home, whatever it does.
fn is_held(home: &Home) -> bool {
    File::open(home.lock_file()).is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Tries to connect, with growing pauses, until there is a daemon or the time is over.
async fn connect_within(home: &Home, limit: Duration) -> Result<Client, ConnectError> {
    let end = Instant::now() + limit;
    let (mut pause, longest) = PAUSES;
    loop {
        let error = match Client::connect(home).await {
            Ok(client) => return Ok(client),
            Err(error) => error,
        };
        // A daemon that goes down or comes up may refuse or drop a connection; another version stays another version.
        if matches!(error, ConnectError::OtherVersion { .. }) || Instant::now() + pause > end {
            return Err(error);
        }
        tokio::time::sleep(pause).await;
        pause = longest.min(pause * 2);
    }
}
