//! What a run did, in a few lines, once it is over.
//!
//! Pure: run and look in, lines out.

use std::path::Path;

use prestic_proto::{
    outcome::Outcome,
    progress::Summary,
    run::{Finished, Run},
};

use crate::{
    output::{Look, Paint},
    text::{cut_end, printable},
    words,
};

/// How much of a snapshot's id restic shows and takes.
const SHORT_ID: usize = 8;

/// Returns the lines about a run that is over.
pub fn lines(run: &Run, finished: &Finished, logs_dir: &Path, look: &Look) -> Vec<String> {
    let mut lines = vec![headline(run, finished, look)];
    let mut fact = |name: &str, value: String| {
        lines.push(format!("  {}  {value}", look.paint(Paint::Faint, &format!("{name:<8}"))));
    };
    if let Some(summary) = &run.summary {
        if let Some(id) = &summary.snapshot_id {
            fact("snapshot", printable(id).chars().take(SHORT_ID).collect());
        }
        if summary.files_processed > 0 {
            fact("files", files_words(summary));
        }
        if summary.bytes_processed > 0 || summary.bytes_added > 0 {
            fact("added", format!("{}, of {} read", words::bytes(summary.bytes_added), words::bytes(summary.bytes_processed)));
        }
        if summary.errors > 0 {
            fact("errors", format!("{} could not be read", words::counted(summary.errors, "file")));
        }
    }
    if let Some(log_file) = &run.log_file {
        fact("log", printable(&logs_dir.join(log_file).display().to_string()));
    }
    if !finished.outcome.is_success() {
        let columns = look.columns.map_or(usize::MAX, |columns| columns.saturating_sub(3));
        lines.extend(
            telling_lines(&run.last_lines)
                .iter()
                .map(|line| format!("  | {}", cut_end(&printable(line), columns.saturating_sub(1)))),
        );
    }
    lines
}

/// Returns the color of an outcome.
pub fn paint_of(outcome: &Outcome) -> Paint {
    match outcome {
        Outcome::Succeeded => Paint::Good,
        Outcome::Warnings | Outcome::Stopped | Outcome::Skipped(_) => Paint::Warning,
        Outcome::Failed(_)
        | Outcome::RepositoryLocked
        | Outcome::TimedOut(_)
        | Outcome::Killed(_)
        | Outcome::SpawnFailed(_)
        | Outcome::Interrupted => Paint::Bad,
    }
}

/// How many lines may stand before those that name the error are picked out of them.
const FEW_LINES: usize = 4;

/// Returns the lines that say why a run failed: not where in its own code restic was, and not what it did before.
fn telling_lines(lines: &[String]) -> Vec<&String> {
    let told: Vec<_> = lines.iter().filter(|line| !is_stack_frame(line)).collect();
    let errors: Vec<_> = told.iter().copied().filter(|line| names_error(line)).collect();
    if told.len() <= FEW_LINES || errors.is_empty() { told } else { errors }
}

/// Whether a line is of the stack that Go prints with some errors: a function, its file and line, or the stack's head.
fn is_stack_frame(line: &str) -> bool {
    let text = line.trim();
    let is_file = text.rsplit_once(".go:").is_some_and(|(_, rest)| rest.starts_with(|first: char| first.is_ascii_digit()));
    let is_function = !text.contains(' ')
        && ["main.", "runtime.", "github.com/", "golang.org/", "net/", "internal/", "os."]
            .iter()
            .any(|package| text.starts_with(package));
    text.is_empty()
        || (is_file && (line.starts_with(['\t', ' ']) || !text.contains(' ')))
        || is_function
        || text.starts_with("created by ")
        || (text.starts_with("goroutine ") && text.ends_with(':'))
}

fn names_error(line: &str) -> bool {
    let text = line.trim_start().to_lowercase();
    ["fatal:", "error:", "unable to"].iter().any(|start| text.starts_with(start))
}

