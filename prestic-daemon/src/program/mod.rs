//! This program's own process: what it is started from, how it leaves its terminal, how another program takes its place.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::path::PathBuf;

#[cfg(unix)]
pub use unix::{keep_streams_from_children, leave_terminal, own_program, release_streams, replace_by};
#[cfg(windows)]
pub use windows::{keep_streams_from_children, leave_terminal, own_program, release_streams, replace_by};

/// Returns the folder in which scheduled runs start: the user's home, as when the session started Python's PRestic.
pub fn working_folder() -> PathBuf {
    std::env::home_dir().filter(|home| home.is_dir()).unwrap_or_else(std::env::temp_dir)
}
