//! What a status looks like.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{
    event::Cursor,
    notification::NotificationState,
    profile::ConfigProblem,
    progress::Progress,
    run::{Run, RunId, RunState},
    status::{ConfigState, LastRun, Pause, TaskStatus},
};

use super::*;
use crate::{
    output::Look,
    tests::{run_in, task},
};

fn day(number: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(number)
}

fn failed() -> LastRun {
    LastRun {
        id: Some(RunId(1)),
        at: day(8),
        exit_code: Some(1),
        outcome: "failed".to_owned(),
        message: "failed: wrong password".to_owned(),
        log_file: None,
    }
}

fn error_in(section: Option<&str>) -> ConfigProblem {
    ConfigProblem {
        file: PathBuf::from("config.ini"),
        line: Some(2),
        section: section.map(str::to_owned),
        key: None,
        message: "wrong".to_owned(),
        hint: None,
    }
}

fn status_of(tasks: Vec<TaskStatus>, errors: Vec<ConfigProblem>, loaded_at: Option<DateTime<Utc>>) -> Status {
    Status {
        version: "0".to_owned(),
        pid: 1,
        home: PathBuf::from("home"),
        started_at: DateTime::UNIX_EPOCH,
        config: ConfigState { path: PathBuf::from("config.ini"), loaded_at, errors, warnings: Vec::new() },
        web: prestic_proto::system::WebState::Off,
        notifications: NotificationState::default(),
        paused: None,
        tasks,
        runs: Vec::new(),
        cursor: Cursor { instance: 1, seq: 1 },
    }
}

#[track_caller]
fn check_in(columns: Option<usize>, task: TaskStatus, runs: Vec<Run>, expected: &[&str]) {
    let status = Status { runs, ..status_of(vec![task], Vec::new(), None) };
    let lines = listing::lines(&status, &[], day(10), &Look { columns, ..Look::PLAIN });
    assert_eq!(lines, expected);
}

#[track_caller]
fn check(task: TaskStatus, runs: Vec<Run>, expected: &str) {
    let status = Status { runs, ..status_of(vec![task], Vec::new(), None) };
    let lines = listing::lines(&status, &[], day(10), &Look::PLAIN);
    assert_eq!(lines[1].split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join("  "), expected);
}

#[test]
fn a_task_that_never_ran_says_so() {
    check(task("home"), Vec::new(), "home  idle  never  not scheduled");
}

#[test]
fn a_running_task_shows_how_far_it_is() {
    let progress = Progress { fraction: Some(0.42), ..Progress::default() };
    let run = Run { progress: Some(progress), ..run_in(RunState::Running { pid: 7 }) };
    check(TaskStatus { active: Some(run.id), ..task("home") }, vec![run], "home  running 42%  never  not scheduled");
}

#[test]
fn a_failed_run_comes_with_the_last_good_one() {
    let failed_task = TaskStatus { last_run: Some(failed()), ..task("home") };
    let with_good = TaskStatus { last_success_at: Some(day(3)), ..failed_task.clone() };
    check(with_good.clone(), Vec::new(), "home  idle  failed 2 d ago, last good 7 d ago  not scheduled");
    check(failed_task, Vec::new(), "home  idle  failed 2 d ago, no good one known  not scheduled");
    let good = LastRun { outcome: "warnings".to_owned(), ..failed() };
    check(TaskStatus { last_run: Some(good), ..with_good }, Vec::new(), "home  idle  warnings 2 d ago  not scheduled");
}

#[test]
fn a_failed_task_has_its_reason_and_the_way_to_its_log() {
    let ran_by_python = LastRun { id: None, message: String::new(), ..failed() };
    let tasks = vec![
        TaskStatus { last_run: Some(failed()), last_success_at: Some(day(3)), ..task("my home") },
        TaskStatus { last_run: Some(ran_by_python), ..task("old") },
        TaskStatus { cannot_run: Some("profile `key` needs the keyring".to_owned()), ..task("key") },
        task("idle"),
    ];
    let expected = [
        "my home failed: wrong password, last good 7 d ago: see `prestic-ctl log 'my home'`",
        "old failed, no good one known",
        "profile `key` needs the keyring",
    ];
    let reasons = reasons(&status_of(tasks, Vec::new(), None), day(10));
    assert_eq!(reasons.iter().map(|(_, reason)| reason).collect::<Vec<_>>(), expected);
}

fn queued(id: u64, task: &str, wait: Wait) -> Run {
    let turn = Turn { position: None, waits_for: Some(wait) };
    Run { id: RunId(id), task: task.to_owned(), ..run_in(RunState::Queued(turn)) }
}

