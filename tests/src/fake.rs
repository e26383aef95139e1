//! What the scripted double of restic is told to do, and the two pipes by which a test meets it.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
    process::Command,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::{Deserialize, Serialize};

use crate::{LIMIT, programs};

/// The variable with the script.
pub const SCRIPT_VARIABLE: &str = "FAKE_RESTIC";

/// What the double does when it is run with a command that matters (`version`, `unlock` and lists answer by themselves).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FakeScript {
    /// The version that it says it has; `0.18.0` if none is given.
    pub version: Option<String>,
    /// A file to which it appends its arguments and its environment, one JSON value a line.
    pub record: Option<PathBuf>,
    /// A file to which it appends the instant of its start, by the clock as it sees it, in milliseconds since 1970.
    pub starts: Option<PathBuf>,
    /// A file or pipe to which it tells `started PID`, and `interrupted` at every SIGINT.
    pub tell: Option<PathBuf>,
    /// Whether it goes on after SIGINT; else it ends with 130, as restic 0.14 and 0.19 do.
    pub ignores_interrupt: bool,
    /// The locks that it lists and shows: each its id and its document.
    pub locks: Vec<(String, serde_json::Value)>,
    /// What it does, in order.
    pub steps: Vec<Step>,
    /// Its exit code.
    pub exit_code: u8,
    /// What it does instead when it is run for the first time.
    pub first_time: Option<FirstTime>,
}

/// Another script, for the first of several runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FirstTime {
    /// The file that it makes then, and by which the next run knows that it is not the first.
    pub mark: PathBuf,
    /// The script.
    pub script: Box<FakeScript>,
}

/// One thing that the double does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Writes to standard output, as it is.
    Out(String),
    /// Writes to standard error, as it is.
    Err(String),
    /// Writes bytes that need not be text to standard output.
    Bytes(Vec<u8>),
    /// Writes this many bytes to standard output, in lines of the given length.
    Flood {
        /// Bytes in all.
        bytes: u64,
        /// Bytes in one line, its end included.
        line: u64,
    },
    /// Writes the same line again and again to standard output, so many times a second, until it is interrupted.
    Repeat {
        /// The line.
        line: String,
        /// How often in a second.
        per_second: u32,
    },
    /// Writes lines at a steady rate to standard output.
    Paced {
        /// How many.
        lines: u32,
        /// How many in a second.
        per_second: u32,
    },
    /// Lets time pass, as much as its own clock says.
    Sleep {
        /// How much.
        seconds: u64,
    },
    /// Tells a line on the wire.
    Tell(String),
    /// Makes an empty file.
    Touch(PathBuf),
    /// Waits until the gate at this path is opened.
    Wait(PathBuf),
    /// Leaves a child behind that holds standard output open until the gate at this path is opened.
    HoldPipe(PathBuf),
}

impl FakeScript {
    /// Returns a script that only does these steps.
    pub fn of(steps: impl Into<Vec<Step>>) -> Self {
        Self { steps: steps.into(), ..Self::default() }
    }

    /// Returns this script with another one for the first time that it is run.
    pub fn after(self, mark: impl Into<PathBuf>, script: Self) -> Self {
        Self { first_time: Some(FirstTime { mark: mark.into(), script: Box::new(script) }), ..self }
    }

    /// Returns the script of this run.
    pub fn of_this_run(self) -> Self {
        match self.first_time {
            Some(FirstTime { mark, script }) if File::create_new(&mark).is_ok() => *script,
            _ => self,
        }
    }

    /// Returns the lines of a profile that runs the double with this script.
    pub fn profile(&self) -> String {
        let script = serde_json::to_string(self).expect("a script is plain data");
        // The double has no snapshots that could be listed for an index.
        format!(
            "executable = {}\nenv.{SCRIPT_VARIABLE} = {script}\npassword = none\nsnapshot-index = off\n",
            programs::fake_restic().display()
        )
    }
}

/// A pipe at which doubles wait until the test lets them go on. They go on by themselves when the test ends.
#[derive(Debug)]
pub struct Gate {
    pipe: File,
    path: PathBuf,
}

impl Gate {
    /// Makes a closed gate.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { pipe: make_pipe(&path), path }
    }

    /// Returns the step that waits at this gate.
    pub fn wait(&self) -> Step {
        Step::Wait(self.path.clone())
    }

    /// Returns the step that leaves a child at this gate, with standard output open.
    pub fn hold_pipe(&self) -> Step {
        Step::HoldPipe(self.path.clone())
    }

    /// Lets one double go on: the one that waits, or the next one that comes.
    pub fn open(&self) {
        (&self.pipe).write_all(b".").expect("a pipe takes one byte");
    }
}

/// A pipe on which doubles tell what happens to them.
#[derive(Debug)]
pub struct Wire {
    pipe: File,
    path: PathBuf,
    heard: Vec<u8>,
}

impl Wire {
    /// Makes a wire.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { pipe: make_pipe(&path), path, heard: Vec::new() }
    }

    /// Returns the path to give to a script.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits for the next line.
    #[track_caller]
    pub fn hear(&mut self) -> String {
        self.hear_within(LIMIT).expect("no double has told anything within the limit")
    }

    /// Waits for the next line for so long, and returns none if there was none.
    pub fn hear_within(&mut self, limit: std::time::Duration) -> Option<String> {
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

    /// Waits for the next line that a script tells by a step of its own.
    #[track_caller]
    pub fn hear_told(&mut self) -> String {
        loop {
            let line = self.hear();
            if !line.starts_with("started ") {
                return line;
            }
        }
    }

    /// Waits for a double's start, and returns its process id.
    #[track_caller]
    pub fn hear_start(&mut self) -> u32 {
        let line = self.hear();
        line.strip_prefix("started ").and_then(|pid| pid.parse().ok()).unwrap_or_else(|| panic!("heard `{line}` for a start"))
    }
}

/// Makes a named pipe and opens both its ends: so nobody has to wait for the other side to open it.
fn make_pipe(path: &Path) -> File {
    let status = Command::new("mkfifo").arg(path).status().expect("mkfifo is there");
    assert!(status.success(), "cannot make the pipe {}", path.display());
    OpenOptions::new().read(true).write(true).open(path).expect("it was just made")
}
