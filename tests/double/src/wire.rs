//! Where doubles tell the test what happens to them.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use crate::LIMIT;
#[cfg(unix)]
use crate::unix as system;
#[cfg(windows)]
use crate::windows as system;

/// A wire on which doubles tell what happens to them.
#[derive(Debug)]
pub struct Wire(system::Wire);

impl Wire {
    /// Makes a wire.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(system::Wire::new(path.into()))
    }

    /// Returns the path to give to a script.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Waits for the next line.
    #[track_caller]
    pub fn hear(&mut self) -> String {
        self.hear_within(LIMIT).expect("no double has told anything within the limit")
    }

    /// Waits for the next line for so long, and returns none if there was none.
    pub fn hear_within(&mut self, limit: Duration) -> Option<String> {
        self.0.hear_within(limit)
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