#[track_caller]
fn check_reasons(status: &Status, expected: &[&str]) {
    let reasons = reasons(status, day(10));
    assert_eq!(reasons.iter().map(|(_, reason)| reason.as_str()).collect::<Vec<_>>(), expected);
}

#[test]
fn every_run_that_waits_says_what_for() {
    let running = Run { id: RunId(7), task: "home".to_owned(), ..run_in(RunState::Running { pid: 1 }) };
    let behind = queued(8, "home", Wait::SameTask { run: RunId(7) });
    let rival = queued(9, "tidy", Wait::Repository { run: RunId(7), task: "home".to_owned() });
    let tasks =
        vec![TaskStatus { active: Some(RunId(7)), ..task("home") }, TaskStatus { active: Some(RunId(9)), ..task("tidy") }];
    let status = Status { runs: vec![running, behind, rival], ..status_of(tasks, Vec::new(), None) };
    let expected = ["home: run 8 waits for run 7 of the same task", "tidy: waits for its repository, which run 7 of home uses"];
    check_reasons(&status, &expected);
}

#[test]
fn pause_of_all_tasks_is_told_once() {
    let held = queued(7, "home", Wait::Paused { until: None });
    let tasks = vec![TaskStatus { active: Some(RunId(7)), ..task("home") }];
    let one_paused = Status { runs: vec![held], ..status_of(tasks, Vec::new(), None) };
    check_reasons(&one_paused, &["home: paused"]);
    let all_paused = Status { paused: Some(Pause { until: None }), ..one_paused };
    check_reasons(&all_paused, &["every task is paused until `prestic-ctl resume`"]);
}

#[test]
fn a_task_that_cannot_run_says_so_where_its_next_run_would_stand() {
    let task = TaskStatus { cannot_run: Some("why".to_owned()), next_run_at: Some(day(11)), ..task("home") };
    check(task, Vec::new(), "home  idle  never  cannot run");
}

#[test]
fn a_narrow_terminal_gets_fewer_words_and_nothing_is_cut() {
    let next_run_at = Some(day(11));
    check_in(
        Some(50),
        TaskStatus { next_run_at, ..task("home") },
        Vec::new(),
        &["TASK  STATE  LAST RUN  NEXT RUN", "home  idle   never     in 1 d"],
    );
    check_in(
        Some(60),
        TaskStatus { next_run_at, last_run: Some(failed()), last_success_at: Some(day(3)), ..task("seafile-maintenance") },
        Vec::new(),
        &["TASK                 STATE  LAST RUN        NEXT RUN", "seafile-maintenance  idle   failed 2 d ago  in 1 d"],
    );
    check_in(
        Some(40),
        TaskStatus { next_run_at, last_run: Some(failed()), last_success_at: Some(day(3)), ..task("seafile-maintenance") },
        Vec::new(),
        &["seafile-maintenance  idle", "  last  failed 2 d ago, last good 7 d ago", "  next  in 1 d"],
    );
}

#[test]
fn sections_with_errors_are_rows_of_their_own() {
    let status = status_of(vec![task("home")], vec![error_in(Some("photos")), error_in(Some("photos"))], None);
    let stuck = config::stuck_sections(&status);
    let lines = listing::lines(&status, &stuck, day(10), &Look::PLAIN);
    assert_eq!(lines[2], "photos  config error            not before that is mended");
}

#[track_caller]
fn check_complaint(sections: &[Option<&str>], tasks: &[&str], expected: &str) {
    let tasks = tasks.iter().map(|name| task(name)).collect();
    let status = status_of(tasks, sections.iter().map(|section| error_in(*section)).collect(), None);
    assert_eq!(config::complaint(&status)[0], expected);
}

#[test]
fn what_does_not_run_is_named() {
    check_complaint(&[Some("a")], &["b"], "1 error in config.ini: [a] does not run until it is mended");
    check_complaint(
        &[Some("a"), Some("c"), Some("a")],
        &["b"],
        "3 errors in config.ini: [a], [c] do not run until they are mended",
    );
    check_complaint(&[Some("a")], &[], "1 error in config.ini: nothing runs until it is mended");
    let expected = "2 errors in config.ini: only the tasks that are listed with a state run until they are mended";
    check_complaint(&[Some("DEFAULT"), None], &["b"], expected);
}

#[test]
fn an_older_configuration_that_is_live_is_told_with_its_time() {
    let errors = vec![error_in(Some("home")), error_in(Some("new"))];
    let status = status_of(vec![task("home")], errors, Some(day(3)));
    let expected = format!(
        "2 errors in config.ini: what was read at {} stays live until they are mended, and [new] does not run",
        words::local_time(day(3))
    );
    assert_eq!(config::complaint(&status)[0], expected);
    assert!(config::complaint(&status_of(vec![task("home")], Vec::new(), Some(day(3)))).is_empty());
}
