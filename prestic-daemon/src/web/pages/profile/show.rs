//! Writes a profile's page. Pure.

use maud::{Markup, html};
use prestic_proto::{
    profile::{OptionValue, ProfileDetails},
    status::TaskStatus,
    words as plain,
};

use super::{Facts, lines};
use crate::web::{
    pages::{
        actions,
        chart::{self, Chart, Form, Unit},
        instants, progress, run_table, shell,
        standing::{Activity, active_run, activity, activity_chip, standing, standing_chip},
        task_row,
    },
    sessions::Session,
    words::{self, Moment},
};

/// So many runs are listed.
const LISTED_RUNS: usize = 20;

/// Writes the page.
pub fn page(facts: &Facts, session: &Session, moment: &Moment) -> Markup {
    let details = &facts.details;
    let summary = &details.summary;
    let task = facts.status.tasks.iter().find(|task| task.name == summary.name);
    let members: Vec<_> = facts.status.tasks.iter().filter(|task| details.members.contains(&task.name)).collect();
    let has_repository = summary.repository.is_some() && members.is_empty();
    let base = instants::profile_address(&summary.name);
    html! {
        (head(facts, task, session, moment))
        @if !members.is_empty() { (group(&members)) }
        div.columns {
            @if task.is_some() || details.schedule_words.is_some() { (schedule(facts, task, moment)) }
            @if has_repository {
                section.box aria-labelledby="repository-title" {
                    h2 #repository-title { "Repository" }
                    p.break { code { (summary.repository.as_deref().unwrap_or_default()) } }
                    (size(facts, session, moment))
                    (asking(&format!("{base}/fragment/repository"), &format!("{base}/repository"), "Ask restic for its snapshots"))
                }
                section.box #locks aria-labelledby="locks-title" {
                    h2 #locks-title { "Locks" }
                    (asking(&format!("{base}/fragment/locks"), &format!("{base}/repository"), "Ask restic for its locks"))
                }
            }
        }
        (charts(facts, moment))
        @if !facts.runs.is_empty() {
            section.box aria-labelledby="runs-title" {
                div.title-row { h2 #runs-title { "Last runs" } a href={ (base) "/runs" } { "All runs" } }
                (run_table::show(&facts.runs[..facts.runs.len().min(LISTED_RUNS)], !members.is_empty(), moment))
            }
        }
        @if facts.members.is_empty() { (command(details)) } @else { (commands(details, &facts.members)) }
        (options(details))
    }
}

fn head(facts: &Facts, task: Option<&TaskStatus>, session: &Session, moment: &Moment) -> Markup {
    let summary = &facts.details.summary;
    html! {
        section.stack aria-label="State" data-refresh=(instants::profile_address(&summary.name)) data-on={ "task:" (summary.name) " pause config" } data-whole {
            div.title-row {
                h1 { (summary.name) }
                @if let Some(task) = task {
                    @let active = active_run(&facts.status, task);
                    @let activity = activity(task, active, facts.status.paused);
                    @if let Some(chip) = activity_chip(&activity) { (chip) }
                    @if !activity.is_busy() || standing(task).needs_attention() { (standing_chip(&standing(task))) }
                    div.actions { div.toolbar { (task_row::buttons(task, active, &activity, &instants::profile_address(&task.name), session)) } }
                }
            }
            p { (summary.description) }
            @if !summary.is_task && facts.details.members.is_empty() {
                p.note {
                    "It is not a task: it has no "
                    @if summary.command.is_none() { code { "command" } } @else { code { "repository" } }
                    ". Other profiles can build on it."
                }
            }
            @if let Some(group) = task.and_then(|task| task.group.as_ref()) { p { "One of the tasks of " a href=(instants::profile_address(group)) { (group) } "." } }
            @if let Some(reason) = task.and_then(|task| task.cannot_run.as_ref()) { p.error { "It cannot run: " (words::marked(reason)) "." } }
            @if let Some((task, run)) = task.and_then(|task| Some((task, active_run(&facts.status, task)?))) {
                @match activity(task, Some(run), facts.status.paused) {
                    Activity::Waiting(why) => { p { a href=(instants::run_address(run.id)) { "Run " (run.id) } " " (why) "." } }
                    _ => { (progress::show(run)) }
                }
            }
            @if let Some(last) = task.and_then(|task| task.last_run.as_ref()) {
                p.muted {
                    "Last run: " (words::marked(&last.message)) ", " (words::relative(moment, last.at))
                    @if let Some(at) = task.and_then(|task| task.last_success_at).filter(|at| *at != last.at) { "; the last good one ended " (words::relative(moment, at)) }
                    "."
                }
            }
        }
    }
}

