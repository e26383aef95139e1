//! The daemon as a process: one a home, and a configuration that is never replaced by a broken one.

use std::{path::PathBuf, process::Stdio, time::Duration};

use prestic_proto::{
    event::{EventKind, Watched},
    outcome::Outcome,
};
use prestic_tests::{
    fake::{FakeScript, Gate, Wire},
    home::TestHome,
    processes,
};
use rustix::process::Signal;

fn task(name: &str) -> String {
    format!("[{name}]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n\n", FakeScript::default().profile())
}

fn task_names(home: &TestHome) -> Vec<String> {
    home.status().tasks.into_iter().map(|task| task.name).collect()
}

#[test]
fn second_daemon_of_a_home_names_the_first_and_ends() {
    let mut home = TestHome::new();
    home.write_config(task("one"));
    let pid = home.start_daemon();
    let second = home.daemon(&[]).expect_code(1);
    assert!(second.stderr.contains(&pid.to_string()), "{}", second.stderr);
    assert_eq!(second.stdout, "");
    assert_eq!(home.status().pid, pid);
}

#[test]
fn daemon_starts_after_one_that_was_killed() {
    let mut home = TestHome::new();
    home.write_config(task("one"));
    home.start_daemon();
    home.kill_daemon();
    let pid = home.start_daemon();
    assert_eq!(home.status().pid, pid);
}

#[test]
fn reload_takes_a_new_task_in() {
    let mut home = TestHome::new();
    home.write_config(task("one"));
    home.start_daemon();
    home.write_config(task("one") + &task("two"));
    home.ctl(&["reload"]).expect_code(0);
    assert_eq!(task_names(&home), ["one", "two"]);
}

#[test]
fn reload_with_an_error_keeps_what_was_live() {
    let mut home = TestHome::new();
    home.write_config(task("one"));
    home.start_daemon();
    home.write_config("[two]\ninherit = absent\n");
    let reload = home.ctl(&["reload"]);
    assert_ne!(reload.code, Some(0));
    assert!(reload.stderr.contains("absent"), "{}", reload.stderr);
    let status = home.status();
    assert!(status.config.errors.iter().any(|error| error.message.contains("absent")), "{:?}", status.config.errors);
    assert_eq!(task_names(&home), ["one"]);
    home.ctl(&["run", "one"]).expect_code(0);
}

#[test]
fn hangup_reloads() {
    let mut home = TestHome::new();
    home.write_config(task("one"));
    home.start_daemon();
    let cursor = home.status().cursor;
    home.write_config(task("one") + &task("two"));
    home.signal_daemon(Signal::HUP);
    home.with_client(async |client| {
        let mut cursor = cursor;
        loop {
            let watched = client.watch(cursor, Duration::from_secs(30)).await.unwrap();
            let Watched::Events { events, next, .. } = watched else { panic!("the daemon did not restart") };
            if events.iter().any(|event| matches!(event.kind, EventKind::ConfigLoaded { .. })) {
                return;
            }
            cursor = next;
        }
    });
    assert_eq!(task_names(&home), ["one", "two"]);
}

#[test]
fn client_starts_the_daemon_unless_told_not_to() {
    let home = TestHome::new();
    home.write_config(task("one"));
    assert_ne!(home.ctl(&["status", "--no-start"]).code, Some(0));
    let run = home.ctl(&["run", "one"]).expect_code(0);
    assert!(run.stderr.contains("daemon"), "it says that it starts one: {}", run.stderr);
    home.ctl(&["shutdown"]).expect_code(0);
    assert_ne!(home.ctl(&["status", "--no-start"]).code, Some(0));
}

#[test]
fn shutdown_leaves_no_socket() {
    let mut home = TestHome::new();
    home.write_config(task("one"));
    home.start_daemon();
    let socket = prestic_proto::endpoint::daemon_socket(home.home());
    assert!(home.home().root().join("run/daemon.sock").exists());
    home.ctl(&["shutdown"]).expect_code(0);
    assert!(home.wait_for_daemon().success());
    assert!(!home.home().root().join("run/daemon.sock").exists(), "{}", socket.display());
}

/// A home with a task whose restic waits at the gate.
fn home_with_gate() -> (TestHome, Gate, Wire) {
    let home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let wire = Wire::new(home.path("wire"));
    let script = FakeScript { tell: Some(wire.path().to_owned()), ..FakeScript::of([gate.wait()]) };
    home.write_config(format!("[gated]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n", script.profile()));
    (home, gate, wire)
}

#[test]
fn restic_has_no_input_and_a_session_apart_from_the_daemon_s() {
    let (mut home, gate, mut wire) = home_with_gate();
    let daemon = home.start_daemon();
    let run = home.run("gated");
    let restic = wire.hear_start();
    assert_eq!(processes::standard_input(restic), Some(PathBuf::from("/dev/null")));
    let supervisor = processes::parent(restic).unwrap();
    assert_eq!(processes::session(restic), Some(supervisor), "each run has a session of its own");
    assert_ne!(processes::session(restic), processes::session(daemon));
    gate.open();
    home.expect_outcome(run, &Outcome::Succeeded);
}

#[test]
fn run_does_not_notice_that_its_client_was_killed() {
    let (mut home, gate, mut wire) = home_with_gate();
    home.start_daemon();
    let mut client = home.ctl_command(&["run", "gated"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let restic = wire.hear_start();
    client.kill().unwrap();
    client.wait().unwrap();
    let run = home.wait_for_task("gated", |run| run.pid() == Some(restic)).id;
    gate.open();
    home.expect_outcome(run, &Outcome::Succeeded);
}
