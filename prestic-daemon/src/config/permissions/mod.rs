//! Tells who may read a file. Platform code stands in `unix.rs` and `windows.rs` only.

use std::{fs::Metadata, io, path::Path};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

/// Tells whether other users of the machine can read a file. A file that is not there is readable by nobody.
pub fn is_readable_by_others(file: &Path) -> bool {
    platform::is_readable_by_others(file)
}

/// Returns the command that leaves a file to its owner.
pub fn closing_command(file: &Path) -> String {
    platform::closing_command(file)
}

/// Tells whether other users of the machine can look into a folder.
pub fn is_open_to_others(folder: &Path) -> bool {
    platform::is_open_to_others(folder)
}

/// Returns the command that leaves a folder to its owner.
pub fn closing_command_of_folder(folder: &Path) -> String {
    platform::closing_command_of_folder(folder)
}

/// Gives a file that was written anew the owner and the permissions that it had.
pub fn restore(file: &Path, before: &Metadata) -> io::Result<()> {
    platform::restore(file, before)
}
