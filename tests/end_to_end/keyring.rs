//! `prestic-ctl keyring`, with a real gnome-keyring and Python's library beside it.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use prestic_tests::{
    LIMIT,
    desktop::Desktop,
    home::{Ended, TestHome},
    processes,
    terminal::Terminal,
};
use rustix::termios::LocalModes;

/// A session with an open keyring.
struct Session {
    desktop: Desktop,
    home: TestHome,
}

impl Session {
    #[track_caller]
    fn start() -> Self {
        let mut desktop = Desktop::start();
        desktop.start_keyring();
        Self { desktop, home: TestHome::new() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.home.ctl_command(&[&["keyring"], args].concat());
        self.desktop.admit(&mut command);
        command
    }

    fn keyring(&self, args: &[&str]) -> Ended {
        ended(self.command(args), b"")
    }

    #[track_caller]
    fn set(&self, name: &str, password: &str) {
        ended(self.command(&["set", name]), format!("{password}\n").as_bytes()).expect_code(0);
    }

    #[track_caller]
    fn check_get(&self, name: &str, expected: &str) {
        assert_eq!(self.keyring(&["get", name]).stdout_of_success(), expected);
    }

    #[track_caller]
    fn check_python_get(&self, name: &str, expected: &str) {
        assert_eq!(self.desktop.python_keyring(&format!("print(keyring.get_password('prestic', '{name}'))")), expected);
    }

    #[track_caller]
    fn python_set(&self, name: &str, password: &str) {
        self.desktop.python_keyring(&format!("keyring.set_password('prestic', '{name}', '{password}')"));
    }
}

/// Runs a program to its end, with this on its standard input.
fn ended(mut command: Command, input: &[u8]) -> Ended {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).ok();
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn entry_is_written_read_listed_and_removed() {
    let session = Session::start();
    let absent = session.keyring(&["get", "nas"]).expect_code(1);
    assert_eq!(absent.stdout, "");
    for part in ["the keyring has no entry `nas`", "prestic-ctl keyring set nas"] {
        assert!(absent.stderr.contains(part), "{}", absent.stderr);
    }
    assert_eq!(session.keyring(&["list"]).stdout_of_success(), "");
    session.set("nas", "päss wörd \"1\"");
    session.check_get("nas", "päss wörd \"1\"");
    session.set("usb disk", "two");
    session.set("nas", "new");
    session.check_get("nas", "new");
    assert_eq!(session.keyring(&["list"]).stdout_of_success(), "nas\nusb disk\n");
    assert_eq!(session.keyring(&["--json", "list"]).stdout_of_success(), "[\n  \"nas\",\n  \"usb disk\"\n]\n");
    session.keyring(&["del", "nas"]).expect_code(0);
    session.keyring(&["get", "nas"]).expect_code(1);
    assert!(session.keyring(&["del", "nas"]).expect_code(1).stderr.contains("no entry `nas`"));
    assert_eq!(session.keyring(&["list"]).stdout_of_success(), "usb disk\n");
}

#[test]
fn password_that_restic_cannot_use_is_not_written() {
    let session = Session::start();
    for (input, reason) in [
        (&b"\n"[..], "the password is empty"),
        (b"", "the password is empty"),
        (b"secret \n", "begins or ends with white space"),
        (b"\xff\n", "cannot be read from standard input"),
    ] {
        let refused = ended(session.command(&["set", "nas"]), input).expect_code(65);
        assert!(refused.stderr.contains(reason) && refused.stderr.contains("of one line"), "{}", refused.stderr);
    }
    session.keyring(&["get", "nas"]).expect_code(1);
    session.keyring(&["get", ""]).expect_code(64);
}

#[test]
fn what_python_writes_is_read_here_and_the_other_way_round() {
    let session = Session::start();
    session.python_set("theirs", "one");
    session.check_get("theirs", "one");
    session.set("theirs", "two");
    session.check_python_get("theirs", "two");
    session.set("ours", "three");
    session.check_python_get("ours", "three");
    session.python_set("ours", "four");
    session.check_get("ours", "four");
    session.set("ours", "five");
    session.check_python_get("ours", "five");
    assert_eq!(session.keyring(&["list"]).stdout_of_success(), "ours\ntheirs\n");
    session.keyring(&["del", "theirs"]).expect_code(0);
    session.check_python_get("theirs", "None");
    session.desktop.python_keyring("keyring.delete_password('prestic', 'ours')");
    session.keyring(&["get", "ours"]).expect_code(1);
}

/// Makes an entry beside the one that the library would write, and tells how many there are.
const THIRD_PROGRAM: &str = "import secretstorage
bus = secretstorage.dbus_init()
keys = {'service': 'prestic', 'username': 'nas'}
secretstorage.get_default_collection(bus).create_item('old', dict(keys, application='another'), b'old')
keyring.set_password('prestic', 'nas', 'new')
print(len(list(secretstorage.search_items(bus, keys))))";

const COUNT: &str = "import secretstorage
bus = secretstorage.dbus_init()
print(len(list(secretstorage.search_items(bus, {'service': 'prestic', 'username': 'nas'}))))";

#[test]
fn of_two_entries_the_newer_one_is_read_and_both_are_replaced_or_removed() {
    let session = Session::start();
    for act in ["set", "del"] {
        assert_eq!(session.desktop.python_keyring(THIRD_PROGRAM), "2");
        session.check_get("nas", "new");
        if act == "set" {
            session.set("nas", "newest");
            assert_eq!(session.desktop.python_keyring(COUNT), "1");
            session.check_get("nas", "newest");
            session.check_python_get("nas", "newest");
        }
        session.keyring(&["del", "nas"]).expect_code(0);
        assert_eq!(session.desktop.python_keyring(COUNT), "0");
    }
}

#[test]
fn in_a_terminal_the_password_is_asked_for_twice_and_not_shown() {
    let session = Session::start();
    let (mut terminal, mut child) = Terminal::start(&session.command(&["set", "nas"]));
    terminal.answer_hidden("Password for `nas`: ", "s3cr3t-one");
    terminal.answer_hidden("again for `nas`: ", "s3cr3t-two");
    terminal.answer_hidden("two different ones. Password for `nas`: ", "s3cr3t-three");
    terminal.answer_hidden("again for `nas`: ", "s3cr3t-three");
    assert!(processes::wait_for_exit(child.id(), LIMIT));
    assert!(child.wait().unwrap().success());
    let seen = terminal.see_the_end();
    assert!(!seen.contains("s3cr3t"), "{seen}");
    session.check_get("nas", "s3cr3t-three");
}

#[test]
fn ctrl_c_at_the_question_leaves_the_terminal_as_it_was() {
    let session = Session::start();
    let (mut terminal, mut child) = Terminal::start(&session.command(&["set", "nas"]));
    terminal.answer_hidden("Password for `nas`: ", "s3cr3t\u{3}");
    assert!(processes::wait_for_exit(child.id(), LIMIT));
    assert!(!child.wait().unwrap().success());
    let modes = terminal.modes();
    assert!(modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG), "{modes:?}");
    session.keyring(&["get", "nas"]).expect_code(1);
}

