//! What failed is tried again, where that can help.

use prestic_proto::{
    outcome::{Failure, Outcome},
    run::{Run, Trigger},
};
use prestic_tests::{
    fake::{FakeScript, Step},
    home::TestHome,
    missed::{NO_STARTUP_DELAY, due_task},
};

/// A double that fails with these words, for the first time that it is run; later it succeeds.
fn failing_once(home: &TestHome, words: &str) -> FakeScript {
    let failing = FakeScript { exit_code: 1, ..FakeScript::of([Step::Err(format!("{words}\n"))]) };
    FakeScript::default().after(home.path("mark"), failing)
}

fn home_with_due_task(words: &str, options: &str) -> TestHome {
    let mut home = TestHome::new();
    let script = failing_once(&home, words);
    home.write_config(format!("{NO_STARTUP_DELAY}{}", due_task("save", &script, options)));
    home.write_old_status(&["save"]);
    home.start_daemon();
    home
}

fn outcome(run: &Run) -> &Outcome {
    &run.finished().unwrap().outcome
}

const REFUSED: &str = "Fatal: unable to open config file: dial tcp 192.0.2.1:8000: connect: connection refused";

#[test]
fn network_failure_is_tried_again() {
    let home = home_with_due_task(REFUSED, "retry = 2\nretry-delay = 1s");
    home.wait_for_task("save", |run| run.trigger == Trigger::Retry && run.finished().is_some());
    let [second, first] = &home.history("save")[..] else { panic!("{:?}", home.history("save")) };
    assert_eq!((outcome(first), first.attempt), (&Outcome::Failed(Failure::Network), 0));
    assert_eq!((outcome(second), second.attempt), (&Outcome::Succeeded, 1));
    assert_eq!(second.due_at, first.due_at, "it is for the same instant");
    assert!(second.created_at >= first.finished().unwrap().at + chrono::TimeDelta::seconds(1));
    let shown = home.ctl(&["history", "save"]).stdout_of_success();
    assert!(shown.lines().nth(1).is_some_and(|line| line.contains("attempt 2")), "{shown}");
}

#[test]
fn status_tells_when_a_failed_task_is_tried_again() {
    let home = home_with_due_task(REFUSED, "retry = 2\nretry-delay = 1h");
    let first = home.wait_for_task("save", |run| run.finished().is_some());
    let task = &home.status().tasks[0];
    let wait = task.retry_at.unwrap() - first.finished().unwrap().at;
    assert!(wait >= chrono::TimeDelta::hours(1) && wait < chrono::TimeDelta::minutes(75), "{wait}");
    let status = home.ctl(&["status"]).stdout_of_success();
    assert!(status.contains("tried again in"), "{status}");
    // Somebody who does not want to wait for it runs the task.
    home.ctl(&["run", "save", "--quiet"]).expect_code(0);
    assert_eq!(home.status().tasks[0].retry_at, None);
}

#[test]
fn wrong_password_is_not_tried_again() {
    let home = home_with_due_task("Fatal: wrong password or no key found", "retry = 5\nretry-delay = 1s");
    let run = home.wait_for_task("save", |run| run.finished().is_some());
    assert_eq!(outcome(&run), &Outcome::Failed(Failure::WrongPassword));
    assert_eq!(home.status().tasks[0].retry_at, None);
}

#[test]
fn run_that_somebody_asked_for_is_not_tried_again() {
    let mut home = TestHome::new();
    let script = failing_once(&home, REFUSED);
    let options = "repository = /nowhere\ncommand = backup\nretry = 5\nretry-delay = 1s\n";
    home.write_config(format!("[save]\n{}{options}", script.profile()));
    home.start_daemon();
    home.ctl(&["run", "save", "--quiet"]).expect_code(1);
    assert_eq!(home.status().tasks[0].retry_at, None);
}
