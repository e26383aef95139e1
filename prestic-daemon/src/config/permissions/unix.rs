//! Permissions as bits of a file's mode.

use std::{os::unix::fs::MetadataExt, path::Path};

use crate::config::words;

/// Read permission for the group and for all others.
const READABLE_BY_OTHERS: u32 = 0o044;

pub(super) fn is_readable_by_others(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.mode() & READABLE_BY_OTHERS != 0)
}

/// Returns the command that leaves a file to its owner.
pub(super) fn closing_command(file: &Path) -> String {
    format!("chmod 600 {}", words::join(&[file.display().to_string()]))
}
