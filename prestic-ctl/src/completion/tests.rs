//! What is offered where.

use super::*;

#[track_caller]
fn check_meaning(command: &str, argument: &str, expected: Option<Meaning>) {
    let mut definition = CommandLine::command();
    definition.build();
    let command = if command.is_empty() { &definition } else { definition.find_subcommand(command).unwrap() };
    let argument = command.get_arguments().find(|arg| arg.get_id() == argument).unwrap();
    assert_eq!(meaning(argument), expected);
}

#[test]
fn arguments_are_completed_with_what_the_help_calls_them() {
    check_meaning("run", "task", Some(Meaning::Name(Named::Task)));
    check_meaning("pause", "task", Some(Meaning::Name(Named::Task)));
    check_meaning("log", "run", Some(Meaning::Name(Named::TaskOrRun)));
    check_meaning("stop", "run", Some(Meaning::Name(Named::TaskOrRun)));
    check_meaning("history", "before", Some(Meaning::Name(Named::Run)));
    check_meaning("show", "profile", Some(Meaning::Name(Named::Profile)));
    check_meaning("", "profile", Some(Meaning::Name(Named::Profile)));
    check_meaning("run", "all", None);
    check_meaning("check", "file", Some(Meaning::Path));
}

#[track_caller]
fn check_offered(line: &[&str], expected: &[&str]) {
    let words: Vec<OsString> = line.iter().map(Into::into).collect();
    let mut definition = definition(&words);
    let offered = clap_complete::engine::complete(&mut definition, words.clone(), words.len() - 1, None).unwrap();
    let offered: Vec<_> = offered.iter().map(|candidate| candidate.get_value().to_string_lossy()).collect();
    assert_eq!(offered, expected, "{line:?}");
}

#[test]
fn commands_and_options_are_offered() {
    check_offered(&["prestic-ctl", "expl"], &["explain"]);
    check_offered(&["prestic-ctl", "run", "--que"], &["--queue"]);
    check_offered(&["prestic-ctl", "history", "--outcome", "repo"], &["repository-locked"]);
}

#[test]
fn options_are_offered_by_themselves_only_where_nothing_else_is() {
    check_offered(&["prestic-ctl", "keyring", ""], &["get", "set", "del", "list"]);
    let words = ["prestic-ctl", "status", ""].map(OsString::from);
    let offered = clap_complete::engine::complete(&mut definition(&words), words.to_vec(), 2, None).unwrap();
    assert!(offered.iter().any(|candidate| candidate.get_value() == "--json"), "{offered:?}");
}

#[test]
fn words_after_a_profile_are_restic_s() {
    check_offered(&["prestic-ctl", "-p", "home", "snap"], &["snapshots"]);
    check_offered(&["prestic-ctl", "--profile=home", "snap"], &["snapshots"]);
    check_offered(&["prestic-ctl", "-phome", "snap"], &["snapshots"]);
    check_offered(&["prestic-ctl", "-p", "home", "histo"], &[]);
}

#[test]
fn command_of_ours_after_a_profile_is_restic_s_too() {
    check_offered(&["prestic-ctl", "-p", "home", "check", "--que"], &[]);
    check_offered(&["prestic-ctl", "-p", "check", "snap"], &["snapshots"]);
}

#[test]
fn files_follow_a_command_of_restic() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::File::create(folder.path().join("photos")).unwrap();
    let begin = folder.path().join("pho").display().to_string();
    let whole = folder.path().join("photos").display().to_string();
    check_offered(&["prestic-ctl", "-p", "home", "backup", &begin], &[&whole]);
    check_offered(&["prestic-ctl", "restore", &begin], &[&whole]);
}
