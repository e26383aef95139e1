//! A terminal of one test's own, seen from the side of whoever types.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};

/// A terminal.
#[derive(Debug)]
pub struct Terminal {
    typed: File,
    seen: String,
    /// Up to where it was looked at.
    known: usize,
}

impl Terminal {
    /// Starts a command in a terminal of its own.
    #[track_caller]
    pub fn start(command: &Command) -> (Self, Child) {
        let typed = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("the system has terminals");
        grantpt(&typed).expect("it is ours");
        unlockpt(&typed).expect("it is ours");
        let name = ptsname(&typed, Vec::new()).expect("it has a name").into_string().expect("which is a path");
        let open = || File::options().read(true).write(true).open(&name).expect("it is ours");
        let end = || Stdio::from(OwnedFd::from(open()));
        let mut in_terminal = Command::new("setsid");
        in_terminal.args(["--ctty", "--wait"]).arg(command.get_program()).args(command.get_args()).env_clear();
        in_terminal.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = command.get_current_dir() {
            in_terminal.current_dir(folder);
        }
        let child = in_terminal.stdin(end()).stdout(end()).stderr(end()).spawn().expect("every Linux has `setsid`");
        (Self { typed: File::from(typed), seen: String::new(), known: 0 }, child)
    }

    /// Waits for a question, and answers it.
    #[track_caller]
    pub fn answer(&mut self, question: &str, answer: &str) {
        self.wait_for(question);
        self.typed.write_all(format!("{answer}\n").as_bytes()).expect("a terminal takes what is typed");
    }

    /// Waits for a question that shows nothing of its answer, and answers it.
    #[track_caller]
    pub fn answer_hidden(&mut self, question: &str, answer: &str) {
        self.wait_for(question);
        // The question comes a moment before the terminal goes blind, and nothing tells when it does.
        while self.modes().contains(LocalModes::ECHO) {
            std::thread::yield_now();
        }
        self.typed.write_all(format!("{answer}\n").as_bytes()).expect("a terminal takes what is typed");
    }

    /// Waits for a question, and types without an end of line: a Ctrl-C, as it is.
    #[track_caller]
    pub fn interrupt(&mut self, question: &str) {
        self.wait_for(question);
        self.typed.write_all(b"\x03").expect("a terminal takes what is typed");
    }

    /// Waits until words are to be seen behind those that were waited for before.
    #[track_caller]
    pub fn wait_for(&mut self, words: &str) {
        let mut buffer = [0; 1024];
        loop {
            if let Some(start) = self.seen[self.known..].find(words) {
                self.known += start + words.len();
                return;
            }
            let length = self.typed.read(&mut buffer).unwrap_or_else(|error| panic!("{error} after {}", self.seen));
            self.seen.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    }

    /// Returns how the terminal treats what is typed.
    pub fn modes(&self) -> LocalModes {
        tcgetattr(&self.typed).expect("it is a terminal").local_modes
    }

    /// Returns all that was to be seen, when the program has ended.
    pub fn see_the_end(mut self) -> String {
        let mut rest = Vec::new();
        // The end of a terminal is an error to Linux.
        self.typed.read_to_end(&mut rest).ok();
        self.seen + &String::from_utf8_lossy(&rest)
    }
}
