//! What the scripted double of restic is told to do, and the two places where a test meets it.

use std::{env, fs::File, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

mod gate;
mod wire;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::{Interrupts, tell, wait_at};
#[cfg(windows)]
pub use windows::{Interrupts, tell, wait_at};

pub use gate::Gate;
pub use wire::Wire;

/// How long a wait may take before the test fails: far more than anything needs, on a busy machine too.
pub const LIMIT: Duration = Duration::from_secs(120);

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
    /// A file or wire to which it tells `started PID`, and `interrupted` at every interrupt.
    pub tell: Option<PathBuf>,
    /// Whether it goes on after an interrupt; else it ends with 130, as restic 0.14 and 0.19 do.
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
            program("fake_restic").display()
        )
    }
}

/// Returns where cargo puts a program: into the folder of this process's own profile, so that tests and programs are built alike.
pub fn program(name: &str) -> PathBuf {
    profile_folder().join(name).with_extension(env::consts::EXE_EXTENSION)
}

/// Returns the folder of this process's own profile.
pub fn profile_folder() -> PathBuf {
    let own = env::current_exe().expect("the system tells a process its program");
    let folder = own.parent().expect("a program lies in a folder");
    if folder.ends_with("deps") { folder.parent().expect("deps lies in a folder").to_owned() } else { folder.to_owned() }
}