fn headline(run: &Run, finished: &Finished, look: &Look) -> String {
    let outcome = look.paint(paint_of(&finished.outcome), &printable(&finished.outcome.to_string()));
    let code = match finished.exit_code {
        Some(code) if code != 0 => format!(" (exit code {code})"),
        _ => String::new(),
    };
    let time = match finished.outcome {
        Outcome::SpawnFailed(_) | Outcome::Skipped(_) => String::new(),
        _ => format!(" after {}", words::duration_ms(finished.duration_ms)),
    };
    format!("{} {outcome}{code}{time}", look.paint(Paint::Strong, &printable(&run.task)))
}

fn files_words(summary: &Summary) -> String {
    format!(
        "{} new, {} changed, {} unchanged",
        words::count(summary.files_new),
        words::count(summary.files_changed),
        words::count(summary.files_unmodified)
    )
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use prestic_proto::{outcome::Failure, run::RunState};

    use super::*;
    use crate::tests::run_in;

    #[track_caller]
    fn check(outcome: Outcome, exit_code: Option<i32>, change: impl FnOnce(&mut Run), expected: &[&str]) {
        let finished = Finished { at: DateTime::UNIX_EPOCH, duration_ms: 123_000, exit_code, outcome };
        let mut run = run_in(RunState::Finished(finished.clone()));
        change(&mut run);
        assert_eq!(lines(&run, &finished, Path::new("logs"), &Look::PLAIN), expected);
    }

    #[test]
    fn a_backup_tells_what_it_did() {
        let summary = Summary {
            snapshot_id: Some("3f2a77c1d0e4b5a6".to_owned()),
            files_new: 12,
            files_changed: 3,
            files_unmodified: 5_663,
            files_processed: 5_678,
            bytes_processed: 3_435_973_837,
            bytes_added: 5_242_880,
            errors: 0,
        };
        check(
            Outcome::Succeeded,
            Some(0),
            |run| run.summary = Some(summary),
            &[
                "home-backup succeeded after 2 min 03 s",
                "  snapshot  3f2a77c1",
                "  files     12 new, 3 changed, 5,663 unchanged",
                "  added     5.0 MiB, of 3.2 GiB read",
            ],
        );
    }

    #[test]
    fn a_failure_shows_the_last_lines() {
        let last_lines = vec!["Fatal: wrong password\x07".to_owned()];
        check(
            Outcome::Failed(Failure::WrongPassword),
            Some(12),
            |run| run.last_lines = last_lines,
            &["home-backup failed: wrong password (exit code 12) after 2 min 03 s", "  | Fatal: wrong password\u{fffd}"],
        );
    }

    #[track_caller]
    fn check_telling(lines: &[&str], expected: &[&str]) {
        let lines: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(telling_lines(&lines), expected);
    }

    #[test]
    fn lines_of_restic_s_own_code_are_left_out() {
        check_telling(
            &[
                "Fatal: unable to open config file: stat /r/config: no such file or directory",
                "Is there a repository at the following location?",
                "/r",
                "",
                "github.com/restic/restic/internal/errors.Wrap",
                "\tgithub.com/restic/restic/internal/errors/errors.go:61",
                "main.main",
                "\tmain.go:98",
                "runtime.goexit",
                "goroutine 1 [running]:",
            ],
            &[
                "Fatal: unable to open config file: stat /r/config: no such file or directory",
                "Is there a repository at the following location?",
                "/r",
            ],
        );
    }

    #[test]
    fn of_many_lines_those_that_name_the_error_are_shown() {
        let scanned = ["scan /a", "scan /b", "scan /c", "scan /d"];
        let errors = ["error: lstat /x: permission denied", "Fatal: unable to save snapshot: no space left"];
        check_telling(&[scanned.as_slice(), &errors].concat(), &errors);
        check_telling(&[scanned.as_slice(), &["killed"]].concat(), &["scan /a", "scan /b", "scan /c", "scan /d", "killed"]);
    }

    #[test]
    fn what_never_ran_took_no_time() {
        check(Outcome::SpawnFailed("no such file".to_owned()), None, |_| {}, &["home-backup could not start: no such file"]);
    }

    #[test]
    fn unread_files_are_counted() {
        let summary = Summary { errors: 2, ..Summary::default() };
        check(
            Outcome::Warnings,
            Some(3),
            |run| run.summary = Some(summary),
            &["home-backup finished with warnings (exit code 3) after 2 min 03 s", "  errors    2 files could not be read"],
        );
    }
}
