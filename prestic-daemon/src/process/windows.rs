//! What Windows does for a supervisor: its console, its job, its pipe, and the child that it prepares.
//!
//! A supervisor has a console without a window ([`detach`]), which restic shares, because only those who share a console can
//! be asked to stop. It is in a job of its own ([`leave_session`]), which takes restic down when the supervisor dies.

mod console;
mod identity;
mod job;
mod pipe;
mod security;

use std::{
    ffi::OsString,
    fs::OpenOptions,
    io,
    os::windows::{
        ffi::OsStringExt,
        io::{AsRawHandle, FromRawHandle, IntoRawHandle, OwnedHandle, RawHandle},
        process::CommandExt,
    },
    path::Path,
    process::{Command, ExitStatus, Stdio},
};

use windows_sys::{
    Win32::{
        Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation},
        System::{
            Console::{GetStdHandle, STD_ERROR_HANDLE, STD_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, SetStdHandle},
            SystemInformation::{ComputerNamePhysicalDnsHostname, GetComputerNameExW},
            Threading::{
                BELOW_NORMAL_PRIORITY_CLASS, CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, GetCurrentProcess, GetPriorityClass,
                HIGH_PRIORITY_CLASS, IDLE_PRIORITY_CLASS, NORMAL_PRIORITY_CLASS, PROCESS_CREATION_FLAGS, SetPriorityClass,
            },
        },
    },
    core::BOOL,
};

pub use self::{
    console::{ignore_interrupts, interrupt, on_termination},
    identity::{identify, is_alive, is_pid_in_use, kill, wait_for_end},
    job::{activity, kill_rest_of_session},
    pipe::{is_own_peer, listen, listen_for_clients, prepare_socket_folder},
    security::{close_folder, create_own_folder, is_readable_by_others},
};
use crate::process::{CpuPriority, IoPriority, Started};

/// The exit code of a process that was killed here. A shell tells so of one that SIGKILL ended, and restic never uses it.
const KILLED: u32 = 128 + SIGKILL as u32;

/// What this program calls a kill where a number is wanted.
const SIGKILL: i32 = 9;

/// Returns what tells this machine from others.
pub fn machine_id() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// Gives a supervisor that will be started a console of its own, without a window.
///
/// Then it does not end with the console of whoever starts it, and no window opens for it or for its restic.
pub fn detach(command: &mut Command) {
    command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
}

/// Users have no numbers.
pub fn own_user_number() -> Option<u32> {
    None
}

/// Reads from a console, whose Ctrl-C needs no care.
pub fn read_terminal<T>(read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    read()
}

/// There is no limit on open files to raise.
pub fn raise_descriptor_limit() -> io::Result<()> {
    Ok(())
}

/// There is no limit on open files to give back.
pub fn restore_descriptor_limit(_command: &mut Command) {}

