//! Paths of snapshots, which are bytes, as this system can say them.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::os_path;
#[cfg(windows)]
pub(super) use windows::os_path;
