//! Tasks that run after others, and at the daemon's start.

use prestic_proto::{outcome::Outcome, run::Trigger};
use prestic_tests::{fake::FakeScript, home::TestHome};

fn task(name: &str, exit_code: u8, options: &str) -> String {
    let script = FakeScript { exit_code, ..FakeScript::default() };
    format!("[{name}]\n{}repository = /nowhere/{name}\ncommand = backup\nargs = /nowhere\n{options}\n\n", script.profile())
}

fn home_with(tasks: &[String]) -> TestHome {
    let mut home = TestHome::new();
    home.write_config(tasks.concat());
    home.start_daemon();
    home
}

#[track_caller]
fn expect_run(home: &TestHome, task: &str, trigger: Trigger, outcome: &Outcome) {
    let run = home.wait_for_task(task, |run| run.finished().is_some());
    assert_eq!((run.trigger.clone(), &run.finished().unwrap().outcome), (trigger, outcome), "{run:?}");
}

#[test]
fn chain_that_begins_with_the_daemon_runs_in_its_order() {
    let home = home_with(&[
        task("save", 0, "schedule = @startup"),
        task("tidy", 3, "schedule = after save"),
        task("check", 0, "schedule = after tidy any"),
    ]);
    expect_run(&home, "check", Trigger::After("tidy".to_owned()), &Outcome::Succeeded);
    expect_run(&home, "tidy", Trigger::After("save".to_owned()), &Outcome::Warnings);
    expect_run(&home, "save", Trigger::Startup, &Outcome::Succeeded);
    let began = |task: &str| home.history(task)[0].created_at;
    assert!(began("save") <= began("tidy") && began("tidy") <= began("check"));
}

#[test]
fn chain_follows_a_run_by_hand_as_it_asks_for() {
    let home = home_with(&[
        task("save", 1, ""),
        task("next", 0, "schedule = after save"),
        task("alarm", 0, "schedule = after save fail"),
    ]);
    home.ctl(&["run", "save", "--quiet"]).expect_code(1);
    expect_run(&home, "alarm", Trigger::After("save".to_owned()), &Outcome::Succeeded);
    assert!(home.history("next").is_empty());
    assert!(home.status().tasks.iter().all(|task| task.next_run_at.is_none()));
}

#[test]
fn end_that_was_answered_is_not_answered_again_by_the_next_daemon() {
    let mut home = home_with(&[task("save", 0, ""), task("next", 0, "schedule = after save")]);
    home.ctl(&["run", "save", "--quiet"]).expect_code(0);
    expect_run(&home, "next", Trigger::After("save".to_owned()), &Outcome::Succeeded);
    home.ctl(&["shutdown"]).expect_code(0);
    assert!(home.wait_for_daemon().success());
    home.start_daemon();
    // What it had to catch up would be there already.
    assert!(home.status().runs.is_empty());
    assert_eq!(home.history("next").len(), 1);
}

#[test]
fn task_after_a_group_waits_for_every_one_of_it() {
    let fake = FakeScript::default().profile();
    let base = |name: &str| format!("[{name}]\n{fake}repository = /nowhere/{name}\n\n");
    let group = "[home]\nrepositories = near far\ncommand = backup\nargs = /nowhere\n\n".to_owned();
    let home = home_with(&[base("near"), base("far"), group, task("next", 0, "schedule = after home")]);
    home.ctl(&["run", "home@near", "--quiet"]).expect_code(0);
    assert!(home.history("next").is_empty());
    home.ctl(&["run", "home@far", "--quiet"]).expect_code(0);
    expect_run(&home, "next", Trigger::After("home".to_owned()), &Outcome::Succeeded);
}

#[test]
fn status_says_what_a_task_runs_after() {
    let home = home_with(&[task("save", 0, ""), task("next", 0, "schedule = after save")]);
    let status = home.ctl(&["status"]).stdout_of_success();
    assert!(status.lines().any(|line| line.starts_with("next ") && line.ends_with("after save")), "{status}");
}
