//! What a daemon remembers of a task from before it began, and what it leaves for the next one: `status.ini`, and the
//! records of runs, which know of a crash.

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{
    outcome::Outcome,
    run::{Finished, Run, RunId},
    status::LastRun,
};

use crate::{
    core::{
        clock_changes::is_far_ahead,
        due::is_success,
        news::SIGTERM,
        state::{TaskMemory, TaskState},
    },
    status_ini::TaskEntry,
};

/// Combines what `status.ini` says of a task with the task's runs as their records tell them, oldest first.
///
/// A run that was due far ahead of now had a wrong clock, and says nothing about what is dealt with.
pub fn recall<'a>(entry: Option<&TaskEntry>, runs: impl IntoIterator<Item = &'a Run>, now: DateTime<Utc>) -> TaskMemory {
    // Python's PRestic kept no instants of its schedule, only when it had last run.
    let saved = entry.and_then(|entry| entry.last_due.or(entry.last_run));
    let mut memory = TaskMemory {
        first_seen_at: entry.and_then(|entry| entry.first_seen),
        pause: entry.and_then(|entry| entry.paused),
        handled_until: saved,
        last_run: entry.and_then(saved_last_run),
        last_success_at: entry.and_then(last_success_at),
    };
    for run in runs {
        if let Some(due_at) = run.due_at.filter(|due_at| !is_far_ahead(*due_at, now)) {
            memory.handled_until = handled_until(saved, due_at, run.finished());
        }
        // A run can end while no daemon is there to write it down.
        if let Some(finished) = run.finished()
            && !run.is_skipped()
            && memory.last_run.as_ref().is_none_or(|last| last.at < finished.at)
        {
            memory.last_run = Some(last_run(run, finished));
            if finished.outcome.is_success() {
                memory.last_success_at = Some(finished.at);
            }
        }
    }
    memory
}

/// A crash can come after the record and before `status.ini`, so the record's instant counts; but not if the run was cut
/// off, by the crash or by the daemon's own shutdown: then the catch-up rule decides on it.
fn handled_until(saved: Option<DateTime<Utc>>, due_at: DateTime<Utc>, end: Option<&Finished>) -> Option<DateTime<Utc>> {
    match end.map(|finished| &finished.outcome) {
        Some(Outcome::Interrupted) if saved.is_none_or(|saved| saved <= due_at) => Some(due_at - TimeDelta::minutes(1)),
        // One that was terminated may have been so by the machine's shutdown: the daemon that saw it has judged.
        Some(Outcome::Interrupted | Outcome::Stopped | Outcome::Killed(SIGTERM)) => saved,
        _ => saved.max(Some(due_at)),
    }
}

/// Returns what is remembered of a run that has ended.
pub fn last_run(run: &Run, finished: &Finished) -> LastRun {
    LastRun {
        id: Some(run.id),
        at: finished.at,
        exit_code: finished.exit_code,
        outcome: finished.outcome.word().to_owned(),
        message: finished.outcome.to_string(),
        log_file: run.log_file.clone(),
    }
}

/// Returns what `status.ini` is to say of a task, keeping what is not ours to change.
pub fn status_entry(task: &TaskState, active: Option<&Run>, known: TaskEntry) -> TaskEntry {
    let mut entry = TaskEntry {
        started: active.and_then(|run| run.started_at),
        pid: active.and_then(Run::pid).unwrap_or_default(),
        first_seen: Some(task.first_seen_at),
        paused: task.pause,
        last_due: Some(task.handled_until),
        last_success: task.last_success_at,
        ..known
    };
    if let Some(last) = &task.last_run {
        entry.last_run = Some(last.at);
        entry.exit_code = last.exit_code;
        entry.outcome = Some(last.outcome.clone());
        entry.message = Some(last.message.clone());
        entry.run = last.id;
        entry.log_file.clone_from(&last.log_file);
    }
    if let Some(log_file) = active.and_then(|run| run.log_file.clone()) {
        entry.log_file = Some(log_file);
    }
    entry
}

/// Whether a run has ended that the daemon before did not see the end of.
pub fn has_ended_unseen(entry: Option<&TaskEntry>, run: RunId) -> bool {
    entry.is_some_and(|entry| entry.run.is_none_or(|known| known < run))
}

/// Python's PRestic kept no instant of the last success, but if the last run was one, that is it.
fn last_success_at(entry: &TaskEntry) -> Option<DateTime<Utc>> {
    entry.last_success.or_else(|| saved_last_run(entry).filter(is_success).map(|last| last.at))
}

fn saved_last_run(entry: &TaskEntry) -> Option<LastRun> {
    let at = entry.last_run?;
    let (outcome, message) = match (&entry.outcome, entry.exit_code) {
        (Some(outcome), _) => (outcome.clone(), entry.message.clone().unwrap_or_else(|| outcome.clone())),
        // Python's PRestic kept the exit code only.
        (None, Some(0)) => ("succeeded".to_owned(), "succeeded".to_owned()),
        (None, Some(3)) => ("warnings".to_owned(), "finished with warnings".to_owned()),
        (None, Some(code)) => ("failed".to_owned(), format!("failed with exit code {code}")),
        (None, None) => return None,
    };
    Some(LastRun { id: entry.run, at, exit_code: entry.exit_code, outcome, message, log_file: entry.log_file.clone() })
}

