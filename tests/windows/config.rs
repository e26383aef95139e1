//! What Windows paths in the configuration mean.

use std::fs;

use prestic_double::FakeScript;
use prestic_proto::outcome::Outcome;

use crate::home::TestHome;

/// Runs a task with these lines, and returns the words that restic was given.
#[track_caller]
fn words_of(lines: &str) -> Vec<String> {
    let mut home = TestHome::new();
    let record = home.path("record");
    let script = FakeScript { record: Some(record.clone()), ..FakeScript::default() };
    home.write_config(&format!("[task]\n{}command = backup\n{lines}", script.profile()));
    home.start_daemon();
    home.expect_outcome(home.run("task"), &Outcome::Succeeded);
    let text = fs::read_to_string(record).unwrap();
    let recorded: serde_json::Value = serde_json::from_str(text.lines().next_back().unwrap()).unwrap();
    let words = recorded["argv"].as_array().unwrap().iter();
    words.map(|word| word.as_str().unwrap().to_owned()).filter(|word| !word.starts_with("--")).collect()
}

#[track_caller]
fn check(args: &str, expected: &[&str]) {
    let words = words_of(&format!("repository = D:\\repository\\\nargs = {args}\n"));
    assert_eq!(words, [&["backup"], expected].concat(), "{args}");
}

#[test]
fn backslash_at_the_end_of_a_line_is_part_of_the_path() {
    check(r"C:\dir\", &[r"C:\dir\"]);
}

#[test]
fn paths_with_spaces_stand_in_quotes() {
    check(r#""C:\Program Files\a b\" 'D:\c d' E:\e"#, &[r"C:\Program Files\a b\", r"D:\c d", r"E:\e"]);
}

#[test]
fn path_of_another_machine_keeps_both_its_backslashes() {
    check(r"\\server\share\folder", &[r"\\server\share\folder"]);
}

#[test]
fn every_line_of_a_value_can_end_with_a_backslash() {
    check("C:\\one\\\n  D:\\two\\\n  .\\three", &[r"C:\one\", r"D:\two\", r".\three"]);
}
