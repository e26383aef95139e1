//! Runs on one repository wait for each other; runs on two do not.

use prestic_proto::{outcome::Outcome, run::RunState};
use prestic_tests::{
    fake::{FakeScript, Gate, Wire},
    home::TestHome,
};

/// A home whose tasks all wait at one gate: `one` and `two` on the same repository, `three` on another.
fn home_with_three_tasks(settings: &str) -> (TestHome, Gate, Wire) {
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let wire = Wire::new(home.path("wire"));
    let script = FakeScript { tell: Some(wire.path().to_owned()), ..FakeScript::of([gate.wait()]) };
    let first = home.path("first").display().to_string();
    let second = home.path("second").display().to_string();
    let task = |name: &str, repository: &str| {
        format!("[{name}]\n{}repository = {repository}\ncommand = backup\nargs = /nowhere\n\n", script.profile())
    };
    home.write_config(format!("{settings}\n{}{}{}", task("one", &first), task("two", &first), task("three", &second)));
    home.start_daemon();
    (home, gate, wire)
}

#[test]
fn second_run_on_a_repository_waits_for_the_first() {
    let (home, gate, mut wire) = home_with_three_tasks("");
    let one = home.run("one");
    wire.hear_start();
    let two = home.run("two");
    assert_eq!(home.wait_for(two, |_| true).state, RunState::Queued);
    gate.open();
    home.expect_outcome(one, &Outcome::Succeeded);
    wire.hear_start();
    gate.open();
    home.expect_outcome(two, &Outcome::Succeeded);
}

#[test]
fn runs_on_two_repositories_go_on_together() {
    let (home, gate, mut wire) = home_with_three_tasks("");
    let one = home.run("one");
    let three = home.run("three");
    // Both have started, and neither can have ended: the gate is closed.
    wire.hear_start();
    wire.hear_start();
    gate.open();
    gate.open();
    home.expect_outcome(one, &Outcome::Succeeded);
    home.expect_outcome(three, &Outcome::Succeeded);
}

#[test]
fn no_more_runs_than_max_parallel_go_on_together() {
    let (home, gate, mut wire) = home_with_three_tasks("[prestic]\nmax-parallel = 1");
    let one = home.run("one");
    wire.hear_start();
    let three = home.run("three");
    assert_eq!(home.wait_for(three, |_| true).state, RunState::Queued);
    gate.open();
    home.expect_outcome(one, &Outcome::Succeeded);
    wire.hear_start();
    gate.open();
    home.expect_outcome(three, &Outcome::Succeeded);
}

#[test]
fn queued_run_that_is_stopped_never_starts() {
    let (home, gate, mut wire) = home_with_three_tasks("");
    let one = home.run("one");
    wire.hear_start();
    let two = home.run("two");
    home.stop(two);
    home.expect_outcome(two, &Outcome::Stopped);
    gate.open();
    home.expect_outcome(one, &Outcome::Succeeded);
    let three = home.run("three");
    // The next start heard is that of `three`: `two` never told one.
    let pid = wire.hear_start();
    assert_eq!(home.wait_running(three), pid);
    gate.open();
    home.expect_outcome(three, &Outcome::Succeeded);
}

#[test]
fn task_that_is_under_way_is_not_started_again() {
    let (home, gate, mut wire) = home_with_three_tasks("");
    let one = home.run("one");
    wire.hear_start();
    let refused = home.ctl(&["run", "one", "--detach"]);
    assert_ne!(refused.code, Some(0), "{refused:?}");
    gate.open();
    home.expect_outcome(one, &Outcome::Succeeded);
    assert_eq!(home.history("one").len(), 1);
}
