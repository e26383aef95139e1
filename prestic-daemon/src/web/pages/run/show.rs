//! Writes a run's page. Pure.

use maud::{Markup, html};
use prestic_proto::{
    progress::Summary,
    run::{Run, RunState},
    words as plain,
};

use super::{
    Log,
    log_text::{self, FOUND_LINES, Weight},
};
use crate::web::{
    pages::{actions, instants, progress, standing},
    sessions::Session,
    words::{self, Moment},
};

/// So many errors are repeated on top.
const SHOWN_ERRORS: usize = 50;

/// Writes the page; `kept_days` is for how long logs are kept, where this one is gone.
pub fn page(run: &Run, log: &Log, find: &str, kept_days: Option<&str>, session: &Session, moment: &Moment) -> Markup {
    html! {
        div.title-row {
            h1 { "Run " (run.id) " of " a href=(instants::profile_address(&run.task)) { (run.task) } }
        }
        (summary(run, session, moment))
        (errors(run, log))
        section.box aria-labelledby="log-title" {
            div.title-row {
                h2 #log-title { "Log" }
                @if !matches!(log, Log::None(_)) { a.button href={ (instants::run_address(run.id)) "/log.txt" } download { "Download" } }
            }
            @match log {
                Log::None(reason) => (no_log(run, reason, kept_days)),
                Log::Tail(_) | Log::Found(_) => {
                    form.toolbar role="search" action=(instants::run_address(run.id)) {
                        label { span.visually-hidden { "Search in the log" } input type="search" name="find" value=(find) placeholder="Search in the log" data-search; }
                        button type="submit" { "Search" }
                        @if !find.is_empty() { a href=(instants::run_address(run.id)) { "Show its end" } }
                    }
                }
            }
            @match log {
                Log::None(_) => {}
                Log::Tail(tail) => {
                    @if tail.left_out > 0 { p.note { "The " (plain::counted(tail.left_out, "line")) " before these are in the download." } }
                    pre.log tabindex="0" role="region" aria-label="The end of the log" data-log=(run.id) data-next=(tail.next) data-follow[run.finished().is_none()] {
                        @for line in tail.lines() { span class=(log_text::weight(&line).class()) { (line) "\n" } }
                    }
                }
                Log::Found(found) => {
                    p { (plain::counted(found.hits, "line")) " of " (plain::count(found.all)) " with “" (find) "”." @if found.hits > FOUND_LINES as u64 { " The last " (FOUND_LINES) " of them:" } }
                    pre.log tabindex="0" role="region" aria-label="Lines of the log" {
                        @for (number, line) in found.lines() { span class=(log_text::weight(&line).class()) { span.muted { (number) " " } (line) "\n" } }
                    }
                }
            }
        }
    }
}

/// Shows how the run stands or ended.
pub fn summary(run: &Run, session: &Session, moment: &Moment) -> Markup {
    let address = format!("{}/fragment/summary", instants::run_address(run.id));
    html! {
        section.box #summary aria-label="Summary" data-refresh=(address) data-on={ "run:" (run.id) } {
            div.toolbar {
                (standing::run_chip(run))
                @match &run.state {
                    RunState::Finished(finished) => strong { (finished.outcome) },
                    RunState::Queued(turn) => { @if let Some(wait) = &turn.waits_for { span { (wait) } } @else { span { "about to start" } } }
                    RunState::WaitingForSecret { until } => span {
                        "waits for its password from the keyring, which may be asking on the screen to be unlocked; gives up " (words::relative(moment, *until))
                    },
                    RunState::WaitingForLock { holders, until } => span {
                        "waits for the lock of "
                        @for (index, holder) in holders.iter().enumerate() { @if index > 0 { ", " } (holder.user) " on " (holder.host) " (process " (holder.pid) ")" }
                        @if let Some(until) = until { ", gives up " (words::relative(moment, *until)) }
                    },
                    RunState::Starting | RunState::Running { .. } | RunState::Stopping { .. } => {}
                }
                @if !matches!(run.state, RunState::Finished(_) | RunState::Stopping { .. }) { (actions::stop_form(run, &instants::run_address(run.id), session)) }
            }
            @if matches!(run.state, RunState::Starting | RunState::Running { .. } | RunState::Stopping { .. }) { (progress::show(run)) }
            dl.facts {
                dt { "Why" } dd { (run.trigger) @if run.attempt > 0 { ", attempt " (run.attempt + 1) } }
                @if let Some(due_at) = run.due_at { dt { "Due" } dd { (words::absolute(moment, due_at)) @if run.missed > 0 { ", for " (plain::counted(run.missed.into(), "earlier time")) " too" } } }
                @if let Some(started_at) = run.started_at { dt { "Started" } dd { (words::absolute(moment, started_at)) } }
                @if let Some(finished) = run.finished() {
                    dt { "Ended" } dd { (words::absolute(moment, finished.at)) }
                    @if run.started_at.is_some() { dt { "Duration" } dd { (plain::duration_ms(finished.duration_ms)) } }
                    @if let Some(code) = finished.exit_code { dt { "Exit code" } dd { (code) } }
                }
                @if let Some(done) = &run.summary { (what_was_done(run, done)) }
            }
        }
    }
}

