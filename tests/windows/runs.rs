//! Runs: followed, stopped, killed, and adopted by the next daemon.

use std::process::Stdio;

use prestic_daemon::process;
use prestic_double::{FakeScript, Gate, LIMIT, Step, Wire};
use prestic_proto::{limit::Limit, outcome::Outcome, run::RunId};

use crate::{home::TestHome, processes};

/// A home with a task `backup` whose restic tells of its start and waits at a gate, and says something then.
struct Waiting {
    home: TestHome,
    gate: Gate,
    wire: Wire,
}

impl Waiting {
    #[track_caller]
    fn start(options: &str, script: FakeScript) -> Self {
        let mut home = TestHome::new();
        let (gate, wire) = (Gate::new(home.path("gate")), Wire::new(home.path("wire")));
        let steps = [gate.wait(), Step::Out("the last words\n".to_owned())];
        let script = FakeScript { tell: Some(wire.path().to_owned()), steps: steps.into(), ..script };
        let task = format!("[backup]\n{}repository = C:\\repository\ncommand = backup\nargs = C:\\data\n", script.profile());
        home.write_config(&format!("{options}{task}"));
        home.start_daemon();
        Self { home, gate, wire }
    }

    /// Begins a run, and waits until restic runs.
    #[track_caller]
    fn run(&mut self) -> RunId {
        let run = self.home.run("backup");
        self.wire.hear_start();
        run
    }
}

#[test]
fn run_is_followed_to_its_end() {
    let mut test = Waiting::start("", FakeScript { exit_code: 3, ..FakeScript::default() });
    let mut command = test.home.ctl_command(&["run", "backup"]);
    let follower = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    test.wire.hear_start();
    test.gate.open();
    let output = follower.wait_with_output().unwrap();
    // What restic could not read makes warnings, and restic's own exit code.
    assert_eq!(output.status.code(), Some(3), "{output:?}");
}

#[test]
fn log_has_what_restic_said() {
    let mut test = Waiting::start("", FakeScript::default());
    let run = test.run();
    test.gate.open();
    test.home.expect_outcome(run, &Outcome::Succeeded);
    let log = test.home.log(run);
    assert!(log.contains("the last words") && log.contains(r"C:\data"), "{log}");
    let shown = test.home.ctl(&["log", "backup"]).expect_code(0).stdout;
    assert!(shown.contains("the last words"), "{shown}");
}

#[test]
fn restic_is_interrupted_by_a_stop_and_ends_by_itself() {
    let mut test = Waiting::start("", FakeScript::default());
    let run = test.run();
    test.home.ctl(&["stop", "backup"]).expect_code(0);
    assert_eq!(test.wire.hear(), "interrupted");
    let finished = test.home.expect_outcome(run, &Outcome::Stopped);
    assert_eq!(finished.exit_code, Some(130));
}

#[test]
fn restic_that_does_not_stop_is_killed_after_its_grace() {
    let stubborn = FakeScript { ignores_interrupt: true, ..FakeScript::default() };
    let mut test = Waiting::start("[prestic]\nstop-grace = 1s\n\n", stubborn);
    let run = test.run();
    test.home.ctl(&["stop", "backup"]).expect_code(0);
    assert_eq!(test.wire.hear(), "interrupted");
    let finished = test.home.expect_outcome(run, &Outcome::Stopped);
    // Nobody but a test has opened the gate, and a killed restic has no exit code of its own.
    assert_eq!(finished.exit_code, None);
}

#[test]
fn restic_that_does_nothing_is_stopped_when_its_time_is_over() {
    let mut home = TestHome::new();
    let (gate, mut wire) = (Gate::new(home.path("gate")), Wire::new(home.path("wire")));
    let script = FakeScript { tell: Some(wire.path().to_owned()), ..FakeScript::of([gate.wait()]) };
    let task = "repository = C:\\repository\ncommand = backup\nargs = C:\\data\nno-progress-timeout = 3s\n";
    home.write_config(&format!("[backup]\n{}{task}", script.profile()));
    home.start_daemon();
    let run = home.run("backup");
    wire.hear_start();
    assert_eq!(wire.hear(), "interrupted");
    home.expect_outcome(run, &Outcome::TimedOut(Limit::NoProgress));
}

#[test]
fn supervisor_that_is_killed_takes_restic_with_it() {
    let mut test = Waiting::start("", FakeScript::default());
    let run = test.home.run("backup");
    let restic = test.wire.hear_start();
    let supervisor = process::identify(processes::parent(restic)).unwrap();
    let restic = process::identify(restic).unwrap();
    process::kill(&supervisor).unwrap();
    assert!(process::wait_for_end(&restic, Some(LIMIT)).unwrap());
    test.home.expect_outcome(run, &Outcome::Interrupted);
}

#[test]
fn shutdown_of_the_daemon_interrupts_what_runs() {
    let mut test = Waiting::start("", FakeScript::default());
    let run = test.run();
    test.home.ctl(&["shutdown"]).expect_code(0);
    assert_eq!(test.wire.hear(), "interrupted");
    test.home.wait_for_daemon();
    test.home.start_daemon();
    test.home.expect_outcome(run, &Outcome::Interrupted);
}

#[test]
fn run_outlives_a_killed_daemon_and_the_next_one_writes_its_outcome() {
    let mut test = Waiting::start("", FakeScript::default());
    let run = test.run();
    test.home.kill_daemon();
    test.home.start_daemon();
    let status = test.home.ctl(&["status", "--json"]).expect_code(0).stdout;
    assert!(status.contains("\"running\""), "{status}");
    test.gate.open();
    test.home.expect_outcome(run, &Outcome::Succeeded);
    assert!(test.home.log(run).contains("the last words"));
}

#[test]
fn run_that_ends_without_a_daemon_is_found_by_the_next_one() {
    let mut test = Waiting::start("", FakeScript { exit_code: 1, ..FakeScript::default() });
    let run = test.run();
    test.home.kill_daemon();
    test.gate.open();
    test.home.start_daemon();
    assert_eq!(test.home.wait_finished(run).finished().unwrap().exit_code, Some(1));
}

#[test]
fn adopted_run_can_be_stopped() {
    let mut test = Waiting::start("", FakeScript::default());
    let run = test.run();
    test.home.kill_daemon();
    test.home.start_daemon();
    test.home.ctl(&["stop", "backup"]).expect_code(0);
    assert_eq!(test.wire.hear(), "interrupted");
    test.home.expect_outcome(run, &Outcome::Stopped);
}
