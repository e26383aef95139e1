//! How much space a disk has. Platform code stands in `unix.rs` and `windows.rs` only.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::of;
#[cfg(windows)]
pub(super) use windows::of;

/// The space of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Space {
    /// What tells it from other disks.
    pub disk: u64,
    /// The bytes that this user can still write.
    pub free: u64,
}
