//! A profile that is to be added to the configuration: what is known of it, and what became of it.
//!
//! `prestic-ctl new` hands the answers of its command line to the daemon's program in the variable [`ANSWERS_VARIABLE`]: a
//! repository can hold a password, and standard input is for whoever answers the rest.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

/// The variable with the [`Answers`] as JSON.
pub const ANSWERS_VARIABLE: &str = "PRESTIC_NEW_PROFILE";

/// What is known of a profile that is to be added; the rest is asked for.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// Its name.
    pub name: Option<String>,
    /// What is to be backed up.
    pub paths: Vec<String>,
    /// What is left out of that.
    pub excludes: Vec<String>,
    /// Where the repository is.
    pub repository: Option<String>,
    /// When it runs; an empty one is by hand only.
    pub schedule: Option<String>,
    /// Which snapshots are kept, as `7d 5w 12m`; `all` for all.
    pub keep: Option<String>,
    /// Where its password is kept.
    pub keeper: Option<Keeper>,
    /// Whether the password is the first line of standard input.
    pub password_on_stdin: bool,
    /// Whether a password is to be made.
    pub generate_password: bool,
    /// Variables that the repository needs: their values come from the environment.
    pub variables: Vec<String>,
    /// Whether a repository is to be made where there is none.
    pub init: bool,
    /// Whether to run a first backup.
    pub run_now: bool,
    /// Whether nothing is to be asked.
    pub yes: bool,
}

/// A repository's location can hold a password.
impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("name", &self.name).field("paths", &self.paths).finish_non_exhaustive()
    }
}

/// Where a password is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keeper {
    /// In the desktop's keyring: in the entry of this name, or in that of the profile's.
    Keyring(Option<String>),
    /// In a file that nobody else can read: in this one, or in one beside the configuration.
    File(Option<PathBuf>),
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// The profile.
    pub profile: String,
    /// The task that removes old snapshots.
    pub forget_task: Option<String>,
    /// The file that it was written into.
    pub config: PathBuf,
    /// The repository, without credentials.
    pub repository: String,
    /// Whether the repository was made just now.
    pub repository_created: bool,
    /// Where its password is kept.
    pub keeper: Keeper,
    /// Whether the password was made, now or by an attempt that failed, so that nobody else knows it.
    pub password_generated: bool,
    /// Whether a first backup is wanted.
    pub run_now: bool,
}
