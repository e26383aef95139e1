//! Permissions as rules of an access control list.

use std::{fs::Metadata, io, path::Path};

use crate::process;

/// Where the rules cannot be read there is nothing to say: whoever cannot read the file either is told so.
pub(super) fn is_readable_by_others(file: &Path) -> bool {
    file.is_file() && process::is_readable_by_others(file).unwrap_or(false)
}

/// Returns the command that leaves a file to its owner.
pub(super) fn closing_command(file: &Path) -> String {
    format!("icacls \"{}\" /inheritance:r /grant:r \"%USERNAME%:F\"", file.display())
}

pub(super) fn is_open_to_others(folder: &Path) -> bool {
    folder.is_dir() && process::is_readable_by_others(folder).unwrap_or(false)
}

/// Returns the command that leaves a folder to its owner.
pub(super) fn closing_command_of_folder(folder: &Path) -> String {
    format!("icacls \"{}\" /inheritance:r /grant:r \"%USERNAME%:(OI)(CI)F\"", folder.display())
}

/// What is renamed into the place of a file takes on the rules of the folder.
pub(super) fn restore(_file: &Path, _before: &Metadata) -> io::Result<()> {
    Ok(())
}
