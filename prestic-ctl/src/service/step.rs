//! What it takes to install a service or to remove it, one step after the other.

use std::{path::PathBuf, process::Command};

use serde::Serialize;

/// One step. Plans are made by pure functions; [`super::perform`] carries them out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Write a file, and the folders that it needs.
    Write {
        /// The file.
        path: PathBuf,
        /// What is in it.
        #[serde(serialize_with = "as_text")]
        content: Vec<u8>,
    },
    /// Remove a file that an earlier installation has written.
    Remove {
        /// The file.
        path: PathBuf,
    },
    /// Run a program.
    Run(Program),
    /// End a daemon that runs by itself, and leave its runs to the one of the service.
    HandOver {
        /// The daemon's process id.
        pid: u32,
    },
    /// End the daemon, after its runs have been stopped.
    ShutDown {
        /// The daemon's process id.
        pid: u32,
    },
}

/// A program with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Program {
    /// The words of the command line.
    pub words: Vec<String>,
    /// Whether the rest goes on without it.
    pub may_fail: bool,
}

impl Program {
    /// Makes a program that has to succeed.
    pub fn new(words: &[&str]) -> Self {
        Self { words: words.iter().map(|word| (*word).to_owned()).collect(), may_fail: false }
    }

    /// Returns the same program, without which the rest goes on.
    pub fn or_not(self) -> Self {
        Self { may_fail: true, ..self }
    }

    /// Returns what runs it.
    pub fn command(&self) -> Command {
        let (program, arguments) = self.words.split_first().expect("a program has a name");
        let mut command = Command::new(program);
        command.args(arguments);
        command
    }
}

impl std::fmt::Display for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

impl Step {
    /// Returns the step that runs a program which has to succeed.
    pub fn run(words: &[&str]) -> Self {
        Self::Run(Program::new(words))
    }

    /// Returns the step that runs a program without which the rest goes on.
    pub fn try_to_run(words: &[&str]) -> Self {
        Self::Run(Program::new(words).or_not())
    }
}

/// Files of the Task Scheduler are not UTF-8.
fn as_text<S: serde::Serializer>(content: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(content))
}

/// Returns what is in a file as text.
pub fn text(content: &[u8]) -> String {
    match content {
        [0xff, 0xfe, rest @ ..] => {
            let units = rest.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        utf8 => String::from_utf8_lossy(utf8).into_owned(),
    }
}
