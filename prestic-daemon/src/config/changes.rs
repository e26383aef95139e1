//! Tells what a new configuration changes of the tasks.

use std::collections::{BTreeSet, HashMap};

use prestic_proto::change::{Change, TaskChange};

use super::{
    Config,
    keys::{Key, Slot},
    profile::Profile,
    value::Value,
};

/// Returns what is not as before: tasks in the order of the new configuration, then those that are gone.
pub fn between(before: &Config, after: &Config) -> Vec<TaskChange> {
    let mut changes = Vec::new();
    for task in after.tasks() {
        let found = match before.profile(task.name()).filter(|known| known.is_task()) {
            None => vec![Change::Added],
            Some(known) => of_task(known, task),
        };
        changes.extend(found.into_iter().map(|change| TaskChange { task: task.name().to_owned(), change }));
    }
    let is_gone = |name: &str| after.profile(name).is_none_or(|profile| !profile.is_task());
    let gone = before.tasks().filter(|task| is_gone(task.name()));
    changes.extend(gone.map(|task| TaskChange { task: task.name().to_owned(), change: Change::Removed }));
    changes
}

fn of_task(before: &Profile, after: &Profile) -> Vec<Change> {
    let mut changes = Vec::new();
    if before.schedule() != after.schedule() {
        let text = |task: &Profile| task.schedule().map(str::to_owned);
        changes.push(Change::Rescheduled { from: text(before), to: text(after) });
    }
    let options = changed_options(before, after);
    if !options.is_empty() {
        changes.push(Change::Changed { options });
    }
    changes
}

fn changed_options(before: &Profile, after: &Profile) -> Vec<String> {
    let (before, after) = (values(before), values(after));
    let slots: BTreeSet<&Slot> = before.keys().chain(after.keys()).copied().collect();
    // The same value can be of two types: `verbose` is a number, `flag.verbose` a text.
    let is_same = |slot: &Slot| match (before.get(slot), after.get(slot)) {
        (Some(before), Some(after)) => before == after || before.plain_text() == after.plain_text(),
        _ => false,
    };
    let is_changed = |slot: &&&Slot| !is_same(slot);
    slots.iter().filter(is_changed).map(ToString::to_string).collect()
}

/// Returns what is set, but for the schedule, and for `inherit`, which changes nothing by itself.
fn values(profile: &Profile) -> HashMap<&Slot, &Value> {
    let is_told = |slot: &Slot| !matches!(slot, Slot::Known(Key::Schedule | Key::Inherit));
    let settings = profile.settings().iter().filter(|setting| is_told(&setting.slot));
    settings.map(|setting| (&setting.slot, &setting.value)).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{super::read, *};

    fn task(name: &str, lines: &str) -> String {
        format!("[{name}]\nrepository = /r\npassword-file = /p\ncommand = check\n{lines}\n")
    }

    #[track_caller]
    fn check(before: &str, after: &str, expected: &[&str]) {
        let config = |text: &str| read(text, Path::new("config.ini")).config;
        let found: Vec<_> = between(&config(before), &config(after)).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn tasks_come_and_go() {
        check(&task("a", ""), &task("b", ""), &["task `b` is new", "task `a` is gone"]);
        check(&task("a", ""), "[a]\nrepository = /r\n", &["task `a` is gone"]);
    }

    #[test]
    fn what_means_the_same_is_no_change() {
        check(&task("a", "verbose = 1"), &(task("b", "") + &task("a", "# louder\nflag.verbose = 1")), &["task `b` is new"]);
        check("", "[base]\nrepository = /r\n", &[]);
    }

    #[test]
    fn options_are_named_and_schedules_shown() {
        check(
            &task("a", "schedule = daily\nenv.KEY = old\nflag.x = 1"),
            &task("a", "schedule = weekly\nenv.KEY = new\nverbose = 2"),
            &["task `a` has `weekly` instead of `daily`", "task `a` has changed in `verbose`, `env.KEY`, `flag.x`"],
        );
        check(&task("a", "schedule = daily"), &task("a", ""), &["task `a` has no schedule instead of `daily`"]);
    }

    #[test]
    fn inherited_changes_reach_the_task() {
        let text =
            |password: &str| format!("[base]\nrepository = /r\npassword = {password}\n[a]\ninherit = base\ncommand = check\n");
        check(&text("hunter1"), &text("hunter2"), &["task `a` has changed in `password`"]);
    }
}
