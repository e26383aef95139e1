//! Which tasks look as if they would fail, and which do not.

use super::{super::read, *};

/// Checks the warnings of a file that sets a password and a repository for all sections.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    check_bare(&format!("[DEFAULT]\nrepository = /r\npassword-file = /p\n{text}"), expected);
}

#[track_caller]
fn check_bare(text: &str, expected: &[&str]) {
    let report = read(text, Path::new("config.ini")).report;
    assert_eq!(report.errors, []);
    assert_eq!(report.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
}

#[test]
fn schedules_of_what_is_no_task_are_told() {
    let hint = "\n  hint: set `command` in it, or take the schedule out";
    check(
        "[nocmd]\nschedule = daily at 12:00\n[off]\nschedule = off\n",
        &[&format!("this schedule never runs: [nocmd] has no `command` in [nocmd] at config.ini:5{hint}")],
    );
    check_bare(
        "[norepo]\nschedule = daily at 12:00\ncommand = check\n",
        &[
            "this schedule never runs: [norepo] has no `repository` in [norepo] at config.ini:2\n  hint: set `repository` in it, or take the schedule out",
        ],
    );
}

#[test]
fn schedule_that_tasks_inherit_is_no_idle_one() {
    check("[base]\nschedule = daily\n[middle]\ninherit = base\n[task]\ninherit = middle\ncommand = check\n", &[]);
}

#[test]
fn misspelt_commands_are_guessed() {
    check(
        "[a]\ncommand = bakcup /x\n[b]\ncommand = own-words\n",
        &["restic has no command `bakcup` in [a] at config.ini:5\n  hint: did you mean `backup`?"],
    );
}

#[test]
fn backups_of_nothing_are_told() {
    let expected = |line: usize| {
        format!(
            "this backup has nothing to back up in [a] at config.ini:{line}\n  hint: add the files and folders to `args`, as `args = /home/me`"
        )
    };
    check("[a]\ncommand = backup\n", &[&expected(5)]);
    check("[a]\ncommand = backup\nargs = --exclude '*.tmp' --tag=x -e y\n", &[&expected(6)]);
}

#[test]
fn backups_of_something_are_not() {
    check("[a]\ncommand = backup\nargs = --exclude '*.tmp' /home\n", &[]);
    check("[a]\ncommand = backup .\n", &[]);
    check("[a]\ncommand = backup\nargs = -- -x\n", &[]);
    check("[a]\ncommand = backup\nargs = --files-from-raw /list\n", &[]);
    check("[a]\ncommand = backup\nargs = --stdin-from-command\n", &[]);
    check("[a]\ncommand = backup\nflag.files-from = /list\n", &[]);
}

#[test]
fn tasks_without_a_password_are_told_once_for_their_repository() {
    let text = "[base]\nrepository = /r\n[a]\ninherit = base\ncommand = check\n[b]\ninherit = base\ncommand = prune\n";
    check_bare(
        text,
        &[
            "no password goes with this repository, and nobody answers when restic asks for one in [base] at config.ini:2\n  hint: set `password-file`, `password-command` or `password-keyring` beside it",
        ],
    );
}

#[track_caller]
fn check_has_password(lines: &str) {
    let text = format!("[a]\nrepository = /r\ncommand = prune\n{lines}\n");
    let report = read(&text, Path::new("config.ini")).report;
    assert!(report.warnings.iter().all(|warning| !warning.message.starts_with("no password")), "{:?}", report.warnings);
}

#[test]
fn passwords_may_come_from_many_places() {
    for lines in [
        "env.RESTIC_PASSWORD = x",
        "env.RESTIC_PASSWORD_COMMAND = x",
        "flag.insecure-no-password = true",
        "flag.password-file = /p",
        "password-keyring = x",
        "args = --password-command=x",
        "args = -p /p",
        "executable = sudo restic",
        "executable = /opt/my-wrapper",
    ] {
        check_has_password(lines);
    }
    check_bare("[a]\nrepository = /r\ncommand = version\n", &[]);
}

#[track_caller]
fn check_overruled(lines: &str, modifiers: &Modifiers, expected: &[&str]) {
    let loaded = read(&format!("[a]\n{lines}"), Path::new("config.ini"));
    let mut problems = Problems::new("config.ini".into());
    options_overruled(loaded.config.profile("a").unwrap(), modifiers, &mut problems);
    let keys: Vec<_> = problems.into_lists().1.into_iter().filter_map(|warning| warning.key).collect();
    assert_eq!(keys, expected);
}

#[test]
fn options_that_the_schedule_overrules_are_told() {
    use crate::schedule::CatchUp;
    let modifiers =
        Modifiers { random: Some(TimeDelta::minutes(5)), catch_up: Some(CatchUp::No), deadline: Some(TimeDelta::hours(1)) };
    let options = "random-delay = 10m\ncatch-up = yes\ndeadline = 2h\n";
    check_overruled(options, &modifiers, &["random-delay", "catch-up", "deadline"]);
    check_overruled("random-delay = 5m\ncatch-up = no\ndeadline = 60m\n", &modifiers, &[]);
    check_overruled(options, &Modifiers::default(), &[]);
    check_overruled("random-delay =\n", &modifiers, &[]);
}
