//! Conditions: a run that is due is held back until the machine is as its task wants it.

use std::{
    fs,
    io::Write,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

use prestic_proto::{
    condition::Unmet,
    outcome::Outcome,
    run::{Run, RunState, Turn, Wait},
};
use prestic_tests::{
    fake::FakeScript,
    home::TestHome,
    missed::{NO_STARTUP_DELAY, due_task},
    programs,
};

/// A home with the task `save`, which is due and has more options; `DISK` stands for a path in the test's folder. Its daemon
/// is not started.
fn home_with_due_task(options: &str) -> TestHome {
    let home = TestHome::new();
    let options = &options.replace("DISK", &home.path("disk").display().to_string());
    home.write_config(format!("{NO_STARTUP_DELAY}{}", due_task("save", &FakeScript::default(), options)));
    home.write_old_status(&["save"]);
    home
}

fn unmet(run: &Run) -> Option<&[Unmet]> {
    match &run.state {
        RunState::Queued(Turn { waits_for: Some(Wait::Unmet { conditions }), .. }) => Some(conditions),
        _ => None,
    }
}

#[track_caller]
fn wait_until_held(home: &TestHome) -> Vec<Unmet> {
    unmet(&home.wait_for_task("save", |run| unmet(run).is_some())).unwrap().to_vec()
}

#[track_caller]
fn expect_success(home: &TestHome) {
    let run = home.wait_for_task("save", |run| run.finished().is_some());
    assert_eq!(run.finished().unwrap().outcome, Outcome::Succeeded);
    assert_eq!(home.history("save").len(), 1);
}

#[test]
fn missing_path_holds_a_run_back_and_status_says_so() {
    let mut home = home_with_due_task("require-path = DISK");
    home.start_daemon();
    let path = home.path("disk");
    let missing = |not_mounted| vec![Unmet::PathMissing { path: path.clone(), not_mounted }];
    assert_eq!(wait_until_held(&home), missing(false));
    let status = home.ctl(&["status"]).stdout_of_success();
    let words = format!("save: held back: `{}` is not there", path.display());
    assert!(status.contains("held back") && status.contains(&words), "{status}");
    let status: serde_json::Value = serde_json::from_str(&home.ctl(&["status", "--json"]).stdout_of_success()).unwrap();
    assert_eq!(status["runs"][0]["waits_for"]["for"], "unmet");
    assert_eq!(status["runs"][0]["waits_for"]["conditions"][0]["condition"], "path-missing");

    // An empty folder is the place of a disk that is not mounted. A reload looks at once.
    fs::create_dir(&path).unwrap();
    home.ctl(&["reload"]).expect_code(0);
    home.wait_for_task("save", |run| unmet(run) == Some(missing(true).as_slice()));
    fs::create_dir(path.join("backups")).unwrap();
    home.ctl(&["reload"]).expect_code(0);
    expect_success(&home);
}

#[test]
fn disk_that_is_mounted_lets_a_run_go_at_once() {
    let mut home = home_with_due_task("require-path = DISK");
    let disk = home.path("disk");
    fs::create_dir(&disk).unwrap();
    let mut daemon = home.command("unshare");
    daemon.args(["--mount", "--"]).arg(programs::daemon());
    let mut attempt = home.command("unshare");
    if !attempt.args(["--mount", "true"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        // Printed so that the test's success does not hide it.
        let why =
            "\n!!! NOT TESTED: a disk that is mounted while a run waits. It takes a mount namespace: run the tests as root.\n";
        std::io::stderr().write_all(why.as_bytes()).unwrap();
        return;
    }
    let pid = home.start_daemon_with(daemon);
    assert_eq!(wait_until_held(&home), [Unmet::PathMissing { path: disk.clone(), not_mounted: true }]);
    let mut mount = Command::new("nsenter");
    mount.args(["--mount", "--target", &pid.to_string(), "mount", "-t", "tmpfs", "tmpfs"]).arg(&disk);
    assert!(mount.status().unwrap().success());
    expect_success(&home);
    unmount(pid, &disk);
}

/// The mount is in the daemon's namespace only, but the test's folder cannot be removed with it.
fn unmount(pid: u32, disk: &Path) {
    let mut unmount = Command::new("nsenter");
    assert!(unmount.args(["--mount", "--target", &pid.to_string(), "umount"]).arg(disk).status().unwrap().success());
}

#[test]
fn server_that_comes_up_lets_a_run_go() {
    // The port is ours until the test lets it go, and nobody else is given it so soon.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut home = home_with_due_task(&format!("require-host = {address}"));
    home.start_daemon();
    assert!(matches!(&wait_until_held(&home)[..], [Unmet::HostUnreachable { host, .. }] if *host == address.to_string()));
    let _listener = TcpListener::bind(address).unwrap();
    home.ctl(&["reload"]).expect_code(0);
    expect_success(&home);
}

#[test]
fn run_that_is_held_back_goes_when_somebody_asks_for_it() {
    let mut home = home_with_due_task("require-path = DISK");
    home.start_daemon();
    wait_until_held(&home);
    home.ctl(&["run", "save", "--quiet"]).expect_code(0);
    expect_success(&home);
}

#[test]
fn overdue_task_runs_whatever_its_conditions_are() {
    let home = home_with_due_task("require-path = DISK\noverdue-after = 4s");
    // It succeeded a moment ago, and is due all the same: its last occurrence is not dealt with.
    let just_now = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).output().unwrap().stdout;
    home.write_status(format!(
        "[save]\nlast_run = 1700000000.5\nexit_code = 0\nlast_success = {}",
        String::from_utf8(just_now).unwrap()
    ));
    let mut home = home;
    home.start_daemon();
    wait_until_held(&home);
    expect_success(&home);
    assert!(home.daemon_errors().contains("task `save` is overdue"), "{}", home.daemon_errors());
}

#[test]
fn task_without_a_good_run_for_too_long_is_shown_as_overdue() {
    let failing = FakeScript { exit_code: 1, ..FakeScript::default() };
    let mut home = TestHome::new();
    home.write_config(format!("{NO_STARTUP_DELAY}{}", due_task("save", &failing, "overdue-after = 1d")));
    home.write_old_status(&["save"]);
    home.start_daemon();
    home.wait_for_task("save", |run| run.finished().is_some());
    let status = home.ctl(&["status"]).stdout_of_success();
    assert!(status.contains("overdue"), "{status}");
    assert!(home.status().tasks[0].overdue_since.is_some());
}
