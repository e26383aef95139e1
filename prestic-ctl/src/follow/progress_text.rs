//! The progress of a run in words: a few lines for a terminal, one for a log.
//!
//! Pure: run, look and time in, text out.

use chrono::{DateTime, Utc};
use prestic_proto::{
    progress::Progress,
    run::{Run, RunState},
};

use super::wait_words::wait_words;
use crate::{
    output::{Look, Paint},
    text::{cut_end, cut_middle, printable, width},
    words,
};

const LONGEST_NAME: usize = 28;
const LONGEST_BAR: usize = 40;
/// A shorter bar tells less than the percentage beside it.
const SHORTEST_BAR: usize = 8;

/// Returns how many columns the name of a run takes where there is room for it.
pub fn name_columns(run: &Run) -> usize {
    width(&printable(&run.task)).min(LONGEST_NAME)
}

/// Returns what a terminal shows of a run: its name with the bar, the numbers, the file.
///
/// The name is filled up to `name_columns`, so that the bars of several runs line up.
pub fn terminal_lines(run: &Run, name_columns: usize, now: DateTime<Utc>, look: &Look) -> Vec<String> {
    // The last column stays free: some terminals wrap when it is used.
    let columns = look.columns.unwrap_or(usize::MAX).saturating_sub(1);
    let name_columns = name_columns.min(columns);
    let mut name = cut_end(&printable(&run.task), name_columns);
    name += &" ".repeat(name_columns - width(&name));
    let Some(progress) = run.progress.as_ref().filter(|_| run.pid().is_some()) else {
        let state = cut_end(&waiting_words(run, now), columns.saturating_sub(width(&name) + 2));
        return vec![format!("{}  {state}", look.paint(Paint::Strong, &name))];
    };
    let is_stopping = matches!(run.state, RunState::Stopping { .. });
    let mut lines = vec![bar_line(&name, run, progress, now, columns, look)];
    let separator = if look.has_unicode { " · " } else { ", " };
    let mut parts = numbers(progress);
    if is_stopping {
        parts.insert(0, "stopping".to_owned());
    } else if let Some(near) = limit_words(run, now) {
        parts.insert(0, near);
    }
    if !parts.is_empty() {
        lines.push(format!("  {}", fitting(&parts, separator, columns.saturating_sub(2))));
    }
    if let Some(file) = &progress.current_file {
        let file = cut_middle(&printable(file), columns.saturating_sub(2));
        lines.push(format!("  {}", look.paint(Paint::Faint, &file)));
    }
    lines
}

/// Returns the progress of a run as one line without any decoration.
pub fn log_line(run: &Run, now: DateTime<Utc>) -> String {
    let Some(progress) = &run.progress else { return waiting_words(run, now) };
    let mut parts = Vec::new();
    parts.extend(limit_words(run, now));
    parts.extend(progress.fraction.map(|fraction| format!("{}%", words::percent(fraction))));
    parts.extend(numbers(progress));
    parts.push(time_words(run, progress, now));
    parts.join(", ")
}

fn bar_line(name: &str, run: &Run, progress: &Progress, now: DateTime<Utc>, columns: usize, look: &Look) -> String {
    let painted_name = look.paint(Paint::Strong, name);
    let time = time_words(run, progress, now);
    let Some(fraction) = progress.fraction else {
        return format!("{painted_name}  {}", cut_end(&time, columns.saturating_sub(width(name) + 2)));
    };
    let percent = format!("{:>3}%", words::percent(fraction));
    let taken = width(name) + width(&percent) + 4;
    // The bar keeps its length while the words for the time change theirs.
    let bar_columns = columns.saturating_sub(taken + "  1 min 00 s left".len()).min(LONGEST_BAR);
    if bar_columns < SHORTEST_BAR {
        let time = if width(&time) <= columns.saturating_sub(taken) { time.as_str() } else { "" };
        return format!("{painted_name}  {percent}  {time}").trim_end().to_owned();
    }
    let paint = if matches!(run.state, RunState::Stopping { .. }) { Paint::Warning } else { Paint::Active };
    let time = cut_end(&time, columns.saturating_sub(taken + bar_columns + 2));
    format!("{painted_name}  {}  {percent}  {time}", bar(fraction, bar_columns, paint, look)).trim_end().to_owned()
}

fn bar(fraction: f64, columns: usize, paint: Paint, look: &Look) -> String {
    let filled = ((fraction.clamp(0.0, 1.0) * columns as f64) as usize).min(columns);
    // Without colors the two parts need characters that differ at a glance.
    let (full, empty) = match (look.has_unicode, look.has_color) {
        (true, true) => ("━", "─"),
        (true, false) => ("█", "░"),
        (false, _) => ("#", "-"),
    };
    format!("{}{}", look.paint(paint, &full.repeat(filled)), look.paint(Paint::Faint, &empty.repeat(columns - filled)))
}

