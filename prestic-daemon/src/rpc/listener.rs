//! Accepts connections of the user's own processes, and serves each in a task of its own.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use interprocess::local_socket::{
    GenericFilePath, ListenerOptions, ToFsName,
    tokio::{Listener as Socket, Stream},
    traits::tokio::Listener as _,
};
use prestic_proto::{
    endpoint,
    home::Home,
    service::Api,
    transport::{self, EndIsError},
};
use tarpc::server::{BaseChannel, Channel};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{atomic_write, core::CoreHandle, rpc::api::Server};

/// How many clients may be connected at once. The next one waits.
const MAX_CONNECTIONS: usize = 64;
/// How many calls of one connection may be under way.
const MAX_CALLS: usize = 16;
/// How long to wait when the system is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The socket of the API.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    path: PathBuf,
    home: Home,
}

impl Listener {
    /// Opens the socket. Only the holder of the home's lock may: a socket that is there is a dead daemon's.
    pub fn open(home: &Home) -> io::Result<Self> {
        let path = endpoint::daemon_socket(home);
        prepare_folder(&endpoint::socket_dir(home))?;
        let socket = listen(&path)?;
        Ok(Self { socket, path, home: home.clone() })
    }

    /// Returns where it listens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Serves until it is dropped.
    pub async fn serve(self, core: CoreHandle, instance: u64) {
        let server = Server { core, instance, home: self.home.clone() };
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            tokio::select! {
                accepted = self.socket.accept() => match accepted {
                    Ok(stream) if is_own(&stream) => {
                        let server = server.clone();
                        connections.spawn(async move {
                            serve_connection(stream, server).await;
                            drop(place);
                        });
                    }
                    Ok(_) => tracing::warn!("a client of another user was turned away"),
                    Err(error) => {
                        tracing::warn!("a client could not be accepted: {error}");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

async fn serve_connection(stream: Stream, server: Server) {
    let transport = EndIsError::new(transport::wrap(stream));
    let requests = BaseChannel::with_defaults(transport).max_concurrent_requests(MAX_CALLS);
    // All calls of one connection live in this task: when the client goes, they go.
    requests.execute(server.serve()).for_each_concurrent(MAX_CALLS, |call| call).await;
}

#[cfg(unix)]
fn listen(path: &Path) -> io::Result<Socket> {
    use std::os::unix::fs::FileTypeExt;

    use interprocess::os::unix::local_socket::ListenerOptionsExt;

    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(io::Error::other(format!("{} is in the way: it is no socket", path.display())));
        }
        _ => {}
    }
    ListenerOptions::new().name(path.to_fs_name::<GenericFilePath>()?).mode(0o600).try_overwrite(true).create_tokio()
}

#[cfg(windows)]
fn listen(path: &Path) -> io::Result<Socket> {
    use interprocess::os::windows::local_socket::ListenerOptionsExt;

    use crate::process;

    let options = ListenerOptions::new().name(path.to_fs_name::<GenericFilePath>()?);
    options.security_descriptor(process::own_user_only()?).create_tokio()
}

fn prepare_folder(folder: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    atomic_write::create_private_folder(folder)?;
    check_folder(folder, &fs::metadata(folder)?)
}

#[cfg(unix)]
fn check_folder(folder: &Path, metadata: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    let is_private = metadata.mode() & 0o077 == 0 && metadata.uid() == rustix::process::geteuid().as_raw();
    if is_private {
        return Ok(());
    }
    Err(io::Error::other(format!("{} must belong to this user alone (mode 0700)", folder.display())))
}

#[cfg(windows)]
fn check_folder(_folder: &Path, _metadata: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_own(stream: &Stream) -> bool {
    use interprocess::local_socket::traits::StreamCommon;

    stream.peer_creds().ok().and_then(|peer| peer.euid()) == Some(rustix::process::geteuid().as_raw())
}

/// The pipe's security descriptor has turned others away already.
#[cfg(windows)]
fn is_own(_stream: &Stream) -> bool {
    true
}
