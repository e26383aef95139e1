//! Finds tasks that will fail, and what looks like a task and is none. Nothing here makes a profile invalid, or looks at
//! a file.

use std::{collections::HashSet, path::Path};

use chrono::TimeDelta;
use prestic_proto::restic;

use super::{
    Config,
    command::{FLAGS_WITH_VALUE, PASSWORD_SOURCES},
    keys::{Key, Slot},
    problems::{Problem, Problems, similar},
    profile::Profile,
    value::Value,
};
use crate::schedule::{Modifiers, Schedule};

/// The commands that open no repository.
const COMMANDS_WITHOUT_PASSWORD: [&str; 8] =
    ["cache", "completion", "features", "generate", "help", "options", "self-update", "version"];

/// Flags of `restic backup` that take the next word as their value.
const BACKUP_FLAGS_WITH_VALUE: [&str; 16] = [
    "-e",
    "-g",
    "-H",
    "--exclude",
    "--exclude-file",
    "--exclude-if-present",
    "--exclude-larger-than",
    "--group-by",
    "--host",
    "--hostname",
    "--iexclude",
    "--iexclude-file",
    "--parent",
    "--read-concurrency",
    "--tag",
    "--time",
];

/// Warns of tasks that will fail, and of schedules that nothing comes of.
pub(super) fn of_config(config: &Config, problems: &mut Problems) {
    for task in config.tasks() {
        misspelt_command(task, problems);
        backup_of_nothing(task, problems);
        missing_password(task, problems);
        timing_said_twice(task, problems);
    }
    // What has errors may be the task that a schedule is for.
    if !problems.has_errors() {
        idle_schedules(config, problems);
    }
}

/// Warns of a file from which nothing runs by itself.
pub(super) fn no_task(config: &Config, problems: &mut Problems) {
    if config.tasks().next().is_none() {
        problems.warn(Problem {
            message: "no profile is a task: nothing will ever run by itself".to_owned(),
            hint: Some("give a profile a `repository`, a `command` and a `schedule`".to_owned()),
            ..Problem::default()
        });
    }
}

fn misspelt_command(task: &Profile, problems: &mut Problems) {
    let (Some(command), Some(setting)) = (task.command().first(), task.find(Key::Command)) else { return };
    if restic::COMMANDS.contains(&command.as_str()) {
        return;
    }
    if let Some(meant) = similar(command, restic::COMMANDS.into_iter()) {
        let message = format!("restic has no command `{command}`");
        problems.warn(Problem::at(&setting.origin, &setting.key, message, format!("did you mean `{meant}`?")));
    }
}

fn backup_of_nothing(task: &Profile, problems: &mut Problems) {
    let is_empty = backup_sources(task).is_some_and(|sources| sources.paths.is_empty() && !sources.has_list);
    let Some(setting) = task.find(Key::Args).or_else(|| task.find(Key::Command)).filter(|_| is_empty) else { return };
    let hint = "add the files and folders to `args`, as `args = /home/me`";
    problems.warn(Problem::at(&setting.origin, &setting.key, "this backup has nothing to back up", hint));
}

fn missing_password(task: &Profile, problems: &mut Problems) {
    let Some(repository) = task.find(Key::Repository) else { return };
    let needs_none = task.command().first().is_some_and(|command| COMMANDS_WITHOUT_PASSWORD.contains(&command.as_str()));
    if needs_none || has_wrapper(task) || has_password(task) {
        return;
    }
    let message = "no password goes with this repository, and nobody answers when restic asks for one";
    let hint = "set `password-file`, `password-command` or `password-keyring` beside it";
    problems.warn(Problem::at(&repository.origin, &repository.key, message, hint));
}

fn timing_said_twice(task: &Profile, problems: &mut Problems) {
    if [Key::RandomDelay, Key::CatchUp, Key::Deadline].into_iter().any(|key| task.find(key).is_some())
        && let Some(schedule) = task.schedule().and_then(|text| Schedule::parse(text).ok())
    {
        options_overruled(task, schedule.modifiers(), problems);
    }
}

