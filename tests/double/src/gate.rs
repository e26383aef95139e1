//! Where doubles wait for the test.

use std::path::{Path, PathBuf};

use crate::Step;
#[cfg(unix)]
use crate::unix as system;
#[cfg(windows)]
use crate::windows as system;

/// A place at which doubles wait until the test lets them go on. They go on by themselves when the test ends.
#[derive(Debug)]
pub struct Gate(system::Gate);

impl Gate {
    /// Makes a closed gate.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(system::Gate::new(path.into()))
    }

    /// Returns the step that waits at this gate.
    pub fn wait(&self) -> Step {
        Step::Wait(self.path().to_owned())
    }

    /// Returns the step that leaves a child at this gate, with standard output open.
    pub fn hold_pipe(&self) -> Step {
        Step::HoldPipe(self.path().to_owned())
    }

    /// Lets one double go on: the one that waits, or the next one that comes.
    pub fn open(&self) {
        self.0.open();
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}