fn group(members: &[&TaskStatus]) -> Markup {
    html! {
        section.box aria-labelledby="members" {
            h2 #members { "Its tasks" }
            ul.plain {
                @for task in members {
                    li { a href=(instants::profile_address(&task.name)) { (task.name) } " " (standing_chip(&standing(task))) " " code { (task.repository) } }
                }
            }
        }
    }
}

fn schedule(facts: &Facts, task: Option<&TaskStatus>, moment: &Moment) -> Markup {
    html! {
        section.box aria-labelledby="schedule-title" {
            h2 #schedule-title { "Schedule" }
            @match &facts.details.schedule_words {
                None => p.muted { "None: it runs when you say so." },
                Some(words) => {
                    p { (words) }
                    @if let Some(written) = task.and_then(|task| task.schedule.as_ref()) { p.muted { "Written as " code { (written) } } }
                }
            }
            @if !facts.upcoming.is_empty() {
                h3 { "Next" }
                ol.plain {
                    @for upcoming in &facts.upcoming {
                        li {
                            @if !facts.members.is_empty() { a href=(instants::profile_address(&upcoming.task)) { (upcoming.task) } " " }
                            (instants::clock(moment, upcoming.starts_at)) " " span.muted { (words::relative(moment, upcoming.starts_at)) }
                            @if let Some(zone) = &upcoming.timezone { " " span.muted { "scheduled in " (zone) } }
                        }
                    }
                }
            }
        }
    }
}

fn size(facts: &Facts, session: &Session, moment: &Moment) -> Markup {
    html! {
        div.toolbar {
            @match facts.sizes.last() {
                Some(size) => {
                    span {
                        strong { (words::bytes(size.bytes)) }
                        @if let Some(uncompressed) = size.uncompressed_bytes { " (" (words::bytes(uncompressed)) " before compression)" }
                        ", measured " (words::relative(moment, size.measured_at))
                    }
                }
                None => span.muted { "Its size was not measured yet." },
            }
            (actions::measure_form(&facts.details.summary.name, session))
        }
    }
}

/// What restic must be asked for comes by itself, so that a slow repository never holds the page.
fn asking(fragment: &str, page: &str, text: &str) -> Markup {
    html! {
        div.waiting data-fragment=(fragment) { a href=(page) { (text) } }
    }
}

fn charts(facts: &Facts, moment: &Moment) -> Markup {
    let (added, durations, sizes) = (lines::added(&facts.runs), lines::durations(&facts.runs), lines::sizes(&facts.sizes));
    let charts = [
        Chart { title: "Data added", form: Form::Columns, unit: Unit::Bytes, points: &added },
        Chart { title: "Duration", form: Form::Columns, unit: Unit::Duration, points: &durations },
        Chart { title: "Repository size", form: Form::Line, unit: Unit::Bytes, points: &sizes },
    ];
    html! {
        @if charts.iter().any(|chart| !chart.points.is_empty()) {
            div.columns {
                @for chart in charts.iter().filter(|chart| !chart.points.is_empty()) {
                    section.box aria-label=(chart.title) { (chart::show(chart, moment)) }
                }
            }
        }
    }
}

