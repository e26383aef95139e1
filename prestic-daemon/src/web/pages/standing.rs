//! How a task stands: what is wrong with it, and what it is doing. Pure.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use prestic_proto::{
    outcome::SkipReason,
    run::{Run, RunId, RunState, Wait},
    status::{Pause, Status, TaskStatus},
};

use super::icons::{Icon, icon};

/// How a task stands, the worst first: everything else (the first sentence, the order of troubles, colors) follows from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Its last run failed.
    Failed {
        /// How, in words.
        message: String,
        /// The run, if PRestic knows it.
        run: Option<RunId>,
    },
    /// It has gone without a good run for too long.
    Overdue {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// It was due, and did not run.
    Missed {
        /// When it was due.
        due_at: DateTime<Utc>,
        /// Why it did not run.
        message: String,
    },
    /// It cannot run as it is configured.
    CannotRun {
        /// Why.
        reason: String,
    },
    /// Its last run did its work, but not for every file.
    Warnings {
        /// The run, if PRestic knows it.
        run: Option<RunId>,
    },
    /// Somebody stopped its last run.
    Stopped,
    /// It has never run.
    NotYet,
    /// All is well.
    Fine,
}

/// What a task is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// restic runs for it, or is about to.
    Running,
    /// restic was asked to stop.
    Stopping,
    /// It waits, and for what.
    Waiting(String),
    /// It starts nothing by itself.
    Paused(Pause),
    /// Nothing.
    Idle,
}

/// Returns how a task stands.
pub fn standing(task: &TaskStatus) -> Standing {
    let last = task.last_run.as_ref();
    let run = last.and_then(|last| last.id);
    match last.map(|last| (last.outcome.as_str(), &last.message)) {
        Some(("succeeded" | "warnings" | "stopped" | "skipped", _)) | None => {}
        Some((_, message)) => return Standing::Failed { message: message.clone(), run },
    }
    if let Some(since) = task.overdue_since {
        return Standing::Overdue { since };
    }
    // What was not run because it ran already is no trouble.
    if let Some(skip) = task.last_skip.filter(|skip| skip.reason != SkipReason::StillRunning) {
        return Standing::Missed { due_at: skip.due_at, message: skip.reason.to_string() };
    }
    if let Some(reason) = &task.cannot_run {
        return Standing::CannotRun { reason: reason.clone() };
    }
    match last.map(|last| last.outcome.as_str()) {
        Some("warnings") => Standing::Warnings { run },
        Some("stopped") => Standing::Stopped,
        Some(_) => Standing::Fine,
        None => Standing::NotYet,
    }
}

/// Returns what a task is doing. A pause of all tasks counts for each.
pub fn activity(task: &TaskStatus, active: Option<&Run>, everything: Option<Pause>) -> Activity {
    match active.map(|run| &run.state) {
        Some(RunState::Running { .. } | RunState::Starting) => Activity::Running,
        Some(RunState::Stopping { .. }) => Activity::Stopping,
        Some(RunState::WaitingForSecret { .. }) => Activity::Waiting("waits for its password from the keyring".to_owned()),
        Some(RunState::WaitingForLock { .. }) => Activity::Waiting("waits for a lock in the repository".to_owned()),
        Some(RunState::Queued(turn)) => match &turn.waits_for {
            Some(Wait::Paused { until }) => Activity::Paused(Pause { until: *until }),
            Some(wait) => Activity::Waiting(wait.to_string()),
            None => Activity::Waiting("about to start".to_owned()),
        },
        Some(RunState::Finished(_)) | None => task.paused.or(everything).map_or(Activity::Idle, Activity::Paused),
    }
}

/// Returns the run that a task has under way.
pub fn active_run<'a>(status: &'a Status, task: &TaskStatus) -> Option<&'a Run> {
    task.active.and_then(|active| status.runs.iter().find(|run| run.id == active))
}

impl Standing {
    /// Whether somebody has to do something.
    pub fn needs_attention(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Overdue { .. } | Self::Missed { .. } | Self::CannotRun { .. })
    }

    /// Returns the word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Failed { .. } => "Failed",
            Self::Overdue { .. } => "Overdue",
            Self::Missed { .. } => "Missed",
            Self::CannotRun { .. } => "Cannot run",
            Self::Warnings { .. } => "Warnings",
            Self::Stopped => "Stopped",
            Self::NotYet => "Not run yet",
            Self::Fine => "OK",
        }
    }

    /// Returns the name that its colors have in the style sheet.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Failed { .. } | Self::CannotRun { .. } => "failed",
            Self::Overdue { .. } => "overdue",
            Self::Missed { .. } => "missed",
            Self::Warnings { .. } => "warning",
            Self::Stopped | Self::NotYet => "none",
            Self::Fine => "ok",
        }
    }

    fn icon(&self) -> Icon {
        match self {
            Self::Failed { .. } => Icon::Cross,
            Self::Overdue { .. } | Self::Missed { .. } => Icon::Clock,
            Self::CannotRun { .. } | Self::Warnings { .. } => Icon::Warning,
            Self::Stopped | Self::NotYet => Icon::Dash,
            Self::Fine => Icon::Tick,
        }
    }

    /// Shows it as icon and word.
    pub fn chip(&self) -> Markup {
        chip(self.state(), self.icon(), self.word())
    }
}

