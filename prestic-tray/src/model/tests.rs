//! What menu and icon show of what: tables.

use std::path::PathBuf;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use prestic_proto::{
    event::Cursor,
    moment::Moment,
    notification::NotificationState,
    outcome::SkipReason,
    pause_length::PauseLength,
    profile::ConfigProblem,
    progress::Progress,
    run::{Run, RunId, RunState, Trigger, Turn, Wait},
    status::{ConfigState, LastRun, Pause, Skip, Status, TaskStatus},
    system::WebState,
};

use super::*;

mod many;

use many::many;

fn moment() -> Moment {
    fn local(at: DateTime<Utc>) -> DateTime<FixedOffset> {
        at.with_timezone(&FixedOffset::east_opt(3600).unwrap())
    }
    Moment { now: "2026-11-23T12:00:00Z".parse().unwrap(), local }
}

fn task(name: &str, outcome: Option<&str>) -> TaskStatus {
    let last_run = outcome.map(|outcome| LastRun {
        id: Some(RunId(7)),
        at: moment().now - TimeDelta::hours(10),
        exit_code: Some(0),
        outcome: outcome.to_owned(),
        message: format!("{outcome}: in words"),
        log_file: Some("home.txt".to_owned()),
    });
    TaskStatus {
        name: name.to_owned(),
        description: "My files & more".to_owned(),
        repository: "/repository".to_owned(),
        schedule: Some("daily at 15:00".to_owned()),
        group: None,
        next_run_at: Some(moment().now + TimeDelta::hours(2)),
        retry_at: None,
        paused: None,
        overdue_since: None,
        last_skip: None,
        active: None,
        last_run,
        last_success_at: None,
        cannot_run: None,
    }
}

fn run(task: &str, state: RunState, fraction: Option<f64>) -> Run {
    Run {
        id: RunId(8),
        task: task.to_owned(),
        trigger: Trigger::Scheduled,
        due_at: None,
        missed: 0,
        attempt: 0,
        created_at: moment().now,
        started_at: None,
        log_file: None,
        state,
        progress: Some(Progress { fraction, ..Progress::default() }),
        limit_near: None,
        summary: None,
        last_lines: Vec::new(),
    }
}

fn status(tasks: Vec<TaskStatus>) -> Status {
    let config = ConfigState {
        path: PathBuf::from("/home/me/.prestic/config.ini"),
        loaded_at: Some(moment().now),
        errors: Vec::new(),
        warnings: Vec::new(),
    };
    Status {
        version: "0.1.0".to_owned(),
        pid: 1,
        home: PathBuf::from("/home/me/.prestic"),
        started_at: moment().now,
        config,
        web: WebState::Listening { address: "127.0.0.1:8711".parse().unwrap() },
        notifications: NotificationState::Unused,
        paused: None,
        tasks,
        runs: Vec::new(),
        cursor: Cursor { instance: 1, seq: 1 },
    }
}

/// A status in which a task has a run.
fn active(state: RunState, fraction: Option<f64>) -> Status {
    let busy = TaskStatus { active: Some(RunId(8)), ..task("home", Some("succeeded")) };
    Status { runs: vec![run("home", state, fraction)], ..status(vec![busy, task("mail", Some("succeeded"))]) }
}

fn shown(status: Status) -> MenuModel {
    model(&Known { daemon: Daemon::Live(Box::new(status)), notice: None }, &moment())
}

/// Returns a menu as lines: deeper ones are indented, those that can be chosen have a `>`.
fn drawn(items: &[Item], indent: &str) -> String {
    let draw = |item: &Item| match item {
        Item::Separator => format!("{indent}---\n"),
        Item::Line { label, action: Some(_), .. } => format!("{indent}> {label}\n"),
        Item::Line { label, action: None, .. } => format!("{indent}{label}\n"),
        Item::Submenu { label, items, .. } => format!("{indent}{label} ▸\n{}", drawn(items, &format!("{indent}  "))),
    };
    items.iter().map(draw).collect()
}

fn text_of(model: &MenuModel) -> String {
    drawn(&model.items, "")
}

