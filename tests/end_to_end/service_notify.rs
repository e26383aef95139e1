//! What the daemon says to a service manager, over a socket of the test's own; and how it leaves its runs to the next daemon.

use std::{fs, process::Command, time::Duration};

use prestic_proto::outcome::Outcome;
use prestic_tests::{
    fake::{FakeScript, Gate, Wire},
    home::TestHome,
    notify_socket::NotifySocket,
    processes, programs,
};
use rustix::process::Signal;

fn task(name: &str, script: &FakeScript) -> String {
    format!("[{name}]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n\n", script.profile())
}

/// A home whose task `gated` waits at the gate.
fn gated() -> (TestHome, Gate, Wire) {
    let home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let wire = Wire::new(home.path("wire"));
    home.write_config(task("gated", &FakeScript { tell: Some(wire.path().to_owned()), ..FakeScript::of([gate.wait()]) }));
    (home, gate, wire)
}

/// Returns what a line of the unit runs, with the programs under test and the process id that systemd would fill in.
fn exec_line(home: &TestHome, key: &str, main_pid: u32) -> Command {
    let unit = fs::read_to_string(programs::checkout().join("packaging/systemd/prestic-daemon.service")).unwrap();
    let line = unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap();
    let mut words = line.split_whitespace().map(|word| word.replace("$MAINPID", &main_pid.to_string()));
    let program = words.next().unwrap();
    let program = match program.strip_prefix("/usr/bin/").unwrap() {
        "prestic-daemon" => programs::daemon(),
        "prestic-ctl" => programs::ctl(),
        other => panic!("the unit runs {other}"),
    };
    let mut command = home.command(program);
    command.args(words);
    command
}

/// Starts the daemon as its unit does.
fn start(home: &mut TestHome, variables: &[(&str, &str)]) -> NotifySocket {
    let socket = NotifySocket::new(home.path("notify"));
    let mut command = exec_line(home, "ExecStart", 0);
    command.env("NOTIFY_SOCKET", socket.path()).envs(variables.iter().copied());
    home.start_daemon_with(command);
    socket
}

#[test]
fn daemon_is_ready_when_clients_can_connect_and_says_how_it_is() {
    let (mut home, gate, mut wire) = gated();
    let socket = start(&mut home, &[]);
    socket.wait_for("READY=1");
    assert_eq!(home.status().tasks.len(), 1);
    assert_eq!(socket.wait_for("STATUS="), "1 task");
    let run = home.run("gated");
    wire.hear_start();
    while socket.wait_for("STATUS=") != "1 task, 1 running" {}
    gate.open();
    home.expect_outcome(run, &Outcome::Succeeded);
    while socket.wait_for("STATUS=") != "1 task" {}
}

#[test]
fn reload_is_announced_and_over_when_the_reload_line_ends() {
    let (mut home, ..) = gated();
    let socket = start(&mut home, &[]);
    socket.wait_for("READY=1");
    let reload = |home: &TestHome| exec_line(home, "ExecReload", home.daemon_pid()).output().unwrap();
    assert!(reload(&home).status.success());
    assert_eq!(socket.wait_for("RELOADING=1"), "");
    socket.wait_for("READY=1");
    home.write_config("[broken\n");
    let refused = reload(&home);
    assert_eq!(refused.status.code(), Some(1), "{}", String::from_utf8_lossy(&refused.stderr));
    socket.wait_for("RELOADING=1");
    socket.wait_for("READY=1");
    home.signal_daemon(Signal::HUP);
    let at: u64 = socket.wait_for("MONOTONIC_USEC=").parse().unwrap();
    assert!(at > 0);
    socket.wait_for("READY=1");
}

#[test]
fn daemon_says_that_it_lives_only_where_a_watchdog_wants_it() {
    let (mut home, ..) = gated();
    let socket = start(&mut home, &[("WATCHDOG_USEC", "400000")]);
    socket.wait_for("READY=1");
    for _ in 0..3 {
        socket.wait_for("WATCHDOG=1");
    }
    // The limit of another process is none of ours.
    let (mut home, ..) = gated();
    let socket = start(&mut home, &[("WATCHDOG_USEC", "400000"), ("WATCHDOG_PID", "1")]);
    socket.wait_for("STATUS=");
    assert_eq!(socket.hear_within(Duration::from_secs(2)), None);
}

#[test]
fn supervisors_and_restic_hear_nothing_of_the_service_manager() {
    let (mut home, gate, mut wire) = gated();
    let socket = start(&mut home, &[("WATCHDOG_USEC", "60000000")]);
    socket.wait_for("READY=1");
    let run = home.run("gated");
    let restic = wire.hear_start();
    for pid in [restic, processes::parent(restic).unwrap()] {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
        let environment = String::from_utf8_lossy(&environment);
        assert!(environment.contains("PRESTIC_HOME="), "{environment}");
        assert!(!environment.contains("NOTIFY_SOCKET") && !environment.contains("WATCHDOG"), "{environment}");
    }
    gate.open();
    home.expect_outcome(run, &Outcome::Succeeded);
}

#[test]
fn stop_is_announced_with_the_time_that_it_may_take() {
    let (mut home, _gate, mut wire) = gated();
    let socket = start(&mut home, &[]);
    home.run("gated");
    wire.hear_start();
    home.signal_daemon(Signal::TERM);
    // The grace of 75 s, and what looking after the locks may take.
    assert_eq!(socket.wait_for("EXTEND_TIMEOUT_USEC="), "195000000");
    assert_eq!(wire.hear(), "interrupted");
    assert!(home.wait_for_daemon().success());
}

#[test]
fn daemon_that_a_client_starts_says_nothing_to_the_client_s_service_manager() {
    let (home, ..) = gated();
    let socket = NotifySocket::new(home.path("notify"));
    let status = home.ctl_command(&["status"]).env("NOTIFY_SOCKET", socket.path()).output().unwrap();
    assert!(status.status.success());
    assert_eq!(home.status().tasks.len(), 1);
    home.ctl(&["shutdown"]).expect_code(0);
    assert_eq!(socket.hear_within(Duration::from_millis(1)), None);
}

#[test]
fn daemon_that_is_restarted_leaves_its_runs_to_the_next_one() {
    let (mut home, gate, mut wire) = gated();
    home.start_daemon();
    let run = home.run("gated");
    let restic = wire.hear_start();
    home.wait_running(run);
    home.signal_daemon(Signal::USR1);
    assert!(home.wait_for_daemon().success());
    home.start_daemon();
    assert_eq!(home.wait_running(run), restic);
    gate.open();
    home.expect_outcome(run, &Outcome::Succeeded);
    assert_eq!(wire.hear_within(Duration::from_millis(1)), None, "restic was interrupted");
}

#[test]
fn run_that_is_being_started_gets_its_supervisor_before_the_daemon_leaves() {
    let (mut home, gate, mut wire) = gated();
    home.start_daemon();
    let run = home.run("gated");
    home.signal_daemon(Signal::USR1);
    assert!(home.wait_for_daemon().success());
    let restic = wire.hear_start();
    home.start_daemon();
    assert_eq!(home.wait_running(run), restic);
    gate.open();
    home.expect_outcome(run, &Outcome::Succeeded);
}
