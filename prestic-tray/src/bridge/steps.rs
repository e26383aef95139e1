//! What the bridge waits for from the daemon, one step after the other: a connection, then what is new.

use std::{future::Future, pin::Pin, process::Child, time::Duration};

use prestic_proto::{
    client::Client,
    daemon_program::{self, Started},
    error::ConnectError,
    event::{Cursor, Watched},
    home::Home,
    progress::Progress,
    run::RunId,
    service::MAX_WAIT_MS,
    status::Status,
};

use crate::reason::{early_end, with_causes};

/// One thing that is waited for from the daemon.
pub(super) type Step = Pin<Box<dyn Future<Output = Stepped>>>;

/// What came of it.
pub(super) enum Stepped {
    /// There is a daemon.
    Connected(Client, Box<Status>, Option<Child>),
    /// There is none.
    NotConnected {
        reason: String,
        /// Whether starting one could help.
        can_start: bool,
        /// Why one could not be started just now.
        start_failure: Option<String>,
        child: Option<Child>,
    },
    /// Its status is another one, or a minute has passed.
    Changed(Box<Status>),
    /// Only the progress of runs is another one.
    Progress(Vec<(RunId, Progress)>, Cursor),
    /// It has gone away.
    Lost,
}

/// Whether a daemon is started where none runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    IfNeeded,
    Never,
}

/// Connects to the daemon after a pause, and starts one where that is wanted and none runs.
pub(super) fn connect(home: Home, start: Start, pause: Duration) -> Step {
    Box::pin(async move {
        tokio::time::sleep(pause).await;
        let (mut child, mut start_failure) = (None, None);
        let mut answer = Client::connect(&home).await;
        if let (Err(ConnectError::NotRunning { .. }), Start::IfNeeded) = (&answer, start) {
            let starting = home.clone();
            match tokio::task::spawn_blocking(move || daemon_program::start(&starting)).await {
                Ok(Ok(Started::Ready(started))) => child = started,
                // Perhaps because another client was faster.
                Ok(Ok(Started::Ended(status))) => start_failure = Some(early_end(status)),
                Ok(Err(error)) => start_failure = Some(with_causes(&error)),
                Err(error) => start_failure = Some(error.to_string()),
            }
            answer = Client::connect(&home).await;
        }
        match answer {
            Ok(client) => match client.status().await {
                Ok(status) => Stepped::Connected(client, Box::new(status), child),
                Err(error) => Stepped::NotConnected { reason: error.to_string(), can_start: false, start_failure, child },
            },
            Err(error) => {
                let can_start = matches!(error, ConnectError::NotRunning { .. });
                Stepped::NotConnected { reason: with_causes(&error), can_start, start_failure, child }
            }
        }
    })
}

/// Waits for news of the daemon, or for a minute.
pub(super) fn follow(client: Client, cursor: Cursor) -> Step {
    Box::pin(async move {
        match client.watch(cursor, Duration::from_millis(MAX_WAIT_MS)).await {
            Ok(Watched::Events { events, progress, next }) if events.is_empty() => Stepped::Progress(progress, next),
            Ok(Watched::Events { .. } | Watched::Resync) => match client.status().await {
                Ok(status) => Stepped::Changed(Box::new(status)),
                Err(_) => Stepped::Lost,
            },
            Err(_) => Stepped::Lost,
        }
    })
}
