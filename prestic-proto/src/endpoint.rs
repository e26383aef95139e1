//! Where a daemon listens, and how a client learns it.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::home::Home;

/// What the lock file says of the daemon that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The daemon's process id.
    pub pid: u32,
    /// The socket on which it listens (on Windows the name of its pipe).
    pub socket: PathBuf,
}

impl Endpoint {
    /// Reads what the last daemon of a home wrote into its lock file. It may be dead.
    pub fn read(home: &Home) -> io::Result<Self> {
        let text = fs::read_to_string(home.lock_file())?;
        serde_json::from_str(&text).map_err(io::Error::from)
    }
}

/// Returns the folder for the socket of a home's daemon.
///
/// The user's runtime folder serves the default home only: two homes of one user must not share a socket.
pub fn socket_dir(home: &Home) -> PathBuf {
    env::var_os("XDG_RUNTIME_DIR")
        .filter(|dir| home.is_default() && Path::new(dir).is_absolute())
        .map_or_else(|| home.root().join("run"), |dir| Path::new(&dir).join("prestic"))
}

/// Returns where the daemon of a home listens.
pub fn daemon_socket(home: &Home) -> PathBuf {
    socket_name(home, &socket_dir(home), "daemon")
}

/// Returns where the supervisor of one run listens: always in the home.
///
/// The daemon that adopts a run need not have the runtime folder of the one that started it.
pub fn run_socket(home: &Home, run: crate::run::RunId) -> PathBuf {
    socket_name(home, &home.root().join("run"), &format!("run-{run}"))
}

fn socket_name(home: &Home, folder: &Path, name: &str) -> PathBuf {
    if cfg!(windows) { pipe_name(home, name).into() } else { folder.join(format!("{name}.sock")) }
}

/// A pipe has no folder, and its name has less room than a path: a number stands for the home's.
fn pipe_name(home: &Home, name: &str) -> String {
    let home = home.root().to_string_lossy().to_lowercase().replace('/', "\\");
    let home = home.trim_end_matches('\\');
    format!(r"\\.\pipe\prestic-{:016x}-{name}", crate::fingerprint::fingerprint(home.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::RunId;

    #[test]
    fn each_home_and_each_run_has_a_socket_of_its_own() {
        let (home, other) = (Home::at(env::temp_dir().join("a-b")), Home::at(env::temp_dir().join("a").join("b")));
        let sockets = [daemon_socket(&home), daemon_socket(&other), run_socket(&home, RunId(7)), run_socket(&home, RunId(8))];
        for (index, socket) in sockets.iter().enumerate() {
            assert!(!sockets[..index].contains(socket), "{}", socket.display());
        }
    }

    #[test]
    fn pipe_of_a_home_has_one_name_however_the_home_is_written() {
        let names = [r"C:\Users\me", "c:/users/ME", r"C:\Users\me\"].map(|root| pipe_name(&Home::at(root), "daemon"));
        assert_eq!(names[1..], [names[0].clone(), names[0].clone()]);
    }

    #[test]
    #[cfg(not(windows))]
    fn socket_of_a_run_is_in_the_home_whatever_the_environment() {
        // The user's default home is the one that may have its socket elsewhere.
        let home = Home::from_environment().unwrap();
        assert_eq!(run_socket(&home, RunId(7)), home.root().join("run/run-7.sock"));
    }
}
