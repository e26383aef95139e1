//! What other Unixes tell of processes. Without `/proc` a process is known by its number alone.

use std::{ffi::OsString, io, time::Duration};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, test_kill_process, waitid};

use crate::process::{Activity, ProcessId};

/// Returns the process's number. There is no portable way to learn when it started.
pub fn identify(pid: u32) -> io::Result<ProcessId> {
    Ok(ProcessId { pid, started: 0, boot_id: String::new() })
}

/// Whether a process with this number can be signalled.
pub fn is_alive(process: &ProcessId) -> bool {
    is_pid_in_use(process.pid)
}

/// Whether any process has this number, whoever it is.
pub fn is_pid_in_use(pid: u32) -> bool {
    raw_pid(pid).is_ok_and(|pid| !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH)))
}

/// Returns nothing: what a process uses is not looked at here.
pub fn activity(_root: u32) -> Option<Activity> {
    None
}

/// Returns nothing: children cannot be listed here.
pub fn children() -> Vec<u32> {
    Vec::new()
}

/// Returns nothing: it is what it is now.
pub fn initial_environment() -> Option<Vec<(OsString, OsString)>> {
    None
}

/// Asks a process to stop.
pub fn interrupt(process: &ProcessId) -> io::Result<()> {
    Ok(kill_process(raw_pid(process.pid)?, Signal::INT)?)
}

/// Kills a process.
pub fn kill(process: &ProcessId) -> io::Result<()> {
    Ok(kill_process(raw_pid(process.pid)?, Signal::KILL)?)
}

/// Waits until a child has ended, without reaping it. Other processes and limits cannot be waited for here.
pub fn wait_for_end(process: &ProcessId, limit: Option<Duration>) -> io::Result<bool> {
    if limit.is_some() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    loop {
        match waitid(WaitId::Pid(raw_pid(process.pid)?), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Ok(_) => return Ok(true),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Kills nothing: the members of a session cannot be listed here.
pub fn kill_rest_of_session() -> io::Result<usize> {
    Ok(0)
}

fn raw_pid(pid: u32) -> io::Result<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}
