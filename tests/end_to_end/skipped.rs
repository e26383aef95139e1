//! Occurrences that no run answers are not forgotten: they are records like runs.

use prestic_proto::{
    outcome::{Outcome, SkipReason},
    run::Run,
};
use prestic_tests::{
    fake::{FakeScript, Gate, Wire},
    home::TestHome,
    missed::{NO_STARTUP_DELAY, due_task},
};

fn home_with_missed_task() -> TestHome {
    let mut home = TestHome::new();
    home.write_config(format!("{NO_STARTUP_DELAY}{}", due_task("save", &FakeScript::default(), "catch-up = no")));
    home.write_old_status(&["save"]);
    home.start_daemon();
    home
}

#[track_caller]
fn expect_missed(home: &TestHome) -> Run {
    let [run] = &home.history("save")[..] else { panic!("{:?}", home.history("save")) };
    let outcome = &run.finished().unwrap().outcome;
    assert!(matches!(outcome, Outcome::Skipped(SkipReason::Missed { count }) if *count > 100), "{outcome:?}");
    run.clone()
}

#[test]
fn missed_occurrence_without_catching_up_is_in_history_and_status() {
    let mut home = home_with_missed_task();
    let run = expect_missed(&home);
    assert_eq!(run.started_at, None);
    let history = home.ctl(&["history", "save"]).stdout_of_success();
    assert!(history.contains("skipped: it was missed"), "{history}");
    let status = home.ctl(&["status"]).stdout_of_success();
    assert!(status.contains("save did not run for") && status.contains("it was missed"), "{status}");
    assert!(home.status().tasks[0].last_skip.is_some());

    // It stays so over a restart, and is not skipped twice.
    home.ctl(&["shutdown"]).expect_code(0);
    assert!(home.wait_for_daemon().success());
    home.start_daemon();
    assert_eq!(expect_missed(&home).id, run.id);
    home.ctl(&["run", "save", "--quiet"]).expect_code(0);
    assert_eq!(home.status().tasks[0].last_skip, None);
}

#[test]
fn skipped_occurrence_has_no_log_and_says_so() {
    let home = home_with_missed_task();
    let skipped = expect_missed(&home).id.to_string();
    for args in [&["log", &skipped][..], &["log", "save"]] {
        let log = home.ctl(args).expect_code(65);
        assert!(log.stderr.contains("restic was not started"), "{}", log.stderr);
    }
    home.ctl(&["run", "save", "--quiet"]).expect_code(0);
    for args in [&["log", "save"][..], &["log"]] {
        assert!(home.ctl(args).stdout_of_success().contains("Outcome: succeeded"));
    }
}

#[test]
fn run_that_cannot_begin_before_its_deadline_is_skipped() {
    let home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let mut wire = Wire::new(home.path("wire"));
    let script = FakeScript { tell: Some(wire.path().to_owned()), ..FakeScript::of([gate.wait()]) };
    let late = due_task("late", &FakeScript::default(), "deadline = 2s").replace("/nowhere/late", "/nowhere/save");
    home.write_config(format!(
        "{NO_STARTUP_DELAY}{late}[save]\n{}repository = /nowhere/save\nschedule = @startup\ncommand = prune\npriority = high\n",
        script.profile()
    ));
    home.write_old_status(&["late"]);
    let mut home = home;
    home.start_daemon();
    wire.hear_start();
    let run = home.wait_for_task("late", |run| run.finished().is_some());
    assert_eq!(run.finished().unwrap().outcome, Outcome::Skipped(SkipReason::Deadline));
    assert_eq!(run.finished().unwrap().exit_code, None);
    gate.open();
}
