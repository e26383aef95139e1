//! How a run ended.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limit::Limit;

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
    /// It took too long, and was ended.
    TimedOut(Limit),
    /// Somebody asked for the run to stop, and it did.
    Stopped,
    /// A signal that we did not send ended restic (its number, 9 from the kernel's out-of-memory killer).
    Killed(i32),
    /// restic could not be started, and why.
    SpawnFailed(String),
    /// The machine, or the run's supervisor, went down before the run ended.
    Interrupted,
    /// It was due and did not run.
    Skipped(SkipReason),
}

/// More occurrences than these are not counted when they were missed.
pub const COUNTED_MISSES: u32 = 1000;

/// Why a task that was due does not run for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipReason {
    /// Its last run is still under way.
    StillRunning,
    /// It was missed, and its catch-up rule leaves it at that.
    Missed {
        /// How many occurrences were missed, up to [`COUNTED_MISSES`].
        count: u32,
    },
    /// It could not begin before its deadline.
    Deadline,
}

/// Why restic failed, as far as its exit code and its words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The password does not open the repository.
    WrongPassword,
    /// restic got no password.
    NoPassword,
    /// The keyring that has the password is locked, or is not to be had.
    NoKeyring,
    /// There is no repository there, or its disk is not mounted.
    NoRepository,
    /// The repository's server cannot be reached.
    Network,
    /// A disk or a quota is full.
    NoSpace,
    /// The command line is wrong: restic does not know a flag, or misses a word.
    BadUsage,
    /// restic could not keep its own lock alive, and gave up: the machine was suspended, or the repository out of reach.
    LostLock,
    /// restic itself crashed (exit code 2).
    Crashed,
    /// Any other error: the log tells.
    Other,
}

impl Outcome {
    /// The words that [`Self::word`] returns.
    pub const WORDS: [&str; 10] = [
        "succeeded",
        "warnings",
        "failed",
        "repository-locked",
        "timed-out",
        "stopped",
        "killed",
        "spawn-failed",
        "interrupted",
        "skipped",
    ];

    /// Whether the run did what it was for, if with warnings.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Warnings)
    }

    /// Whether the same run can end otherwise when it is repeated soon, though nobody has changed anything.
    ///
    /// A network, a lock, a locked keyring, a hang or a crash pass by themselves, and of what is not understood the better is
    /// hoped. A wrong password or command line, a repository that is not there and a full disk wait for somebody. A run that
    /// was too long for its limit or its window will be so again. What was stopped was meant to stop. What was interrupted is
    /// repeated by the rule for missed runs, and not by this one.
    pub fn is_worth_repeating(&self) -> bool {
        match self {
            Self::Failed(failure) => failure.is_worth_repeating(),
            Self::RepositoryLocked | Self::Killed(_) | Self::TimedOut(Limit::NoProgress) => true,
            Self::Succeeded
            | Self::Warnings
            | Self::TimedOut(Limit::MaxRuntime | Limit::Window)
            | Self::Stopped
            | Self::SpawnFailed(_)
            | Self::Interrupted
            | Self::Skipped(_) => false,
        }
    }

    /// Returns the word for this outcome that listings and scripts use.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Warnings => "warnings",
            Self::Failed(_) => "failed",
            Self::RepositoryLocked => "repository-locked",
            Self::TimedOut(_) => "timed-out",
            Self::Stopped => "stopped",
            Self::Killed(_) => "killed",
            Self::SpawnFailed(_) => "spawn-failed",
            Self::Interrupted => "interrupted",
            Self::Skipped(_) => "skipped",
        }
    }
}

impl Failure {
    fn is_worth_repeating(self) -> bool {
        match self {
            Self::NoKeyring | Self::Network | Self::LostLock | Self::Crashed | Self::Other => true,
            Self::WrongPassword | Self::NoPassword | Self::NoRepository | Self::NoSpace | Self::BadUsage => false,
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
            Self::TimedOut(limit) => write!(f, "timed out: {limit}"),
            Self::Stopped => f.write_str("stopped"),
            Self::Killed(signal) => write!(f, "killed by signal {signal}"),
            Self::SpawnFailed(reason) => write!(f, "could not start: {reason}"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Skipped(reason) => write!(f, "skipped: {reason}"),
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StillRunning => f.write_str("its last run was still under way"),
            Self::Missed { count: 0 | 1 } => f.write_str("it was missed"),
            Self::Missed { count } if *count >= COUNTED_MISSES => write!(f, "it was missed {COUNTED_MISSES} times or more"),
            Self::Missed { count } => write!(f, "it was missed {count} times"),
            Self::Deadline => f.write_str("it could not begin before its deadline"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongPassword => "wrong password",
            Self::NoPassword => "no password was given",
            Self::NoKeyring => "the keyring did not give the password",
            Self::NoRepository => "no repository there, or its disk is not mounted",
            Self::Network => "the repository cannot be reached",
            Self::NoSpace => "no space left",
            Self::BadUsage => "the command line is wrong",
            Self::LostLock => "restic could not keep its lock",
            Self::Crashed => "restic crashed",
            Self::Other => "restic reported an error",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(is_worth_repeating: bool, outcomes: &[Outcome]) {
        for outcome in outcomes {
            assert_eq!(outcome.is_worth_repeating(), is_worth_repeating, "{outcome:?}");
        }
    }

    #[test]
    fn what_passes_by_itself_is_worth_repeating() {
        let failures =
            [Failure::NoKeyring, Failure::Network, Failure::LostLock, Failure::Crashed, Failure::Other].map(Outcome::Failed);
        check(true, &failures);
        check(true, &[Outcome::RepositoryLocked, Outcome::Killed(9), Outcome::TimedOut(Limit::NoProgress)]);
    }

    #[test]
    fn what_waits_for_somebody_or_was_meant_is_not_worth_repeating() {
        use Failure::{BadUsage, NoPassword, NoRepository, NoSpace, WrongPassword};
        check(false, &[WrongPassword, NoPassword, NoRepository, NoSpace, BadUsage].map(Outcome::Failed));
        check(false, &[Outcome::TimedOut(Limit::MaxRuntime), Outcome::TimedOut(Limit::Window)]);
        check(false, &[Outcome::Succeeded, Outcome::Warnings, Outcome::Stopped, Outcome::Interrupted]);
        check(false, &[Outcome::SpawnFailed("no such file".to_owned())]);
    }
}
