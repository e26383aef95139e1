//! Permissions are inherited from the folder, and a file that somebody has open is in the way of another by its name.

use std::{
    fs::{self, OpenOptions},
    io,
    path::Path,
    thread,
    time::Duration,
};

use crate::process;

/// Scanners for viruses and indexers open each new file for a moment, and so does whoever reads it.
const RENAME_TRIES: u32 = 50;
/// How long to wait for one of them.
const RENAME_PAUSE: Duration = Duration::from_millis(20);

/// What the folder gives it.
pub(super) fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

pub(super) fn create_own_folder(path: &Path) -> io::Result<()> {
    process::create_own_folder(path)
}

/// A folder that is there has the permissions that its owner gave it.
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
pub(super) fn close_to_others(_folder: &Path) -> io::Result<()> {
    Ok(())
}

pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    for _ in 1..RENAME_TRIES {
        match fs::rename(from, to) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            result => return result,
        }
        #[expect(clippy::disallowed_methods, reason = "nothing tells when a file is closed, and this thread may block")]
        thread::sleep(RENAME_PAUSE);
    }
    fs::rename(from, to)
}

/// There is no way to sync a folder; the rename is journalled.
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
pub(super) fn sync_folder(_file: &Path) -> io::Result<()> {
    Ok(())
}
