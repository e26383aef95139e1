//! Finds what works, but perhaps not as meant. Nothing here makes a profile invalid.

use std::{collections::HashMap, sync::Arc};

use prestic_proto::profile::Origin;

use super::{
    command::PASSWORD_SOURCES,
    inherit::Draft,
    keys::{Key, Slot},
    problems::{Problem, Problems},
    profile::{Profile, Setting},
    value::Value,
};

/// Warns of a comment that is none: it belongs to the value, as it did in Python.
pub(super) fn comment_in_value(raw: &str, origin: &Origin, key: &str, problems: &mut Problems) {
    if let Some(mark) = raw.lines().find_map(comment_mark) {
        let message = format!("what follows `{mark}` is part of the value, not a comment");
        problems.warn(Problem::at(origin, key, message, "put the comment on a line of its own, or quote the word in a list"));
    }
}

/// Returns the character that seems to begin a comment: after a blank, outside of quotes.
fn comment_mark(line: &str) -> Option<char> {
    let (mut quote, mut before) = (None, ' ');
    let mut mark = None;
    for character in line.chars() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if matches!(character, '#' | ';') && before.is_whitespace() => mark = mark.or(Some(character)),
            None if matches!(character, '"' | '\'') => quote = Some(character),
            None => {}
        }
        before = character;
    }
    mark
}

/// Warns of what one value alone gives away.
pub(super) fn setting(setting: &Setting, problems: &mut Problems) {
    let warn = |problems: &mut Problems, message: &str, hint: &str| {
        problems.warn(Problem::at(&setting.origin, &setting.key, message, hint));
    };
    if has_tilde(setting) {
        warn(problems, "`~` is not replaced by the home folder", "write the whole path");
    }
    match &setting.slot {
        Slot::Flag(name) if name.starts_with('-') => {
            let hint = format!("write `flag.{}`", name.trim_start_matches('-'));
            warn(problems, "the name of a flag is written without its dashes", &hint);
        }
        _ => {}
    }
}

fn has_tilde(setting: &Setting) -> bool {
    let is_home = |text: &str| text == "~" || text.starts_with("~/");
    match (&setting.slot, &setting.value) {
        (Slot::Known(Key::Repository | Key::PasswordFile | Key::CacheDir), Value::Text(text)) => is_home(text),
        (Slot::Known(Key::Args | Key::Executable | Key::RequirePath), Value::Words(words)) => {
            words.iter().any(|word| is_home(word))
        }
        _ => false,
    }
}

/// Warns of a second password in the same section.
pub(super) fn password_sources(draft: &Draft, problems: &mut Problems) {
    let mut present = PASSWORD_SOURCES.into_iter().filter_map(|key| {
        let is_here = |setting: &&Arc<Setting>| setting.slot == Slot::Known(key) && setting.origin.section == draft.name;
        draft.own.iter().find(is_here).filter(|setting| !setting.value.is_empty())
    });
    if let (Some(winner), Some(loser)) = (present.next(), present.next()) {
        let message = format!("`{}` is not used, because `{}` goes before it", loser.key, winner.key);
        problems.warn(Problem::at(&loser.origin, &loser.key, message, "keep one of the two"));
    }
}

/// Warns once of all the passwords that anybody can read who sees the file.
pub(super) fn plain_passwords(drafts: &[Draft], problems: &mut Problems) {
    let is_password = |setting: &&Arc<Setting>| setting.slot == Slot::Known(Key::Password) && !setting.value.is_empty();
    let mut origins: Vec<_> = drafts.iter().flat_map(|draft| &draft.own).filter(is_password).collect();
    let place = |setting: &&Arc<Setting>| setting.place;
    origins.sort_by_key(place);
    origins.dedup_by_key(|setting| setting.place);
    let Some(first) = origins.first() else { return };
    let others = match origins.len() - 1 {
        0 => String::new(),
        1 => ", and in one more place".to_owned(),
        count => format!(", and in {count} more places"),
    };
    let message = format!("a password stands here in plain text{others}");
    problems.warn(Problem::at(
        &first.origin,
        &first.key,
        message,
        "use `password-keyring`, `password-command` or `password-file`",
    ));
}

/// Warns of tasks that do the same at the same time: mostly an alias that inherits a schedule.
pub(super) fn twins<'profiles>(tasks: impl Iterator<Item = &'profiles Arc<Profile>>, problems: &mut Problems) {
    let mut seen: HashMap<_, &Arc<Profile>> = HashMap::new();
    for task in tasks {
        let (Some(schedule), Some(origin)) = (task.schedule(), task.schedule_origin()) else { continue };
        let schedule = schedule.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        let work = (task.repository(), task.command(), task.words(Key::Args), schedule);
        let Some(other) = seen.get(&work) else {
            seen.insert(work, task);
            continue;
        };
        let message = format!(
            "tasks `{}` and `{}` run the same command on the same repository at the same time",
            other.name(),
            task.name()
        );
        let pairs = [(task, *other), (*other, task)];
        match pairs.into_iter().find(|(alias, named)| is_alias(alias) && !is_alias(named)) {
            Some((alias, named)) => problems.warn(Problem {
                file: alias.find(Key::Inherit).map(|setting| setting.origin.file.as_path()),
                line: alias.find(Key::Inherit).map(|setting| setting.origin.line),
                section: Some(alias.name()),
                key: Some("schedule"),
                message,
                hint: Some(format!(
                    "write an empty `schedule =` into [{}], which is only another name for `{}`",
                    alias.name(),
                    named.name()
                )),
            }),
            None => problems.warn(Problem::at(origin, "schedule", message, "take the schedule out of one of them")),
        }
    }
}

/// Whether a task has no command of its own: all that it does, it does for another one.
fn is_alias(task: &Profile) -> bool {
    task.find(Key::Command).is_some_and(|setting| setting.origin.section != task.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<char>) {
        assert_eq!(comment_mark(line), expected);
    }

    #[test]
    fn marks_after_a_blank_look_like_comments() {
        check("daily at 01:00 # at night", Some('#'));
        check("true ;yes", Some(';'));
        check("# all of it", Some('#'));
        check("it's \t# open quote before", None);
    }

    #[test]
    fn other_marks_do_not() {
        check("/srv/a#b;c", None);
        check(r#"--exclude="*.tmp #1" 'a ;b'"#, None);
        check("", None);
    }
}
