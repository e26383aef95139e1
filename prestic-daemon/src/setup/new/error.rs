//! Why no profile was added. Whatever it is, the configuration is what it was.

use std::{io, path::PathBuf, process::ExitStatus};

use prestic_proto::{home::NoHome, profile::ConfigProblem};
use thiserror::Error;

use crate::{foreground::ForegroundError, keyring::KeyringError, repository::probe::UNAUTHORIZED, setup::init::InitError};

/// Why no profile was added.
#[derive(Debug, Error)]
pub enum NewError {
    /// This program was not started by `prestic-ctl new`.
    #[error("use `prestic-ctl new`, which starts this")]
    NotAsked,
    /// There is no home for the configuration.
    #[error(transparent)]
    NoHome(#[from] NoHome),
    /// Nobody is there to answer.
    #[error("nobody is there to answer, and these are missing: {}\n  hint: `prestic-ctl new --help` explains them", .0.join(", "))]
    Missing(Vec<&'static str>),
    /// An answer cannot be used.
    #[error("{0}")]
    BadAnswer(String),
    /// The configuration cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The configuration is broken already.
    #[error("nothing was added to {}, which has errors: mend them first{}", .file.display(), listed(.errors))]
    BrokenConfig {
        /// The file.
        file: PathBuf,
        /// The errors.
        errors: Vec<ConfigProblem>,
    },
    /// The configuration would be broken.
    #[error("nothing was added to {}, which would have errors then{}", .file.display(), listed(.errors))]
    Check {
        /// The file.
        file: PathBuf,
        /// The errors.
        errors: Vec<ConfigProblem>,
    },
    /// Somebody else has changed the configuration meanwhile.
    #[error("nothing was added to {}, which has changed meanwhile: try again", .0.display())]
    Changed(PathBuf),
    /// There is no repository, and nobody said that one is to be made.
    #[error("there is no repository at `{0}`\n  hint: add `--init` to make one")]
    NoInit(String),
    /// The repository cannot be used.
    #[error(transparent)]
    Repository(#[from] InitError),
    /// The profile cannot be used.
    #[error(transparent)]
    Profile(#[from] ForegroundError),
    /// restic does not start.
    #[error("cannot start `{program}`")]
    NotStarted {
        /// The program.
        program: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// restic has not made the repository.
    #[error("restic has not made the repository ({0}); the password stays where it was put, and is used the next time")]
    InitFailed(ExitStatus),
    /// The keyring does not do what it should.
    #[error("{0}\n  hint: {hint}; or keep the password in a file: `--password-file`", hint = .0.hint())]
    Keyring(KeyringError),
    /// A file cannot be written.
    #[error("cannot write {}", .file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Somebody has said no, or has gone.
    #[error("nothing was written")]
    Declined,
    /// The terminal, or the event loop, does not work.
    #[error("cannot ask or wait")]
    Io(#[from] io::Error),
}

impl NewError {
    /// Returns the exit code: those of the table in `prestic-ctl --help`.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Missing(_) | Self::BadAnswer(_) | Self::NotAsked => 64,
            Self::BrokenConfig { .. } | Self::Check { .. } => 78,
            Self::Repository(error) => error.exit_code(),
            Self::Profile(error) => error.exit_code(),
            Self::NotStarted { .. } => 70,
            Self::NoHome(_) => 69,
            Self::Keyring(error) => error.exit_code(),
            Self::Unreadable { .. } | Self::Unwritable { .. } | Self::Io(_) => 1,
            Self::Changed(_) | Self::NoInit(_) | Self::InitFailed(_) | Self::Declined => 65,
        }
    }

    /// Whether the server of the repository wants to know who is there.
    pub(super) fn is_about_the_login(&self) -> bool {
        matches!(self, Self::Repository(InitError::Refused { message, .. }) if message.contains(UNAUTHORIZED))
    }

    /// Whether another answer to the same question can help.
    pub(super) fn is_about_the_answer(&self) -> bool {
        matches!(self, Self::BadAnswer(_) | Self::Repository(_) | Self::Keyring(_))
    }
}

/// What is wrong with a password itself has nothing to do with where it is kept.
impl From<KeyringError> for NewError {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::BadPassword(message) => Self::BadAnswer(message),
            error => Self::Keyring(error),
        }
    }
}

fn listed(errors: &[ConfigProblem]) -> String {
    errors.iter().map(|problem| format!("\n{problem}").replace('\n', "\n  ")).collect()
}
