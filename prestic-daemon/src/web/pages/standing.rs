//! How a task stands and what it is doing, to be seen. Pure.

use maud::{Markup, html};
use prestic_proto::run::{Run, RunState};
pub use prestic_proto::standing::{Activity, Standing, active_run, activity, standing};

use super::icons::{Icon, icon};

/// Returns the name that the colors of a standing have in the style sheet.
pub fn state(standing: &Standing) -> &'static str {
    match standing {
        Standing::Failed { .. } | Standing::CannotRun { .. } => "failed",
        Standing::Overdue { .. } => "overdue",
        Standing::Missed { .. } => "missed",
        Standing::Warnings { .. } => "warning",
        Standing::Stopped | Standing::NotYet => "none",
        Standing::Fine => "ok",
    }
}

/// Shows how a task stands as icon and word.
pub fn standing_chip(standing: &Standing) -> Markup {
    let sign = match standing {
        Standing::Failed { .. } => Icon::Cross,
        Standing::Overdue { .. } | Standing::Missed { .. } => Icon::Clock,
        Standing::CannotRun { .. } | Standing::Warnings { .. } => Icon::Warning,
        Standing::Stopped | Standing::NotYet => Icon::Dash,
        Standing::Fine => Icon::Tick,
    };
    chip(state(standing), sign, standing.word())
}

/// Shows what a task is doing as icon and word; nothing if there is nothing to show.
pub fn activity_chip(activity: &Activity) -> Option<Markup> {
    match activity {
        Activity::Running => Some(chip("running", Icon::Turning, "Running")),
        Activity::Stopping => Some(chip("running", Icon::Turning, "Stopping")),
        Activity::Waiting(_) => Some(chip("waiting", Icon::Hourglass, "Waiting")),
        Activity::Paused(_) => Some(chip("paused", Icon::Pause, "Paused")),
        Activity::Idle => None,
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
    use prestic_proto::{
        outcome::SkipReason,
        run::{Turn, Wait},
        status::{Pause, Skip, TaskStatus},
    };

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
        let shown = standing_chip(&Standing::Fine).into_string();
        assert!(shown.contains("data-state=\"ok\"") && shown.contains("OK</span>"), "{shown}");
        assert!(outcome_chip("killed").into_string().contains("Killed"));
    }
}
