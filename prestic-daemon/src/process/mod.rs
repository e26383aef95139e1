//! What the operating system does for us with processes. Platform code stands in the files below `process/` only.
//!
//! It owns how a process is told from a later one with the same number, how a child is prepared, interrupted, killed and
//! waited for, and what a supervisor does to itself. It never decides whether any of that should happen.

use std::{io::PipeReader, process::Child};

use serde::{Deserialize, Serialize};

mod memory;

#[cfg(unix)]
mod limits;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "macos"))))]
mod other_unix;

pub use memory::keep_small;

#[cfg(unix)]
pub use limits::*;
#[cfg(unix)]
pub use unix::*;
#[cfg(windows)]
pub use windows::*;

#[cfg(target_os = "linux")]
pub use linux::*;
#[cfg(target_os = "macos")]
pub use macos::*;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "macos"))))]
pub use other_unix::*;

/// A process that cannot be mistaken for another one that got the same number later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// Its number.
    pub pid: u32,
    /// When it started, in the system's own unit.
    pub started: u64,
    /// Which start of the machine it belongs to.
    pub boot_id: String,
}

/// What a process and those that it has started have used since they began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Activity {
    /// Time of the processors.
    pub cpu_ms: u64,
    /// Bytes read and written: of files, pipes and connections.
    pub io_bytes: u64,
}

/// A child's share of the processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CpuPriority {
    /// nice 19.
    Idle,
    /// nice 10.
    Low,
    /// nice 0.
    Normal,
    /// nice -5.
    High,
}

/// A child's share of the disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IoPriority {
    /// Only when nobody else wants the disk.
    Idle,
    /// Best effort, level 7.
    Low,
    /// Best effort, level 4.
    Normal,
    /// Best effort, level 0.
    High,
}

/// A child that was started by [`start`], with the ends of its two pipes.
#[derive(Debug)]
pub struct Started {
    /// The child.
    pub child: Child,
    /// What it writes on its standard output.
    pub output: PipeReader,
    /// What it writes on its standard error.
    pub errors: PipeReader,
    /// What could not be given to it, in words.
    pub warnings: Vec<String>,
}
