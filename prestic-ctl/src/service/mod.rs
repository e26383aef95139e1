//! PRestic as a service: started at login by what the system has for that, and started again when it fails.
//!
//! [`systemd`], [`launchd`] and [`task_scheduler`] plan what is to be done, as pure functions that Linux can test for the others;
//! the file of this system finds out what they need to know. [`mod@perform`] carries the plans out and says each step.

pub mod files;
pub mod launchd;
pub mod perform;
pub mod state;
pub mod step;
pub mod systemd;
pub mod task_scheduler;

mod quote;

#[cfg(all(unix, not(target_os = "macos")))]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

use std::{env, ffi::OsStr, io, path::PathBuf};

use prestic_proto::{daemon_program, error::ConnectError, home::Home};
use thiserror::Error;

use crate::{connect::connect_any, error::CtlError};

#[cfg(all(unix, not(target_os = "macos")))]
use linux as host;
#[cfg(target_os = "macos")]
use macos as host;
#[cfg(windows)]
use windows as host;

pub use host::{installation, log_reader, removal, report};

/// What the user wants of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wishes {
    /// Whether the service starts at each login.
    pub is_enabled: bool,
    /// Whether it starts now.
    pub starts_now: bool,
    /// Whether the tray starts at each login.
    pub has_tray: bool,
}

/// Our programs, and the home that they are to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// `prestic-daemon`.
    pub daemon: PathBuf,
    /// This program.
    pub ctl: PathBuf,
    /// `prestic-tray`, if it is installed beside this program.
    pub tray: Option<PathBuf>,
    /// The home, if it is not the one that is used when nobody names another.
    pub other_home: Option<PathBuf>,
    /// The folder of restic, if the shell finds one.
    pub restic_folder: Option<PathBuf>,
}

/// A daemon that answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Daemon {
    /// Its process id.
    pub pid: u32,
    /// Whether it is of the same version as this program.
    pub is_same_version: bool,
}

/// Why there is no service.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// Nothing here starts services for a user.
    #[error("there is no service manager for you here: {reason}")]
    NoManager {
        /// What it said.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// There is a file that is not ours.
    #[error("{} was not written by `prestic-ctl service install`", .path.display())]
    ForeignFile {
        /// The file.
        path: PathBuf,
    },
    /// The service that is installed serves another home.
    #[error("the service that is installed serves another home: {}", .other.as_deref().unwrap_or("~/.prestic"))]
    OtherHome {
        /// The other home; none for the usual one.
        other: Option<String>,
    },
    /// A program is where nothing can be started from, or cannot be found.
    #[error("{message}")]
    Unusable {
        /// What, and why.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A file cannot be written, read or removed.
    #[error("cannot {verb} {}", .path.display())]
    File {
        /// What was to be done.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A program that had to succeed did not.
    #[error("`{program}` {reason}")]
    Program {
        /// The program.
        program: String,
        /// How it ended, or why it did not start.
        reason: String,
    },
}

impl ServiceError {
    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoManager { hint, .. } | Self::Unusable { hint, .. } => Some(hint.clone()),
            Self::ForeignFile { path } => Some(format!("move {} away, then try again", path.display())),
            Self::OtherHome { other } => {
                let setting = other.as_ref().map_or("env -u PRESTIC_HOME".to_owned(), |home| format!("PRESTIC_HOME='{home}'"));
                Some(format!("there is one service a user; `{setting} prestic-ctl service uninstall` removes that one"))
            }
            Self::File { .. } => None,
            Self::Program { .. } => {
                Some("what was done until then stands above; `prestic-ctl service logs` may tell more".to_owned())
            }
        }
    }
}

impl Programs {
    /// Finds them: beside this program, where all were installed together, else on PATH.
    pub fn find(home: &Home) -> Result<Self, CtlError> {
        let ctl = env::current_exe().map_err(|source| ServiceError::File {
            verb: "find",
            path: PathBuf::from("prestic-ctl"),
            source,
        })?;
        let tray = ctl.with_file_name(format!("prestic-tray{}", env::consts::EXE_SUFFIX));
        Ok(Self {
            daemon: daemon_program::find()?,
            tray: Some(tray).filter(|tray| tray.is_file()),
            ctl,
            other_home: (!home.is_default()).then(|| home.root().to_owned()),
            restic_folder: env::var_os("PATH").and_then(|path| folder_of_restic(&path)),
        })
    }
}

fn folder_of_restic(path: &OsStr) -> Option<PathBuf> {
    let name = format!("restic{}", env::consts::EXE_SUFFIX);
    env::split_paths(path).filter(|folder| folder.is_absolute()).find(|folder| folder.join(&name).is_file())
}

/// Finds out whether a daemon runs for the home, of whatever version.
pub async fn daemon_of(home: &Home) -> Result<Option<Daemon>, CtlError> {
    match connect_any(home).await {
        Ok((_, hello)) => Ok(Some(Daemon { pid: hello.pid, is_same_version: hello.version == env!("CARGO_PKG_VERSION") })),
        Err(ConnectError::NotRunning { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