fn what_was_done(run: &Run, done: &Summary) -> Markup {
    html! {
        @if let Some(snapshot) = &done.snapshot_id {
            dt { "Snapshot" }
            dd { a href={ (instants::profile_address(&run.task)) "/file/" (snapshot) "/" } { code { (snapshot.get(..8).unwrap_or(snapshot)) } } }
        }
        dt { "Files" }
        dd { (plain::count(done.files_new)) " new, " (plain::count(done.files_changed)) " changed, " (plain::count(done.files_unmodified)) " as before" }
        dt { "Read" } dd { (words::bytes(done.bytes_processed)) " in " (plain::counted(done.files_processed, "file")) }
        dt { "Added" } dd { (words::bytes(done.bytes_added)) }
        @if done.errors > 0 { dt { "Errors" } dd data-state="failed" { span.state-text { (plain::counted(done.errors, "file")) " could not be read" } } }
    }
}

/// The errors among the lines that are shown; else the last words of a run that failed.
fn errors(run: &Run, log: &Log) -> Markup {
    let has_failed = run.finished().is_some_and(|finished| !finished.outcome.is_success() && !run.is_skipped());
    let mut lines: Vec<String> = match log {
        Log::Tail(tail) => tail.lines().filter(|line| log_text::weight(line) == Weight::Error).collect(),
        Log::Found(_) | Log::None(_) => Vec::new(),
    };
    if lines.is_empty() && has_failed {
        lines = run.last_lines.iter().map(|line| log_text::shown(line)).collect();
    }
    let left_out = lines.len().saturating_sub(SHOWN_ERRORS);
    html! {
        @if !lines.is_empty() {
            section.error aria-labelledby="errors-title" {
                h2 #errors-title { "What went wrong" }
                pre #errors data-copy { @for line in &lines[left_out..] { (line) "\n" } }
                @if left_out > 0 { p.muted { "And " (plain::counted_usize(left_out, "error")) " before these." } }
            }
        }
    }
}

fn no_log(run: &Run, reason: &str, kept_days: Option<&str>) -> Markup {
    html! {
        div.empty {
            p { "There is no log" @if run.log_file.is_some() { " any more" } "." }
            p { (reason) }
            @if let Some(days) = kept_days.filter(|_| run.log_file.is_some()) {
                p { "The logs of " (run.task) " are kept for " (days) " days, as its " code { "prune-logs-after" } " says." }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::outcome::{Failure, Outcome};

    use super::*;
    use crate::web::pages::{
        run::log_text::{Found, Tail},
        samples::{finished, moment, run},
    };

    fn tail(text: &str) -> Log {
        let mut tail = Tail::default();
        tail.take(text);
        Log::Tail(tail)
    }

    #[track_caller]
    fn check(run: &Run, log: &Log, find: &str, parts: &[&str], not: &[&str]) {
        let shown = page(run, log, find, Some("30"), &Session::new(), &moment()).into_string();
        for part in parts {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        for part in not {
            assert!(!shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn errors_come_before_the_log_and_are_escaped() {
        let failed = finished(7, "home", Outcome::Failed(Failure::Other));
        let log = tail("fine\nFatal: <img src=x onerror=alert(1)>\n");
        check(&failed, &log, "", &["What went wrong", "Fatal: &lt;img", "class=\"line error\""], &["<img", "data-follow"]);
    }

    #[test]
    fn last_words_of_a_run_stand_in_for_errors() {
        let failed =
            Run { last_lines: vec!["no restic".to_owned()], ..finished(7, "home", Outcome::SpawnFailed("x".to_owned())) };
        check(&failed, &Log::None("it has none".to_owned()), "", &["What went wrong", "no restic", "it has none"], &[]);
    }

    #[test]
    fn run_that_is_under_way_is_followed_and_can_be_stopped() {
        check(&run(7, "home"), &tail("a\n"), "", &["data-follow", "/action/stop", "<progress"], &["What went wrong"]);
    }

    #[test]
    fn log_that_is_gone_says_which_option_took_it() {
        let log = Log::None("No such file".to_owned());
        let parts = ["no log any more", "kept for 30 days", "prune-logs-after"];
        check(&finished(7, "home", Outcome::Succeeded), &log, "", &parts, &["Download", "data-log"]);
    }

    #[test]
    fn found_lines_are_counted_and_numbered() {
        let mut found = Found::new("b");
        found.take("a\nb\nab\n");
        let parts = ["2 lines of 3 with “b”", "value=\"b\"", ">2 </span>b"];
        check(&finished(7, "home", Outcome::Succeeded), &Log::Found(found), "b", &parts, &[]);
    }

    #[test]
    fn summary_links_to_the_snapshot() {
        let summary = Summary { snapshot_id: Some("0123456789abcdef".to_owned()), errors: 2, ..Summary::default() };
        let good = Run { summary: Some(summary), ..finished(7, "home", Outcome::Warnings) };
        check(&good, &tail(""), "", &["/profile/home/file/0123456789abcdef/", "2 files could not be read"], &[]);
    }
}
