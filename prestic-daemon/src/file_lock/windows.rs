//! Windows: a lock is a file that is open for writing, and that nobody else may open so.
//!
//! What Windows calls a lock belongs to one process and keeps others from reading. How a file is shared belongs to the open
//! file, which a child can inherit.

use std::{
    fs::{File, OpenOptions},
    io,
    os::windows::fs::OpenOptionsExt,
    path::Path,
    thread,
    time::Duration,
};

use windows_sys::Win32::{Foundation::ERROR_SHARING_VIOLATION, Storage::FileSystem::FILE_SHARE_READ};

/// Scanners for viruses and indexers open each new file for a moment: longer than that, somebody holds it.
const SCANNER_LIMIT: Duration = Duration::from_millis(200);
/// How often to look while a lock is to become free soon.
const SHORT_PAUSE: Duration = Duration::from_millis(20);
/// How often to look while it is free when it is.
const LONG_PAUSE: Duration = Duration::from_millis(500);

/// Takes a lock, and makes its file where there is none. Returns nothing if somebody holds it.
pub fn take(path: &Path) -> io::Result<Option<File>> {
    take_within(path, SCANNER_LIMIT)
}

/// Takes a lock that becomes free soon. Returns nothing if it takes too long.
pub fn take_within(path: &Path, limit: Duration) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).share_mode(FILE_SHARE_READ);
    for _ in 0..limit.div_duration_f32(SHORT_PAUSE) as u32 {
        if let Some(file) = unless_held(options.open(path))? {
            return Ok(Some(file));
        }
        pause(SHORT_PAUSE);
    }
    unless_held(options.open(path))
}

/// Whether somebody holds a lock.
pub fn is_held(path: &Path) -> io::Result<bool> {
    match unless_held(OpenOptions::new().write(true).open(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        other => other.map(|file| file.is_none()),
    }
}

/// Waits, for as long as it takes, until nobody holds a lock.
pub fn wait_until_free(path: &Path) -> io::Result<()> {
    while is_held(path)? {
        pause(LONG_PAUSE);
    }
    Ok(())
}

fn unless_held(opened: io::Result<File>) -> io::Result<Option<File>> {
    match opened {
        Err(error) if error.raw_os_error() == Some(ERROR_SHARING_VIOLATION.cast_signed()) => Ok(None),
        other => other.map(Some),
    }
}

#[expect(clippy::disallowed_methods, reason = "nothing tells when a file is closed, and this thread may block")]
fn pause(length: Duration) {
    thread::sleep(length);
}
