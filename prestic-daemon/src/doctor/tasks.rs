//! Whether the tasks run: against what the daemon knows, or where none answers against `status.ini`.

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{
    doctor::{Check, Finding},
    outcome::Outcome,
    run::{Run, RunState, Wait},
    status::{Status, TaskStatus},
    words::{ago, counted_usize},
};

use super::Subject;
use crate::{
    config::Profile,
    schedule::Calendar,
    status_ini::{StatusIni, TaskEntry},
};

/// So much later than its second missed time a task may run: it may wait for others, and take long itself.
const GRACE: TimeDelta = TimeDelta::hours(6);

/// What is known of a task.
#[derive(Debug, Clone, Default)]
struct Facts {
    name: String,
    /// When a run last ended well.
    last_success_at: Option<DateTime<Utc>>,
    /// How the last run ended, if not well: the words for it.
    failure: Option<String>,
    /// By when it should have run again; none if nobody can tell.
    expected_by: Option<DateTime<Utc>>,
    overdue_since: Option<DateTime<Utc>>,
    cannot_run: Option<String>,
    is_paused: bool,
    /// Whether a run of it is under way, or soon will be.
    is_active: bool,
}

/// Looks at each task.
pub(super) fn look(subject: &Subject, status: Option<&Status>, now: DateTime<Utc>) -> Vec<Finding> {
    let kept = StatusIni::look(&subject.home.status_file()).ok();
    let entry = |task: &str| kept.as_ref().and_then(|kept| kept.task(task)).unwrap_or_default();
    let facts: Vec<_> = match status {
        Some(status) => {
            let known = |task: &TaskStatus| {
                let profile = subject.config().profile(&task.name).map(AsRef::as_ref);
                facts_of_status(task, &status.runs, profile, &entry(&task.name))
            };
            status.tasks.iter().map(known).collect()
        }
        None => subject.config().tasks().map(|task| facts_of_entry(task, &entry(task.name()))).collect(),
    };
    judge_all(&facts, now)
}

/// The daemon does not tell since when it knows a task: `entry` does.
fn facts_of_status(task: &TaskStatus, runs: &[Run], profile: Option<&Profile>, entry: &TaskEntry) -> Facts {
    let since = task.last_success_at.or(entry.first_seen);
    let active = runs.iter().find(|run| Some(run.id) == task.active);
    let failed = task.last_run.as_ref().filter(|last| !is_good(&last.outcome));
    Facts {
        name: task.name.clone(),
        last_success_at: task.last_success_at,
        failure: failed.map(|last| if last.message.is_empty() { last.outcome.clone() } else { last.message.clone() }),
        expected_by: since.and_then(|at| second_time_after(profile?, at)),
        overdue_since: task.overdue_since,
        cannot_run: task.cannot_run.clone(),
        is_paused: task.paused.is_some(),
        is_active: active.is_some_and(|run| !is_held_back(&run.state)),
    }
}

/// Whether a run waits for what may never come. Whatever else it waits for passes by itself.
fn is_held_back(state: &RunState) -> bool {
    let RunState::Queued(turn) = state else { return false };
    matches!(turn.waits_for, Some(Wait::Needs { .. } | Wait::Conditions | Wait::Unmet { .. }))
}

fn facts_of_entry(profile: &Profile, entry: &TaskEntry) -> Facts {
    let since = entry.last_success.or(entry.first_seen);
    let failed = entry.outcome.as_ref().filter(|outcome| !is_good(outcome));
    Facts {
        name: profile.name().to_owned(),
        last_success_at: entry.last_success,
        failure: failed.map(|outcome| entry.message.clone().unwrap_or_else(|| outcome.clone())),
        expected_by: since.and_then(|at| second_time_after(profile, at)),
        is_paused: entry.paused.is_some(),
        ..Facts::default()
    }
}

fn is_good(outcome: &str) -> bool {
    [Outcome::Succeeded.word(), Outcome::Warnings.word()].contains(&outcome)
}

/// Returns the second time of a task's schedule after an instant: one can be missed, two are a habit.
fn second_time_after(profile: &Profile, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let timing = profile.timing();
    let schedule = timing.schedule?;
    let calendar = Calendar { zone: timing.zone, anchor: at };
    schedule.next_after(schedule.next_after(at, &calendar)?, &calendar)
}

fn judge_all(tasks: &[Facts], now: DateTime<Utc>) -> Vec<Finding> {
    let mut findings: Vec<_> = tasks.iter().filter_map(|task| Some(judge(task, now)?.about(&task.name))).collect();
    let good = tasks.len() - findings.len();
    if good > 0 {
        let others = if findings.is_empty() { "" } else { "others: " };
        let message = format!("{others}{}, none of which has failed or is late", counted_usize(good, "task"));
        findings.push(Finding::ok(Check::Task, message));
    }
    findings
}

