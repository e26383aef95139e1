//! A bus that takes connections and never answers.

use std::{
    collections::BTreeSet,
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::mpsc::{self, Receiver},
    thread,
};

use rustix::net::sockopt::socket_peercred;

use crate::{LIMIT, processes};

/// How many connections wait to be looked at before the next one is taken.
const MOST_VISITORS: usize = 10;

/// Such a bus.
#[derive(Debug)]
pub struct SilentBus {
    address: String,
    visitors: Receiver<(u32, UnixStream)>,
}

impl SilentBus {
    /// Starts it at a path.
    #[track_caller]
    pub fn start(path: &Path) -> Self {
        let listener = UnixListener::bind(path).expect("the folder is ours");
        let (sender, visitors) = mpsc::sync_channel(MOST_VISITORS);
        // It ends with the test's process.
        thread::spawn(move || {
            for visitor in listener.incoming().map_while(Result::ok) {
                let Ok(credentials) = socket_peercred(&visitor) else { return };
                let pid = credentials.pid.as_raw_nonzero().get().unsigned_abs();
                if sender.send((pid, visitor)).is_err() {
                    return;
                }
            }
        });
        Self { address: format!("unix:path={}", path.display()), visitors }
    }

    /// Returns its address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits for a process that asks the keyring. It is kept waiting as long as the connection that is returned with its
    /// number.
    #[track_caller]
    pub fn wait_for_question(&self) -> (u32, UnixStream) {
        loop {
            let (pid, visitor) = self.visitors.recv_timeout(LIMIT).expect("somebody asks");
            if processes::command_line(pid).iter().any(|word| word == "keyring") {
                return (pid, visitor);
            }
        }
    }

    /// Returns the processes that have connected and were not waited for, each once, however often it did.
    pub fn visitors(&self) -> BTreeSet<u32> {
        self.visitors.try_iter().map(|(pid, _connection)| pid).collect()
    }
}
