//! Finds `prestic-daemon`, and starts one where none runs.

use std::{
    env,
    ffi::OsStr,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use thiserror::Error;

use crate::{home::Home, platform, user_service};

const NAME: &str = "prestic-daemon";
/// What the daemon prints once it listens.
const READY: &str = "ready";

/// Why `prestic-daemon` cannot be run.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// It is in none of the usual places.
    #[error("cannot find `{0}`: it is neither beside this program nor on PATH")]
    NotFound(&'static str),
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

/// What came of starting a daemon.
#[derive(Debug)]
pub enum Started {
    /// It listens. Whoever lives on has to wait for the end of a child, or it stays behind as a dead process; a service is none.
    Ready(Option<Child>),
    /// It has ended, and has said why on standard error. Perhaps because another client was faster: then there is a daemon now.
    Ended(ExitStatus),
}

/// Finds the daemon's program: beside our own, where both were installed together, else on PATH.
pub fn find() -> Result<PathBuf, ProgramError> {
    find_program(NAME)
}

/// Finds one of PRestic's programs in the same places.
pub fn find_program(name: &'static str) -> Result<PathBuf, ProgramError> {
    let own_program = env::current_exe().ok();
    find_in(name, own_program.as_deref(), env::var_os("PATH").as_deref()).ok_or(ProgramError::NotFound(name))
}

/// Starts a daemon that outlives this process, and waits until it listens: the service, where the daemon is installed as one.
///
/// This blocks.
pub fn start(home: &Home) -> Result<Started, ProgramError> {
    if user_service::start(home) {
        return Ok(Started::Ready(None));
    }
    let program = find()?;
    let mut command = Command::new(&program);
    command.arg("--detached").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    platform::detach(&mut command);
    let failed = |source| ProgramError::NotRunnable { program: program.clone(), source };
    let mut child = command.spawn().map_err(failed)?;
    let stdout = child.stdout.take().expect("stdout is a pipe");
    for line in BufReader::new(stdout).lines() {
        if line.map_err(failed)?.trim() == READY {
            return Ok(Started::Ready(Some(child)));
        }
    }
    Ok(Started::Ended(child.wait().map_err(failed)?))
}

fn find_in(name: &str, own_program: Option<&Path>, path: Option<&OsStr>) -> Option<PathBuf> {
    let file_name = format!("{name}{}", env::consts::EXE_SUFFIX);
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
        let find = || find_in(NAME, Some(&own_program), Some(&path));
        assert_eq!(find(), None);
        fs::File::create(on_path.path().join(&file_name)).unwrap();
        assert_eq!(find(), Some(on_path.path().join(&file_name)));
        fs::File::create(beside.path().join(&file_name)).unwrap();
        assert_eq!(find(), Some(beside.path().join(&file_name)));
    }
}
