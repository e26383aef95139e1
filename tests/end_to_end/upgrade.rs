//! Another program takes the place of a daemon that runs.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    thread,
    time::Instant,
};

use prestic_proto::{client::Client, outcome::Outcome, run::RunState};
use prestic_tests::{
    LIMIT,
    fake::{FakeScript, Gate, Wire},
    home::TestHome,
    processes, programs,
};

/// A home whose daemon was started from a program of its own, with a task that waits at a gate.
fn home_with_own_program() -> (TestHome, PathBuf, Gate, Wire) {
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let wire = Wire::new(home.path("wire"));
    let script = FakeScript { tell: Some(wire.path().to_owned()), ..FakeScript::of([gate.wait()]) };
    home.write_config(format!("[slow]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n", script.profile()));
    let program = home.path("bin").join("prestic-daemon");
    fs::create_dir(home.path("bin")).unwrap();
    fs::copy(programs::daemon(), &program).unwrap();
    home.start_daemon_with(home.command(&program));
    (home, program, gate, wire)
}

/// Puts a file in the place of another one, as package managers do.
fn install(file: &Path, place: &Path) {
    let new = place.with_extension("new");
    fs::copy(file, &new).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(&new, place).unwrap();
}

/// Returns which start of the daemon this is.
fn instance(home: &TestHome) -> u64 {
    home.with_client(async |client| client.hello().instance)
}

/// Waits until another start of the daemon answers.
fn wait_for_successor(home: &TestHome, before: u64) {
    let end = Instant::now() + LIMIT;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // A daemon that makes way ends its connections.
        if let Ok(client) = Client::connect(home.home()).await
            && client.hello().instance == before
        {
            tokio::time::timeout(LIMIT, client.ended()).await.expect("the daemon makes way");
        }
        while Client::connect(home.home()).await.is_err() {
            assert!(Instant::now() < end, "no daemon has come");
            tokio::task::yield_now().await;
        }
    });
    assert_ne!(instance(home), before);
}

#[test]
fn upgraded_program_takes_over_and_the_run_goes_on() {
    let (home, program, gate, mut wire) = home_with_own_program();
    let (daemon, before) = (home.daemon_pid(), instance(&home));
    let run = home.run("slow");
    let restic = wire.hear_start();
    home.wait_running(run);
    install(&programs::daemon(), &program);
    wait_for_successor(&home, before);
    assert_eq!(home.status().pid, daemon, "whoever looks after the process must not see it end");
    assert_eq!(processes::program(daemon), Some(fs::canonicalize(&program).unwrap()));
    let found = home.wait_for(run, |run| matches!(run.state, RunState::Running { .. }));
    assert_eq!(found.state, RunState::Running { pid: restic });
    gate.open();
    home.expect_outcome(run, &Outcome::Succeeded);
    assert_eq!(home.history("slow").len(), 1);
}

#[test]
fn no_other_daemon_gets_in_while_a_program_takes_over() {
    let (home, program, ..) = home_with_own_program();
    for _ in 0..3 {
        let before = instance(&home);
        install(&programs::daemon(), &program);
        wait_for_successor(&home, before);
        let refusal = home.daemon(&[]).expect_code(1).stderr;
        assert!(refusal.contains("a daemon already runs"), "{refusal}");
    }
}

#[test]
fn supervisor_that_ends_after_the_upgrade_is_no_zombie() {
    let (home, program, gate, mut wire) = home_with_own_program();
    let before = instance(&home);
    let run = home.run("slow");
    let supervisor = processes::parent(wire.hear_start()).unwrap();
    home.wait_running(run);
    install(&programs::daemon(), &program);
    wait_for_successor(&home, before);
    assert_eq!(processes::parent(supervisor), Some(home.daemon_pid()));
    gate.open();
    home.expect_outcome(run, &Outcome::Succeeded);
    let end = Instant::now() + LIMIT;
    while processes::parent(supervisor).is_some() {
        assert!(Instant::now() < end, "the supervisor was not reaped");
        thread::yield_now();
    }
}

#[test]
fn file_that_is_no_daemon_does_not_take_over() {
    let (home, program, ..) = home_with_own_program();
    let before = instance(&home);
    let other = home.path("other");
    File::create(&other).unwrap().write_all(b"#!/bin/sh\nexit 3\n").unwrap();
    install(&other, &program);
    let end = Instant::now() + LIMIT;
    while !home.daemon_errors().contains("does not take over") {
        assert!(Instant::now() < end, "nothing was told of it");
        thread::yield_now();
    }
    assert_eq!(instance(&home), before);
    // What comes next is looked at again.
    install(&programs::daemon(), &program);
    wait_for_successor(&home, before);
}

#[test]
fn run_that_somebody_has_queued_comes_first() {
    let (home, program, gate, mut wire) = home_with_own_program();
    let before = instance(&home);
    let first = home.run("slow");
    wire.hear_start();
    home.wait_running(first);
    home.ctl(&["run", "slow", "--queue", "--detach"]).expect_code(0);
    install(&programs::daemon(), &program);
    let end = Instant::now() + LIMIT;
    while !home.daemon_errors().contains("as soon as nothing is lost") {
        assert!(Instant::now() < end, "the new program was not noticed");
        thread::yield_now();
    }
    assert_eq!(instance(&home), before);
    gate.open();
    wire.hear_start();
    wait_for_successor(&home, before);
    gate.open();
    let second = home.wait_for_task("slow", |run| run.id != first && run.finished().is_some());
    assert_eq!(second.finished().unwrap().outcome, Outcome::Succeeded);
}
