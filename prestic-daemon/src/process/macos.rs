//! What only macOS tells of processes: when they started, and in which session of the kernel.
//!
//! There is no handle of a process, so between a look at it and a signal to it a moment passes in which it could end.

use std::{ffi::OsString, io, mem, ptr, time::Duration};

use rustix::{
    event::kqueue::{Event, EventFilter, EventFlags, ProcessEvents, kevent, kqueue},
    io::Errno,
    process::{Pid, Signal, getsid, kill_process, test_kill_process},
};

use crate::process::{Activity, ProcessId};

/// The sysctl with the number of this start of the machine.
const BOOT_SESSION: &std::ffi::CStr = c"kern.bootsessionuuid";

/// Asks also for a process that has ended, as long as nobody has asked how: a child can be so quick.
const WITH_ENDED: u64 = 1;

/// The most processes that are looked at. A machine has some hundreds.
const MAX_PROCESSES: usize = 32 * 1024;

/// Returns what tells a process from every other one.
pub fn identify(pid: u32) -> io::Result<ProcessId> {
    Ok(ProcessId { pid, started: started(&information(pid)?), boot_id: boot_id()? })
}

/// Whether a process still runs. One that has ended, but whose parent has not asked how, does not.
pub fn is_alive(process: &ProcessId) -> bool {
    information(process.pid).is_ok_and(|found| started(&found) == process.started && found.pbi_status != libc::SZOMB)
        && boot_id().is_ok_and(|boot_id| boot_id == process.boot_id)
}

/// Whether any process has this number, whoever it is.
pub fn is_pid_in_use(pid: u32) -> bool {
    raw_pid(pid).is_ok_and(|pid| !matches!(test_kill_process(pid), Err(Errno::SRCH)))
}

/// Returns nothing: what a process uses is not looked at here.
pub fn activity(_root: u32) -> Option<Activity> {
    None
}

/// Returns the children of this process.
pub fn children() -> Vec<u32> {
    let own = std::process::id();
    let numbers = processes().unwrap_or_default().into_iter().filter_map(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok());
    numbers.filter(|pid| information(*pid).is_ok_and(|found| found.pbi_ppid == own)).collect()
}

/// Returns nothing: it is what it is now.
pub fn initial_environment() -> Option<Vec<(OsString, OsString)>> {
    None
}

/// Asks a process to stop. Does nothing if it has ended.
pub fn interrupt(process: &ProcessId) -> io::Result<()> {
    signal(process, Signal::INT)
}

/// Kills a process. Does nothing if it has ended.
pub fn kill(process: &ProcessId) -> io::Result<()> {
    signal(process, Signal::KILL)
}

/// Waits until a process has ended, for no longer than `limit`. Returns whether it has.
///
/// It need not be a child, and a child is not reaped.
pub fn wait_for_end(process: &ProcessId, limit: Option<Duration>) -> io::Result<bool> {
    let queue = kqueue()?;
    let end = EventFilter::Proc { pid: raw_pid(process.pid)?, flags: ProcessEvents::EXIT };
    let request = Event::new(end, EventFlags::ADD | EventFlags::ONESHOT, ptr::null_mut());
    let mut none: [Event; 0] = [];
    // SAFETY: the request names a process, and no descriptor.
    match unsafe { kevent(&queue, &[request], &mut none[..], None) } {
        Err(Errno::SRCH) => return Ok(true),
        result => result?,
    };
    // The look comes second, so that no end between the two is missed.
    if !is_alive(process) {
        return Ok(true);
    }
    let mut ended = Vec::with_capacity(1);
    loop {
        // SAFETY: nothing new is requested.
        match unsafe { kevent(&queue, &[], rustix::buffer::spare_capacity(&mut ended), limit) } {
            Ok(count) => return Ok(count > 0),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Kills what is left of the caller's own session, apart from the caller. Returns how many processes that were.
///
/// A caller that does not lead its session has not made it, and so nothing in it is the caller's to kill.
pub fn kill_rest_of_session() -> io::Result<usize> {
    let own = rustix::process::getpid();
    if getsid(None)? != own {
        return Ok(0);
    }
    let is_member = |pid: &Pid| *pid != own && getsid(Some(*pid)) == Ok(own);
    Ok(processes()?.into_iter().filter(is_member).filter(|pid| kill_process(*pid, Signal::KILL).is_ok()).count())
}

fn signal(process: &ProcessId, signal: Signal) -> io::Result<()> {
    if !is_alive(process) {
        return Ok(());
    }
    match kill_process(raw_pid(process.pid)?, signal) {
        Err(Errno::SRCH) => Ok(()),
        result => Ok(result?),
    }
}

fn raw_pid(pid: u32) -> io::Result<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

fn processes() -> io::Result<Vec<Pid>> {
    let mut pids = vec![0; MAX_PROCESSES];
    // SAFETY: the numbers can be written, and their length in bytes is told.
    let count = unsafe { libc::proc_listallpids(pids.as_mut_ptr().cast(), size(size_of_val(&*pids))) };
    pids.truncate(usize::try_from(count).map_err(|_| io::Error::last_os_error())?);
    Ok(pids.into_iter().filter_map(Pid::from_raw).collect())
}

fn information(pid: u32) -> io::Result<libc::proc_bsdinfo> {
    let pid = raw_pid(pid)?.as_raw_nonzero().get();
    let length = size(size_of::<libc::proc_bsdinfo>());
    // SAFETY: the structure is plain data, and its length is told.
    let (found, written) = unsafe {
        let mut found: libc::proc_bsdinfo = mem::zeroed();
        let written = libc::proc_pidinfo(pid, libc::PROC_PIDTBSDINFO, WITH_ENDED, (&raw mut found).cast(), length);
        (found, written)
    };
    if written == length { Ok(found) } else { Err(io::Error::last_os_error()) }
}

/// Returns the moment of a process's start, in microseconds.
fn started(found: &libc::proc_bsdinfo) -> u64 {
    found.pbi_start_tvsec * 1_000_000 + found.pbi_start_tvusec
}

fn boot_id() -> io::Result<String> {
    let mut text = [0_u8; 64];
    let mut length = text.len();
    // SAFETY: the name ends with a zero, the answer can be written, and its length is told. Nothing is set.
    let answer =
        unsafe { libc::sysctlbyname(BOOT_SESSION.as_ptr(), text.as_mut_ptr().cast(), &raw mut length, ptr::null_mut(), 0) };
    if answer != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(String::from_utf8_lossy(&text[..length]).trim_end_matches('\0').to_owned())
}

fn size(bytes: usize) -> libc::c_int {
    libc::c_int::try_from(bytes).expect("the structures of the system are small")
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn process_that_was_killed_is_not_alive_even_before_it_is_reaped() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let process = identify(child.id()).unwrap();
        assert!(is_alive(&process));
        assert!(!wait_for_end(&process, Some(Duration::from_millis(1))).unwrap());
        kill(&process).unwrap();
        assert!(wait_for_end(&process, None).unwrap());
        assert!(!is_alive(&process));
        child.wait().unwrap();
    }
}
