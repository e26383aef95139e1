//! The client's manners: exit codes, closed pipes, JSON, and names that are nearly right.

use std::{io::Read, process::Stdio};

use prestic_proto::{profile::ConfigReport, status::Status};
use prestic_tests::{
    fake::{FakeScript, Step},
    home::TestHome,
};

fn home_with_task() -> TestHome {
    let home = TestHome::new();
    let script = FakeScript::of([Step::Flood { bytes: 1_000_000, line: 100 }]);
    home.write_config(format!("[documents]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n", script.profile()));
    home
}

#[test]
fn status_as_json_is_the_status_of_the_api() {
    let mut home = home_with_task();
    home.start_daemon();
    let text = home.ctl(&["status", "--json"]).stdout_of_success();
    let status: Status = serde_json::from_str(&text).unwrap();
    assert_eq!(status.pid, home.daemon_pid());
    assert_eq!(status.tasks[0].name, "documents");
}

#[test]
fn run_as_json_is_one_value_a_line() {
    let mut home = home_with_task();
    home.start_daemon();
    let text = home.ctl(&["run", "documents", "--json"]).stdout_of_success();
    assert!(text.lines().count() > 1);
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

#[test]
fn reader_that_goes_away_is_no_error() {
    let mut home = home_with_task();
    home.start_daemon();
    home.ctl(&["run", "documents", "--quiet"]).expect_code(0);
    let mut child = home.ctl_command(&["log", "documents"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 10]).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn name_that_is_nearly_right_gets_a_hint() {
    let mut home = home_with_task();
    home.start_daemon();
    let run = home.ctl(&["run", "docuemnts"]);
    assert_ne!(run.code, Some(0));
    assert!(run.stderr.contains("did you mean `documents`?"), "{}", run.stderr);
    let show = home.ctl(&["show", "docuemnts"]);
    assert!(show.stderr.contains("did you mean `documents`?"), "{}", show.stderr);
}

#[test]
fn check_tells_errors_by_its_exit_code() {
    let home = home_with_task();
    home.ctl(&["check"]).expect_code(0);
    home.daemon(&["check"]).expect_code(0);
    home.daemon(&["--check"]).expect_code(0);

    home.write_config("[a]\ninherit = b\n[b]\ninherit = a\n[c]\nverbose = much\n");
    for checked in [home.ctl(&["check"]), home.daemon(&["check"]), home.daemon(&["--check"])] {
        let checked = checked.expect_code(1);
        let words = checked.stdout + &checked.stderr;
        // All errors at once: the cycle and the bad value.
        assert!(words.contains("verbose") && words.contains("config.ini:"), "{words}");
    }
    let report = home.daemon(&["check", "--json"]).expect_code(1).stdout;
    let report: ConfigReport = serde_json::from_str(&report).unwrap();
    assert!(report.errors.len() >= 2, "{report:?}");
}

#[test]
fn detached_run_goes_on_without_its_client() {
    let mut home = home_with_task();
    home.start_daemon();
    home.ctl(&["run", "documents", "--detach"]).expect_code(0);
    let run = home.wait_for_task("documents", |run| run.finished().is_some());
    assert_eq!(run.finished().unwrap().exit_code, Some(0));
}

#[test]
fn completions_are_there_without_a_daemon() {
    let home = TestHome::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(home.ctl(&["completions", shell]).stdout_of_success().contains("prestic-ctl"));
    }
}
