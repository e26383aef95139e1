//! The exit codes of `prestic-ctl`, all of them.
//!
//! `run` and `-p` pass restic's own codes on (restic uses 0 to 3, 10 to 12 and 130), so everything that `prestic-ctl` has to say
//! for itself lies elsewhere: from 64 on, where sysexits.h puts such things.

use std::process::ExitCode;

use prestic_proto::{
    error::{ApiError, ConnectError},
    outcome::Outcome,
    run::{Finished, Run},
};

use crate::{error::CtlError, service::ServiceError};

/// The table of the exit codes, as `--help` shows it.
pub const TABLE: &str = "\
Exit codes:
  0     done; for `run` and `-p`: restic ended with 0
  1     `check` and `reload`: the configuration has errors; `explain`: the schedule has
        `keyring`: there is no such entry; `service`: a step failed; `doctor`: something keeps backups from working
        `import`: the file is not that program's
  1-12  `run` and `-p`: restic's own code (3: some files were not read; 11: repository locked)
  64    the command line is wrong, as `--json` for what is never JSON
  65    refused: unknown task or profile, nothing to run, run already under way, shutting down, no usable password
        `service`: a file in the way is not ours
  66    there is no config.ini; `import`: the file cannot be read
  69    no daemon runs and none could be started, or it went away; not for `shutdown`, which is done (0) where none runs
        `service`: there is no service manager; `service status`: no daemon answers
  70    restic could not be started
  71    the run was interrupted: its supervisor or the machine went down
  72    a limit ended the run: max-runtime, no-progress-timeout, or the end of its window
  73    the run was skipped: it could not begin before its deadline
  74    the output could not be written (a closed pipe is no error)
  75    the second Ctrl-C: the run goes on without being followed
  76    the daemon is of another version
  78    the task or profile cannot be used, because its configuration has errors
  80-83 `keyring` and `new`: it is locked (80), none runs in this session (81), no session bus (82), anything else (83)
  130   the run was stopped on request
  128+N restic was killed by signal N";

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(pub u8);

impl Exit {
    /// All went well.
    pub const OK: Self = Self(0);
    /// The configuration has errors, or restic failed without an exit code of its own.
    pub const PROBLEMS: Self = Self(1);
    /// restic's code since 0.17 for a locked repository.
    pub const LOCKED: Self = Self(11);
    /// The command line is wrong.
    pub const USAGE: Self = Self(64);
    /// The daemon refused.
    pub const REFUSED: Self = Self(65);
    /// There is no configuration.
    pub const NO_CONFIG: Self = Self(66);
    /// No daemon can be reached.
    pub const UNAVAILABLE: Self = Self(69);
    /// restic could not be started.
    pub const SPAWN_FAILED: Self = Self(70);
    /// The run was lost with its supervisor or the machine.
    pub const INTERRUPTED: Self = Self(71);
    /// A limit ended the run.
    pub const TIMED_OUT: Self = Self(72);
    /// The run could not begin before its deadline.
    pub const SKIPPED: Self = Self(73);
    /// The output could not be written.
    pub const OUTPUT: Self = Self(74);
    /// The user left a run that is still stopping.
    pub const DETACHED: Self = Self(75);
    /// The daemon speaks another protocol.
    pub const OTHER_VERSION: Self = Self(76);
    /// The configuration of what was asked for has errors.
    pub const BAD_CONFIG: Self = Self(78);
    /// The run was stopped on request.
    pub const STOPPED: Self = Self(130);

    /// Returns the code for a run that has ended.
    pub fn of_run(finished: &Finished) -> Self {
        match finished.outcome {
            Outcome::Stopped => Self::STOPPED,
            Outcome::SpawnFailed(_) => Self::SPAWN_FAILED,
            Outcome::Interrupted => Self::INTERRUPTED,
            Outcome::Skipped(_) => Self::SKIPPED,
            Outcome::TimedOut(_) => Self::TIMED_OUT,
            Outcome::Killed(signal) => Self(u8::try_from(signal).map_or(u8::MAX, |signal| signal.saturating_add(128))),
            Outcome::Succeeded => Self::OK,
            Outcome::RepositoryLocked => Self::of_restic(finished.exit_code, Self::LOCKED),
            // Up to 0.18 restic ends with 0 when one of several sources is missing; its code is what scripts rely on.
            Outcome::Warnings => finished.exit_code.map_or(Self(3), |code| Self(u8::try_from(code).unwrap_or(3))),
            Outcome::Failed(_) => Self::of_restic(finished.exit_code, Self::PROBLEMS),
        }
    }

    /// Returns the code for several runs: that of the worst one.
    pub fn of_runs(runs: &[Run]) -> Self {
        runs.iter().filter_map(Run::finished).max_by_key(|finished| severity(&finished.outcome)).map_or(Self::OK, Self::of_run)
    }

