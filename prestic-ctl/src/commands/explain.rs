//! `prestic-ctl explain`: the words with which the daemon's program, which knows schedules, explains one.

use std::ffi::OsString;

use crate::cli::ExplainOptions;

/// Returns the command line of the daemon's program.
pub fn words(options: ExplainOptions, json: Option<OsString>) -> Vec<OsString> {
    let ExplainOptions { schedule, from, n, timezone, batch } = options;
    let mut words = vec!["explain".into()];
    words.extend(json);
    words.extend(batch.then(|| "--batch".into()));
    let n = n.map(|n| n.to_string().into());
    for (option, value) in [("--from", from), ("-n", n), ("--timezone", timezone)] {
        if let Some(value) = value {
            words.extend([option.into(), value]);
        }
    }
    if !schedule.is_empty() {
        words.push("--".into());
        words.extend(schedule);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{self, Command, Invocation};

    #[track_caller]
    fn check(line: &[&str], expected: &[&str]) {
        let words_of_line = std::iter::once("prestic-ctl").chain(line.iter().copied()).map(OsString::from);
        match cli::parse(words_of_line) {
            Ok(Invocation::Command(_, Command::Explain(options))) => assert_eq!(words(options, None), expected),
            other => panic!("{line:?} became {other:?}"),
        }
    }

    #[test]
    fn schedule_comes_last_and_is_no_option() {
        check(&["explain", "daily at 02:30"], &["explain", "--", "daily at 02:30"]);
        check(&["explain", "daily", "02:30", "-n", "3"], &["explain", "-n", "3", "--", "daily", "02:30"]);
        check(&["explain", ""], &["explain", "--", ""]);
    }

    #[test]
    fn options_are_passed_on() {
        let from = "2026-03-29T02:00:00Z";
        check(
            &["explain", "--timezone", "Europe/Berlin", "--from", from, "daily"],
            &["explain", "--from", from, "--timezone", "Europe/Berlin", "--", "daily"],
        );
        check(&["explain", "--batch"], &["explain", "--batch"]);
    }

    #[test]
    fn something_must_be_asked() {
        for line in [&["explain"] as &[&str], &["explain", "--batch", "daily"]] {
            let words = std::iter::once("prestic-ctl").chain(line.iter().copied()).map(OsString::from);
            assert!(cli::parse(words).is_err(), "{line:?}");
        }
    }
}