impl Activity {
    /// Whether a run is under way or queued.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Running | Self::Stopping | Self::Waiting(_))
    }

    /// Shows it as icon and word; nothing if there is nothing to show.
    pub fn chip(&self) -> Option<Markup> {
        match self {
            Self::Running => Some(chip("running", Icon::Turning, "Running")),
            Self::Stopping => Some(chip("running", Icon::Turning, "Stopping")),
            Self::Waiting(_) => Some(chip("waiting", Icon::Hourglass, "Waiting")),
            Self::Paused(_) => Some(chip("paused", Icon::Pause, "Paused")),
            Self::Idle => None,
        }
    }
}

/// Shows a state as icon and word.
pub fn chip(state: &str, sign: Icon, word: &str) -> Markup {
    html! { span.chip data-state=(state) { (icon(sign)) (word) } }
}

/// Shows the outcome of a run, by its word in the API.
pub fn outcome_chip(outcome: &str) -> Markup {
    let (state, sign, word) = match outcome {
        "succeeded" => ("ok", Icon::Tick, "OK"),
        "warnings" => ("warning", Icon::Warning, "Warnings"),
        "stopped" => ("paused", Icon::Dash, "Stopped"),
        "skipped" => ("missed", Icon::Clock, "Skipped"),
        "repository-locked" => ("failed", Icon::Lock, "Locked"),
        "timed-out" => ("failed", Icon::Clock, "Timed out"),
        "interrupted" => ("failed", Icon::Cross, "Interrupted"),
        "killed" => ("failed", Icon::Cross, "Killed"),
        "spawn-failed" => ("failed", Icon::Cross, "Not started"),
        _ => ("failed", Icon::Cross, "Failed"),
    };
    chip(state, sign, word)
}

/// Shows where a run is in its life.
pub fn run_chip(run: &Run) -> Markup {
    match &run.state {
        RunState::Finished(finished) => outcome_chip(finished.outcome.word()),
        RunState::Queued(_) | RunState::WaitingForSecret { .. } | RunState::WaitingForLock { .. } => {
            chip("waiting", Icon::Hourglass, "Waiting")
        }
        RunState::Starting | RunState::Running { .. } => chip("running", Icon::Turning, "Running"),
        RunState::Stopping { .. } => chip("running", Icon::Turning, "Stopping"),
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::{run::Turn, status::Skip};

    use super::*;
    use crate::web::pages::samples::{at, last_run, run, task};

    #[track_caller]
    fn check(task: TaskStatus, word: &str, needs_attention: bool) {
        let standing = standing(&task);
        assert_eq!((standing.word(), standing.needs_attention()), (word, needs_attention));
    }

    #[test]
    fn outcome_of_the_last_run_tells_how_a_task_stands() {
        let with = |outcome: &str| TaskStatus { last_run: Some(last_run(outcome)), ..task("home") };
        check(task("home"), "Not run yet", false);
        check(with("succeeded"), "OK", false);
        check(with("warnings"), "Warnings", false);
        check(with("stopped"), "Stopped", false);
        for outcome in ["failed", "repository-locked", "timed-out", "killed", "spawn-failed", "interrupted"] {
            check(with(outcome), "Failed", true);
        }
    }

    #[test]
    fn worse_troubles_hide_lesser_ones() {
        let missed = Some(Skip { due_at: at(1), reason: SkipReason::Missed { count: 1 } });
        let all = TaskStatus {
            last_run: Some(last_run("failed")),
            overdue_since: Some(at(1)),
            last_skip: missed,
            cannot_run: Some("no password".to_owned()),
            ..task("home")
        };
        check(all.clone(), "Failed", true);
        let all = TaskStatus { last_run: Some(last_run("warnings")), ..all };
        check(all.clone(), "Overdue", true);
        let all = TaskStatus { overdue_since: None, ..all };
        check(all.clone(), "Missed", true);
        check(TaskStatus { last_skip: None, ..all }, "Cannot run", true);
    }

    #[test]
    fn what_was_skipped_because_it_ran_already_is_no_trouble() {
        let last_skip = Some(Skip { due_at: at(1), reason: SkipReason::StillRunning });
        check(TaskStatus { last_run: Some(last_run("succeeded")), last_skip, ..task("home") }, "OK", false);
    }

    #[track_caller]
    fn check_activity(state: Option<RunState>, everything: Option<Pause>, expected: &Activity) {
        let run = state.map(|state| Run { state, ..run(7, "home") });
        assert_eq!(&activity(&task("home"), run.as_ref(), everything), expected);
    }

    #[test]
    fn activity_follows_the_run_and_then_the_pauses() {
        let queued = |waits_for| Some(RunState::Queued(Turn { position: None, waits_for }));
        check_activity(Some(RunState::Running { pid: 1 }), None, &Activity::Running);
        check_activity(Some(RunState::Stopping { pid: 1 }), None, &Activity::Stopping);
        check_activity(queued(Some(Wait::Place)), None, &Activity::Waiting("waits for a place (max-parallel)".to_owned()));
        check_activity(queued(None), None, &Activity::Waiting("about to start".to_owned()));
        check_activity(queued(Some(Wait::Paused { until: None })), None, &Activity::Paused(Pause { until: None }));
        check_activity(None, Some(Pause { until: None }), &Activity::Paused(Pause { until: None }));
        check_activity(None, None, &Activity::Idle);
    }

    #[test]
    fn chips_have_a_word_beside_their_color() {
        let shown = Standing::Fine.chip().into_string();
        assert!(shown.contains("data-state=\"ok\"") && shown.contains("OK</span>"), "{shown}");
        assert!(outcome_chip("killed").into_string().contains("Killed"));
    }
}
