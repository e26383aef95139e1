//! What `prestic-ctl explain` prints, and how it ends.

use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
};

use prestic_tests::home::TestHome;
use serde_json::Value;

#[test]
fn schedule_is_explained_without_a_daemon_and_a_configuration() {
    let home = TestHome::new();
    let args = ["explain", "daily at 02:30", "--timezone", "Europe/Berlin", "--from", "2026-03-28T12:00:00+01:00", "-n", "2"];
    let text = home.ctl(&args).stdout_of_success();
    assert!(text.contains("every day at 02:30"), "{text}");
    assert!(text.contains("Sun 2026-03-29 03:00 +02:00"), "{text}");
    assert!(!home.home().lock_file().exists());
}

#[test]
fn words_need_no_quotes() {
    let home = TestHome::new();
    let json = home.ctl(&["explain", "--json", "mon", "at", "12:00", "-n", "1"]).stdout_of_success();
    let answer: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(answer["canonical"], "mon at 12:00");
    assert_eq!(answer["next"].as_array().unwrap().len(), 1);
}

#[test]
fn machine_zone_is_the_one_of_the_environment() {
    let home = TestHome::new();
    let mut command = home.ctl_command(&["explain", "--json", "daily", "--from", "2026-01-01T00:00:00Z"]);
    let output = command.env("TZ", "America/Havana").output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["timezone"], "America/Havana");
    assert_eq!(answer["next"][0], "2026-01-01T00:00:00-05:00");
}

#[test]
fn error_underlines_the_word_and_ends_with_1() {
    let home = TestHome::new();
    let ended = home.ctl(&["explain", "mon dialy"]).expect_code(1);
    assert_eq!(ended.stdout, "");
    assert!(ended.stderr.contains("\n  mon dialy\n      ^^^^^\nhint: did you mean `daily`?\n"), "{}", ended.stderr);
    let json = home.ctl(&["explain", "--json", "mon dialy"]).expect_code(1).stdout;
    let answer: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&answer["error"]["column"], &answer["error"]["length"]), (&5.into(), &5.into()));
}

#[test]
fn batch_answers_each_line_before_the_next_is_asked() {
    let home = TestHome::new();
    let mut command = home.ctl_command(&["explain", "--batch"]);
    let mut program = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = program.stdin.take().unwrap();
    let mut output = BufReader::new(program.stdout.take().unwrap()).lines();
    for (line, key) in [("{\"schedule\": \"hourly\"}", "next"), ("nonsense", "error"), ("{\"schedule\": \"off\"}", "next")] {
        writeln!(input, "{line}").unwrap();
        let answer: Value = serde_json::from_str(&output.next().unwrap().unwrap()).unwrap();
        assert!(answer.get(key).is_some(), "{answer}");
    }
    drop(input);
    assert!(program.wait().unwrap().success());
}
