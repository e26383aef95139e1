//! A shell in a terminal of its own, for what only shows when somebody types.

use std::{
    fs::File,
    io::{Read, Write},
    process::{Child, Command},
    sync::mpsc::{self, Receiver},
    thread,
    time::Instant,
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::LIMIT;

/// How many pieces of output may wait to be looked at.
const PIECES: usize = 64;

/// A shell. Dropped, it is ended.
#[derive(Debug)]
pub struct Shell {
    terminal: File,
    shell: Child,
    printed: Receiver<String>,
    seen: String,
}

impl Shell {
    /// Starts a command in a new terminal.
    #[track_caller]
    pub fn start(mut command: Command) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("the system has terminals");
        grantpt(&terminal).expect("the terminal is ours");
        unlockpt(&terminal).expect("the terminal is ours");
        let name = ptsname(&terminal, Vec::new()).expect("it has a name").into_string().expect("it is a plain one");
        let side = || File::options().read(true).write(true).open(&name).expect("the terminal is ours");
        let shell = command.env("TERM", "xterm").stdin(side()).stdout(side()).stderr(side()).spawn();
        let shell = shell.unwrap_or_else(|error| panic!("`make test` installs {command:?}: {error}"));
        let terminal = File::from(terminal);
        let mut reader = terminal.try_clone().expect("descriptors are not that rare");
        let (sender, printed) = mpsc::sync_channel(PIECES);
        // It ends with the shell, which is the last to have the other side open.
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                if sender.send(String::from_utf8_lossy(&buffer[..length]).into_owned()).is_err() {
                    break;
                }
            }
        });
        Self { terminal, shell, printed, seen: String::new() }
    }

    /// Types.
    #[track_caller]
    pub fn write(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).expect("the terminal takes some keys");
    }

    /// Waits until the terminal has shown a text since the last wait, and forgets everything up to it.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.seen.find(text) {
                self.seen.drain(..at + text.len());
                return;
            }
            match self.printed.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(piece) => self.seen.push_str(&piece),
                Err(_) => panic!("the terminal does not show {text:?}, but {:?}", self.seen),
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.shell.kill().ok();
        self.shell.wait().ok();
    }
}
