//! Becomes `prestic-daemon`, for what needs no daemon: `-p`, `check`, `options`, `explain`.

use std::{ffi::OsString, io, process::Command};

use prestic_proto::daemon_program::{self, ProgramError};

use crate::exit::Exit;

/// Replaces this process with the daemon's program, which keeps the terminal, the folder and the environment.
///
/// Returns only where processes cannot be replaced: then with the program's exit code.
pub fn become_daemon_program(args: impl IntoIterator<Item = OsString>) -> Result<Exit, ProgramError> {
    let program = daemon_program::find()?;
    let mut command = Command::new(&program);
    command.args(args);
    replace(&mut command).map_err(|source| ProgramError::NotRunnable { program, source })
}

#[cfg(unix)]
fn replace(command: &mut Command) -> io::Result<Exit> {
    use std::os::unix::process::CommandExt;

    Err(command.exec())
}

#[cfg(windows)]
fn replace(command: &mut Command) -> io::Result<Exit> {
    // Once somebody listens to Ctrl-C it no longer ends this process: how restic ends because of it has to be passed on.
    let _interrupts = tokio::signal::windows::ctrl_c()?;
    let code = command.status()?.code();
    Ok(code.map_or(Exit::PROBLEMS, |code| Exit(u8::try_from(code).unwrap_or(Exit::PROBLEMS.0))))
}