/// A pipe's name can be longer than any path of a home.
pub fn check_socket_path(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes this process the first of a job, to which whatever it starts belongs.
pub fn leave_session() {
    job::enter();
}

/// Points standard input and standard error at the null device, and keeps standard output from children.
///
/// What stands on the standard output is the proof that this supervisor lives; a child would carry it on.
pub fn let_go_of_starter() -> io::Result<()> {
    point_at_null(STD_INPUT_HANDLE)?;
    point_at_null(STD_ERROR_HANDLE)?;
    keep_from_children(STD_OUTPUT_HANDLE);
    Ok(())
}

/// Keeps a standard stream from children that are not given it. There may be none.
pub(crate) fn keep_from_children(stream: STD_HANDLE) {
    // SAFETY: the calls take integers, and a handle that is none is refused.
    unsafe { SetHandleInformation(GetStdHandle(stream), HANDLE_FLAG_INHERIT, 0) };
}

/// Points a standard stream at the null device, so that whoever reads its other end sees it end.
pub(crate) fn point_at_null(stream: STD_HANDLE) -> io::Result<()> {
    let null = OpenOptions::new().read(true).write(true).open("NUL")?;
    // SAFETY: the call takes an integer.
    let previous = unsafe { GetStdHandle(stream) };
    // SAFETY: the handle is open, and stays so because nobody owns it from here on.
    check(unsafe { SetStdHandle(stream, null.into_raw_handle()) })?;
    if !previous.is_null() && previous.addr() != usize::MAX {
        // SAFETY: the process was given this handle for its stream, which no longer uses it: `std` looks it up at each use.
        drop(unsafe { OwnedHandle::from_raw_handle(previous) });
    }
    Ok(())
}

/// Returns the name of this machine, as restic writes it into its locks.
pub fn hostname() -> String {
    let mut name = [0; 256];
    let mut length = 256;
    // SAFETY: the buffer is as long as `length` says.
    let is_known = unsafe { GetComputerNameExW(ComputerNamePhysicalDnsHostname, name.as_mut_ptr(), &raw mut length) } != 0;
    let used = if is_known { length as usize } else { 0 };
    OsString::from_wide(&name[..used]).to_string_lossy().into_owned()
}

/// Returns SIGKILL's number for a process that was killed here. Windows itself has exit codes only.
pub fn ending_signal(status: ExitStatus) -> Option<i32> {
    (status.code() == Some(KILLED.cast_signed())).then_some(SIGKILL)
}

/// Starts a child with its standard input from the null device, and two pipes, as a process group of its own.
///
/// It shares this process's console, over which it can be interrupted, and its job. When this process ends, and so also when
/// it is killed, Windows kills the child: it cannot be interrupted by a dead process.
pub fn start(mut command: Command, cpu: Option<CpuPriority>, io_share: Option<IoPriority>) -> io::Result<Started> {
    let (output, output_end) = io::pipe()?;
    let (errors, errors_end) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(output_end).stderr(errors_end);
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
    let child = command.spawn()?;
    let mut warnings = Vec::new();
    if let Some(cpu) = cpu
        && let Err(error) = set_priority_class(child.as_raw_handle(), cpu)
    {
        warnings.push(format!("warning: the CPU priority could not be set: {error}"));
    }
    if io_share.is_some() {
        warnings.push("warning: this system has no I/O priority that could be given to restic".to_owned());
    }
    warnings.extend(job::failure().map(|reason| format!("warning: restic will outlive its supervisor's death: {reason}")));
    Ok(Started { child, output, errors, warnings })
}

/// Prepares a child of the daemon that only reads: no window opens for it.
///
/// It does not share a console with the daemon, so it cannot be interrupted, and is killed instead. It holds no lock.
pub fn prepare_reader(command: &mut Command, cpu: Option<CpuPriority>, _io_share: Option<IoPriority>) {
    command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP | priority_class(cpu.unwrap_or(CpuPriority::Normal)));
}

/// Pipes are as large as they are.
pub fn widen_pipe(_pipe: &tokio::process::ChildStdout) {}

/// Sets what can be set for this process. A child has it from here if it is lower than normal, or started with
/// [`own_priority_class`].
pub fn set_priorities(cpu: Option<CpuPriority>, _io_share: Option<IoPriority>) {
    if let Some(cpu) = cpu {
        // SAFETY: the handle means the calling process, and needs no closing.
        let own_process = unsafe { GetCurrentProcess() };
        // A priority that is not permitted must not cost a backup.
        let _ = set_priority_class(own_process, cpu);
    }
}

/// Returns this process's priority class, as a flag for the creation of another one.
pub(crate) fn own_priority_class() -> PROCESS_CREATION_FLAGS {
    // SAFETY: the handle means the calling process, and needs no closing.
    unsafe { GetPriorityClass(GetCurrentProcess()) }
}

fn set_priority_class(process: RawHandle, priority: CpuPriority) -> io::Result<()> {
    // SAFETY: the caller's handle is open.
    check(unsafe { SetPriorityClass(process, priority_class(priority)) })
}

fn priority_class(priority: CpuPriority) -> PROCESS_CREATION_FLAGS {
    match priority {
        CpuPriority::Idle => IDLE_PRIORITY_CLASS,
        CpuPriority::Low => BELOW_NORMAL_PRIORITY_CLASS,
        CpuPriority::Normal => NORMAL_PRIORITY_CLASS,
        CpuPriority::High => HIGH_PRIORITY_CLASS,
    }
}

/// Turns the answer of a system call into a result.
fn check(answer: BOOL) -> io::Result<()> {
    if answer == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