fn actions(items: &[Item]) -> Vec<Action> {
    let of = |item: &Item| match item {
        Item::Line { action: Some(action), .. } => vec![action.clone()],
        Item::Submenu { items, .. } => actions(items),
        Item::Line { action: None, .. } | Item::Separator => Vec::new(),
    };
    items.iter().flat_map(of).collect()
}

#[test]
fn whole_menu_is_as_it_is_drawn_here() {
    let expected = "\
All 2 tasks are fine
Nothing is running
Next: home, in 2 h (15:00 UTC+01:00)
---
Tasks ▸
  home: in 2 h ▸
    My files && more
    Next run: in 2 h (15:00 UTC+01:00)
    > Last run: succeeded: in words, 10 h ago
    ---
    > Run now
    Stop
  mail: in 2 h ▸
    My files && more
    Next run: in 2 h (15:00 UTC+01:00)
    > Last run: succeeded: in words, 10 h ago
    ---
    > Run now
    Stop
Pause all ▸
  > For 1 hour
  > For 4 hours
  > Until tomorrow
  > Until I resume
Resume all
---
> Open web interface
> Open PRestic folder
> Reload config
---
About ▸
  prestic-tray 0.1.0
  prestic-daemon 0.1.0, process 1
  Home: /home/me/.prestic
> Quit tray
> Quit tray and daemon
";
    let model = shown(status(vec![task("home", Some("succeeded")), task("mail", Some("succeeded"))]));
    assert_eq!(text_of(&model), expected);
    assert_eq!(model.tooltip, "All 2 tasks are fine\nNext: home, in 2 h (15:00 UTC+01:00)");
    let run = Action::Run { task: "mail".to_owned() };
    let log = Action::ShowLog { run: Some(RunId(7)), log_file: Some("home.txt".to_owned()) };
    let pause = Action::Pause(PauseLength::OneHour);
    assert!([run, log, pause].iter().all(|action| actions(&model.items).contains(action)));
}

#[track_caller]
fn check_icon(status: Status, icon: IconState, first_line: &str) {
    let model = shown(status);
    assert_eq!((model.icon, text_of(&model).lines().next().unwrap()), (icon, first_line));
}

#[test]
fn icon_tells_the_worst() {
    let fine = || task("mail", Some("succeeded"));
    check_icon(status(vec![fine()]), IconState::Normal, "mail is fine");
    check_icon(status(vec![task("home", None), fine()]), IconState::Normal, "home has not run yet");
    check_icon(status(vec![task("home", Some("warnings")), fine()]), IconState::Warning, "home ended with warnings");
    check_icon(active(RunState::Running { pid: 1 }, None), IconState::Busy, "home is running");
    check_icon(active(RunState::Running { pid: 1 }, Some(0.42)), IconState::Busy, "home is running: 42 %");
    let overdue = TaskStatus { overdue_since: Some(moment().now), ..fine() };
    check_icon(status(vec![overdue, fine()]), IconState::Failed, "1 of 2 tasks needs attention");
    check_icon(status(vec![task("home", Some("failed")), fine()]), IconState::Failed, "1 of 2 tasks needs attention");
    let until = Some(moment().now + TimeDelta::hours(1));
    let paused = |until| Status { paused: Some(Pause { until }), ..status(vec![fine()]) };
    check_icon(paused(until), IconState::Paused, "All tasks are paused until 14:00 UTC+01:00");
    check_icon(paused(None), IconState::Paused, "All tasks are paused until you resume them");
}

#[track_caller]
fn check_task(status: Status, expected: &[&str]) {
    let text = text_of(&shown(status));
    for line in expected {
        assert!(text.lines().any(|found| found.trim() == *line), "`{line}` is missing:\n{text}");
    }
}

#[test]
fn task_that_runs_can_be_stopped_and_not_be_run() {
    let running = active(RunState::Running { pid: 1 }, Some(0.421));
    check_task(running.clone(), &["home: running, 42 % ▸", "Run now", "> Stop (42 %)", "> Quit tray and daemon (stops 1 run)"]);
    assert!(actions(&shown(running).items).contains(&Action::Stop { run: RunId(8) }));
    check_task(active(RunState::Stopping { pid: 1 }, None), &["home: stopping ▸", "Run now", "Stop"]);
    let queued = RunState::Queued(Turn { position: Some(1), waits_for: Some(Wait::Place) });
    check_task(active(queued, None), &["home: waiting ▸", "Now: waits for a place (max-parallel)", "> Stop"]);
}

