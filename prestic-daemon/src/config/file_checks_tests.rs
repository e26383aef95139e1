//! What is told of the files that a configuration names.

use std::path::MAIN_SEPARATOR;

use prestic_proto::profile::ConfigProblem;

use super::{super::load, *};

/// Checks the warnings of a configuration in a folder that is called `HERE` in both.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().display().to_string().replace(MAIN_SEPARATOR, "/");
    for name in ["there", "secret"] {
        crate::atomic_write::replace(&folder.path().join(name), b"x").unwrap();
    }
    let file = folder.path().join("config.ini");
    crate::atomic_write::replace(&file, text.replace("HERE", &here).as_bytes()).unwrap();
    let report = load(&file).report;
    assert_eq!(report.errors, []);
    let found: Vec<_> = report.warnings.iter().map(|problem| shown(problem).replace(&here, "HERE")).collect();
    assert_eq!(found, expected);
}

/// Writes a problem with the paths of this system as others write them.
fn shown(problem: &ConfigProblem) -> String {
    problem.to_string().replace(MAIN_SEPARATOR, "/")
}

/// Returns a task that lacks nothing.
fn task(lines: &str) -> String {
    format!("[a]\nexecutable = HERE/there\nrepository = /r\npassword-file = HERE/secret\n{lines}\n")
}

#[test]
fn files_that_are_there_are_fine() {
    check(&task("command = backup\nargs = HERE/there relative --exclude /absent"), &[]);
}

#[test]
fn missing_sources_may_be_on_a_disk_that_is_away() {
    check(
        &task("command = backup\nargs = HERE/there HERE/absent"),
        &[
            "`HERE/absent` is to be backed up, but does not exist in [a] at HERE/config.ini:6\n  hint: correct the path; if it is on a disk that is not mounted now, mount that before the backup runs",
        ],
    );
}

#[test]
fn missing_password_files_are_told_once() {
    check(
        "[base]\nrepository = /r\npassword-file = HERE/absent\nexecutable = HERE/there\n[a]\ninherit = base\ncommand = check\n[b]\ninherit = base\ncommand = prune\n",
        &[
            "the file with the password does not exist: `HERE/absent` in [base] at HERE/config.ini:3\n  hint: create it, or correct the path",
        ],
    );
}

#[test]
fn missing_programs_are_told() {
    let hint = "\n  hint: install restic, or set `executable` to the whole path of its program";
    let rest = "repository = /r\npassword-file = HERE/secret\ncommand = check\n";
    check(
        &format!("[a]\nexecutable = HERE/absent\n{rest}[b]\nexecutable = no-such-restic\n{rest}"),
        &[
            &format!("the program `HERE/absent` does not exist in [a] at HERE/config.ini:2{hint}"),
            &format!("the program `no-such-restic` is not on PATH in [b] at HERE/config.ini:7{hint}"),
        ],
    );
}

#[test]
fn files_without_a_task_are_told() {
    check(
        "[a]\nrepository = /r\n",
        &[
            "no profile is a task: nothing will ever run by itself at HERE/config.ini\n  hint: give a profile a `repository`, a `command` and a `schedule`",
        ],
    );
}

#[test]
fn file_that_does_not_answer_holds_nobody_up() {
    let (release, gate) = mpsc::sync_channel::<()>(0);
    let look = move |path: &Path| {
        if path.ends_with("stuck") {
            // Nobody sends anything: this ends with the test.
            let _ = gate.recv();
        }
        Seen { is_missing: false, is_readable_by_others: false }
    };
    let paths = ["fine", "stuck", "after"].map(PathBuf::from).to_vec();
    assert_eq!(look_at(paths, Duration::from_millis(200), look).len(), 1);
    drop(release);
}