#[test]
fn each_trouble_has_its_own_message_and_exit_code() {
    let home = TestHome::new();
    let mut locked = Desktop::start();
    let keyring = locked.start_keyring();
    let mut set = home.ctl_command(&["keyring", "set", "nas"]);
    locked.admit(&mut set);
    ended(set, b"secret\n").expect_code(0);
    locked.kill(keyring);
    locked.start_locked_keyring();
    let without_keyring = Desktop::start();
    let nowhere = format!("unix:path={}", home.path("no-such-bus").display());
    for (address, code, parts) in [
        (locked.address(), 80, ["the keyring is locked", "unlock the keyring"]),
        (without_keyring.address(), 81, ["no keyring runs in this session", "GNOME Keyring or KWallet"]),
        (&nowhere, 82, ["there is no session bus", "import-environment DBUS_SESSION_BUS_ADDRESS"]),
    ] {
        let mut command = home.ctl_command(&["keyring", "get", "nas"]);
        command.env("DBUS_SESSION_BUS_ADDRESS", address);
        let refused = ended(command, b"").expect_code(code);
        for part in parts.into_iter().chain(["`password-command` or `password-file`"]) {
            assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
        }
        let mut list = home.ctl_command(&["keyring", "list"]);
        list.env("DBUS_SESSION_BUS_ADDRESS", address);
        ended(list, b"").expect_code(code);
    }
}
