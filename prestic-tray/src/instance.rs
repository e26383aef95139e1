//! One tray a home: who holds the lock file is the tray.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::PathBuf,
};

use prestic_proto::{home::Home, private_file};
use thiserror::Error;

use crate::exit::Exit;

/// The proof that this process is the tray of its home. The system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub struct Instance {
    _lock: File,
}

/// Why this process cannot be the tray.
#[derive(Debug, Error)]
pub enum InstanceError {
    /// Another one is.
    #[error("a tray already runs for {}{}", .home.display(), .pid.as_ref().map(|pid| format!(" as process {pid}")).unwrap_or_default())]
    AlreadyRuns {
        /// The home.
        home: PathBuf,
        /// The other's process id, where it can be read.
        pid: Option<String>,
    },
    /// The lock file cannot be used.
    #[error("cannot lock {}", .path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl InstanceError {
    /// Returns how the program ends with it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::AlreadyRuns { .. } => Exit::REFUSED,
            Self::Lock { .. } => Exit::PROBLEMS,
        }
    }
}

impl Instance {
    /// Becomes the tray of a home, unless there is one.
    pub fn acquire(home: &Home) -> Result<Self, InstanceError> {
        let folder = home.root().join("run");
        let path = folder.join("tray.lock");
        let broken = |source| InstanceError::Lock { path: path.clone(), source };
        private_file::create_folder(&folder).map_err(broken)?;
        let mut lock = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path).map_err(broken)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // Windows lets nobody read a file that is locked.
                let is_read = lock.read_to_string(&mut pid).is_ok();
                let pid = Some(pid.trim().to_owned()).filter(|pid| is_read && !pid.is_empty());
                return Err(InstanceError::AlreadyRuns { home: home.root().to_owned(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(broken(source)),
        }
        let write = |lock: &mut File| {
            lock.set_len(0)?;
            lock.rewind()?;
            writeln!(lock, "{}", std::process::id())
        };
        write(&mut lock).map_err(broken)?;
        Ok(Self { _lock: lock })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_tray_is_told_who_is_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        let first = Instance::acquire(&home).unwrap();
        let refusal = Instance::acquire(&home).unwrap_err();
        assert_eq!(refusal.exit(), Exit::REFUSED);
        let refusal = refusal.to_string();
        assert!(refusal.ends_with(&format!("as process {}", std::process::id())), "{refusal}");
        drop(first);
        Instance::acquire(&home).unwrap();
    }
}
