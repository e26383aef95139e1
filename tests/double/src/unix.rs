//! Unix: the test meets doubles at named pipes, and they are interrupted by SIGINT.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A pipe that takes one byte for each double.
#[derive(Debug)]
pub(crate) struct Gate {
    pipe: File,
    path: PathBuf,
}

impl Gate {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { pipe: make_pipe(&path), path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn open(&self) {
        (&self.pipe).write_all(b".").expect("a pipe takes one byte");
    }
}

/// A pipe to which all doubles write.
#[derive(Debug)]
pub(crate) struct Wire {
    pipe: File,
    path: PathBuf,
    heard: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { pipe: make_pipe(&path), path, heard: Vec::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn hear_within(&mut self, limit: Duration) -> Option<String> {
        loop {
            if let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.heard.drain(..=end).collect();
                return Some(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            let timeout = Timespec::try_from(limit).expect("limits are short");
            let ready = poll(&mut [PollFd::new(&self.pipe, PollFlags::IN)], Some(&timeout)).unwrap_or(0);
            if ready == 0 {
                return None;
            }
            let mut buffer = [0; 4096];
            let count = self.pipe.read(&mut buffer).expect("a pipe that is ready can be read");
            self.heard.extend_from_slice(&buffer[..count]);
        }
    }
}

/// Makes a named pipe and opens both its ends: so nobody has to wait for the other side to open it.
fn make_pipe(path: &Path) -> File {
    let status = Command::new("mkfifo").arg(path).status().expect("mkfifo is there");
    assert!(status.success(), "cannot make the pipe {}", path.display());
    OpenOptions::new().read(true).write(true).open(path).expect("it was just made")
}

/// Waits for one byte from a pipe, or for the end of whoever holds it.
pub fn wait_at(gate: &Path) -> io::Result<()> {
    File::open(gate)?.read(&mut [0]).map(drop)
}

/// Appends one line to a file or pipe with one write, so that doubles that run at once do not mix theirs.
pub fn tell(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(format!("{line}\n").as_bytes())
}

/// The interrupts that are meant for a double.
#[derive(Debug)]
pub struct Interrupts(Signal);

impl Interrupts {
    /// Begins to listen.
    pub fn listen() -> io::Result<Self> {
        signal(SignalKind::interrupt()).map(Self)
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        self.0.recv().await;
    }
}