fn command(details: &ProfileDetails) -> Markup {
    let line = shell::line(&details.command_line);
    html! {
        @if !details.command_line.is_empty() && details.summary.command.is_some() {
            section.box aria-labelledby="command-title" {
                h2 #command-title { "What is run" }
                pre.code #command data-copy { (line) }
                p.muted.small {
                    (left_out(details))
                    " In a terminal: " code { "prestic-ctl -p " (details.summary.name) " …" }
                }
            }
        }
    }
}

/// Says of each task of a group what is run: the group itself has no repository of its own.
fn commands(group: &ProfileDetails, members: &[ProfileDetails]) -> Markup {
    html! {
        section.box aria-labelledby="command-title" {
            h2 #command-title { "What is run" }
            @for member in members.iter().filter(|member| !member.command_line.is_empty()) {
                h3 { a href=(instants::profile_address(&member.summary.name)) { (member.summary.name) } }
                pre.code data-copy { (shell::line(&member.command_line)) }
                p.muted.small {
                    (left_out(member))
                    " In a terminal: " code { "prestic-ctl -p " (member.summary.name) " …" }
                }
            }
            p { "All of them, in a terminal: " code { "prestic-ctl run " (group.summary.name) } }
        }
    }
}

fn left_out(details: &ProfileDetails) -> Markup {
    html! {
        "Secrets are left out."
        @if !details.variables.is_empty() { " restic also gets " @for (index, name) in details.variables.iter().enumerate() { @if index > 0 { ", " } code { (name) } } "." }
    }
}

fn options(details: &ProfileDetails) -> Markup {
    let set = details.options.iter().filter(|option| option.origin.is_some()).count();
    html! {
        section.box aria-labelledby="options-title" {
            h2 #options-title { "Options" }
            @if !details.summary.inherits.is_empty() {
                p { "Inherits from " @for (index, parent) in details.summary.inherits.iter().enumerate() {
                    @if index > 0 { ", " } a href=(instants::profile_address(parent)) { (parent) }
                } "." }
            }
            table.list.cards {
                caption { (plain::counted_usize(set, "option")) " set, the others as they are by default" }
                thead { tr { th scope="col" { "Option" } th scope="col" { "Value" } th scope="col" { "From" } } }
                tbody { @for option in details.options.iter().filter(|option| option.origin.is_some()) { (option_row(option)) } }
            }
            details {
                summary { "Defaults" }
                table.list.cards {
                    thead { tr { th scope="col" { "Option" } th scope="col" { "Value" } th scope="col" { "From" } } }
                    tbody { @for option in details.options.iter().filter(|option| option.origin.is_none()) { (option_row(option)) } }
                }
            }
        }
    }
}

