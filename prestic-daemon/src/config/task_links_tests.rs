//! What is told of tasks that wait for others.

use std::path::Path;

use super::super::read;

/// Reads tasks, each with one line of its own.
#[track_caller]
fn check(tasks: &[(&str, &str)], errors: &[&str], left: &[&str]) {
    let sections = tasks.iter().map(|(name, line)| format!("[{name}]\ncommand = check\n{line}\n"));
    let text: String = ["[DEFAULT]\nrepository = /r\npassword-file = /p\n".to_owned()].into_iter().chain(sections).collect();
    let loaded = read(&text, Path::new("config.ini"));
    let found: Vec<_> = loaded.report.errors.iter().map(|error| error.to_string().replace("\n  hint", "")).collect();
    assert_eq!(found, errors);
    assert_eq!(loaded.config.tasks().map(|task| task.name()).collect::<Vec<_>>(), left);
}

#[test]
fn tasks_may_need_others() {
    check(&[("a", "needs = b c"), ("b", "needs = c"), ("c", "")], &[], &["a", "b", "c"]);
}

#[test]
fn unknown_needs_are_told_with_a_guess() {
    check(
        &[("home", ""), ("b", "needs = hone"), ("c", "needs = nothing-like-it")],
        &[
            "no task is called `hone` in [b] at config.ini:9: did you mean `home`?",
            "no task is called `nothing-like-it` in [c] at config.ini:12: name a task, or take it out",
        ],
        &["home"],
    );
}

#[test]
fn what_is_no_task_cannot_be_needed() {
    check(
        &[("a", "needs = b"), ("b", "command =")],
        &[
            "`a` cannot be used, because `b` has errors in [a] at config.ini:6: mend [b]",
            "`command` is set twice in [b] at config.ini:9: remove this line or line 8",
        ],
        &[],
    );
}

#[test]
fn task_cannot_need_itself() {
    check(&[("a", "needs = a")], &["`a` needs itself in [a] at config.ini:6: take one of these names out"], &[]);
}

#[test]
fn circle_of_needs_is_an_error_that_names_it_and_whoever_needs_one_of_it_cannot_run() {
    check(
        &[("a", "needs = b"), ("b", "needs = c"), ("c", "needs = a"), ("d", "needs = a"), ("e", "")],
        &[
            "tasks need each other in a circle: `a -> b -> c -> a` in [a] at config.ini:6: take one of these names out",
            "`d` cannot be used, because `a` has errors in [d] at config.ini:15: mend [a]",
        ],
        &["e"],
    );
}

#[test]
fn needs_of_a_group_mean_all_its_members() {
    let text = "[A]\nrepository = /a\npassword-file = /p\n[B]\nrepository = /b\npassword-file = /p\n\
                [home]\nrepositories = A B\ncommand = backup\nargs = /home\n\
                [check]\ninherit = A\ncommand = check\nneeds = home home@A\n";
    let loaded = read(text, Path::new("config.ini"));
    assert_eq!(loaded.report.errors, []);
    let check = loaded.config.profile("check").unwrap();
    assert_eq!(loaded.config.needs_of(check), ["home@A", "home@B"]);
}

#[test]
fn group_cannot_need_its_own_member() {
    let text = "[A]\nrepository = /a\n[home]\nrepositories = A\ncommand = check\nneeds = home@A\n";
    let errors = read(text, Path::new("config.ini")).report.errors;
    assert_eq!(errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>(), ["`home` needs itself"]);
}

#[test]
fn schedules_may_follow_tasks_and_groups() {
    check(&[("a", "schedule = daily"), ("b", "schedule = after a fail; daily at 05:00")], &[], &["a", "b"]);
}

#[test]
fn circle_of_schedules_is_an_error_that_names_it() {
    check(
        &[("a", "schedule = after b"), ("b", "schedule = after a any"), ("c", "schedule = after a")],
        &["tasks come after each other in a circle: `a -> b -> a` in [a] at config.ini:6: take one of these names out"],
        &["c"],
    );
    check(&[("a", "schedule = after a")], &["`a` comes after itself in [a] at config.ini:6: take one of these names out"], &[]);
}

#[test]
fn schedule_after_what_is_no_task_is_an_error() {
    check(
        &[("home", ""), ("b", "schedule = After hom")],
        &["no task is called `hom` in [b] at config.ini:9: did you mean `home`?"],
        &["home"],
    );
}