/// Warns of options beside a schedule that says something else.
fn options_overruled(task: &Profile, modifiers: &Modifiers, problems: &mut Problems) {
    let differs = |length: Option<TimeDelta>, key: Key| match task.value(key) {
        Some(Value::Duration(Some(own))) => length.is_some_and(|length| length.to_std() != Ok(*own)),
        _ => false,
    };
    let differs_in_catch_up = modifiers.catch_up.zip(task.catch_up()).is_some_and(|(wins, own)| wins != own);
    let overruled = [
        (Key::RandomDelay, differs(modifiers.random, Key::RandomDelay)),
        (Key::CatchUp, differs_in_catch_up),
        (Key::Deadline, differs(modifiers.deadline, Key::Deadline)),
    ];
    for (key, _) in overruled.iter().filter(|(_, is_overruled)| *is_overruled) {
        let Some(setting) = task.find(*key) else { continue };
        let message = format!("`{}` does not count, because the schedule itself says something else", setting.key);
        problems.warn(Problem::at(&setting.origin, &setting.key, message, "keep one of the two"));
    }
}

/// A program around restic may know the password.
fn has_wrapper(task: &Profile) -> bool {
    let words = task.words(Key::Executable).unwrap_or_default();
    let is_restic =
        |word: &String| Path::new(word).file_stem().is_some_and(|name| name.to_string_lossy().starts_with("restic"));
    words.len() > 1 || words.first().is_some_and(|word| !is_restic(word))
}

fn has_password(task: &Profile) -> bool {
    let is_source = |slot: &Slot, is_empty: bool| match slot {
        Slot::Known(key) => !is_empty && PASSWORD_SOURCES.contains(key),
        Slot::Variable(name) => name.starts_with("RESTIC_PASSWORD"),
        Slot::Flag(name) => name.contains("password"),
    };
    let words = task.command().iter().chain(task.words(Key::Args).unwrap_or_default());
    task.settings().iter().any(|setting| is_source(&setting.slot, setting.value.is_empty()))
        || words.into_iter().any(|word| word.starts_with("-p") || (word.starts_with("--") && word.contains("password")))
}

fn idle_schedules(config: &Config, problems: &mut Problems) {
    let used = ancestors_of_tasks(config);
    for profile in config.profiles().filter(|profile| !used.contains(profile.name())) {
        let (Some(missing), Some(schedule), Some(origin)) =
            (profile.missing_for_task(), profile.schedule(), profile.schedule_origin())
        else {
            continue;
        };
        if origin.section != profile.name() || Schedule::parse(schedule).is_ok_and(|schedule| schedule.is_never()) {
            continue;
        }
        let message = format!("this schedule never runs: [{}] has no `{missing}`", profile.name());
        let hint = format!("set `{missing}` in it, or take the schedule out");
        problems.warn(Problem::at(origin, "schedule", message, hint));
    }
}

/// Returns the tasks, and all that they build on.
fn ancestors_of_tasks(config: &Config) -> HashSet<&str> {
    let mut found = HashSet::new();
    let mut open: Vec<&str> = config.tasks().map(|task| task.name()).collect();
    while let Some(name) = open.pop() {
        if found.insert(name) {
            open.extend(config.profile(name).into_iter().flat_map(|profile| profile.parents()));
        }
    }
    found
}

/// What a backup reads, as far as its words tell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BackupSources<'profile> {
    /// The files and folders that it names.
    pub paths: Vec<&'profile str>,
    /// Whether it reads a list of more of them, or its standard input.
    pub has_list: bool,
}

/// Returns what a profile's own command backs up; none if that is no backup.
pub(super) fn backup_sources(profile: &Profile) -> Option<BackupSources<'_>> {
    let (_, rest) = profile.command().split_first().filter(|(command, _)| *command == "backup")?;
    let is_list = |flag: &str| flag.starts_with("files-from") || flag.starts_with("stdin");
    let has_list_flag = |slot: &Slot| matches!(slot, Slot::Flag(name) if is_list(name));
    let has_list = profile.settings().iter().any(|setting| has_list_flag(&setting.slot));
    let mut sources = BackupSources { paths: Vec::new(), has_list };
    let mut words = rest.iter().chain(profile.words(Key::Args).unwrap_or_default()).map(String::as_str);
    while let Some(word) = words.next() {
        if word == "--" {
            sources.paths.extend(words);
            break;
        } else if let Some(flag) = word.strip_prefix('-').filter(|flag| !flag.is_empty()) {
            sources.has_list |= is_list(flag.trim_start_matches('-'));
            if BACKUP_FLAGS_WITH_VALUE.contains(&word) || FLAGS_WITH_VALUE.contains(&word) {
                words.next();
            }
        } else {
            sources.paths.push(word);
        }
    }
    Some(sources)
}

#[cfg(test)]
#[path = "task_checks_tests.rs"]
mod tests;
