//! One daemon a home: who holds the lock file is the daemon.

use std::{
    fs::File,
    io::{self, Seek, Write},
    time::Duration,
};

use prestic_proto::{endpoint::Endpoint, home::Home};
use thiserror::Error;

use crate::{atomic_write, file_lock, process, succession};

/// How long a lock may outlive the daemon that held it: a child of its between fork and exec has inherited it.
const INHERITED_LIMIT: Duration = Duration::from_secs(1);

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
        if let Some(lock) = file_lock::take(&path).map_err(broken)? {
            return Ok(Self { lock });
        }
        // The pid may also be that of an earlier daemon, when the new one has not told its own yet.
        if !holder(home).is_some_and(process::is_pid_in_use)
            && let Some(lock) = file_lock::take_within(&path, INHERITED_LIMIT).map_err(broken)?
        {
            return Ok(Self { lock });
        }
        Err(InstanceError::AlreadyRuns { home: home.root().display().to_string(), pid: holder(home) })
    }

    /// Becomes the daemon of a home that this process has been under another program.
    pub fn inherit(home: &Home, descriptor: i32) -> io::Result<Self> {
        Ok(Self { lock: succession::inherit(descriptor, &home.lock_file())? })
    }

    /// Returns the lock, for the program that takes the place of this one in the process.
    pub fn into_lock(self) -> File {
        self.lock
    }

    /// Tells clients where to find this daemon.
    pub fn publish(&mut self, endpoint: &Endpoint) -> io::Result<()> {
        let text = serde_json::to_vec(endpoint)?;
        self.lock.set_len(0)?;
        self.lock.rewind()?;
        self.lock.write_all(&text)
    }
}

fn holder(home: &Home) -> Option<u32> {
    Endpoint::read(home).ok().map(|endpoint| endpoint.pid)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn second_daemon_is_told_who_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        let mut first = Instance::acquire(&home).unwrap();
        let pid = std::process::id();
        first.publish(&Endpoint { pid, socket: "daemon.sock".into() }).unwrap();
        let refusal = Instance::acquire(&home).unwrap_err().to_string();
        assert!(refusal.ends_with(&format!("as process {pid}")), "{refusal}");
        drop(first);
        Instance::acquire(&home).unwrap();
    }

    #[test]
    fn lock_that_outlives_its_daemon_for_a_moment_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        let mut killed = Instance::acquire(&home).unwrap();
        // No process has a number this high.
        killed.publish(&Endpoint { pid: 1 << 30, socket: "daemon.sock".into() }).unwrap();
        let waiting = File::open(home.lock_file()).unwrap();
        thread::scope(|scope| {
            let second = scope.spawn(|| Instance::acquire(&home));
            // The lock is only let go when somebody waits for it, or has been refused.
            while !is_waited_for(&waiting) && !second.is_finished() {
                thread::yield_now();
            }
            drop(killed);
            second.join().unwrap().unwrap();
        });
    }

    #[cfg(target_os = "linux")]
    fn is_waited_for(file: &File) -> bool {
        use std::os::unix::fs::MetadataExt;
        let end = format!(":{} 0 EOF", file.metadata().unwrap().ino());
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        locks.lines().any(|line| line.contains("->") && line.ends_with(&end))
    }

    #[cfg(not(target_os = "linux"))]
    fn is_waited_for(_file: &File) -> bool {
        true
    }
}
