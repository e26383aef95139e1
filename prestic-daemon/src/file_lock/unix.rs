//! Unix: a lock is one of `flock`, which nobody else's reading or writing minds.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::Path,
    sync::mpsc::sync_channel,
    thread,
    time::Duration,
};

use crate::atomic_write;

/// Takes a lock, and makes its file where there is none. Returns nothing if somebody holds it.
pub fn take(path: &Path) -> io::Result<Option<File>> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Takes a lock that becomes free soon. Returns nothing if it takes too long.
pub fn take_within(path: &Path, limit: Duration) -> io::Result<Option<File>> {
    let lock = open(path)?;
    let (sender, locked) = sync_channel(1);
    // A lock that comes too late goes with the thread.
    thread::Builder::new().name("lock".to_owned()).spawn(move || {
        let _ = sender.send(lock.lock().map(|()| lock));
    })?;
    locked.recv_timeout(limit).ok().transpose()
}

/// Whether somebody holds a lock.
pub fn is_held(path: &Path) -> io::Result<bool> {
    match File::open(path) {
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Waits, for as long as it takes, until nobody holds a lock.
pub fn wait_until_free(path: &Path) -> io::Result<()> {
    match File::open(path) {
        Ok(file) => file.lock_shared(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn open(path: &Path) -> io::Result<File> {
    atomic_write::owner_only(OpenOptions::new().create(true).truncate(false).write(true)).open(path)
}
