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
fn home_that_is_too_long_for_a_socket_is_named() {
    let home = home_with_task();
    let long = home.path(&"x".repeat(120));
    let mut status = home.ctl_command(&["status", "--no-start"]);
    let status = status.env("PRESTIC_HOME", &long).output().unwrap();
    let words = String::from_utf8(status.stderr).unwrap();
    assert!(words.contains("use a shorter `PRESTIC_HOME`"), "{words}");
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

#[track_caller]
fn check_refusal(home: &TestHome, args: &[&str], code: i32, words: &str) {
    let ended = home.ctl(args).expect_code(code);
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
}

/// A home with a task, one that builds on a section with an error, and one without a program.
fn home_with_errors() -> TestHome {
    let home = TestHome::new();
    let task = FakeScript::of([]).profile() + "repository = /nowhere\ncommand = backup\nargs = /nowhere\n";
    let broken = "[broken]\nverbose = much\n[child]\ninherit = broken\ncommand = check\n";
    let others = "[bare]\nrepository = /nowhere\n[away]\nexecutable = /absent/restic\ncommand = check\n";
    home.write_config(format!("[documents]\n{task}{broken}{others}"));
    home
}

#[test]
fn what_keeps_restic_from_running_here_has_exit_codes_of_its_own() {
    let home = home_with_errors();
    check_refusal(&home, &["-p", "docuemnts"], 65, "did you mean `documents`?");
    check_refusal(&home, &["-p", "bare"], 65, "has no `command`");
    check_refusal(&home, &["-p", "away"], 70, "cannot start `/absent/restic`");
    check_refusal(&home, &["-p", "broken", "version"], 78, "`much` is not a whole number in [broken]");
    check_refusal(&home, &["-p", "child"], 78, "because `broken` has errors");
    check_refusal(&home, &["-p", "documents", "--", "backup", "/x"], 0, "2 errors elsewhere, in [broken], [child]");
    check_refusal(&home, &["--json", "-p", "documents"], 64, "prestic-ctl -p documents --json");
    std::fs::remove_file(home.home().config_file()).unwrap();
    check_refusal(&home, &["-p", "documents"], 66, "there is no configuration yet");
}

#[test]
fn status_names_what_does_not_run_for_its_errors() {
    let mut home = home_with_errors();
    home.start_daemon();
    let status = home.ctl(&["status"]).expect_code(0);
    assert!(status.stderr.contains("[broken], [child] do not run until they are mended"), "{}", status.stderr);
    let row = |name: &str| status.stdout.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    assert!(row("documents").contains("idle"), "{}", status.stdout);
    assert!(row("broken").contains("config error") && row("child").contains("config error"), "{}", status.stdout);
    for command in ["run", "show", "log"] {
        check_refusal(&home, &[command, "broken"], 78, "`much` is not a whole number in [broken]");
    }
    let json: Status = serde_json::from_str(&home.ctl(&["status", "--json"]).stdout_of_success()).unwrap();
    assert_eq!((json.config.errors.len(), json.config.loaded_at), (2, None));
}

#[test]
fn without_a_configuration_no_daemon_is_started() {
    let home = TestHome::new();
    for args in [&["status"] as &[&str], &["profiles"], &["show", "x"], &["history"], &["log"], &["run", "x"]] {
        check_refusal(&home, args, 66, "write ");
    }
    assert!(!home.home().lock_file().exists());
    home.ctl(&["shutdown"]).expect_code(0);
}

#[test]
fn failed_task_has_its_reason_below_the_table() {
    let mut home = TestHome::new();
    let script = FakeScript { exit_code: 12, ..FakeScript::of([Step::Err("Fatal: wrong password\n".to_owned())]) };
    let task = script.profile() + "repository = /nowhere\ncommand = backup\nargs = /nowhere\n";
    home.write_config(format!("[documents]\n{task}[default]\ninherit = documents\n"));
    home.start_daemon();
    let run = home.ctl(&["run", "--all"]).expect_code(12);
    assert!(run.stderr.contains("1 task: documents\ndefault is left out"), "{}", run.stderr);
    assert_eq!((run.stdout + &run.stderr).matches("failed").count(), 1);
    let status = home.ctl(&["status"]).stdout_of_success();
    assert!(status.contains("failed just now, no good one known"), "{status}");
    assert!(
        status.contains("documents failed: wrong password, no good one known: see `prestic-ctl log documents`"),
        "{status}"
    );
}

#[test]
fn completions_are_there_without_a_daemon() {
    let home = TestHome::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(home.ctl(&["completions", shell]).stdout_of_success().contains("prestic-ctl"));
    }
}
