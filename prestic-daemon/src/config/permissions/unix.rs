//! Permissions as bits of a file's mode.

use std::{
    fs::{self, Metadata},
    io,
    os::unix::fs::{MetadataExt, chown},
    path::Path,
};

use crate::config::words;

/// Read permission for the group and for all others.
const READABLE_BY_OTHERS: u32 = 0o044;

/// Permission to list or enter a folder, for the group and for all others.
const OPEN_TO_OTHERS: u32 = 0o055;

pub(super) fn is_readable_by_others(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.mode() & READABLE_BY_OTHERS != 0)
}

/// Returns the command that leaves a file to its owner.
pub(super) fn closing_command(file: &Path) -> String {
    format!("chmod 600 {}", words::join(&[file.display().to_string()]))
}

pub(super) fn is_open_to_others(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|metadata| metadata.mode() & OPEN_TO_OTHERS != 0)
}

pub(super) fn closing_command_of_folder(folder: &Path) -> String {
    format!("chmod 700 {}", words::join(&[folder.display().to_string()]))
}

pub(super) fn restore(file: &Path, before: &Metadata) -> io::Result<()> {
    let now = fs::metadata(file)?;
    if (now.uid(), now.gid()) != (before.uid(), before.gid()) {
        chown(file, Some(before.uid()), Some(before.gid()))?;
    }
    fs::set_permissions(file, before.permissions())
}
