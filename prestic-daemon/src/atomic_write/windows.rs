//! Permissions are inherited from the folder, and a file that somebody has open is in the way of another by its name.

use std::{
    fs::{self, OpenOptions},
    io,
    path::Path,
    thread,
    time::Duration,
};

use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION};

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

#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
pub(super) fn close_to_others(folder: &Path) -> io::Result<()> {
    if process::is_readable_by_others(folder).unwrap_or(true) {
        // Where that cannot be, on a disk without permissions, there is nothing else to do.
        let _ = process::close_folder(folder);
    }
    Ok(())
}

pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    for _ in 1..RENAME_TRIES {
        match fs::rename(from, to) {
            Err(error) if is_in_the_way(&error) => {}
            result => return result,
        }
        #[expect(clippy::disallowed_methods, reason = "nothing tells when a file is closed, and this thread may block")]
        thread::sleep(RENAME_PAUSE);
    }
    fs::rename(from, to)
}

/// Whether somebody has one of the files open: the system says so in one way of the old file, and in another of the new one.
fn is_in_the_way(error: &io::Error) -> bool {
    [ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION].iter().any(|code| error.raw_os_error() == Some(code.cast_signed()))
}

/// There is no way to sync a folder; the rename is journalled.
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
pub(super) fn sync_folder(_file: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs::File, os::windows::fs::OpenOptionsExt};

    use windows_sys::Win32::Storage::FileSystem::FILE_SHARE_READ;

    use super::*;

    /// Renames a file to another one while somebody has one of the two open, and lets nobody remove it, for a moment.
    #[track_caller]
    fn check(held: &str) {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
        for file in [&from, &to] {
            File::create(file).unwrap();
        }
        let holder = File::options().read(true).share_mode(FILE_SHARE_READ).open(folder.path().join(held)).unwrap();
        assert!(is_in_the_way(&fs::rename(&from, &to).unwrap_err()), "{held}");
        thread::scope(|scope| {
            let renaming = scope.spawn(|| rename(&from, &to));
            drop(holder);
            renaming.join().unwrap().unwrap();
        });
        assert!(!from.exists(), "{held}");
    }

    #[test]
    fn file_that_somebody_reads_for_a_moment_is_waited_for() {
        check("from");
        check("to");
    }
}
