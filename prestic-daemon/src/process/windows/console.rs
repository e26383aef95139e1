//! Interrupts: how they are sent to a child that shares the console, and how this process takes those that are meant for it.

use std::{
    io,
    sync::{Mutex, OnceLock, PoisonError},
    thread,
};

use windows_sys::{
    Win32::{
        Foundation::{ERROR_INVALID_HANDLE, FALSE, TRUE},
        System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT, GenerateConsoleCtrlEvent, SetConsoleCtrlHandler},
    },
    core::BOOL,
};

use super::{check, identity::open_same};
use crate::process::ProcessId;

/// What to do when this process is asked to end.
type Act = Mutex<Box<dyn Fn() + Send>>;

/// The system calls a plain function, so what it is to do stands here.
static ACT: OnceLock<Act> = OnceLock::new();

/// Asks a child that [`super::start`] has started to stop, with what its group started. Does nothing if it has ended.
///
/// It gets a Ctrl-Break: a Ctrl-C reaches a process group of its own only if that has asked for it. Where there is no
/// Ctrl-Break, under Wine ("invalid handle"), it gets a Ctrl-C all the same.
pub fn interrupt(process: &ProcessId) -> io::Result<()> {
    // Held open, its number stays its own until the event is sent.
    let Some(_held) = open_same(process, 0)? else { return Ok(()) };
    // SAFETY: the call takes integers.
    let send = |event| check(unsafe { GenerateConsoleCtrlEvent(event, process.pid) });
    match send(CTRL_BREAK_EVENT) {
        // For any other reason a Ctrl-C could reach whoever else has this console, and this process itself.
        Err(error) if error.raw_os_error() == Some(ERROR_INVALID_HANDLE.cast_signed()) => send(CTRL_C_EVENT).map_err(|_| error),
        result => result,
    }
}

/// Calls `act` for each event that asks this process to end, in place of ending.
///
/// When the console is closed or the system goes down, `act` is called too, but the system ends the process some seconds
/// later whatever it does.
pub fn on_termination(act: impl Fn() + Send + 'static) -> io::Result<()> {
    ACT.set(Mutex::new(Box::new(act))).map_err(|_| io::Error::from(io::ErrorKind::AlreadyExists))?;
    // SAFETY: the function lives as long as the process, and can be called from any thread.
    check(unsafe { SetConsoleCtrlHandler(Some(handle), TRUE) })
}

/// Leaves interrupts to the child that has the same console: it says how it ends.
pub fn ignore_interrupts() -> io::Result<()> {
    // SAFETY: the function lives as long as the process, and can be called from any thread.
    check(unsafe { SetConsoleCtrlHandler(Some(ignore), TRUE) })
}

unsafe extern "system" fn handle(event: u32) -> BOOL {
    if let Some(act) = ACT.get() {
        act.lock().unwrap_or_else(PoisonError::into_inner)();
    }
    if is_interrupt(event) {
        return TRUE;
    }
    // The process would end with the return from here. Its main thread is quicker, or the system runs out of patience.
    loop {
        thread::park();
    }
}

unsafe extern "system" fn ignore(event: u32) -> BOOL {
    if is_interrupt(event) { TRUE } else { FALSE }
}

fn is_interrupt(event: u32) -> bool {
    matches!(event, CTRL_C_EVENT | CTRL_BREAK_EVENT)
}
