//! Becomes `prestic-daemon`, for what needs no daemon: `-p`, `check`, `options`, `explain`; or another of PRestic's programs.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use prestic_proto::{
    daemon_program::{self, ProgramError},
    home::HOME_VARIABLE,
};

use crate::{exit::Exit, system};

/// Replaces this process with the daemon's program, which keeps the terminal, the folder and the environment.
///
/// Returns only where processes cannot be replaced: then with the program's exit code.
pub fn become_daemon_program(args: impl IntoIterator<Item = OsString>) -> Result<Exit, ProgramError> {
    become_program(daemon_program::find()?, args, None)
}

/// Replaces this process with a program, for another home where one is named.
pub fn become_program(
    program: PathBuf,
    args: impl IntoIterator<Item = OsString>,
    home: Option<&Path>,
) -> Result<Exit, ProgramError> {
    let mut command = Command::new(&program);
    command.args(args);
    if let Some(home) = home {
        command.env(HOME_VARIABLE, home);
    }
    system::replace_by(&mut command).map_err(|source| ProgramError::NotRunnable { program, source })
}
