//! How a run ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a run ended, the one word that everything else (colour, notification, exit code) follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "detail", rename_all = "kebab-case")]
pub enum Outcome {
    /// restic ended with 0.
    Succeeded,
    /// The work was done, but not for every file: restic's exit code 3 of `backup`.
    Warnings,
    /// restic ended with an error.
    Failed(Failure),
    /// Another process holds the repository's lock.
    RepositoryLocked,
    /// Somebody asked for the run to stop, and it did.
    Stopped,
    /// A signal that we did not send ended restic (its number, 9 from the kernel's out-of-memory killer).
    Killed(i32),
    /// restic could not be started, and why.
    SpawnFailed(String),
    /// The machine, or the run's supervisor, went down before the run ended.
    Interrupted,
}

/// Why restic failed, as far as its exit code and its words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The password does not open the repository.
    WrongPassword,
    /// restic got no password.
    NoPassword,
    /// There is no repository there, or its disk is not mounted.
    NoRepository,
    /// The repository's server cannot be reached.
    Network,
    /// A disk or a quota is full.
    NoSpace,
    /// restic itself crashed (exit code 2).
    Crashed,
    /// Any other error: the log tells.
    Other,
}

impl Outcome {
    /// Whether the run did what it was for, if with warnings.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Warnings)
    }

    /// Returns the word for this outcome that listings and scripts use.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Warnings => "warnings",
            Self::Failed(_) => "failed",
            Self::RepositoryLocked => "repository-locked",
            Self::Stopped => "stopped",
            Self::Killed(_) => "killed",
            Self::SpawnFailed(_) => "spawn-failed",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded => f.write_str("succeeded"),
            Self::Warnings => f.write_str("finished with warnings"),
            Self::Failed(failure) => write!(f, "failed: {failure}"),
            Self::RepositoryLocked => f.write_str("failed: the repository is locked"),
            Self::Stopped => f.write_str("stopped"),
            Self::Killed(signal) => write!(f, "killed by signal {signal}"),
            Self::SpawnFailed(reason) => write!(f, "could not start: {reason}"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongPassword => "wrong password",
            Self::NoPassword => "no password was given",
            Self::NoRepository => "no repository there, or its disk is not mounted",
            Self::Network => "the repository cannot be reached",
            Self::NoSpace => "no space left",
            Self::Crashed => "restic crashed",
            Self::Other => "restic reported an error",
        })
    }
}
