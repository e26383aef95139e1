//! The box of what needs attention: what is wrong, and what to do about it. Pure.

use maud::{Markup, html};
use prestic_proto::{
    profile::ConfigProblem,
    status::{Status, TaskStatus},
};

use super::{
    icons::{Icon, icon},
    instants,
    standing::{Standing, active_run, standing, state},
};
use crate::web::words::{self, Moment};

/// More warnings than these are only counted.
const SHOWN_WARNINGS: usize = 20;

/// Shows what needs attention; nothing if nothing does.
pub fn show(status: &Status, moment: &Moment) -> Markup {
    let mut troubled: Vec<(&TaskStatus, Standing)> = status.tasks.iter().map(|task| (task, standing(task))).collect();
    troubled.retain(|(_, standing)| standing.needs_attention());
    troubled.sort_by(|(_, one), (_, other)| one.cmp(other));
    let near: Vec<_> =
        status.tasks.iter().filter_map(|task| active_run(status, task)).filter(|run| run.limit_near.is_some()).collect();
    let errors = &status.config.errors;
    html! {
        @if !(troubled.is_empty() && errors.is_empty() && near.is_empty()) {
            section.box.attention aria-labelledby="attention-title" {
                h2 #attention-title { "Needs attention" }
                ul.problems {
                    @for error in errors { (config_problem(error, "failed")) }
                    @if !errors.is_empty() {
                        li.muted { span {} span {
                            "Mend it and it is read again by itself; until then "
                            @if status.config.loaded_at.is_some() { "the configuration before stays live." } @else { "only profiles without errors are live." }
                        } }
                    }
                    @for (task, standing) in &troubled { (trouble(task, standing, moment)) }
                    @for run in near {
                        @if let Some(near) = run.limit_near {
                            li data-state="warning" {
                                span.state-text { (icon(Icon::Warning)) }
                                span {
                                    a href=(instants::run_address(run.id)) { (run.task) } " will be stopped "
                                    (words::relative(moment, near.stops_at)) ": " (near.limit.approach()) "."
                                }
                            }
                        }
                    }
                }
            }
        }
        @if !status.config.warnings.is_empty() {
            details.box.quiet {
                summary { "The configuration has " (prestic_proto::words::counted_usize(status.config.warnings.len(), "warning")) }
                ul.problems {
                    @for warning in status.config.warnings.iter().take(SHOWN_WARNINGS) { (config_problem(warning, "warning")) }
                }
                @if status.config.warnings.len() > SHOWN_WARNINGS { p.muted { code { "prestic-ctl check" } " shows all of them." } }
            }
        }
    }
}

/// Shows what is wrong in a configuration, and where.
pub fn config_problem(problem: &ConfigProblem, state: &str) -> Markup {
    html! {
        li data-state=(state) {
            span.state-text { (icon(Icon::Warning)) }
            span {
                (words::marked(&problem.message))
                @if let Some(section) = &problem.section { " in " code { "[" (section) "]" } }
                " at " code { (problem.file.display()) @if let Some(line) = problem.line { ":" (line) } }
                @if let Some(hint) = &problem.hint { br; span.hint { (words::marked(hint)) } }
            }
        }
    }
}

fn trouble(task: &TaskStatus, standing: &Standing, moment: &Moment) -> Markup {
    let profile = instants::profile_address(&task.name);
    let sign = if matches!(standing, Standing::Failed { .. }) { Icon::Cross } else { Icon::Clock };
    html! {
        li data-state=(state(standing)) {
            span.state-text { (icon(sign)) }
            span {
                a href=(profile) { (task.name) }
                @match standing {
                    Standing::Failed { message, run } => {
                        ": " (words::marked(message))
                        @if let Some(last) = &task.last_run { ", " (words::relative(moment, last.at)) }
                        ". "
                        @if let Some(at) = task.retry_at { "It is tried again " (words::relative(moment, at)) ". " }
                        span.hint {
                            @if let Some(run) = run { a href=(instants::run_address(*run)) { "See what restic said" } ", mend it, " } @else { "Mend it " }
                            "and run it again."
                            @if message.contains("locked") { " " a href={ (profile) "#locks" } { "See who holds the lock" } "." }
                        }
                    }
                    Standing::Overdue { .. } => {
                        @match task.last_success_at {
                            Some(at) => { " ended well for the last time " (words::relative(moment, at)) ". " }
                            None => { " has never ended well. " }
                        }
                        span.hint { "Run it now, or see " a href={ (profile) "/runs" } { "its runs" } "." }
                    }
                    Standing::Missed { due_at, message } => {
                        " did not run when it was due " (words::relative(moment, *due_at)) ": " (words::marked(message)) ". "
                        span.hint { "Run it now, or set " code { "catch-up" } " so that it does so by itself." }
                    }
                    Standing::CannotRun { reason } => { " cannot run: " (words::marked(reason)) "." }
                    Standing::Warnings { .. } | Standing::Stopped | Standing::NotYet | Standing::Fine => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::web::pages::samples::{ended, moment, now, status, task};

    fn problem() -> ConfigProblem {
        ConfigProblem {
            file: PathBuf::from("/c/<config>.ini"),
            line: Some(12),
            section: Some("home".to_owned()),
            key: None,
            message: "unknown key `shedule`".to_owned(),
            hint: Some("did you mean `schedule`?".to_owned()),
        }
    }

    #[test]
    fn nothing_is_shown_when_all_is_well() {
        assert_eq!(show(&status(vec![ended("home", "succeeded")]), &moment()).into_string(), "");
    }

    #[test]
    fn failed_task_links_to_its_run_and_tells_of_the_next_attempt() {
        let retried = TaskStatus { retry_at: Some(now() + chrono::TimeDelta::minutes(5)), ..ended("home", "failed") };
        let shown = show(&status(vec![retried]), &moment()).into_string();
        assert!(shown.contains("failed: in words, ") && shown.contains("href=\"/runs/7\""), "{shown}");
        assert!(shown.contains(">in 5 min</time>"), "{shown}");
    }

    #[test]
    fn locked_repository_links_to_its_locks() {
        let mut locked = ended("home", "repository-locked");
        locked.last_run.as_mut().unwrap().message = "failed: the repository is locked".to_owned();
        assert!(show(&status(vec![locked]), &moment()).into_string().contains("/profile/home#locks"));
    }

    #[test]
    fn errors_of_the_configuration_have_file_and_line_and_what_stays_live() {
        let mut status = status(vec![ended("home", "succeeded")]);
        status.config.errors = vec![problem()];
        let shown = show(&status, &moment()).into_string();
        for part in [
            "unknown key <code>shedule</code>",
            "/c/&lt;config&gt;.ini:12",
            "did you mean",
            "the configuration before stays live",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn task_that_has_never_ended_well_says_so() {
        let overdue = TaskStatus { overdue_since: Some(now()), ..task("home") };
        assert!(show(&status(vec![overdue]), &moment()).into_string().contains("has never ended well"));
    }
}
