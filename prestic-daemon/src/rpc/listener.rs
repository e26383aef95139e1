//! Accepts connections of the user's own processes, and serves each in a task of its own.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use interprocess::local_socket::{
    GenericFilePath, ToFsName,
    tokio::{Listener as Socket, Stream},
    traits::tokio::{Listener as _, Stream as _},
};
use prestic_proto::{
    endpoint,
    home::Home,
    service::Api,
    transport::{self, EndIsError},
};
use tarpc::server::{BaseChannel, Channel};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{clock::Stopwatch, process, rpc::api::Server};

/// How many clients may be connected at once. The next one is turned away.
const MAX_CONNECTIONS: usize = 256;
/// How many calls of one connection may be under way.
const MAX_CALLS: usize = 16;
/// How long to wait when the system is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// How long whoever listens in our place may take to accept a connection.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// The shortest time between two warnings of one kind: clients can come by the thousand.
const WARNING_INTERVAL_MS: u64 = 60_000;

/// The socket of the API.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    path: PathBuf,
    places: usize,
}

impl Listener {
    /// Opens the socket. Only the holder of the home's lock may: a socket that is there should be a dead daemon's.
    ///
    /// If it is not, because somebody has removed the lock file, the living daemon keeps its clients.
    pub async fn open(home: &Home) -> io::Result<Self> {
        let path = endpoint::daemon_socket(home);
        process::prepare_socket_folder(&endpoint::socket_dir(home))?;
        process::check_socket_path(&path)?;
        if answers(&path).await {
            let path = path.display();
            let text = format!("another daemon listens on {path} although it does not hold the lock: end it first");
            return Err(io::Error::new(io::ErrorKind::AddrInUse, text));
        }
        let socket = process::listen_for_clients(&path)?;
        Ok(Self { socket, path, places: MAX_CONNECTIONS })
    }

    /// Returns where it listens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Serves until it is dropped.
    pub async fn serve(self, server: Server) {
        let places = Arc::new(Semaphore::new(self.places));
        let mut connections = JoinSet::new();
        let (mut strangers, mut surplus, mut failures) = (Seldom::default(), Seldom::default(), Seldom::default());
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                Some(_) = connections.join_next() => continue,
            };
            match accepted {
                Ok(stream) if !process::is_own_peer(&stream) => {
                    strangers.warn(|| "a client of another user was turned away".to_owned());
                }
                // It comes first and is closed if there is no place, so that it need not wait for its own time limit.
                Ok(stream) => match Arc::clone(&places).try_acquire_owned() {
                    Ok(place) => {
                        let server = server.clone();
                        connections.spawn(async move {
                            serve_connection(stream, server).await;
                            drop(place);
                        });
                    }
                    Err(_) => surplus.warn(|| format!("a client was turned away: {} are connected", self.places)),
                },
                Err(error) => {
                    failures.warn(|| format!("a client could not be accepted: {error}"));
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// A warning that is given once a minute at most.
#[derive(Debug, Default)]
struct Seldom(Option<Stopwatch>);

impl Seldom {
    fn warn(&mut self, text: impl FnOnce() -> String) {
        if self.0.is_none_or(|last| last.elapsed_ms() >= WARNING_INTERVAL_MS) {
            self.0 = Some(Stopwatch::start());
            tracing::warn!("{}", text());
        }
    }
}

/// Whether somebody listens on a socket. A queue that is full is an answer, too.
async fn answers(path: &Path) -> bool {
    let Ok(name) = path.to_fs_name::<GenericFilePath>() else { return false };
    let answer = tokio::time::timeout(ANSWER_LIMIT, Stream::connect(name)).await;
    answer.map_or(true, |answer| answer.is_ok())
}

async fn serve_connection(stream: Stream, server: Server) {
    let transport = EndIsError::new(transport::wrap(stream));
    let requests = BaseChannel::with_defaults(transport).max_concurrent_requests(MAX_CALLS);
    // All calls of one connection live in this task: when the client goes, they go.
    requests.execute(server.serve()).for_each_concurrent(MAX_CALLS, |call| call).await;
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::net::{UnixListener, UnixStream};

    use prestic_proto::client::Client;
    use tokio::sync::{mpsc, watch};

    use super::*;

    use crate::{atomic_write, core::CoreHandle, history::History, keyring::Keyring};

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        atomic_write::create_private_folder(&endpoint::socket_dir(&home)).unwrap();
        (folder, home)
    }

    #[tokio::test]
    async fn socket_on_which_somebody_answers_is_left_alone() {
        let (_folder, home) = home();
        let path = endpoint::daemon_socket(&home);
        let other = UnixListener::bind(&path).unwrap();
        let refusal = Listener::open(&home).await.unwrap_err().to_string();
        assert!(refusal.ends_with("although it does not hold the lock: end it first"), "{refusal}");
        UnixStream::connect(&path).unwrap();
        drop(other);
        Listener::open(&home).await.unwrap();
    }

    #[tokio::test]
    async fn home_that_is_too_deep_for_a_socket_is_told() {
        let (_folder, home) = home();
        let deep = Home::at(home.root().join("x".repeat(120)));
        let error = Listener::open(&deep).await.unwrap_err().to_string();
        assert!(error.ends_with("use a shorter PRESTIC_HOME"), "{error}");
    }

    #[tokio::test]
    async fn surplus_client_is_closed_at_once_and_the_next_one_finds_the_place_that_became_free() {
        let (_folder, home) = home();
        let mut listener = Listener::open(&home).await.unwrap();
        listener.places = 1;
        let (inbox, _core) = mpsc::channel(1);
        let core = CoreHandle::new(inbox, watch::channel(0).1);
        let (history, notify) = (History::new(home.clone()), crate::notify::channel().0);
        let server = Server::new(core, 1, home.clone(), history, Keyring::default(), notify);
        let serving = tokio::spawn(listener.serve(server));
        let first = Client::connect(&home).await.unwrap();
        assert!(Client::connect(&home).await.is_err());
        drop(first);
        // The server sees the first one go soon.
        while Client::connect(&home).await.is_err() {}
        serving.abort();
    }
}