/// Returns the numbers, the one that matters most first.
fn numbers(progress: &Progress) -> Vec<String> {
    let mut parts = Vec::new();
    if progress.errors > 0 {
        parts.push(words::counted(progress.errors, "error"));
    }
    if progress.bytes_total > 0 {
        parts.push(words::bytes_of(progress.bytes_done, progress.bytes_total));
    }
    if progress.files_total > 0 {
        parts.push(format!("{} of {}", words::count(progress.files_done), words::counted(progress.files_total, "file")));
    }
    if let Some(speed) = progress.bytes_per_second.filter(|speed| *speed > 0) {
        parts.push(format!("{}/s", words::bytes(speed)));
    }
    parts
}

fn time_words(run: &Run, progress: &Progress, now: DateTime<Utc>) -> String {
    match progress.seconds_remaining.filter(|seconds| *seconds > 0) {
        Some(seconds) => format!("{} left", words::duration(seconds)),
        None => format!("{} so far", elapsed(run, now)),
    }
}

fn waiting_words(run: &Run, now: DateTime<Utc>) -> String {
    match &run.state {
        RunState::Queued(turn) => {
            turn.waits_for.as_ref().map_or_else(|| "waiting for its turn".to_owned(), |wait| wait_words(wait, now))
        }
        RunState::Starting => "starting".to_owned(),
        RunState::WaitingForSecret { until } => secret_words(*until, now),
        RunState::Running { .. } => {
            let running = format!("running for {}", elapsed(run, now));
            limit_words(run, now).map_or_else(|| running.clone(), |near| format!("{near}, {running}"))
        }
        RunState::WaitingForLock { .. } => lock_words(run, now).unwrap_or_default(),
        RunState::Stopping { .. } => "stopping".to_owned(),
        RunState::Finished(finished) => finished.outcome.to_string(),
    }
}

fn elapsed(run: &Run, now: DateTime<Utc>) -> String {
    let since = run.started_at.unwrap_or(run.created_at);
    words::duration(u64::try_from((now - since).num_seconds()).unwrap_or(0))
}

/// Returns that a run waits for the keyring, and how long it waits still.
pub fn secret_words(until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let left = u64::try_from((until - now).num_seconds()).unwrap_or_default();
    format!("waiting for its password from the keyring; {} left", words::duration(left))
}

/// Returns who holds the lock that a run waits for, and how long it waits still.
pub fn lock_words(run: &Run, now: DateTime<Utc>) -> Option<String> {
    let RunState::WaitingForLock { holders, until } = &run.state else { return None };
    let mut text = "waiting for lock".to_owned();
    if let Some(holder) = holders.first() {
        text += &printable(&format!(": held by {}@{}, process {}", holder.user, holder.host, holder.pid));
        text += if holder.is_exclusive { " (exclusive)" } else { "" };
        let age = u64::try_from((now - holder.created_at).num_seconds()).unwrap_or_default();
        text += &format!(", for {}", words::duration(age));
    }
    if holders.len() > 1 {
        text += &format!(", and {}", words::counted_usize(holders.len() - 1, "other"));
    }
    if let Some(until) = until {
        let left = u64::try_from((*until - now).num_seconds()).unwrap_or_default();
        text += &format!("; {} left", words::duration(left));
    }
    Some(text)
}

/// Returns which limit will end a run, and when.
pub fn limit_words(run: &Run, now: DateTime<Utc>) -> Option<String> {
    let near = run.limit_near?;
    let left = u64::try_from((near.stops_at - now).num_seconds()).unwrap_or_default();
    Some(format!("{}: stops in {}", near.limit.approach(), words::duration(left)))
}