#[test]
fn troubles_of_a_task_are_told_where_it_is() {
    let fine = || task("home", Some("succeeded"));
    check_task(status(vec![task("home", Some("failed"))]), &["home: failed ▸", "> Last run: failed: in words, 10 h ago"]);
    let overdue = TaskStatus { overdue_since: Some(moment().now - TimeDelta::hours(1)), ..fine() };
    check_task(status(vec![overdue]), &["home: overdue ▸", "Overdue since 12:00 UTC+01:00"]);
    let skip = Skip { due_at: moment().now - TimeDelta::hours(1), reason: SkipReason::Deadline };
    let missed = TaskStatus { last_skip: Some(skip), ..fine() };
    check_task(status(vec![missed]), &["Not run at 12:00 UTC+01:00: it could not begin before its deadline"]);
    let broken = TaskStatus { cannot_run: Some("no password".to_owned()), ..fine() };
    check_task(status(vec![broken]), &["home: cannot run ▸", "Cannot run: no password"]);
    let by_hand = TaskStatus { next_run_at: None, ..task("home", None) };
    check_task(status(vec![by_hand]), &["home: Not run yet ▸", "Next run: none by itself", "Last run: none yet"]);
    let retried = TaskStatus { retry_at: Some(moment().now + TimeDelta::minutes(5)), ..task("home", Some("failed")) };
    check_task(status(vec![retried]), &["Next run: tried again in 5 min (13:05 UTC+01:00)"]);
}

#[test]
fn pause_can_be_ended_while_there_is_one() {
    let paused = Status { paused: Some(Pause { until: None }), ..status(vec![task("home", Some("succeeded"))]) };
    check_task(paused, &["> Resume all (paused)", "home: paused ▸", "Next run: paused until you resume it"]);
    assert!(!actions(&shown(status(Vec::new())).items).contains(&Action::Resume));
    // A trouble hides the sentence, but not the pause.
    let until = Some(moment().now + TimeDelta::hours(1));
    let troubled = Status { paused: Some(Pause { until }), ..status(vec![task("home", Some("failed"))]) };
    check_task(troubled, &["home needs attention", "> Resume all (paused until 14:00 UTC+01:00)"]);
}

fn config_error(line: usize) -> ConfigProblem {
    ConfigProblem {
        file: PathBuf::from("/home/me/.prestic/config.ini"),
        line: Some(line),
        section: None,
        key: None,
        message: "unknown key `shedule`".to_owned(),
        hint: None,
    }
}

#[test]
fn errors_of_the_configuration_are_shown_and_counted() {
    let mut broken = status(vec![task("home", Some("succeeded"))]);
    broken.config.errors = (1..=12).map(config_error).collect();
    let model = shown(broken);
    let text = text_of(&model);
    assert_eq!(model.icon, IconState::Failed);
    assert!(text.contains("The configuration has 12 errors ▸\n  config.ini:1: unknown key `shedule`\n"), "{text}");
    assert!(text.contains("  config.ini:10: unknown key `shedule`\n  and 2 more: see `prestic-ctl check`\n"), "{text}");
}

#[test]
fn web_interface_can_be_opened_only_where_it_listens() {
    let with = |web| Status { web, ..status(Vec::new()) };
    check_task(with(WebState::Off), &["Web interface: off", "There are no tasks yet"]);
    let unavailable = WebState::Unavailable { address: "127.0.0.1:8711".to_owned(), reason: "in use".to_owned() };
    check_task(with(unavailable), &["No web interface at 127.0.0.1:8711: in use"]);
}

#[test]
fn without_a_daemon_there_is_what_works_without_it() {
    let show = |daemon| text_of(&model(&Known { daemon, notice: None }, &moment()));
    let unreachable = show(Daemon::Unreachable { reason: "no daemon runs".to_owned(), can_start: true });
    assert!(
        unreachable.starts_with("The daemon cannot be reached\nno daemon runs\n---\n> Start the daemon\n"),
        "{unreachable}"
    );
    assert!(unreachable.ends_with("> Quit tray\n"), "{unreachable}");
    let other_version = show(Daemon::Unreachable { reason: "the daemon is older, restart it: ".repeat(4), can_start: false });
    assert!(
        !other_version.contains("Start the daemon") && other_version.matches("restart it:").count() == 4,
        "{other_version}"
    );
    assert!(show(Daemon::Starting).starts_with("Connecting to the daemon…\n---\n> Open PRestic folder\n"));
}