/// Returns what is wrong with a task, if anything is.
fn judge(task: &Facts, now: DateTime<Utc>) -> Option<Finding> {
    let name = &task.name;
    let see = || format!("see `prestic-ctl log {name}`");
    let last =
        task.last_success_at.map_or("it never ended well".to_owned(), |at| format!("it last ended well {}", ago(at, now)));
    if let Some(reason) = &task.cannot_run {
        return Some(Finding::error(Check::Task, reason, "correct its section: `prestic-ctl check`"));
    }
    if let Some(since) = task.overdue_since {
        let message = format!("it became overdue {}: {last}", ago(since, now));
        let hint =
            if task.failure.is_some() { see() } else { format!("see `prestic-ctl status`, then `prestic-ctl run {name}`") };
        return Some(Finding::error(Check::Task, message, hint));
    }
    if task.is_paused {
        return Some(Finding::warning(Check::Task, format!("it is paused; {last}"), format!("`prestic-ctl resume {name}`")));
    }
    let is_late = task.expected_by.is_some_and(|at| now > at + GRACE) && !task.is_active;
    match (&task.failure, is_late) {
        (Some(failure), true) => Some(Finding::error(Check::Task, format!("{failure}; {last}"), see())),
        (Some(failure), false) => Some(Finding::warning(Check::Task, format!("{failure}; {last}"), see())),
        (None, true) => {
            let message = format!("{last}, and has missed its time twice since");
            Some(Finding::error(Check::Task, message, format!("see `prestic-ctl status`, then `prestic-ctl run {name}`")))
        }
        (None, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::{doctor::Level, run::Turn};

    use super::*;

    fn now() -> DateTime<Utc> {
        "2031-05-20T12:00:00Z".parse().unwrap()
    }

    fn good() -> Facts {
        let last_success_at = Some(now() - TimeDelta::hours(10));
        Facts { name: "home".to_owned(), last_success_at, expected_by: Some(now() + TimeDelta::days(1)), ..Facts::default() }
    }

    #[track_caller]
    fn check(task: &Facts, expected: Option<(Level, &str)>) {
        let finding = judge(task, now());
        match (&finding, expected) {
            (None, None) => {}
            (Some(found), Some((level, part))) if found.level == level && found.message.contains(part) => {}
            _ => panic!("{finding:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn task_that_runs_as_scheduled_is_fine() {
        check(&good(), None);
        check(&Facts { last_success_at: None, expected_by: None, ..good() }, None);
    }

    #[test]
    fn two_times_that_were_missed_are_an_error() {
        let late = Facts { expected_by: Some(now() - GRACE - TimeDelta::minutes(1)), ..good() };
        check(&late, Some((Level::Error, "has missed its time twice")));
        check(&Facts { is_active: true, ..late.clone() }, None);
        check(&Facts { failure: Some("failed: no".to_owned()), ..late }, Some((Level::Error, "failed: no")));
    }

    #[test]
    fn run_that_may_wait_for_ever_is_no_run() {
        let queued = |waits_for| RunState::Queued(Turn { position: None, waits_for });
        let opens_at = now();
        for (state, expected) in [
            (queued(Some(Wait::Unmet { conditions: Vec::new() })), true),
            (queued(Some(Wait::Needs { task: "home".to_owned() })), true),
            (queued(Some(Wait::Window { opens_at })), false),
            (queued(None), false),
            (RunState::Running { pid: 7 }, false),
        ] {
            assert_eq!(is_held_back(&state), expected, "{state:?}");
        }
    }

    #[test]
    fn one_failure_is_a_warning() {
        check(&Facts { failure: Some("failed: no".to_owned()), ..good() }, Some((Level::Warning, "failed: no; it last ended")));
    }

    #[test]
    fn what_the_daemon_knows_goes_first() {
        check(&Facts { cannot_run: Some("no restic".to_owned()), ..good() }, Some((Level::Error, "no restic")));
        check(&Facts { overdue_since: Some(now()), is_paused: true, ..good() }, Some((Level::Error, "overdue")));
        check(&Facts { is_paused: true, ..good() }, Some((Level::Warning, "paused")));
    }

    #[test]
    fn good_tasks_are_counted() {
        let paused = Facts { is_paused: true, ..good() };
        let findings = judge_all(&[good(), paused, good()], now());
        assert_eq!(findings[1].message, "others: 2 tasks, none of which has failed or is late");
        assert_eq!(judge_all(&[good()], now())[0].message, "1 task, none of which has failed or is late");
        assert_eq!(judge_all(&[], now()), []);
    }
}