#[cfg(test)]
mod tests {
    use prestic_proto::run::{RunState, Trigger};

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn run(id: u64, due: i64, outcome: Option<Outcome>) -> Run {
        let end = |outcome| Finished { at: at(due + 1), duration_ms: 1, exit_code: None, outcome };
        Run {
            id: RunId(id),
            task: "home".to_owned(),
            trigger: Trigger::Scheduled,
            due_at: Some(at(due)),
            missed: 0,
            attempt: 0,
            created_at: at(due),
            started_at: Some(at(due)),
            log_file: None,
            state: outcome.map_or(RunState::Running { pid: 1 }, |outcome| RunState::Finished(end(outcome))),
            progress: None,
            limit_near: None,
            summary: None,
            last_lines: Vec::new(),
        }
    }

    fn entry(last_due: Option<i64>, last_run: Option<i64>) -> TaskEntry {
        TaskEntry { last_due: last_due.map(at), last_run: last_run.map(at), ..TaskEntry::default() }
    }

    #[track_caller]
    fn check(saved: Option<i64>, runs: &[Run], expected: Option<i64>) {
        assert_eq!(recall(Some(&entry(saved, None)), runs, at(300)).handled_until, expected.map(at));
    }

    #[test]
    fn record_counts_if_the_crash_came_before_the_status_was_saved() {
        check(Some(100), &[run(1, 200, None)], Some(200));
        check(Some(100), &[run(1, 200, Some(Outcome::Succeeded))], Some(200));
        check(None, &[run(1, 200, Some(Outcome::Succeeded))], Some(200));
    }

    #[test]
    fn interrupted_occurrence_is_not_dealt_with() {
        check(Some(200), &[run(1, 200, Some(Outcome::Interrupted))], Some(199));
        check(None, &[run(1, 200, Some(Outcome::Interrupted))], Some(199));
    }

    #[test]
    fn interrupted_occurrence_stays_dropped_once_a_rule_has_dropped_it() {
        check(Some(300), &[run(1, 200, Some(Outcome::Interrupted))], Some(300));
    }

    #[test]
    fn run_of_a_wrong_clock_does_not_hide_what_is_saved() {
        check(Some(250), &[run(1, 300 + 181, Some(Outcome::Succeeded))], Some(250));
        check(Some(250), &[run(1, 300 + 179, Some(Outcome::Succeeded))], Some(300 + 179));
    }

    #[test]
    fn newer_run_decides() {
        check(Some(200), &[run(1, 200, Some(Outcome::Interrupted)), run(2, 200, Some(Outcome::Succeeded))], Some(200));
    }

    #[test]
    fn stopped_by_shutdown_is_as_the_status_says() {
        let stopped = run(1, 200, Some(Outcome::Stopped));
        let memory = recall(Some(&entry(Some(199), Some(201))), [&stopped], at(300));
        assert_eq!(memory.handled_until, Some(at(199)));
    }

    #[test]
    fn run_that_ended_while_no_daemon_was_there_is_the_last_one() {
        let memory = recall(Some(&entry(Some(100), Some(101))), &[run(1, 200, Some(Outcome::Succeeded))], at(300));
        assert_eq!(memory.last_run.unwrap().id, Some(RunId(1)));
        assert_eq!(memory.last_success_at, Some(at(201)));
    }

    #[test]
    fn last_run_of_pythons_prestic_counts() {
        let memory = recall(Some(&TaskEntry { exit_code: Some(3), ..entry(None, Some(50)) }), [], at(300));
        assert_eq!(memory.handled_until, Some(at(50)));
        assert_eq!(memory.last_run.unwrap().outcome, "warnings");
        assert_eq!(memory.last_success_at, Some(at(50)));
    }

    #[test]
    fn failed_last_run_of_pythons_prestic_is_no_success() {
        let memory = recall(Some(&TaskEntry { exit_code: Some(1), ..entry(None, Some(50)) }), [], at(1000));
        assert_eq!(memory.last_success_at, None);
    }

    #[test]
    fn nothing_is_known_of_a_new_task() {
        assert_eq!(recall(None, [], at(300)), TaskMemory::default());
    }

    #[test]
    fn run_is_unseen_if_the_file_knows_its_task_and_not_its_end() {
        let known = |run| TaskEntry { run, ..TaskEntry::default() };
        for (entry, expected) in [
            (None, false),
            (Some(known(None)), true),
            (Some(known(Some(RunId(6)))), true),
            (Some(known(Some(RunId(7)))), false),
        ] {
            assert_eq!(has_ended_unseen(entry.as_ref(), RunId(7)), expected, "{entry:?}");
        }
    }
}
