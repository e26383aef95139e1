//! The daemon as the first process of a container, or at least of a namespace of processes.

use std::{io::Write, process::Stdio};

use prestic_tests::{
    fake::{FakeScript, Gate, Wire},
    home::TestHome,
    processes, programs,
};
use rustix::process::Signal;

const NEW_NAMESPACE: [&str; 4] = ["--pid", "--fork", "--mount-proc", "--kill-child"];

/// Returns the only child of a process.
#[track_caller]
fn child(parent: u32) -> u32 {
    let children: Vec<u32> = processes::all().into_iter().filter(|pid| processes::parent(*pid) == Some(parent)).collect();
    assert_eq!(children.len(), 1, "{children:?}");
    children[0]
}

#[test]
fn stop_of_a_container_reaches_the_daemon_once_and_gives_its_runs_their_time() {
    let mut home = TestHome::new();
    let mut attempt = home.command("unshare");
    attempt.args(NEW_NAMESPACE).arg("true").stderr(Stdio::null());
    if !attempt.status().is_ok_and(|status| status.success()) {
        // Printed so that the test's success does not hide it.
        let why =
            "\n!!! NOT TESTED: the first process of a container. It takes a namespace of processes: run the tests as root.\n";
        std::io::stderr().write_all(why.as_bytes()).unwrap();
        return;
    }
    let gate = Gate::new(home.path("gate"));
    let mut wire = Wire::new(home.path("wire"));
    let script = FakeScript { tell: Some(wire.path().to_owned()), ..FakeScript::of([gate.wait()]) };
    // By itself: a client from another namespace of processes is a stranger.
    let task = "repository = /nowhere\ncommand = backup\nargs = /nowhere\nschedule = @startup\n";
    home.write_config(format!("[gated]\n{}{task}", script.profile()));
    let mut command = home.command("unshare");
    command.args(NEW_NAMESPACE).arg("--").arg(programs::daemon());
    let first = child(home.start_daemon_with(command));
    let daemon = child(first);
    assert_ne!(processes::group(first), processes::group(daemon), "a Ctrl-C would reach the daemon twice");
    wire.hear_start();
    processes::send(first, Signal::TERM);
    assert_eq!(wire.hear(), "interrupted");
    assert!(home.wait_for_daemon().success());
}
