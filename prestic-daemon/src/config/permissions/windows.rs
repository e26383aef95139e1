//! Permissions as rules of an access control list.

use std::path::Path;

use crate::process;

/// Where the rules cannot be read there is nothing to say: whoever cannot read the file either is told so.
pub(super) fn is_readable_by_others(file: &Path) -> bool {
    file.is_file() && process::is_readable_by_others(file).unwrap_or(false)
}

/// Returns the command that leaves a file to its owner.
pub(super) fn closing_command(file: &Path) -> String {
    format!("icacls \"{}\" /inheritance:r /grant:r \"%USERNAME%:F\"", file.display())
}