/// Joins as many parts as fit, from the first on.
fn fitting(parts: &[String], separator: &str, columns: usize) -> String {
    let mut line = String::new();
    for part in parts {
        let gap = if line.is_empty() { "" } else { separator };
        if width(&line) + width(gap) + width(part) > columns {
            break;
        }
        line += gap;
        line += part;
    }
    line
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use prestic_proto::{
        limit::{Limit, LimitNear},
        lock::LockHolder,
    };

    use prestic_proto::run::Turn;

    use super::*;
    use crate::tests::run_in;

    fn busy_run() -> Run {
        let progress = Progress {
            fraction: Some(0.42),
            files_done: 1_234,
            files_total: 5_678,
            bytes_done: 1_288_490_189,
            bytes_total: 3_435_973_837,
            bytes_per_second: Some(58_720_256),
            seconds_remaining: Some(192),
            current_file: Some("/home/user/documents/reports/2026/annual\x1b[2J-report.pdf".to_owned()),
            errors: 0,
        };
        Run { progress: Some(progress), ..run_in(RunState::Running { pid: 7 }) }
    }

    #[track_caller]
    fn check(run: &Run, columns: usize, expected: &[&str]) {
        let look = Look { columns: Some(columns), ..Look::PLAIN };
        let lines = terminal_lines(run, name_columns(run), run.created_at + TimeDelta::seconds(65), &look);
        assert_eq!(lines, expected);
        for line in lines {
            assert!(width(&line) < columns, "{line:?} takes all of {columns} columns");
        }
    }

    #[test]
    fn a_usual_terminal_shows_bar_numbers_and_file() {
        check(
            &busy_run(),
            80,
            &[
                "home-backup  ████████████████░░░░░░░░░░░░░░░░░░░░░░░░   42%  3 min 12 s left",
                "  1.2 of 3.2 GiB · 1,234 of 5,678 files · 56.0 MiB/s",
                "  /home/user/documents/reports/2026/annual\u{fffd}[2J-report.pdf",
            ],
        );
    }

    #[test]
    fn a_narrow_terminal_shows_what_matters() {
        check(
            &busy_run(),
            40,
            &[
                "home-backup   42%  3 min 12 s left",
                "  1.2 of 3.2 GiB · 1,234 of 5,678 files",
                "  /home/user/d…26/annual\u{fffd}[2J-report.pdf",
            ],
        );
        check(&busy_run(), 20, &["home-backup   42%", "  1.2 of 3.2 GiB", "  /home…-report.pdf"]);
    }

    #[test]
    fn the_bars_of_several_runs_line_up() {
        let look = Look { columns: Some(80), ..Look::PLAIN };
        let short = Run { task: "写真".to_owned(), ..busy_run() };
        let [short, long] = [short, busy_run()].map(|run| terminal_lines(&run, 11, run.created_at, &look).remove(0));
        assert_eq!(short.replace("写真       ", ""), long.replace("home-backup", ""));
    }

    #[test]
    fn errors_come_first() {
        let mut run = busy_run();
        run.progress.as_mut().unwrap().errors = 2;
        let look = Look { columns: Some(40), ..Look::PLAIN };
        assert_eq!(terminal_lines(&run, name_columns(&run), run.created_at, &look)[1], "  2 errors · 1.2 of 3.2 GiB");
    }

    #[test]
    fn a_run_without_progress_shows_its_state() {
        check(&run_in(RunState::Queued(Turn::default())), 80, &["home-backup  waiting for its turn"]);
        check(&run_in(RunState::Running { pid: 7 }), 80, &["home-backup  running for 1 min 05 s"]);
        check(&run_in(RunState::Queued(Turn::default())), 20, &["home-backup  waiti…"]);
    }

    #[test]
    fn a_run_that_waits_for_a_lock_says_who_holds_it() {
        let holder = LockHolder {
            id: "0a".to_owned(),
            host: "nas".to_owned(),
            user: "root".to_owned(),
            pid: 12,
            created_at: run_in(RunState::Queued(Turn::default())).created_at - TimeDelta::seconds(55),
            is_exclusive: true,
        };
        let until = Some(holder.created_at + TimeDelta::minutes(5));
        let waiting = |holders| run_in(RunState::WaitingForLock { holders, until });
        let words = "home-backup  waiting for lock: held by root@nas, process 12 (exclusive), for 2 min 00 s";
        check(&waiting(vec![holder.clone()]), 120, &[&format!("{words}; 3 min 00 s left")]);
        check(&waiting(vec![holder.clone(), holder]), 120, &[&format!("{words}, and 1 other; 3 min 00 s left")]);
        check(&waiting(Vec::new()), 120, &["home-backup  waiting for lock; 3 min 00 s left"]);
    }

    #[test]
    fn a_run_that_waits_for_its_password_says_so() {
        let until = run_in(RunState::Queued(Turn::default())).created_at + TimeDelta::seconds(90);
        let words = "home-backup  waiting for its password from the keyring; 25 s left";
        check(&run_in(RunState::WaitingForSecret { until }), 120, &[words]);
    }

    #[test]
    fn a_run_that_comes_close_to_a_limit_says_so_first() {
        let near = |limit| Some(LimitNear { limit, stops_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(100) });
        let silent = Run { limit_near: near(Limit::NoProgress), ..run_in(RunState::Running { pid: 7 }) };
        check(&silent, 80, &["home-backup  nothing moves: stops in 35 s, running for 1 min 05 s"]);
        let long = Run { limit_near: near(Limit::MaxRuntime), ..busy_run() };
        let look = Look { columns: Some(80), ..Look::PLAIN };
        let lines = terminal_lines(&long, 11, long.created_at + TimeDelta::seconds(65), &look);
        assert!(lines[1].starts_with("  max-runtime is near: stops in 35 s · 1.2 of 3.2 GiB"), "{lines:?}");
    }

    #[test]
    fn a_stopping_run_says_so() {
        let run = Run { state: RunState::Stopping { pid: 7 }, ..busy_run() };
        let look = Look { columns: Some(80), ..Look::PLAIN };
        assert!(terminal_lines(&run, name_columns(&run), run.created_at, &look)[1].starts_with("  stopping · 1.2 of"));
    }

    #[test]
    fn a_terminal_without_unicode_gets_ascii() {
        let look = Look { columns: Some(80), has_unicode: false, has_color: false };
        let lines = terminal_lines(&busy_run(), 11, busy_run().created_at, &look);
        assert!(lines[0].contains("  ################------------------------   42%"), "{}", lines[0]);
        assert!(lines[..2].iter().all(|line| line.is_ascii()));
    }

    #[test]
    fn a_log_gets_one_plain_line() {
        let run = busy_run();
        assert_eq!(log_line(&run, run.created_at), "42%, 1.2 of 3.2 GiB, 1,234 of 5,678 files, 56.0 MiB/s, 3 min 12 s left");
    }
}
