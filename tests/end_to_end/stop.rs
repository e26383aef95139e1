//! Runs that are asked to stop, by a client or by the daemon's own end.

use prestic_proto::{outcome::Outcome, run::RunState};
use prestic_tests::{
    fake::{FakeScript, Gate, Wire},
    files,
    home::TestHome,
    processes,
    restic::{Repository, Restic, each_restic},
};
use rustix::process::Signal;

/// A home with a backup that takes some seconds: 8 MiB that do not compress, at 2 MiB a second.
fn home_with_slow_backup(restic: &Restic) -> (TestHome, Repository) {
    let mut home = TestHome::new();
    let repository = restic.init(home.path("repository"));
    files::random_file(&home.path("data"), 8 * 1024 * 1024, 1);
    home.write_config(format!(
        "[backup]\n{}limit-upload = 2048\ncommand = backup\nargs = '{}'\n",
        repository.profile(),
        home.path("data").display()
    ));
    home.start_daemon();
    (home, repository)
}

#[test]
fn stopped_backup_leaves_no_lock_and_no_snapshot() {
    each_restic(|restic| {
        let (home, repository) = home_with_slow_backup(restic);
        let run = home.run("backup");
        home.wait_running(run);
        home.ctl(&["stop", "backup"]).expect_code(0);
        home.expect_outcome(run, &Outcome::Stopped);
        repository.check(0);
    });
}

#[test]
fn shutdown_stops_what_runs_and_leaves_no_lock() {
    each_restic(|restic| {
        let (mut home, repository) = home_with_slow_backup(restic);
        let run = home.run("backup");
        let pid = home.wait_running(run);
        home.signal_daemon(Signal::TERM);
        assert!(home.wait_for_daemon().success());
        assert_eq!(processes::program(pid), None, "restic outlived the shutdown");
        repository.check(0);
        home.start_daemon();
        home.expect_outcome(run, &Outcome::Interrupted);
    });
}

#[test]
fn restic_that_does_not_stop_is_killed_after_the_grace() {
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let mut wire = Wire::new(home.path("wire"));
    let script = FakeScript { tell: Some(wire.path().to_owned()), ignores_interrupt: true, ..FakeScript::of([gate.wait()]) };
    home.write_config(format!(
        "[prestic]\nstop-grace = 1s\n\n[stubborn]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n",
        script.profile()
    ));
    home.start_daemon();
    let run = home.run("stubborn");
    let pid = wire.hear_start();
    home.stop(run);
    assert_eq!(wire.hear(), "interrupted");
    // restic has heard of it first; the client hears of it, too, before or together with the end.
    home.wait_for(run, |run| matches!(run.state, RunState::Stopping { .. } | RunState::Finished(_)));
    home.expect_outcome(run, &Outcome::Stopped);
    assert!(processes::wait_for_exit(pid, prestic_tests::LIMIT));
}

#[test]
fn restic_killed_by_somebody_else_is_told_as_killed() {
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let mut wire = Wire::new(home.path("wire"));
    let script = FakeScript { tell: Some(wire.path().to_owned()), ..FakeScript::of([gate.wait()]) };
    home.write_config(format!("[victim]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n", script.profile()));
    home.start_daemon();
    let run = home.run("victim");
    processes::send(wire.hear_start(), Signal::KILL);
    let finished = home.expect_outcome(run, &Outcome::Killed(9));
    assert_eq!(finished.exit_code, None);
}

#[test]
fn child_that_holds_the_pipe_does_not_hold_the_run() {
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    home.write_config(format!(
        "[leaky]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n",
        FakeScript::of([gate.hold_pipe()]).profile()
    ));
    home.start_daemon();
    let run = home.run("leaky");
    // The gate is closed until the end of the test, so the pipe is open when the run ends.
    home.expect_outcome(run, &Outcome::Succeeded);
    gate.open();
}
