//! What the tests of pages show.

use std::path::PathBuf;

use chrono::{DateTime, FixedOffset, TimeDelta, TimeZone, Utc};
use prestic_proto::{
    event::Cursor,
    notification::NotificationState,
    outcome::Outcome,
    run::{Finished, Run, RunId, RunState, Trigger},
    status::{ConfigState, LastRun, Status, TaskStatus},
    system::WebState,
};

use crate::web::words::Moment;

/// Noon of a Monday in autumn, which is 13:00 in Berlin.
pub(super) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).unwrap()
}

/// So many hours after the first of the month.
pub(super) fn at(hours: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 1, 0, 0, 0).unwrap() + TimeDelta::hours(hours)
}

pub(super) fn moment() -> Moment {
    fn berlin(at: DateTime<Utc>) -> DateTime<FixedOffset> {
        at.with_timezone(&chrono_tz::Europe::Berlin).fixed_offset()
    }
    Moment { now: now(), local: berlin }
}

pub(super) fn task(name: &str) -> TaskStatus {
    TaskStatus {
        name: name.to_owned(),
        description: "a description".to_owned(),
        repository: "/repositories/one".to_owned(),
        schedule: Some("daily at 02:00".to_owned()),
        group: None,
        next_run_at: Some(now() + TimeDelta::hours(2)),
        retry_at: None,
        paused: None,
        overdue_since: None,
        last_skip: None,
        active: None,
        last_run: None,
        last_success_at: None,
        cannot_run: None,
    }
}

pub(super) fn last_run(outcome: &str) -> LastRun {
    LastRun {
        id: Some(RunId(7)),
        at: now() - TimeDelta::hours(10),
        exit_code: Some(0),
        outcome: outcome.to_owned(),
        message: format!("{outcome}: in words"),
        log_file: None,
    }
}

/// A task whose last run ended like this.
pub(super) fn ended(name: &str, outcome: &str) -> TaskStatus {
    TaskStatus { last_run: Some(last_run(outcome)), ..task(name) }
}

pub(super) fn run(id: u64, task: &str) -> Run {
    Run {
        id: RunId(id),
        task: task.to_owned(),
        trigger: Trigger::Scheduled,
        due_at: Some(at(50)),
        missed: 0,
        attempt: 0,
        created_at: at(50),
        started_at: Some(at(50)),
        log_file: Some("2026.11.03_02.00-home.txt".to_owned()),
        state: RunState::Running { pid: 1 },
        progress: None,
        limit_near: None,
        summary: None,
        last_lines: Vec::new(),
    }
}

pub(super) fn finished(id: u64, task: &str, outcome: Outcome) -> Run {
    let finished = Finished { at: at(51), duration_ms: 60_000, exit_code: Some(0), outcome };
    Run { state: RunState::Finished(finished), ..run(id, task) }
}

pub(super) fn status(tasks: Vec<TaskStatus>) -> Status {
    Status {
        version: "0.1.0".to_owned(),
        pid: 1,
        home: PathBuf::from("/home/me/.config/prestic"),
        started_at: at(0),
        config: ConfigState {
            path: PathBuf::from("/home/me/.config/prestic/config.ini"),
            loaded_at: Some(at(0)),
            errors: Vec::new(),
            warnings: Vec::new(),
        },
        web: WebState::Off,
        notifications: NotificationState::Unused,
        paused: None,
        tasks,
        runs: Vec::new(),
        cursor: Cursor { instance: 1, seq: 1 },
    }
}
