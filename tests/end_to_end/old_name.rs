//! The command of Python's PRestic, as a link to `prestic-ctl`.

use std::{
    fs,
    os::unix::fs::symlink,
    process::{Command, Stdio},
};

use prestic_tests::{
    LIMIT, files,
    home::TestHome,
    processes, programs,
    restic::{Repository, oldest_and_newest},
};

/// A home with a repository, and the old command.
fn home_with_old_name() -> (TestHome, Repository) {
    let home = TestHome::new();
    let repository = oldest_and_newest()[1].init(home.path("repository"));
    files::tree(&home.path("source"));
    let task = format!("[default]\n{}command = backup\nargs = {}\n", repository.profile(), home.path("source").display());
    home.write_config(format!("{task}[home]\ninherit = default\nargs = --tag old {}\n", home.path("source").display()));
    symlink(programs::ctl(), home.path("prestic")).unwrap();
    (home, repository)
}

fn old(home: &TestHome, args: &[&str]) -> Command {
    let mut command = home.command(home.path("prestic"));
    command.args(args);
    command
}

#[track_caller]
fn output(mut command: Command, code: i32) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned() + &errors
}

#[test]
fn profiles_and_restic_s_words_are_those_of_the_old_command() {
    let (home, repository) = home_with_old_name();
    output(old(&home, &[]), 0);
    output(old(&home, &["-p", "home"]), 0);
    assert_eq!(repository.snapshots().len(), 2);
    let tagged = output(old(&home, &["--profile", "home", "snapshots", "--tag", "old", "--json"]), 0);
    assert_eq!(tagged.matches("\"short_id\"").count(), 1, "{tagged}");
    assert!(output(old(&home, &["check"]), 0).contains("no errors were found"));
    output(old(&home, &["-p", "nobody", "snapshots"]), 65);
}

#[test]
fn another_file_or_folder_is_read_instead() {
    let (home, _) = home_with_old_name();
    let other = home.path("other.ini");
    fs::copy(home.home().config_file(), &other).unwrap();
    let folder = home.home().root().display().to_string();
    for config in [other.display().to_string(), folder] {
        let mut command = old(&home, &["-c", &config, "snapshots"]);
        command.env("PRESTIC_HOME", home.path("nowhere"));
        output(command, 0);
    }
    let refused = output(old(&home, &["-c", &other.display().to_string(), "--service"]), 64);
    assert!(refused.contains("is no home") && refused.contains("include ="), "{refused}");
}

#[test]
fn service_is_the_daemon_in_the_same_process() {
    let (mut home, _) = home_with_old_name();
    let pid = home.start_daemon_with(old(&home, &["--service"]));
    assert!(processes::program(pid).unwrap().ends_with("prestic-daemon"));
    assert!(output(old(&home, &["status"]), 0).contains("home"));
}

#[test]
fn keyring_wants_a_verb_and_a_name() {
    let (home, _) = home_with_old_name();
    let refused = output(old(&home, &["--keyring", "list"]), 64);
    assert!(refused.contains("`get`, `set` or `del`"), "{refused}");
    let mut command = old(&home, &["--keyring", "get", "nas"]);
    command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", home.path("no-bus").display()));
    output(command, 82);
    assert!(output(old(&home, &["--help"]), 0).contains("--keyring get|set|del NAME"));
}

#[test]
fn tray_is_looked_for_beside_the_command() {
    let (home, _) = home_with_old_name();
    let mut command = old(&home, &["--gui"]);
    // Without a desktop the tray says so, and ends with a code of its own.
    let mut tray = command.env_remove("DISPLAY").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    assert!(processes::wait_for_exit(tray.id(), LIMIT));
    assert_eq!(tray.wait().unwrap().code(), Some(69));
}
