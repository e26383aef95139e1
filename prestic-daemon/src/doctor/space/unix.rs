//! Unix.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

use super::Space;

/// Returns the space of the disk that a folder is on.
pub(in crate::doctor) fn of(folder: &Path) -> io::Result<Space> {
    let of_disk = rustix::fs::statvfs(folder)?;
    Ok(Space { disk: fs::metadata(folder)?.dev(), free: of_disk.f_bavail.saturating_mul(of_disk.f_frsize) })
}
