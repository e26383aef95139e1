//! One task on the home page: how it stands, what it does, when it runs next, and what one can do with it. Pure.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use prestic_proto::{
    history::TaskDays,
    progress::Summary,
    run::Run,
    status::{Pause, Status, TaskStatus},
    words as plain,
};

use super::{
    actions, days_strip, instants, progress,
    standing::{Activity, Standing, active_run, activity, activity_chip, standing, standing_chip, state},
};
use crate::web::{
    sessions::Session,
    words::{self, Moment},
};

/// All that is known of a task.
#[derive(Debug, Clone, Copy)]
pub struct TaskFacts<'a> {
    /// The task.
    pub task: &'a TaskStatus,
    /// Its run that is under way.
    pub active: Option<&'a Run>,
    /// Its last run that ended.
    pub last: Option<&'a Run>,
    /// Its last days.
    pub days: Option<&'a TaskDays>,
    /// Whether all tasks are paused.
    pub everything_paused: Option<Pause>,
}

impl<'a> TaskFacts<'a> {
    /// Gathers what is known of a task.
    pub fn gather(task: &'a TaskStatus, status: &'a Status, days: &'a [TaskDays], last_runs: &'a [Run]) -> Self {
        let last_id = task.last_run.as_ref().and_then(|last| last.id);
        Self {
            task,
            active: active_run(status, task),
            last: last_runs.iter().find(|run| Some(run.id) == last_id),
            days: days.iter().find(|days| days.task == task.name),
            everything_paused: status.paused,
        }
    }
}

/// Shows a task.
pub fn show(facts: &TaskFacts<'_>, session: &Session, moment: &Moment) -> Markup {
    let task = facts.task;
    let (standing, activity) = (standing(task), activity(task, facts.active, facts.everything_paused));
    let state = if activity == Activity::Running { "running" } else { state(&standing) };
    let address = format!("/fragment/task/{}", crate::web::layout::segment(&task.name));
    let today = moment.at(moment.now).date_naive();
    let present = days_strip::Present {
        active: facts.active.filter(|_| activity == Activity::Running).map(|run| run.id),
        overdue_since: task.overdue_since.map(|since| moment.at(since).date_naive()),
    };
    html! {
        li.task data-task=(task.name) data-state=(state) data-refresh=(address) data-on={ "task:" (task.name) " pause" } data-row {
            div.who {
                h3 {
                    a href=(instants::profile_address(&task.name)) { (task.name) }
                    span data-announce=(announcement(task, &standing, &activity)) {
                        @if let Some(chip) = activity_chip(&activity) { (chip) " " }
                        @if !activity.is_busy() || standing.needs_attention() { (standing_chip(&standing)) }
                    }
                }
                @if !task.description.is_empty() { p.muted.small { (task.description) } }
                @if let Some(group) = &task.group { p.muted.small { "of " a href=(instants::profile_address(group)) { (group) } } }
            }
            (days_strip::show(&task.name, &days_strip::cells(facts.days, today, present)))
            div.when { (last_result(facts, moment)) (next_run(task, &activity, moment)) }
            div.actions { (buttons(task, facts.active, &activity, "/", session)) }
            @if let Some(run) = facts.active { div.wide { (under_way(run, &activity, moment)) } }
        }
    }
}

/// Returns what is said aloud when it changes.
fn announcement(task: &TaskStatus, standing: &Standing, activity: &Activity) -> String {
    let doing = match activity {
        Activity::Running => "is running",
        Activity::Stopping => "is stopping",
        Activity::Waiting(_) => "waits",
        Activity::Paused(_) => "is paused",
        Activity::Idle => return format!("{}: {}", task.name, standing.word()),
    };
    format!("{} {doing}", task.name)
}

fn last_result(facts: &TaskFacts<'_>, moment: &Moment) -> Markup {
    let Some(last) = &facts.task.last_run else { return html! { p.muted { "Has not run yet" } } };
    let duration = facts.last.and_then(Run::finished).map(|finished| plain::duration_ms(finished.duration_ms));
    let added = facts.last.and_then(|run| run.summary.as_ref()).map(|summary: &Summary| summary.bytes_added);
    html! {
        p {
            span.muted { "Last: " }
            @if let Some(run) = last.id { a href=(instants::run_address(run)) { (outcome(last.outcome.as_str())) } } @else { (outcome(last.outcome.as_str())) }
            " " (words::relative(moment, last.at))
            @if let Some(duration) = duration { ", " (duration) }
            @if let Some(added) = added { ", " (words::bytes(added)) " added" }
        }
    }
}

/// Returns the word for an outcome as it stands in a sentence.
fn outcome(word: &str) -> String {
    match word {
        "succeeded" => "OK".to_owned(),
        other => other.replace('-', " "),
    }
}

fn next_run(task: &TaskStatus, activity: &Activity, moment: &Moment) -> Markup {
    html! {
        @if let Activity::Paused(pause) = activity {
            p { span.muted { "Paused until " } @match pause.until { Some(until) => { (instants::clock(moment, until)) " " span.muted.small { "(" (words::relative(moment, until)) ")" } } None => "you resume it" } }
        }
        @if let Some(at) = task.retry_at { p { span.muted { "Tried again: " } (instant(moment, at)) } }
        @match (task.next_run_at, &task.schedule) {
            (Some(at), _) => { p { span.muted { "Next: " } (instant(moment, at)) } }
            (None, Some(schedule)) => { p { span.muted { "Schedule: " } (schedule) } }
            (None, None) => { p.muted { "No schedule: runs when you say so" } }
        }
    }
}

