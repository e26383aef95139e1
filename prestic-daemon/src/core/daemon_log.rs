//! What the daemon's log says of tasks and runs.

use chrono::Local;
use prestic_proto::{
    event::EventKind,
    notification::NotificationState,
    outcome::Outcome,
    run::{Finished, Run, RunState, Turn},
    system::WebState,
};

/// Says what has happened to tasks.
pub(super) fn log_fact(kind: &EventKind) {
    let name = |task: &Option<String>| task.as_ref().map_or_else(|| "every task".to_owned(), |task| format!("task `{task}`"));
    match kind {
        EventKind::Overdue { task, last_success_at: Some(at) } => {
            tracing::warn!("task `{task}` is overdue: its last good run was on {}", at.with_timezone(&Local));
        }
        EventKind::Overdue { task, last_success_at: None } => tracing::warn!("task `{task}` is overdue: it never ended well"),
        EventKind::Paused { task, until: Some(until) } => {
            tracing::info!("{} is paused until {}", name(task), until.with_timezone(&Local));
        }
        EventKind::Paused { task, until: None } => tracing::info!("{} is paused until it is resumed", name(task)),
        EventKind::Resumed { task } => tracing::info!("{} is paused no longer", name(task)),
        EventKind::Web { state: WebState::Listening { address } } => {
            tracing::info!("the web interface is at http://{address}/");
        }
        EventKind::Web { state: WebState::Unavailable { address, reason } } => {
            tracing::error!("the web interface cannot be had at {address}: {reason}");
        }
        EventKind::Notifications { state: NotificationState::Working { server } } => {
            tracing::info!("notifications are shown by {server}");
        }
        EventKind::Notifications { state: NotificationState::NoDesktop } => {
            tracing::info!(
                "there is no desktop to show a notification on: fine for a server, see `notifications` in [prestic]"
            );
        }
        EventKind::Notifications { state: NotificationState::Unavailable { reason, hint } } => {
            tracing::warn!("a notification could not be shown: {reason}\n  hint: {hint}");
        }
        _ => {}
    }
}

/// Says how far a run has come.
pub(super) fn log_milestone(run: &Run) {
    let (id, task) = (run.id, &run.task);
    match &run.state {
        RunState::Queued(Turn { waits_for: Some(wait), .. }) => tracing::info!("run {id} of task `{task}` {wait}"),
        RunState::Queued(_) => tracing::info!("run {id} of task `{task}` is queued ({})", run.trigger),
        RunState::Starting => tracing::info!("run {id} of task `{task}` starts ({})", run.trigger),
        RunState::WaitingForSecret { .. } => {
            tracing::info!("run {id} of task `{task}` waits for its password from the keyring");
        }
        RunState::Running { pid } => tracing::info!("run {id} of task `{task}` runs as process {pid}"),
        RunState::WaitingForLock { .. } => tracing::info!("run {id} of task `{task}` waits for the repository's lock"),
        RunState::Stopping { .. } => tracing::info!("run {id} of task `{task}` is stopping"),
        RunState::Finished(Finished { outcome: Outcome::Skipped(reason), .. }) => {
            let due_at = run.due_at.map(|at| format!(" for {}", at.with_timezone(&Local))).unwrap_or_default();
            tracing::warn!("task `{task}` does not run{due_at}: {reason}");
        }
        RunState::Finished(finished) => tracing::info!("run {id} of task `{task}` {}", finished.outcome),
    }
}
