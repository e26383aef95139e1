//! The home: the folder with `config.ini`, `status.ini` and the logs.

use std::{
    env,
    path::{Path, PathBuf},
};

use thiserror::Error;

/// The variable that names another home.
pub const HOME_VARIABLE: &str = "PRESTIC_HOME";

/// The folder with everything of one PRestic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
    is_default: bool,
}

/// There is no way to tell where the home is.
#[derive(Debug, Error)]
#[error("cannot tell where PRestic's home is: neither `{HOME_VARIABLE}` nor `{0}` is set")]
pub struct NoHome(&'static str);

impl Home {
    /// Returns the home that the environment names: `$PRESTIC_HOME`, else the user's default one.
    pub fn from_environment() -> Result<Self, NoHome> {
        let default = default_root();
        match env::var_os(HOME_VARIABLE).filter(|value| !value.is_empty()) {
            Some(root) => {
                let root = std::path::absolute(&root).unwrap_or_else(|_| root.into());
                Ok(Self { is_default: default.as_ref().is_ok_and(|default| *default == root), root })
            }
            None => Ok(Self { root: default?, is_default: true }),
        }
    }

    /// Returns the home that is used when nobody names another.
    pub fn usual() -> Result<Self, NoHome> {
        Ok(Self { root: default_root()?, is_default: true })
    }

    /// Returns the home at a folder.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), is_default: false }
    }

    /// Returns the folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it is the one that is used when nobody names another.
    pub fn is_default(&self) -> bool {
        self.is_default
    }

    /// Returns the user's configuration.
    pub fn config_file(&self) -> PathBuf {
        self.root.join("config.ini")
    }

    /// Returns the file with what each task did last, which Python's PRestic reads too.
    pub fn status_file(&self) -> PathBuf {
        self.root.join("status.ini")
    }

    /// Returns the folder of the logs.
    pub fn logs_dir(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Returns the folder of the records of runs.
    pub fn runs_dir(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// Returns the database of the runs that have ended.
    pub fn history_file(&self) -> PathBuf {
        self.root.join("history.db")
    }

    /// Returns the folder of what can be made anew: indexes of snapshots, results of jobs. Whoever deletes it loses only those.
    pub fn cache_dir(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// Returns the file that a daemon holds locked as long as it lives.
    pub fn lock_file(&self) -> PathBuf {
        self.root.join("daemon.lock")
    }

    /// Returns the file that leads a browser to the web interface, and lets it in once.
    pub fn web_redirect_file(&self) -> PathBuf {
        self.root.join("run").join("web.html")
    }

    /// Returns the file into which a daemon that was started by a client writes what it has to say.
    pub fn daemon_log(&self) -> PathBuf {
        self.logs_dir().join("daemon.log")
    }
}

fn default_root() -> Result<PathBuf, NoHome> {
    if cfg!(windows) { folder_in("APPDATA", "prestic") } else { folder_in("HOME", ".prestic") }
}

fn folder_in(variable: &'static str, name: &str) -> Result<PathBuf, NoHome> {
    let parent = env::var_os(variable).filter(|value| !value.is_empty()).ok_or(NoHome(variable))?;
    Ok(Path::new(&parent).join(name))
}
