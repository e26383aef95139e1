//! Windows.

use std::{
    io,
    path::PathBuf,
    process::{Command, ExitCode},
};

/// Returns the file to start a supervisor from.
pub fn own_program() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// A process that was started without a console has none to leave.
pub fn leave_terminal() {}

/// The starter closes its ends itself.
pub fn release_streams() -> io::Result<()> {
    Ok(())
}

/// Runs a command in this process's place, and returns its exit code.
pub fn replace_by(command: &mut Command) -> io::Result<ExitCode> {
    let code = command.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
