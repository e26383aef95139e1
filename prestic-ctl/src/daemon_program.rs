//! Becomes `prestic-daemon`, for what needs no daemon: `-p`, `check`, `options`, `explain`.

use std::{ffi::OsString, process::Command};

use prestic_proto::daemon_program::{self, ProgramError};

use crate::{exit::Exit, system};

/// Replaces this process with the daemon's program, which keeps the terminal, the folder and the environment.
///
/// Returns only where processes cannot be replaced: then with the program's exit code.
pub fn become_daemon_program(args: impl IntoIterator<Item = OsString>) -> Result<Exit, ProgramError> {
    let program = daemon_program::find()?;
    let mut command = Command::new(&program);
    command.args(args);
    system::replace_by(&mut command).map_err(|source| ProgramError::NotRunnable { program, source })
}
