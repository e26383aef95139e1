//! Unix: the process with the number 1.

use std::{
    env, io, mem,
    os::unix::process::CommandExt,
    process::{Command, ExitCode},
    ptr,
};

use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, wait},
};

use crate::program;

/// What the daemon listens to. Whoever stops the container means the daemon.
const PASSED_ON: [Signal; 5] = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT, Signal::USR1];

/// Where a shell's codes for ends by signals begin.
const SIGNAL_CODES: i32 = 128;

/// If this is the first process, runs the daemon as a child until that has ended, and returns its exit code.
pub fn attend() -> io::Result<Option<ExitCode>> {
    if std::process::id() == 1 {
        run(Command::new(program::own_program()?).args(env::args_os().skip(1))).map(Some)
    } else {
        Ok(None)
    }
}

/// Runs a child, passes signals on to it, and waits for every process that ends here meanwhile.
///
/// To be called while there is no other thread, because threads inherit what is blocked.
fn run(command: &mut Command) -> io::Result<ExitCode> {
    let signals = block_signals()?;
    // A Ctrl-C in the container's terminal comes once, from here: a second one would leave the runs no time.
    command.process_group(0);
    // SAFETY: between fork and exec only system calls are made; nothing allocates and no lock is taken.
    unsafe { command.pre_exec(unblock_signals) };
    let child = command.spawn()?;
    let child = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
    loop {
        match wait_for_signal(&signals)? {
            libc::SIGCHLD => {
                if let Some(status) = reap(child)? {
                    return Ok(exit_code(status));
                }
            }
            signal => {
                if let Some(signal) = PASSED_ON.into_iter().find(|known| known.as_raw() == signal) {
                    // It is still there: it has not been reaped.
                    let _ = kill_process(child, signal);
                }
            }
        }
    }
}

/// Blocks what is waited for, and returns it.
fn block_signals() -> io::Result<libc::sigset_t> {
    // SAFETY: a set of signals is plain data, which `sigemptyset` initializes; the old mask is not asked for.
    unsafe {
        let mut signals = mem::zeroed();
        libc::sigemptyset(&raw mut signals);
        for signal in PASSED_ON.into_iter().map(Signal::as_raw).chain([libc::SIGCHLD]) {
            libc::sigaddset(&raw mut signals, signal);
        }
        checked(libc::pthread_sigmask(libc::SIG_BLOCK, &raw const signals, ptr::null_mut()))?;
        Ok(signals)
    }
}

fn unblock_signals() -> io::Result<()> {
    // SAFETY: as above.
    unsafe {
        let mut none = mem::zeroed();
        libc::sigemptyset(&raw mut none);
        checked(libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut()))
    }
}

fn wait_for_signal(signals: &libc::sigset_t) -> io::Result<i32> {
    let mut signal = 0;
    // SAFETY: both are initialized, and live as long as the call.
    checked(unsafe { libc::sigwait(signals, &raw mut signal) })?;
    Ok(signal)
}

/// These calls return their error.
fn checked(error: i32) -> io::Result<()> {
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
}

/// Waits for all that has ended: one signal can stand for several. Returns how the child has ended, if it has.
fn reap(child: Pid) -> io::Result<Option<WaitStatus>> {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) if pid == child => return Ok(Some(status)),
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Returns the exit code that a shell would give for an end.
fn exit_code(status: WaitStatus) -> ExitCode {
    let code = status.exit_status().or_else(|| status.terminating_signal().map(|signal| SIGNAL_CODES + signal));
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}
