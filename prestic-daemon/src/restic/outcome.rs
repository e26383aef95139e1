//! What an exit code means.

use prestic_proto::outcome::{Failure, Outcome};

use crate::restic::version::ResticVersion;

/// How restic ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signaled(i32),
}

/// Returns the outcome of a run.
pub fn classify(
    end: End,
    _version: Option<ResticVersion>,
    _subcommand: &str,
    was_stopped_by_us: bool,
    _stderr_tail: &[String],
    file_errors: u64,
) -> Outcome {
    match end {
        End::Exited(0) if file_errors > 0 => Outcome::Warnings,
        End::Exited(0) => Outcome::Succeeded,
        _ if was_stopped_by_us => Outcome::Stopped,
        End::Exited(3) => Outcome::Warnings,
        End::Exited(_) => Outcome::Failed(Failure::Other),
        End::Signaled(signal) => Outcome::Killed(signal),
    }
}
