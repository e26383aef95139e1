//! A service manager's ear: the socket to which services send what they have to say.

use std::{
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::LIMIT;

/// The socket. Its path is for `NOTIFY_SOCKET`.
#[derive(Debug)]
pub struct NotifySocket {
    socket: UnixDatagram,
    path: PathBuf,
}

impl NotifySocket {
    /// Makes one at a path.
    #[track_caller]
    pub fn new(path: PathBuf) -> Self {
        let socket = UnixDatagram::bind(&path).expect("the folder is the test's");
        Self { socket, path }
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the next message; none if there was none within the limit.
    #[track_caller]
    pub fn hear_within(&self, limit: Duration) -> Option<String> {
        self.socket.set_read_timeout(Some(limit)).expect("limits are not zero");
        let mut message = [0; 4096];
        let length = self.socket.recv(&mut message).ok()?;
        Some(String::from_utf8_lossy(&message[..length]).into_owned())
    }

    /// Waits for a message with a line that begins so, and returns the rest of that line. Other messages are passed over.
    #[track_caller]
    pub fn wait_for(&self, beginning: &str) -> String {
        let end = Instant::now() + LIMIT;
        let mut heard = Vec::new();
        while let Some(limit) = end.checked_duration_since(Instant::now()).filter(|limit| !limit.is_zero()) {
            let Some(message) = self.hear_within(limit) else { break };
            if let Some(rest) = message.lines().find_map(|line| line.strip_prefix(beginning)) {
                return rest.to_owned();
            }
            heard.push(message);
        }
        panic!("nobody has said `{beginning}`, but {heard:?}");
    }
}
