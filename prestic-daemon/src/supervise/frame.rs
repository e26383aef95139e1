//! The first and the last lines of a log, around what restic writes.

use chrono::{DateTime, TimeZone};
use prestic_proto::run::Finished;

use crate::{
    log_files::{EXIT_CODE_LABEL, OUTCOME_LABEL},
    supervise::spec::RunSpec,
};

/// Returns the lines before restic's output: what is run, and why. The last one is empty.
pub fn header<Zone: TimeZone>(spec: &RunSpec, at: DateTime<Zone>) -> String
where
    Zone::Offset: std::fmt::Display,
{
    let version = spec.restic_version.map_or_else(|| "unknown".to_owned(), |version| version.to_string());
    format!(
        "Repository: {}\nCommand line: {}\nrestic version: {version}\nTrigger: {}\nStarted at: {}\n",
        spec.shown_repository,
        spec.shown_command,
        spec.trigger,
        at.format("%Y-%m-%d %H:%M:%S %:z"),
    )
}

/// Returns the lines after restic's output: how it ended. The first one is empty.
pub fn footer(finished: &Finished, signal: Option<i32>) -> String {
    let end = match (finished.exit_code, signal) {
        (Some(code), _) => format!("{EXIT_CODE_LABEL}{code}\n"),
        (None, Some(signal)) => format!("Restic was killed by signal {signal}\n"),
        (None, None) => String::new(),
    };
    format!("\n{end}{OUTCOME_LABEL}{}\nDuration: {}\n", finished.outcome, duration_text(finished.duration_ms))
}

fn duration_text(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}.{}s", milliseconds % 1000 / 100),
        (0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (hours, minutes, seconds) => format!("{hours}h {minutes}m {seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::outcome::Outcome;

    use super::*;

    #[track_caller]
    fn check_footer(exit_code: Option<i32>, signal: Option<i32>, outcome: Outcome, duration_ms: u64, expected: &str) {
        let finished = Finished { at: DateTime::UNIX_EPOCH, duration_ms, exit_code, outcome };
        assert_eq!(footer(&finished, signal), expected);
    }

    #[test]
    fn footer_tells_code_or_signal_and_how_long_it_took() {
        check_footer(
            Some(0),
            None,
            Outcome::Succeeded,
            72_900,
            "\nRestic exit code: 0\nOutcome: succeeded\nDuration: 1m 12s\n",
        );
        check_footer(
            None,
            Some(9),
            Outcome::Stopped,
            7_200_000,
            "\nRestic was killed by signal 9\nOutcome: stopped\nDuration: 2h 0m 0s\n",
        );
        check_footer(None, None, Outcome::Stopped, 1_250, "\nOutcome: stopped\nDuration: 1.2s\n");
    }
}
