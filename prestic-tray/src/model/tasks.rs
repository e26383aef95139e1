//! The menu of the tasks: one submenu a task, in groups where there are many. Pure.

use prestic_proto::{
    moment::Moment,
    overview::{OverallState, Overview},
    run::Run,
    standing::{Activity, Standing, active_run, activity, standing},
    status::{Status, TaskStatus},
    words,
};

use super::{Action, Item, ago, choice, submenu, text, until, when};
use crate::label::line;

/// The daemon's words for the description of a task that has none.
const NO_DESCRIPTION: &str = "no description";
/// As many submenus as can be overlooked, and fit a screen.
const GROUP: usize = 25;

/// Returns the menu of all tasks.
pub fn menu(status: &Status, moment: &Moment) -> Item {
    if status.tasks.is_empty() {
        return text("tasks", "There are no tasks yet");
    }
    let all: Vec<&TaskStatus> = status.tasks.iter().collect();
    let mut items = Vec::new();
    if all.len() > GROUP {
        let troubled: Vec<&TaskStatus> = status.tasks.iter().filter(|task| standing(task).needs_attention()).collect();
        if !troubled.is_empty() {
            let label = format!("Need attention ({})", troubled.len());
            items.push(submenu("troubled", &label, grouped("troubled", &troubled, status, moment)));
            items.push(Item::Separator);
        }
    }
    items.extend(grouped("all", &all, status, moment));
    submenu("tasks", "Tasks", items)
}

/// Adds how far the run has come, if there is one only.
pub fn with_progress(overview: &Overview, status: &Status) -> String {
    let mut running = status.runs.iter().filter(|run| run.pid().is_some());
    match (overview.state, running.next().and_then(percent), running.next()) {
        (OverallState::Running, Some(percent), None) => format!("{}: {percent} %", overview.sentence),
        _ => overview.sentence.clone(),
    }
}

/// Shares tasks out to submenus, as even in depth and as few as can be, with none larger than a group.
fn grouped(key: &str, tasks: &[&TaskStatus], status: &Status, moment: &Moment) -> Vec<Item> {
    if tasks.len() <= GROUP {
        return tasks.iter().map(|task| task_menu(key, task, status, moment)).collect();
    }
    let mut size = GROUP;
    while tasks.len().div_ceil(size) > GROUP {
        size *= GROUP;
    }
    let submenus = tasks.chunks(size).map(|chunk| {
        let (first, last) = (&chunk[0].name, &chunk[chunk.len() - 1].name);
        let key = format!("{key}/{first}");
        // A group of them would come and go with each run, and with it a menu that is open.
        let busy = match chunk.iter().filter(|task| is_busy(task, status)).count() {
            0 => String::new(),
            busy => format!(" ({busy} under way)"),
        };
        submenu(&key, &format!("{first} … {last}{busy}"), grouped(&key, chunk, status, moment))
    });
    submenus.collect()
}

fn is_busy(task: &TaskStatus, status: &Status) -> bool {
    activity(task, active_run(status, task), status.paused).is_busy()
}

fn task_menu(group: &str, task: &TaskStatus, status: &Status, moment: &Moment) -> Item {
    let run = active_run(status, task);
    let activity = activity(task, run, status.paused);
    let standing = standing(task);
    let key = |part: &str| format!("{group}/task/{}/{part}", task.name);
    let mut items = Vec::new();
    if task.description != NO_DESCRIPTION {
        items.push(text(&key("description"), &task.description));
    }
    items.push(text(&key("next"), &next_run(task, &activity, moment)));
    items.extend(trouble(&standing, moment).map(|trouble| text(&key("trouble"), &trouble)));
    items.push(last_run(&key("last"), task, moment));
    items.push(Item::Separator);
    // Both are always there, so that no item becomes its opposite under the mouse.
    let run_now = Action::Run { task: task.name.clone() };
    items.push(line_of(key("run"), "Run now", (!activity.is_busy()).then_some(run_now)));
    let stop = run.filter(|_| activity.is_busy() && activity != Activity::Stopping).map(|run| Action::Stop { run: run.id });
    let done = run.and_then(percent).map(|percent| format!(" ({percent} %)")).unwrap_or_default();
    items.push(line_of(key("stop"), &format!("Stop{done}"), stop));
    submenu(&key("menu"), &format!("{}: {}", task.name, in_short(task, run, &activity, &standing, moment)), items)
}

/// Returns a line that is always there, whether it can be chosen or not.
pub fn line_of(key: String, label: &str, action: Option<Action>) -> Item {
    Item::Line { key, label: line(label), action }
}

/// Returns what a task is doing or, where that is nothing, what is wrong with it or when it runs.
fn in_short(task: &TaskStatus, run: Option<&Run>, activity: &Activity, standing: &Standing, moment: &Moment) -> String {
    match activity {
        Activity::Running => match run.and_then(percent) {
            Some(percent) => format!("running, {percent} %"),
            None => "running".to_owned(),
        },
        Activity::Stopping => "stopping".to_owned(),
        Activity::Waiting(_) => "waiting".to_owned(),
        Activity::Paused(_) | Activity::Idle if standing.needs_attention() => standing.word().to_lowercase(),
        Activity::Paused(_) => "paused".to_owned(),
        Activity::Idle => match task.next_run_at {
            Some(at) => until(at, moment),
            None => standing.word().to_owned(),
        },
    }
}

fn next_run(task: &TaskStatus, activity: &Activity, moment: &Moment) -> String {
    match activity {
        Activity::Waiting(why) => format!("Now: {why}"),
        Activity::Paused(pause) => match pause.until {
            Some(until) => format!("Next run: paused until {}", moment.clock(until)),
            None => "Next run: paused until you resume it".to_owned(),
        },
        Activity::Running | Activity::Stopping | Activity::Idle => match (task.retry_at, task.next_run_at) {
            (Some(at), _) => format!("Next run: tried again {}", when(at, moment)),
            (None, Some(at)) => format!("Next run: {}", when(at, moment)),
            (None, None) => "Next run: none by itself".to_owned(),
        },
    }
}

/// Returns what is wrong, where the last run does not tell.
fn trouble(standing: &Standing, moment: &Moment) -> Option<String> {
    match standing {
        Standing::Overdue { since } => Some(format!("Overdue since {}", moment.clock(*since))),
        Standing::Missed { due_at, message } => Some(format!("Not run at {}: {message}", moment.clock(*due_at))),
        Standing::CannotRun { reason } => Some(format!("Cannot run: {reason}")),
        Standing::Failed { .. } | Standing::Warnings { .. } | Standing::Stopped | Standing::NotYet | Standing::Fine => None,
    }
}

fn last_run(key: &str, task: &TaskStatus, moment: &Moment) -> Item {
    let Some(last) = &task.last_run else { return text(key, "Last run: none yet") };
    let label = format!("Last run: {}, {}", last.message, ago(last.at, moment));
    if last.id.is_none() && last.log_file.is_none() {
        return text(key, &label);
    }
    choice(key, &label, Action::ShowLog { run: last.id, log_file: last.log_file.clone() })
}

fn percent(run: &Run) -> Option<u8> {
    run.progress.as_ref()?.fraction.map(words::percent)
}
