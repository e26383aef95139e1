//! What shells offer after a key: the names that the daemon knows, in real shells.

use std::{
    env,
    ffi::OsString,
    fs,
    process::{Command, Stdio},
};

use prestic_tests::{fake::FakeScript, home::TestHome, programs, restic, shell::Shell};
use rustix::process::Signal;

/// A home with tasks, and with a daemon that has run one of them.
fn home() -> TestHome {
    let mut home = TestHome::new();
    write_config(&home);
    home.start_daemon();
    home.ctl(&["run", "photos", "--quiet"]).expect_code(0);
    home
}

fn write_config(home: &TestHome) {
    let profile = FakeScript::default().profile();
    let options = "repository = /nowhere\ncommand = check\n";
    home.write_config(format!(
        "[base]\n{profile}{options}[home]\ninherit = base\ndescription = my files\n[photos]\ninherit = base\n\
         [a]\nrepository = /a\n[b]\nrepository = /b\n[work]\ncommand = check\nrepositories = a b\n\
         [odd $(name) *]\ninherit = base\n"
    ));
}

/// Prepares a shell that finds the program.
fn shell(home: &TestHome, name: &str, args: &[&str]) -> Command {
    let mut command = home.command(name);
    let [restic, _] = restic::oldest_and_newest();
    let folders = [programs::ctl(), restic.path].map(|program| program.parent().unwrap().to_owned());
    let system = env::var_os("PATH").unwrap_or_default();
    let path: OsString = env::join_paths(folders.into_iter().chain(env::split_paths(&system))).unwrap();
    command.env("PATH", path).args(args);
    command
}

#[test]
fn bash_completes_tasks_runs_profiles_and_what_is_restic_s() {
    let home = home();
    let mut bash = Shell::start(shell(&home, "bash", &["--norc", "--noprofile", "-i"]));
    bash.write("PS1=; bind 'set enable-bracketed-paste off'; bind 'set completion-display-width 0'\n");
    bash.write("source <(prestic-ctl completions bash)\n");
    // What was typed is told by a function of the program's name.
    bash.write("prestic-ctl() { printf 'GOT[%s]\\n' \"$*\"; }\n");
    for (typed, expected) in [
        ("prestic-ctl run ho\t\n", "GOT[run home]"),
        ("prestic-ctl stop pho\t\n", "GOT[stop photos]"),
        ("prestic-ctl run work@b\t\n", "GOT[run work@b]"),
        ("prestic-ctl run od\t\n", "GOT[run odd $(name) *]"),
        ("prestic-ctl log 1\t\n", "GOT[log 1]"),
        ("prestic-ctl show ba\t\n", "GOT[show base]"),
        ("prestic-ctl -p ho\t\n", "GOT[-p home]"),
        ("prestic-ctl -p home snaps\t\n", "GOT[-p home snapshots]"),
        ("prestic-ctl -p home backup --exclude-ca\t\n", "GOT[-p home backup --exclude-caches]"),
        ("prestic-ctl backup --exclude-ca\t\n", "GOT[backup --exclude-caches]"),
        ("prestic-ctl hist\t\n", "GOT[history]"),
    ] {
        bash.write(typed);
        bash.wait_for(expected);
    }
    bash.write("prestic-ctl run \t\t");
    for task in ["home", "photos", "work", "work@a", "work@b"] {
        bash.wait_for(task);
    }
}

#[test]
fn zsh_completes_tasks_from_a_script_and_from_a_folder() {
    let home = home();
    let folder = home.path("functions");
    fs::create_dir(&folder).unwrap();
    let script = home.ctl(&["completions", "zsh"]).stdout_of_success();
    std::io::Write::write_all(&mut fs::File::create(folder.join("_prestic-ctl")).unwrap(), script.as_bytes()).unwrap();
    for load in ["source <(prestic-ctl completions zsh)", ""] {
        let mut zsh = Shell::start(shell(&home, "zsh", &["-f", "-i"]));
        let fpath = if load.is_empty() { format!("fpath=({} $fpath)", folder.display()) } else { String::new() };
        zsh.write(&format!("PS1=; unsetopt beep; {fpath}\nautoload -U compinit; compinit -D -u; {load}\n"));
        // The line as it was completed is told before it is run.
        zsh.write("preexec() { print -r -- \"GOT[$1]\" }\n");
        zsh.write("prestic-ctl --no-start stop ho\t\n");
        zsh.wait_for("GOT[prestic-ctl --no-start stop home");
        zsh.write("prestic-ctl -p pho\tsnaps\t--help\n");
        zsh.wait_for("GOT[prestic-ctl -p photos snapshots --help]");
    }
}

#[test]
fn fish_completes_tasks_with_what_they_are_for() {
    let home = home();
    let mut command = shell(&home, "fish", &["--no-config", "-c"]);
    command.arg("prestic-ctl completions fish | source; complete -C 'prestic-ctl run '; complete -C 'prestic-ctl log 1'");
    let output = command.stderr(Stdio::inherit()).output().expect("`make test` installs fish");
    let offered = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = offered.lines().collect();
    assert!(lines.contains(&"home\tmy files"), "{offered}");
    assert!(lines.iter().any(|line| line.starts_with("work\t")), "{offered}");
    assert!(lines.contains(&"1\tphotos, succeeded"), "{offered}");
}

/// Returns what is offered for the last of the words.
fn offered(home: &TestHome, words: &[&str]) -> Vec<String> {
    let mut command = home.ctl_command(&["--", "prestic-ctl"]);
    let output = command.args(words).env("PRESTIC_COMPLETE", "fish").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn without_a_daemon_names_come_from_the_configuration_and_none_is_started() {
    let home = TestHome::new();
    write_config(&home);
    assert_eq!(offered(&home, &["run", "ho"]), ["home"]);
    assert_eq!(offered(&home, &["-p", "ba"]), ["base"]);
    assert_eq!(offered(&home, &["log", "1"]), Vec::<String>::new());
    assert!(!home.home().lock_file().exists(), "a daemon was started");
}

#[test]
fn daemon_that_does_not_answer_is_not_waited_for() {
    let mut home = TestHome::new();
    write_config(&home);
    home.start_daemon();
    home.signal_daemon(Signal::STOP);
    assert_eq!(offered(&home, &["run", "ho"]), ["home"]);
    home.signal_daemon(Signal::CONT);
}

#[test]
fn where_there_is_nothing_to_know_nothing_is_said() {
    let home = TestHome::new();
    assert!(offered(&home, &["stop", "x"]).is_empty());
    home.write_config("[broken\n");
    assert!(offered(&home, &["run", "x"]).is_empty());
}
