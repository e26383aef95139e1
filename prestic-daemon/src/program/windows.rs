//! Windows.

use std::{
    io,
    os::windows::process::CommandExt,
    path::PathBuf,
    process::{Command, ExitCode},
};

use windows_sys::Win32::System::Console::{STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE};

use crate::process;

/// Returns the file to start a supervisor from.
pub fn own_program() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// Keeps the three standard streams from children that are not given them.
///
/// Else a supervisor would hold the pipe of whoever waits for this process's last words.
pub fn keep_streams_from_children() {
    [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE].into_iter().for_each(process::keep_from_children);
}

/// Whoever starts a detached daemon gives it a console of its own, so there is none to leave.
pub fn leave_terminal() {}

/// Points the three standard streams at the null device, so that whoever reads their other ends sees them end.
pub fn release_streams() -> io::Result<()> {
    [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE].into_iter().try_for_each(process::point_at_null)
}

/// Runs a command in this process's place, and returns its exit code.
///
/// The command takes the interrupts, and has this process's priority: Windows would not give it one above normal by itself.
pub fn replace_by(command: &mut Command) -> io::Result<ExitCode> {
    process::ignore_interrupts()?;
    let status = command.creation_flags(process::own_priority_class()).status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
