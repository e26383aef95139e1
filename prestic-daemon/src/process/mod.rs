//! What the operating system does for us with processes. Platform code stands in `unix.rs` and `windows.rs` only.

use serde::{Deserialize, Serialize};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

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
