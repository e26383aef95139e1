//! Passwords in the Credential Manager. It is one for the whole user, so each test has names of its own.

use std::fs;

use prestic_double::FakeScript;
use prestic_proto::outcome::Outcome;

use crate::home::TestHome;

#[test]
fn password_comes_back_until_it_is_deleted() {
    let home = TestHome::new();
    home.ctl_with_input(&["keyring", "set", "test-round-trip"], "first\n").expect_code(0);
    home.ctl_with_input(&["keyring", "set", "test-round-trip"], "pässwörd 2\n").expect_code(0);
    let got = home.ctl(&["keyring", "get", "test-round-trip"]).expect_code(0);
    assert_eq!(got.stdout.trim_end(), "pässwörd 2");
    let listed = home.ctl(&["keyring", "list"]).expect_code(0).stdout;
    assert_eq!(listed.lines().filter(|line| *line == "test-round-trip").count(), 1, "{listed}");
    home.ctl(&["keyring", "del", "test-round-trip"]).expect_code(0);
    let gone = home.ctl(&["keyring", "get", "test-round-trip"]);
    assert_ne!(gone.code, Some(0), "{gone:?}");
}

#[test]
fn restic_gets_the_password_from_the_keyring() {
    let mut home = TestHome::new();
    home.ctl_with_input(&["keyring", "set", "test-task"], "the secret\n").expect_code(0);
    let record = home.path("record");
    let script = FakeScript { record: Some(record.clone()), ..FakeScript::default() };
    let profile = script.profile().replace("password = none", "password-keyring = test-task");
    home.write_config(&format!("[task]\n{profile}repository = C:\\repository\ncommand = backup\nargs = C:\\data\n"));
    home.start_daemon();
    home.expect_outcome(home.run("task"), &Outcome::Succeeded);
    let recorded = fs::read_to_string(record).unwrap();
    assert!(recorded.contains(r#"["RESTIC_PASSWORD","the secret"]"#), "{recorded}");
    home.ctl(&["keyring", "del", "test-task"]).expect_code(0);
}
