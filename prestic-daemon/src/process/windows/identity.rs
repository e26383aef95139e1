//! Tells a process from every other one, and waits for it or kills it.
//!
//! A process is known by its number and the moment of its creation. That moment is taken from the clock, to 100 ns, so it also
//! tells the starts of the machine apart, and [`ProcessId::boot_id`] stays empty: the boot time that Windows tells moves with
//! each correction of the clock.

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    time::Duration,
};

use windows_sys::Win32::{
    Foundation::{ERROR_INVALID_PARAMETER, FALSE, FILETIME, WAIT_OBJECT_0, WAIT_TIMEOUT},
    System::Threading::{
        GetProcessId, GetProcessTimes, INFINITE, OpenProcess, PROCESS_ACCESS_RIGHTS, PROCESS_QUERY_LIMITED_INFORMATION,
        PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, TerminateProcess, WaitForSingleObject,
    },
};

use super::{KILLED, check};
use crate::process::ProcessId;

/// A unit of the system's times: 100 ns.
const UNITS_PER_MS: u64 = 10_000;

/// Returns what tells a process from every other one.
pub fn identify(pid: u32) -> io::Result<ProcessId> {
    let handle = open(pid, 0)?.ok_or(io::ErrorKind::NotFound)?;
    Ok(ProcessId { pid, started: created(&handle)?, boot_id: String::new() })
}

/// Whether a process still runs. One that has ended, but of which somebody holds a handle, does not.
pub fn is_alive(process: &ProcessId) -> bool {
    matches!(open_same(process, 0), Ok(Some(_)))
}

/// Whether any process has this number, whoever it is. One that may not be looked at does.
pub fn is_pid_in_use(pid: u32) -> bool {
    match open(pid, 0) {
        Ok(Some(handle)) => !has_ended(&handle, 0).unwrap_or(false),
        Ok(None) => false,
        Err(_) => true,
    }
}

/// Kills a process. Does nothing if it has ended.
pub fn kill(process: &ProcessId) -> io::Result<()> {
    match open_same(process, PROCESS_TERMINATE)? {
        Some(handle) => terminate(&handle),
        None => Ok(()),
    }
}

/// Waits until a process has ended, for no longer than `limit`. Returns whether it has.
pub fn wait_for_end(process: &ProcessId, limit: Option<Duration>) -> io::Result<bool> {
    match open_same(process, 0)? {
        Some(handle) => has_ended(&handle, limit.map_or(INFINITE, milliseconds)),
        None => Ok(true),
    }
}

/// Opens a process that can still be waited for, unless it has ended or another one has got its number.
///
/// As long as it is open, no other process gets its number.
pub(super) fn open_same(process: &ProcessId, rights: PROCESS_ACCESS_RIGHTS) -> io::Result<Option<OwnedHandle>> {
    let Some(handle) = open(process.pid, rights)? else { return Ok(None) };
    let is_same = created(&handle)? == process.started && !has_ended(&handle, 0)?;
    Ok(is_same.then_some(handle))
}

/// Opens whatever process has this number, with these rights and those to look at it and to wait for it.
pub(super) fn open(pid: u32, rights: PROCESS_ACCESS_RIGHTS) -> io::Result<Option<OwnedHandle>> {
    let rights = rights | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE;
    // SAFETY: the call takes integers.
    let handle = unsafe { OpenProcess(rights, FALSE, pid) };
    if handle.is_null() {
        let error = io::Error::last_os_error();
        let is_unknown = error.raw_os_error() == Some(ERROR_INVALID_PARAMETER.cast_signed());
        return if is_unknown { Ok(None) } else { Err(error) };
    }
    // SAFETY: the handle was opened above, and nobody else has it.
    let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
    // Windows rounds a number that nobody has down to one that it gives out.
    // SAFETY: the handle is open, with the right to look at the process.
    let is_exact = unsafe { GetProcessId(handle.as_raw_handle()) } == pid;
    Ok(is_exact.then_some(handle))
}

/// Kills an open process. Does nothing if it has ended.
pub(super) fn terminate(handle: &OwnedHandle) -> io::Result<()> {
    // SAFETY: the handle is open. Without the right to kill, the call fails.
    match check(unsafe { TerminateProcess(handle.as_raw_handle(), KILLED) }) {
        // It is refused for a process that has ended.
        Err(error) if !has_ended(handle, 0)? => Err(error),
        _ => Ok(()),
    }
}

fn has_ended(handle: &OwnedHandle, limit_ms: u32) -> io::Result<bool> {
    // SAFETY: the handle is open, with the right to wait for the process.
    match unsafe { WaitForSingleObject(handle.as_raw_handle(), limit_ms) } {
        WAIT_OBJECT_0 => Ok(true),
        WAIT_TIMEOUT => Ok(false),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Returns a limit as Windows takes it: rounded up, so that nobody waits in a circle, and never the number for "no limit".
fn milliseconds(limit: Duration) -> u32 {
    u32::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX).min(INFINITE - 1)
}

/// Returns the time of the processors that an open process has used.
pub(super) fn cpu_ms(handle: &OwnedHandle) -> io::Result<u64> {
    let [_, _, kernel, user] = times(handle)?;
    Ok((kernel + user) / UNITS_PER_MS)
}

fn created(handle: &OwnedHandle) -> io::Result<u64> {
    let [creation, ..] = times(handle)?;
    Ok(creation)
}

/// Returns when a process was created and has ended, and what it has used of the processors for the system and for itself.
fn times(handle: &OwnedHandle) -> io::Result<[u64; 4]> {
    let mut times = [FILETIME::default(); 4];
    let [creation, exit, kernel, user] = &mut times;
    // SAFETY: the handle is open, with the right to look at the process, and all four times can be written.
    check(unsafe { GetProcessTimes(handle.as_raw_handle(), creation, exit, kernel, user) })?;
    Ok(times.map(|time| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_is_rounded_up_and_is_never_without_end() {
        assert_eq!(milliseconds(Duration::ZERO), 0);
        assert_eq!(milliseconds(Duration::from_micros(1)), 1);
        assert_eq!(milliseconds(Duration::from_secs(75)), 75_000);
        assert_eq!(milliseconds(Duration::MAX), INFINITE - 1);
    }

    #[test]
    fn process_has_used_some_time() {
        let own = open(std::process::id(), 0).unwrap().unwrap();
        let before = cpu_ms(&own).unwrap();
        while cpu_ms(&own).unwrap() <= before {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn later_process_with_the_same_number_is_left_alone() {
        let mut process = identify(std::process::id()).unwrap();
        assert!(is_alive(&process));
        process.started -= 1;
        assert!(!is_alive(&process));
        kill(&process).unwrap();
        assert!(wait_for_end(&process, None).unwrap());
        assert!(is_pid_in_use(process.pid));
    }
}
