//! Windows: the test meets doubles at ports of this machine, and they are interrupted by Ctrl-Break.

use std::{
    fs::OpenOptions,
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use tokio::signal::windows::{CtrlBreak, CtrlC, ctrl_break, ctrl_c};
use windows_sys::Win32::{Foundation::FALSE, System::Console::SetConsoleCtrlHandler};

/// More than any test tells or opens before somebody takes it.
const PLACES: usize = 64;

/// A port at which each double gets a byte when it may go on.
#[derive(Debug)]
pub(crate) struct Gate {
    path: PathBuf,
    openings: SyncSender<()>,
}

impl Gate {
    /// A port has an address in place of the path.
    pub(crate) fn new(_path: PathBuf) -> Self {
        let (listener, path) = listen();
        let (openings, opened) = sync_channel(PLACES);
        thread::spawn(move || {
            // When the test ends, so does the listener, and whoever waits sees that.
            while opened.recv().is_ok() {
                // A double that was killed while it waited stands in the line still, and took no byte.
                listener.accept().and_then(|(mut double, _)| double.write_all(b".")).ok();
            }
        });
        Self { path, openings }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn open(&self) {
        self.openings.send(()).expect("the gate's thread lives as long as it");
    }
}

/// A port at which each double says one line at a time.
#[derive(Debug)]
pub(crate) struct Wire {
    path: PathBuf,
    lines: Receiver<String>,
}

impl Wire {
    pub(crate) fn new(_path: PathBuf) -> Self {
        let (listener, path) = listen();
        let (told, lines) = sync_channel(PLACES);
        thread::spawn(move || {
            for double in listener.incoming() {
                let mut line = String::new();
                if double.and_then(|mut double| double.read_to_string(&mut line)).is_ok()
                    && told.send(line.trim_end().to_owned()).is_err()
                {
                    return;
                }
            }
        });
        Self { path, lines }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn hear_within(&mut self, limit: Duration) -> Option<String> {
        match self.lines.recv_timeout(limit) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => unreachable!("the wire's thread lives as long as it"),
        }
    }
}

/// Listens on a port that the system chooses.
fn listen() -> (TcpListener, PathBuf) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = listener.local_addr().expect("it listens").to_string();
    (listener, address.into())
}

fn address(path: &Path) -> Option<SocketAddr> {
    path.to_str()?.parse().ok()
}

/// Waits for one byte from a gate, or for the end of whoever holds it.
pub fn wait_at(gate: &Path) -> io::Result<()> {
    let address = address(gate).ok_or(io::ErrorKind::InvalidInput)?;
    // A gate that has gone is open, and so is one that goes now.
    if let Ok(mut gate) = TcpStream::connect(address) {
        gate.read_exact(&mut [0]).ok();
    }
    Ok(())
}

/// Says one line to a wire, or appends it to a file.
pub fn tell(path: &Path, line: &str) -> io::Result<()> {
    let line = format!("{line}\n");
    match address(path) {
        Some(wire) => TcpStream::connect(wire)?.write_all(line.as_bytes()),
        None => OpenOptions::new().append(true).create(true).open(path)?.write_all(line.as_bytes()),
    }
}

/// The interrupts that are meant for a double.
#[derive(Debug)]
pub struct Interrupts(CtrlBreak, CtrlC);

impl Interrupts {
    /// Begins to listen.
    ///
    /// A process group of its own does not hear Ctrl-C unless it asks for it. restic hears Ctrl-Break; the double listens to
    /// both, because Wine has no Ctrl-Break.
    pub fn listen() -> io::Result<Self> {
        // SAFETY: without a function the call only sets whether this process hears Ctrl-C.
        if unsafe { SetConsoleCtrlHandler(None, FALSE) } == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self(ctrl_break()?, ctrl_c()?))
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}