fn option_row(option: &OptionValue) -> Markup {
    html! {
        tr {
            th.name scope="row" { code { (option.key) } }
            td.break data-label="Value" { code { (option.value) } }
            td.break data-label="From" {
                @match &option.origin {
                    Some(origin) => { "[" (origin.section) "] " span.muted { (origin.file.display()) ":" (origin.line) } }
                    None => span.muted { "default" },
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use prestic_proto::{
        outcome::Outcome,
        profile::{Origin, ProfileSummary},
        progress::Summary,
        run::{Run, RunId},
        status::Upcoming,
    };

    use super::*;
    use crate::web::pages::samples::{ended, finished, moment, now, run, status};

    fn details(name: &str) -> ProfileDetails {
        let origin = Origin { file: PathBuf::from("/c/config.ini"), line: 12, section: "base".to_owned() };
        let summary = ProfileSummary {
            name: name.to_owned(),
            description: "<script>alert(1)</script>".to_owned(),
            repository: Some("/r".to_owned()),
            command: Some("backup".to_owned()),
            is_task: true,
            inherits: vec!["base".to_owned()],
        };
        ProfileDetails {
            summary,
            options: vec![
                OptionValue { key: "password".to_owned(), value: "[hidden]".to_owned(), origin: Some(origin) },
                OptionValue { key: "catch-up".to_owned(), value: "auto".to_owned(), origin: None },
            ],
            command_line: vec!["restic".to_owned(), "backup".to_owned(), "/a b".to_owned()],
            variables: vec!["RESTIC_PASSWORD".to_owned()],
            schedule_words: Some("every day at 02:00".to_owned()),
            members: Vec::new(),
        }
    }

    fn facts() -> Facts {
        let summary = Some(Summary { bytes_added: 1 << 20, ..Summary::default() });
        Facts {
            details: details("home"),
            status: status(vec![ended("home", "succeeded")]),
            runs: vec![Run { summary, ..finished(7, "home", Outcome::Succeeded) }],
            sizes: Vec::new(),
            upcoming: Vec::new(),
            members: Vec::new(),
        }
    }

    #[track_caller]
    fn check(facts: &Facts, parts: &[&str], not: &[&str]) {
        let shown = page(facts, &Session::new(), &moment()).into_string();
        for part in parts {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        for part in not {
            assert!(!shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn every_option_has_its_origin_and_the_command_can_be_copied() {
        let parts = [
            "[base] <span class=\"muted\">/c/config.ini:12",
            "restic backup &#39;/a b&#39;",
            "every day at 02:00",
            "&lt;script&gt;",
            "RESTIC_PASSWORD",
            "Data added",
        ];
        // maud leaves single quotes alone.
        let parts = parts.map(|part| part.replace("&#39;", "'"));
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        check(&facts(), &parts, &["<script>alert"]);
    }

    #[test]
    fn what_restic_must_be_asked_for_does_not_hold_the_page() {
        let parts = ["data-fragment=\"/profile/home/fragment/locks\"", "data-fragment=\"/profile/home/fragment/repository\""];
        check(&facts(), &parts, &[]);
    }

    #[test]
    fn profile_that_is_no_task_says_what_it_lacks() {
        let mut details = details("base");
        (details.summary.is_task, details.summary.command, details.schedule_words) = (false, None, None);
        let facts = Facts { details, status: status(Vec::new()), runs: Vec::new(), ..facts() };
        check(&facts, &["It is not a task", "<code>command</code>"], &["/action/run", "What is run"]);
    }

    #[test]
    fn group_lists_its_tasks_and_asks_no_repository() {
        let details = ProfileDetails { members: vec!["home@a".to_owned(), "home@b".to_owned()], ..details("home") };
        let status = status(vec![ended("home@a", "failed"), ended("home@b", "succeeded")]);
        let facts = Facts { details, status, ..facts() };
        check(&facts, &["home@a", "Failed</span>", "/profile/home%40b"], &["fragment/locks", "It is not a task"]);
    }

    #[test]
    fn group_says_of_each_of_its_tasks_what_is_run_and_when() {
        let names = ["home@a", "home@b"];
        let group = ProfileDetails { members: names.map(str::to_owned).to_vec(), ..details("home") };
        let member = |name: &str| ProfileDetails {
            command_line: ["restic", "-r", name, "backup"].map(str::to_owned).to_vec(),
            ..details(name)
        };
        let starts_at = now() + chrono::TimeDelta::hours(2);
        let upcoming = names.map(|name| Upcoming { task: name.to_owned(), due_at: starts_at, starts_at, timezone: None });
        let status = status(names.map(|name| ended(name, "succeeded")).to_vec());
        let facts =
            Facts { details: group, status, members: names.map(member).to_vec(), upcoming: upcoming.to_vec(), ..facts() };
        let parts = [
            "restic -r home@a backup",
            "<code>prestic-ctl -p home@b …</code>",
            "<code>prestic-ctl run home</code>",
            "home@b</a> 15:00 UTC+01:00",
        ];
        check(&facts, &parts, &["prestic-ctl -p home …"]);
    }

    #[test]
    fn running_task_shows_its_progress_and_can_be_stopped() {
        let mut facts = facts();
        facts.status.tasks[0].active = Some(RunId(9));
        facts.status.runs = vec![run(9, "home")];
        check(&facts, &["<progress", "/action/stop"], &["/action/run\""]);
    }
}
