//! What the menu makes of many tasks.

use super::*;

pub(super) fn many(number: usize) -> Status {
    status((0..number).map(|index| task(&format!("task-{index:05}"), Some("succeeded"))).collect())
}

fn submenu_of<'a>(items: &'a [Item], wanted: &str) -> &'a [Item] {
    let found = items.iter().find_map(|item| match item {
        Item::Submenu { label, items, .. } if label == wanted => Some(items.as_slice()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("`{wanted}` is missing:\n{}", drawn(items, "")))
}

/// Returns how many submenus and lines the largest of all menus has.
fn largest(items: &[Item]) -> usize {
    let inner = items.iter().map(|item| if let Item::Submenu { items, .. } = item { largest(items) } else { 0 });
    items.len().max(inner.max().unwrap_or(0))
}

#[test]
fn many_tasks_are_grouped_and_none_is_left_out() {
    for number in [25, 26, 200, 10_000] {
        let model = shown(many(number));
        let tasks = submenu_of(&model.items, "Tasks");
        assert!(largest(tasks) <= 25, "{number}: {}", largest(tasks));
        let runnable = actions(tasks).into_iter().filter(|action| matches!(action, Action::Run { .. })).count();
        assert_eq!(runnable, number);
    }
    let model = shown(many(200));
    let tasks = submenu_of(&model.items, "Tasks");
    assert_eq!(tasks.len(), 8);
    assert_eq!(submenu_of(tasks, "task-00175 … task-00199").len(), 25);
}

#[test]
fn of_many_tasks_those_that_matter_come_first() {
    let mut status = many(200);
    status.tasks[150] = task("task-00150", Some("failed"));
    status.tasks[3].active = Some(RunId(8));
    status.runs = vec![run("task-00003", RunState::Running { pid: 1 }, Some(0.5))];
    let model = shown(status);
    let tasks = submenu_of(&model.items, "Tasks");
    submenu_of(submenu_of(tasks, "Need attention (1)"), "task-00150: failed");
    submenu_of(submenu_of(tasks, "task-00000 … task-00024 (1 under way)"), "task-00003: running, 50 %");
    assert_eq!(tasks[1], Item::Separator);
}
