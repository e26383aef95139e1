//! Whatever restic writes: exit codes pass through, and no output stalls a run or harms a log.

use std::{fs, os::unix::fs::PermissionsExt};

use prestic_proto::outcome::Outcome;
use prestic_tests::{
    fake::{FakeScript, Step},
    home::TestHome,
};

fn home_with(script: &FakeScript, more: &str) -> TestHome {
    let mut home = TestHome::new();
    home.write_config(format!(
        "[backup]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n{more}\n",
        script.profile()
    ));
    home.start_daemon();
    home
}

#[track_caller]
fn check_exit_code(exit_code: u8, outcome: &str) {
    let home = home_with(&FakeScript { exit_code, ..FakeScript::default() }, "");
    home.ctl(&["run", "backup"]).expect_code(exit_code.into());
    home.ctl(&["-p", "backup"]).expect_code(exit_code.into());
    let run = home.history("backup").pop().unwrap();
    assert_eq!(run.finished().unwrap().outcome.word(), outcome);
}

#[test]
fn exit_codes_of_restic_are_those_of_the_client() {
    check_exit_code(0, "succeeded");
    check_exit_code(1, "failed");
    check_exit_code(3, "warnings");
    check_exit_code(11, "repository-locked");
}

#[test]
fn log_has_no_raw_control_characters_and_stays_text() {
    let script = FakeScript::of([
        Step::Bytes(b"broken \xff\xfe text\n".to_vec()),
        Step::Out("red \u{1b}[31mherring\u{1b}[0m\n".to_owned()),
        Step::Err("half a line".to_owned()),
    ]);
    let home = home_with(&script, "");
    let run = home.run("backup");
    home.expect_outcome(run, &Outcome::Succeeded);
    let log = home.log(run);
    assert!(log.contains("broken"), "{log}");
    assert!(log.contains("herring"), "{log}");
    assert!(log.contains("half a line"), "{log}");
    assert!(!log.contains('\u{1b}'), "{log:?}");
    assert!(home.ctl(&["log", "backup"]).stdout_of_success().contains("herring"));
}

#[test]
fn line_of_50_megabytes_is_cut_and_the_run_goes_on() {
    let bytes = 50_000_000;
    let script =
        FakeScript { exit_code: 7, ..FakeScript::of([Step::Flood { bytes, line: bytes * 2 }, Step::Out("\nend\n".into())]) };
    let home = home_with(&script, "");
    let run = home.run("backup");
    let finished = home.wait_finished(run);
    assert_eq!(finished.exit_code, Some(7));
    let log = home.log(run);
    assert!(log.len() < 200_000, "the log has {} bytes", log.len());
    assert!(log.contains("\nend\n"));
}

#[test]
fn lines_that_match_the_filter_are_left_out_of_the_log() {
    let lines = Step::Out("unchanged /a\nnew /b\nmodified /c\n".to_owned());
    let home = home_with(&FakeScript::of([lines.clone()]), "");
    let run = home.run("backup");
    home.expect_outcome(run, &Outcome::Succeeded);
    let log = home.log(run);
    assert!(!log.contains("unchanged /a") && log.contains("new /b"), "{log}");

    let home = home_with(&FakeScript::of([lines]), "log-filter = ^new\n");
    let run = home.run("backup");
    home.expect_outcome(run, &Outcome::Succeeded);
    let log = home.log(run);
    assert!(log.contains("unchanged /a") && !log.contains("new /b"), "{log}");
}

#[test]
fn logs_are_for_their_owner_only() {
    let home = home_with(&FakeScript::default(), "");
    let run = home.run("backup");
    home.expect_outcome(run, &Outcome::Succeeded);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.home().logs_dir()), 0o700);
    for entry in fs::read_dir(home.home().logs_dir()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    assert_eq!(mode(&home.home().status_file()), 0o600);
}

#[test]
fn restic_that_is_not_there_fails_the_run_and_not_the_daemon() {
    let mut home = TestHome::new();
    home.write_config(
        "[backup]\nexecutable = /absent/restic\nrepository = /nowhere\npassword = x\ncommand = backup\nargs = /x\n",
    );
    home.start_daemon();
    let run = home.run("backup");
    assert_eq!(home.wait_finished(run).outcome.word(), "spawn-failed");
    assert_ne!(home.ctl(&["run", "backup"]).code, Some(0));
    assert_eq!(home.history("backup").len(), 2);
}
