//! Unix: a program is replaced by another file of the same name, and one process can become the other.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::File,
    io,
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd},
        unix::{ffi::OsStrExt, process::CommandExt},
    },
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use rustix::{
    io::{FdFlags, fcntl_setfd},
    process::{Pid, WaitOptions, waitpid},
};
use same_file::Handle;

use super::Successor;
use crate::process;

/// The hidden option with the number of the descriptor that is the home's lock.
const LOCK_OPTION: &str = "--inherited-lock=";

/// What Linux appends to the path of a program that is not there any more.
const DELETED: &[u8] = b" (deleted)";

/// What the program that runs can be opened by even when another file has its place; elsewhere it has just been started.
pub(super) const RUNNING_PROGRAM: Option<&str> = if cfg!(target_os = "linux") { Some("/proc/self/exe") } else { None };

/// Returns where a successor would appear; none where there can be none.
pub(super) fn replaceable_program() -> Option<io::Result<PathBuf>> {
    Some(env::current_exe().map(without_deletion))
}

/// Linux says of a program whose file has gone, or been replaced, that it was deleted. What matters is its place.
fn without_deletion(program: PathBuf) -> PathBuf {
    match program.as_os_str().as_encoded_bytes().strip_suffix(DELETED).map(OsStr::from_bytes) {
        Some(place) if cfg!(target_os = "linux") && !program.exists() => place.into(),
        _ => program,
    }
}

/// Lets the successor take this process over, with the lock. If it cannot be executed, the old program takes its place.
///
/// Returns only if both fail.
pub fn replace(successor: &Successor, lock: File) -> io::Error {
    let inherited = fcntl_setfd(&lock, FdFlags::empty());
    let own_args = env::args_os().skip(1).filter(|arg| !arg.as_encoded_bytes().starts_with(LOCK_OPTION.as_bytes()));
    let mut args: Vec<OsString> = own_args.collect();
    if inherited.is_ok() {
        args.insert(0, format!("{LOCK_OPTION}{}", lock.as_raw_fd()).into());
    }
    let become_program = |program: &Path| {
        let mut command = Command::new(program);
        command.args(&args);
        // What the service manager has told the first program, the second one has to hear, too.
        if let Some(environment) = process::initial_environment() {
            command.env_clear().envs(environment);
        }
        process::restore_descriptor_limit(&mut command);
        command.exec()
    };
    let error = become_program(&successor.0);
    tracing::error!("{} cannot be executed: {error}", successor.0.display());
    match crate::program::own_program() {
        Ok(program) => become_program(&program),
        Err(error) => error,
    }
}

/// Takes over the lock of a predecessor in this process. It has to be an open file at the lock's path.
pub fn inherit(descriptor: i32, path: &Path) -> io::Result<File> {
    // The lowest three are the standard streams, and the runtime has no files yet.
    if descriptor <= 2 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: a plain system call, which fails for what is not open.
    if unsafe { libc::fcntl(descriptor, libc::F_GETFD) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is open, and nothing in this process owns it: it came with the command line, before anything was opened.
    let lock = File::from(unsafe { OwnedFd::from_raw_fd(descriptor) });
    fcntl_setfd(&lock, FdFlags::CLOEXEC)?;
    if Handle::from_file(lock.try_clone()?)? != Handle::from_path(path)? {
        return Err(io::Error::other(format!("{} is not what was inherited", path.display())));
    }
    lock.try_lock()?;
    Ok(lock)
}

/// Waits for the children that a predecessor in this process has left, or they would stay behind as dead processes.
pub fn reap_inherited() {
    for child in process::children() {
        let Some(pid) = i32::try_from(child).ok().and_then(Pid::from_raw) else { continue };
        // One that cannot be waited for stays behind, and harms nobody.
        let _ = thread::Builder::new()
            .name("inherited".to_owned())
            .spawn(move || while matches!(waitpid(Some(pid), WaitOptions::empty()), Err(rustix::io::Errno::INTR)) {});
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::IntoRawFd;

    use super::*;
    use crate::file_lock;

    #[test]
    #[cfg(target_os = "linux")]
    fn program_that_was_replaced_before_anybody_looked_has_a_place_still() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("prestic-daemon");
        let deleted = folder.path().join("prestic-daemon (deleted)");
        assert_eq!(without_deletion(place.clone()), place);
        assert_eq!(without_deletion(deleted.clone()), place);
        File::create(&deleted).unwrap();
        assert_eq!(without_deletion(deleted.clone()), deleted);
    }

    #[test]
    fn lock_is_held_all_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let descriptor = file_lock::take(&path).unwrap().unwrap().into_raw_fd();
        let lock = inherit(descriptor, &path).unwrap();
        assert!(file_lock::is_held(&path).unwrap());
        drop(lock);
        assert!(!file_lock::is_held(&path).unwrap());
    }

    #[test]
    fn what_is_not_the_lock_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        File::create(&path).unwrap();
        let other = File::create(folder.path().join("other")).unwrap().into_raw_fd();
        inherit(other, &path).unwrap_err();
        inherit(1, &path).unwrap_err();
        inherit(i32::MAX, &path).unwrap_err();
    }
}
