//! A bus that takes connections and does not answer, or not yet.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
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

    /// Lets a bus answer from now on: those that connect, and a connection that was kept waiting.
    #[track_caller]
    pub fn answer_by(self, address: &str, waiting: UnixStream) {
        let bus =
            PathBuf::from(address.strip_prefix("unix:path=").and_then(|path| path.split(',').next()).expect("it is a path"));
        // They end with the connections, and with the test's process.
        thread::spawn(move || {
            for visitor in std::iter::once(waiting).chain(self.visitors.into_iter().map(|(_pid, visitor)| visitor)) {
                let Ok(server) = UnixStream::connect(&bus) else { return };
                let (Ok(visitor_too), Ok(server_too)) = (visitor.try_clone(), server.try_clone()) else { return };
                thread::spawn(move || pass_on(visitor, server));
                thread::spawn(move || pass_on(server_too, visitor_too));
            }
        });
    }
}

/// Passes on all that comes, and the end of it.
fn pass_on(mut from: UnixStream, mut to: UnixStream) {
    let _ = io::copy(&mut from, &mut to).and_then(|_| to.flush());
    let _ = to.shutdown(Shutdown::Write);
}
