//! Finds `prestic-daemon` and becomes it, for what needs no daemon: `-p`, `check`, `options`, `explain`.

use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
    process::Command,
};

use thiserror::Error;

use crate::{exit::Exit, system};

const NAME: &str = "prestic-daemon";

/// Why `prestic-daemon` cannot be run.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// It is in none of the usual places.
    #[error("cannot find `{NAME}`: it is neither beside `prestic-ctl` nor on PATH")]
    NotFound,
    /// It is there, but it does not start.
    #[error("cannot run {}", .program.display())]
    NotRunnable {
        /// The program.
        program: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Finds the daemon's program: beside our own, where both were installed together, else on PATH.
pub fn find() -> Result<PathBuf, ProgramError> {
    find_in(env::current_exe().ok().as_deref(), env::var_os("PATH").as_deref()).ok_or(ProgramError::NotFound)
}

/// Replaces this process with the daemon's program, which keeps the terminal, the folder and the environment.
///
/// Returns only where processes cannot be replaced: then with the program's exit code.
pub fn become_daemon_program(args: impl IntoIterator<Item = OsString>) -> Result<Exit, ProgramError> {
    let program = find()?;
    let mut command = Command::new(&program);
    command.args(args);
    system::replace_by(&mut command).map_err(|source| ProgramError::NotRunnable { program, source })
}

fn find_in(own_program: Option<&Path>, path: Option<&OsStr>) -> Option<PathBuf> {
    let file_name = format!("{NAME}{}", env::consts::EXE_SUFFIX);
    let beside = own_program.and_then(Path::parent).map(Path::to_path_buf);
    let on_path = path.into_iter().flat_map(env::split_paths);
    beside.into_iter().chain(on_path).map(|folder| folder.join(&file_name)).find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_program_beside_our_own_comes_before_path() {
        let [beside, on_path] = [(), ()].map(|()| tempfile::tempdir().unwrap());
        let file_name = format!("{NAME}{}", env::consts::EXE_SUFFIX);
        let own_program = beside.path().join("prestic-ctl");
        let path = env::join_paths([beside.path().join("none"), on_path.path().to_owned()]).unwrap();
        let find = || find_in(Some(&own_program), Some(&path));
        assert_eq!(find(), None);
        fs::File::create(on_path.path().join(&file_name)).unwrap();
        assert_eq!(find(), Some(on_path.path().join(&file_name)));
        fs::File::create(beside.path().join(&file_name)).unwrap();
        assert_eq!(find(), Some(beside.path().join(&file_name)));
    }
}
