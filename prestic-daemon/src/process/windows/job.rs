//! The job of a supervisor: what belongs to it ends when the supervisor does, however that happens.
//!
//! The supervisor itself is its first member, so that restic belongs to it from its first moment. The one handle of the job is
//! never given to anybody and never closed: the system closes it when the supervisor ends, and kills the other members then.

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr,
    sync::OnceLock,
};

use windows_sys::Win32::{
    Foundation::{ERROR_MORE_DATA, FALSE},
    System::{
        JobObjects::{
            AssignProcessToJobObject, CreateJobObjectW, IsProcessInJob, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
            JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectBasicProcessIdList, JobObjectExtendedLimitInformation,
            QueryInformationJobObject, SetInformationJobObject,
        },
        Threading::{GetCurrentProcess, GetProcessIoCounters, IO_COUNTERS, PROCESS_TERMINATE},
    },
};

use super::{
    check,
    identity::{cpu_ms, open, terminate},
};
use crate::process::Activity;

/// The most members that are looked at. restic has a few helpers.
const MAX_MEMBERS: usize = 1024;

static JOB: OnceLock<io::Result<OwnedHandle>> = OnceLock::new();

/// The answer to the question for a job's members. The system prescribes its form.
#[repr(C)]
struct Members {
    assigned: u32,
    listed: u32,
    pids: [usize; MAX_MEMBERS],
}

/// Makes the job, and makes this process its first member.
pub(super) fn enter() {
    JOB.get_or_init(create_and_enter);
}

/// Returns why this process's children are not bound to its life.
pub(super) fn failure() -> Option<String> {
    match JOB.get() {
        Some(Ok(_)) => None,
        Some(Err(error)) => Some(format!("it could not be put into a job: {error}")),
        None => Some("there is no job".to_owned()),
    }
}

/// Kills what is left of the caller's own job, apart from the caller. Returns how many processes that were.
pub fn kill_rest_of_session() -> io::Result<usize> {
    let Some(Ok(job)) = JOB.get() else { return Ok(0) };
    let own_pid = std::process::id();
    let members = members(job)?;
    Ok(members.into_iter().filter(|pid| *pid != own_pid && kill_member(job, *pid)).count())
}

/// Returns what the members of the caller's own job have used, apart from the caller; nothing without a job.
///
/// One that has ended no longer counts.
pub fn activity(_root: u32) -> Option<Activity> {
    let Some(Ok(job)) = JOB.get() else { return None };
    let own_pid = std::process::id();
    let others = members(job).ok()?.into_iter().filter(|pid| *pid != own_pid);
    let used = others.filter_map(|pid| used_by(&open(pid, 0).ok()??).ok());
    Some(used.fold(Activity::default(), |sum, one| Activity {
        cpu_ms: sum.cpu_ms + one.cpu_ms,
        io_bytes: sum.io_bytes + one.io_bytes,
    }))
}

fn used_by(process: &OwnedHandle) -> io::Result<Activity> {
    let mut io_counters = IO_COUNTERS::default();
    // SAFETY: the handle is open, with the right to look at the process, and the answer can be written.
    check(unsafe { GetProcessIoCounters(process.as_raw_handle(), &raw mut io_counters) })?;
    let io_bytes = io_counters.ReadTransferCount + io_counters.WriteTransferCount + io_counters.OtherTransferCount;
    Ok(Activity { cpu_ms: cpu_ms(process)?, io_bytes })
}

fn create_and_enter() -> io::Result<OwnedHandle> {
    // SAFETY: neither a name nor attributes are given. Without attributes no child inherits the handle.
    let handle = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle was opened above, and nobody else has it.
    let job = unsafe { OwnedHandle::from_raw_handle(handle) };
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    // SAFETY: the handle is open, and the limits are of the type that the class asks for.
    check(unsafe {
        SetInformationJobObject(
            job.as_raw_handle(),
            JobObjectExtendedLimitInformation,
            (&raw const limits).cast(),
            size::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>(),
        )
    })?;
    // SAFETY: both handles are open; that of the calling process needs no closing.
    check(unsafe { AssignProcessToJobObject(job.as_raw_handle(), GetCurrentProcess()) })?;
    Ok(job)
}

fn members(job: &OwnedHandle) -> io::Result<Vec<u32>> {
    let mut members = Box::new(Members { assigned: 0, listed: 0, pids: [0; MAX_MEMBERS] });
    // SAFETY: the handle is open, and the answer has the form that the class asks for, and the length that is told.
    let asked = check(unsafe {
        QueryInformationJobObject(
            job.as_raw_handle(),
            JobObjectBasicProcessIdList,
            (&raw mut *members).cast(),
            size::<Members>(),
            ptr::null_mut(),
        )
    });
    match asked {
        // As many as there is room for are listed all the same.
        Err(error) if error.raw_os_error() != Some(ERROR_MORE_DATA.cast_signed()) => Err(error),
        _ => Ok(members.pids.iter().take(members.listed as usize).filter_map(|pid| u32::try_from(*pid).ok()).collect()),
    }
}

/// Kills a process that is a member still when it can no longer be mistaken for another one.
fn kill_member(job: &OwnedHandle, pid: u32) -> bool {
    let Ok(Some(member)) = open(pid, PROCESS_TERMINATE) else { return false };
    let mut is_member = FALSE;
    // SAFETY: both handles are open, and the answer can be written.
    let asked = check(unsafe { IsProcessInJob(member.as_raw_handle(), job.as_raw_handle(), &raw mut is_member) });
    asked.is_ok() && is_member != FALSE && terminate(&member).is_ok()
}

fn size<T>() -> u32 {
    u32::try_from(size_of::<T>()).expect("the structures of the system are small")
}