    /// Returns the code for what went wrong before or beside a run.
    pub fn of_error(error: &CtlError) -> Self {
        match error {
            CtlError::Connect(ConnectError::OtherVersion { .. }) => Self::OTHER_VERSION,
            CtlError::Connect(_)
            | CtlError::NoDaemon { .. }
            | CtlError::StartFailed(_)
            | CtlError::Call(_)
            | CtlError::Lost(_)
            | CtlError::Program(_)
            | CtlError::Runtime(_)
            | CtlError::NoHome(_) => Self::UNAVAILABLE,
            CtlError::Api(ApiError::BadConfig(_)) => Self::PROBLEMS,
            CtlError::Api(_) | CtlError::Hinted { .. } | CtlError::NothingYet(_) => Self::REFUSED,
            CtlError::Service(ServiceError::NoManager { .. }) => Self::UNAVAILABLE,
            CtlError::Service(ServiceError::ForeignFile { .. } | ServiceError::OtherHome { .. }) => Self::REFUSED,
            CtlError::Service(_) => Self::PROBLEMS,
            CtlError::SecretsOnTerminal => Self::REFUSED,
            CtlError::BadTime(_)
            | CtlError::PastTime(_)
            | CtlError::OldUsage(_)
            | CtlError::NoJson { .. }
            | CtlError::NoHomeOfFile { .. } => Self::USAGE,
            CtlError::NoConfig { .. } | CtlError::Unreadable { .. } => Self::NO_CONFIG,
            CtlError::NotImported { .. } => Self::PROBLEMS,
            CtlError::BrokenSection { .. } => Self::BAD_CONFIG,
            CtlError::Forgotten(_) => Self::INTERRUPTED,
            CtlError::Output(_) | CtlError::NotWritten { .. } => Self::OUTPUT,
        }
    }

    /// Passes a code of restic on; one that does not fit into a byte (Windows has such) becomes the other.
    fn of_restic(code: Option<i32>, otherwise: Self) -> Self {
        code.and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 0).map_or(otherwise, Self)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

fn severity(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Succeeded => 0,
        Outcome::Warnings => 1,
        Outcome::Stopped | Outcome::Skipped(_) => 2,
        Outcome::RepositoryLocked => 3,
        Outcome::Failed(_) => 4,
        Outcome::TimedOut(_) => 5,
        Outcome::Killed(_) => 6,
        Outcome::Interrupted => 7,
        Outcome::SpawnFailed(_) => 8,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use prestic_proto::outcome::Failure;

    use super::*;

    fn finished(outcome: Outcome, exit_code: Option<i32>) -> Finished {
        Finished { at: DateTime::UNIX_EPOCH, duration_ms: 0, exit_code, outcome }
    }

    #[track_caller]
    fn check(outcome: Outcome, exit_code: Option<i32>, expected: u8) {
        assert_eq!(Exit::of_run(&finished(outcome, exit_code)), Exit(expected));
    }

    #[test]
    fn restic_s_codes_pass_through() {
        check(Outcome::Succeeded, Some(0), 0);
        check(Outcome::Warnings, Some(3), 3);
        check(Outcome::Failed(Failure::WrongPassword), Some(12), 12);
        check(Outcome::Failed(Failure::Other), Some(1), 1);
        check(Outcome::RepositoryLocked, Some(1), 1);
    }

    #[test]
    fn a_failure_is_never_zero() {
        check(Outcome::Failed(Failure::Other), None, 1);
        check(Outcome::Failed(Failure::Other), Some(0), 1);
        check(Outcome::Failed(Failure::Crashed), Some(-1_073_741_819), 1);
        check(Outcome::RepositoryLocked, None, 11);
        check(Outcome::Warnings, None, 3);
    }

    #[test]
    fn endings_without_a_code_of_restic_have_their_own() {
        check(Outcome::Stopped, Some(1), 130);
        check(Outcome::Killed(9), None, 137);
        check(Outcome::SpawnFailed("no such file".to_owned()), None, 70);
        check(Outcome::Interrupted, None, 71);
        check(Outcome::TimedOut(prestic_proto::limit::Limit::NoProgress), Some(130), 72);
    }

    #[test]
    fn of_several_runs_the_worst_counts() {
        let run = |outcome, code| crate::tests::run_in(prestic_proto::run::RunState::Finished(finished(outcome, code)));
        let runs = [
            run(Outcome::Warnings, Some(3)),
            run(Outcome::Failed(Failure::Other), Some(1)),
            run(Outcome::Stopped, Some(130)),
            run(Outcome::Succeeded, Some(0)),
        ];
        assert_eq!(Exit::of_runs(&runs), Exit(1));
        assert_eq!(Exit::of_runs(&[]), Exit::OK);
    }
}
