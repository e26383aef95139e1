//! One daemon a home: who holds the lock file is the daemon.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Seek, Write},
};

use prestic_proto::{endpoint::Endpoint, home::Home};
use thiserror::Error;

use crate::atomic_write;

/// The proof that this process is the daemon of its home. The system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub struct Instance {
    lock: File,
}

/// Why this process cannot be the daemon.
#[derive(Debug, Error)]
pub enum InstanceError {
    /// Another one is.
    #[error("a daemon already runs for {home}{}", .pid.map(|pid| format!(" as process {pid}")).unwrap_or_default())]
    AlreadyRuns {
        /// The home.
        home: String,
        /// The other's process id, where it has told it.
        pid: Option<u32>,
    },
    /// The lock file cannot be used.
    #[error("cannot lock {path}")]
    Lock {
        /// The lock file.
        path: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Instance {
    /// Becomes the daemon of a home, unless there is one.
    pub fn acquire(home: &Home) -> Result<Self, InstanceError> {
        let path = home.lock_file();
        let broken = |source| InstanceError::Lock { path: path.display().to_string(), source };
        atomic_write::create_private_folder(home.root()).map_err(broken)?;
        let lock = atomic_write::owner_only(OpenOptions::new().create(true).truncate(false).write(true)).open(&path);
        let lock = lock.map_err(broken)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { lock }),
            Err(TryLockError::WouldBlock) => Err(InstanceError::AlreadyRuns {
                home: home.root().display().to_string(),
                pid: Endpoint::read(home).ok().map(|endpoint| endpoint.pid),
            }),
            Err(TryLockError::Error(source)) => Err(broken(source)),
        }
    }

    /// Tells clients where to find this daemon.
    pub fn publish(&mut self, endpoint: &Endpoint) -> io::Result<()> {
        let text = serde_json::to_vec(endpoint)?;
        self.lock.set_len(0)?;
        self.lock.rewind()?;
        self.lock.write_all(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_daemon_is_told_who_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        let mut first = Instance::acquire(&home).unwrap();
        first.publish(&Endpoint { pid: 4711, socket: "daemon.sock".into() }).unwrap();
        let refusal = Instance::acquire(&home).unwrap_err().to_string();
        assert!(refusal.ends_with("as process 4711"), "{refusal}");
        drop(first);
        Instance::acquire(&home).unwrap();
    }
}