fn instant(moment: &Moment, at: DateTime<Utc>) -> Markup {
    html! { (words::relative(moment, at)) " " span.muted.small { "(" (instants::clock(moment, at)) ")" } }
}

/// Shows what one can do with a task, on the page with this address.
pub fn buttons(task: &TaskStatus, active: Option<&Run>, activity: &Activity, page: &str, session: &Session) -> Markup {
    html! {
        @match active {
            Some(run) if *activity != Activity::Stopping => { (actions::stop_form(run, page, session)) }
            Some(_) => {}
            None => { (actions::run_form(&task.name, page, session)) }
        }
        @if task.paused.is_some() {
            (actions::resume_form(Some(&task.name), page, session))
        } @else {
            (actions::pause_menu(Some(&task.name), page, session))
        }
    }
}

fn under_way(run: &Run, activity: &Activity, moment: &Moment) -> Markup {
    html! {
        @match activity {
            Activity::Running | Activity::Stopping => {
                (progress::show(run))
                @if let Some(near) = run.limit_near {
                    p data-state="warning" { span.state-text { "Will be stopped " (words::relative(moment, near.stops_at)) ": " (near.limit.approach()) } }
                }
            }
            Activity::Waiting(why) => { p { a href=(instants::run_address(run.id)) { "Run " (run.id) } " " (why) "." } }
            Activity::Paused(_) | Activity::Idle => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::{
        outcome::Outcome,
        run::{RunId, RunState, Turn, Wait},
    };

    use super::*;
    use crate::web::pages::samples::{at, ended, finished, moment, now, run, task};

    fn facts(task: &TaskStatus) -> TaskFacts<'_> {
        TaskFacts { task, active: None, last: None, days: None, everything_paused: None }
    }

    fn shown(facts: &TaskFacts<'_>) -> String {
        show(facts, &Session::new(), &moment()).into_string()
    }

    #[track_caller]
    fn check(facts: &TaskFacts<'_>, parts: &[&str], not: &[&str]) {
        let shown = shown(facts);
        for part in parts {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        for part in not {
            assert!(!shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn idle_task_tells_its_last_result_and_its_next_run_and_can_be_run() {
        let task = ended("home", "succeeded");
        let summary = Some(Summary { bytes_added: 3 << 20, ..Summary::default() });
        let last = Run { summary, ..finished(7, "home", Outcome::Succeeded) };
        let parts = [
            ">10 h ago</time>",
            "1 min 00 s",
            "3.0 MiB",
            ">in 2 h</time>",
            "15:00 UTC+01:00",
            "action=\"/action/run\"",
            "OK</span>",
        ];
        check(&TaskFacts { last: Some(&last), ..facts(&task) }, &parts, &["/action/stop"]);
    }

    #[test]
    fn running_task_shows_its_progress_and_can_be_stopped() {
        let task = TaskStatus { active: Some(RunId(9)), ..ended("home", "succeeded") };
        let active = run(9, "home");
        let parts = ["<progress", "Running</span>", "action=\"/action/stop\"", "data-state=\"running\""];
        check(&TaskFacts { active: Some(&active), ..facts(&task) }, &parts, &["/action/run", "OK</span>"]);
    }

    #[test]
    fn trouble_stays_in_sight_while_the_task_runs() {
        let task = TaskStatus { active: Some(RunId(9)), ..ended("home", "failed") };
        let active = run(9, "home");
        check(&TaskFacts { active: Some(&active), ..facts(&task) }, &["Running</span>", "Failed</span>"], &[]);
    }

    #[test]
    fn waiting_task_says_for_what() {
        let turn = Turn { position: None, waits_for: Some(Wait::Needs { task: "<mail>".to_owned() }) };
        let task = TaskStatus { active: Some(RunId(9)), ..ended("home", "succeeded") };
        let active = Run { state: RunState::Queued(turn), ..run(9, "home") };
        check(&TaskFacts { active: Some(&active), ..facts(&task) }, &["waits for a good run of &lt;mail&gt;", "Waiting"], &[]);
    }

    #[test]
    fn paused_task_says_until_when_and_can_be_resumed() {
        let task = TaskStatus {
            paused: Some(Pause { until: Some(now() + chrono::TimeDelta::hours(4)) }),
            ..ended("home", "succeeded")
        };
        check(
            &facts(&task),
            &["Paused until </span>17:00 UTC+01:00", ">in 4 h</time>", "action=\"/action/resume\""],
            &["/action/pause"],
        );
    }

    #[test]
    fn names_and_descriptions_are_escaped() {
        let task = TaskStatus { description: "<script>alert(1)</script>".to_owned(), ..task("a\"b<c") };
        check(&facts(&task), &["&lt;script&gt;alert(1)", "data-task=\"a&quot;b&lt;c\""], &["<script>"]);
    }

    #[test]
    fn task_without_schedule_says_so() {
        let task = TaskStatus { schedule: None, next_run_at: None, last_success_at: Some(at(1)), ..task("home") };
        check(&facts(&task), &["runs when you say so", "Has not run yet"], &[]);
    }
}