#[test]
fn notice_is_shown_below_the_sentence() {
    let daemon = Daemon::Live(Box::new(status(vec![task("home", Some("succeeded"))])));
    let text = text_of(&model(&Known { daemon, notice: Some(notice(About::GoodConfig)) }, &moment()));
    assert!(text.contains("\nthe notice\n---\n"), "{text}");
}

fn notice(about: About) -> Notice {
    Notice { text: "the notice".to_owned(), about }
}

#[test]
fn notice_is_shown_only_while_it_is_true() {
    let fine = status(vec![task("home", Some("succeeded"))]);
    let mut broken = fine.clone();
    broken.config.errors = vec![config_error(4)];
    let [fine, broken] = [fine, broken].map(|status| Daemon::Live(Box::new(status)));
    let gone = Daemon::Unreachable { reason: "no daemon runs".to_owned(), can_start: true };
    let check = |daemon: &Daemon, about, is_shown| {
        let text = text_of(&model(&Known { daemon: daemon.clone(), notice: Some(notice(about)) }, &moment()));
        assert_eq!(text.contains("the notice"), is_shown, "{about:?}\n{text}");
        assert_eq!(text.contains("no daemon runs"), *daemon == gone, "{about:?}\n{text}");
    };
    for (about, in_fine, in_broken, in_gone) in
        [(About::GoodConfig, true, false, false), (About::BadConfig, false, true, false), (About::Refusal, true, true, true)]
    {
        check(&fine, about, in_fine);
        check(&broken, about, in_broken);
        check(&gone, about, in_gone);
    }
}

#[test]
fn names_of_tasks_are_no_more_than_text() {
    let nasty = task("a&b\u{202e}\n", Some("succeeded"));
    check_task(status(vec![nasty]), &["a&&b\u{fffd}\u{fffd}: in 2 h ▸"]);
}

#[test]
fn no_text_tells_seconds_that_pass_unseen() {
    let check = |seconds, next: &str, last: &str| {
        let mut home = task("home", Some("succeeded"));
        home.next_run_at = Some(moment().now + TimeDelta::seconds(seconds));
        home.last_run.as_mut().unwrap().at = moment().now - TimeDelta::seconds(seconds);
        let text = text_of(&shown(status(vec![home])));
        assert!(text.contains(&format!("Next: home, {next} (")) && text.contains(&format!("in words, {last}\n")), "{text}");
    };
    check(3, "within a minute", "just now");
    check(59, "within a minute", "just now");
    check(60, "in 1 min", "1 min ago");
}

#[test]
fn shape_changes_with_the_items_and_not_with_what_they_say() {
    let idle = shown(status(vec![task("home", Some("succeeded")), task("mail", Some("succeeded"))]));
    let busy = shown(active(RunState::Running { pid: 1 }, Some(0.5)));
    assert!(is_same_shape(&idle.items, &busy.items) && idle.items != busy.items);
    for (other, running) in [("failed", "home is running"), ("warnings", "mail ended with warnings")] {
        let with_other = |mut status: Status| {
            status.tasks[1] = task("mail", Some(other));
            shown(status)
        };
        let idle = with_other(status(vec![task("home", Some("succeeded")), task("mail", None)]));
        let busy = with_other(active(RunState::Running { pid: 1 }, Some(0.5)));
        assert!(is_same_shape(&idle.items, &busy.items), "{other}");
        assert!(
            text_of(&idle).contains("\nNothing is running\n") && text_of(&busy).contains(&format!("\n{running}\n")),
            "{other}"
        );
    }
    let mut busy = many(200);
    busy.tasks[3].active = Some(RunId(8));
    busy.runs = vec![run("task-00003", RunState::Running { pid: 1 }, Some(0.5))];
    assert!(is_same_shape(&shown(many(200)).items, &shown(busy).items));
    let other = shown(status(vec![task("home", Some("succeeded")), task("post", Some("succeeded"))]));
    assert!(!is_same_shape(&idle.items, &other.items));
}
