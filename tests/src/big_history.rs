//! A history of many runs, made at once: what would take years to come together.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use prestic_proto::{
    home::Home,
    outcome::{Failure, Outcome, SkipReason},
    progress::Summary,
    run::{Finished, Run, RunId, RunState, Trigger},
};
use rusqlite::{Connection, params};

/// The tables as the daemon makes them.
const SCHEMA: &str = include_str!("../../prestic-daemon/src/history/schema.sql");

/// The tasks of the runs, in turn; the last two are a group.
pub const TASKS: [&str; 5] = ["photos", "mail", "system", "home@usb", "home@cloud"];

/// The group of the last two tasks.
pub const GROUP: &str = "home";

/// How far apart the runs are.
const STEP: TimeDelta = TimeDelta::minutes(20);

/// Writes the history of a home whose daemon does not run: so many runs, the last of which has just ended.
///
/// Of a hundred runs of a task, 90 succeed, 4 have warnings, 3 fail, and 3 are skipped.
pub fn fill(home: &Home, runs: u64) {
    let mut connection = Connection::open(home.history_file()).expect("the home is ours");
    let transaction = connection.transaction().expect("nobody else uses it");
    transaction.execute_batch(SCHEMA).expect("it is new");
    transaction.pragma_update(None, "user_version", 1).expect("it is new");
    for (number, task) in TASKS.iter().enumerate() {
        let group = task.contains('@').then_some(GROUP);
        transaction
            .execute("INSERT INTO tasks (id, name, in_group) VALUES (?1, ?2, ?3)", params![number, task, group])
            .expect("it is the first of that name");
    }
    let now = now();
    for id in 1..=runs {
        let ended_at = now - STEP * i32::try_from(runs - id).expect("the runs are fewer than 2^31");
        let run = run(id, ended_at);
        let outcome = &run.finished().expect("it has ended").outcome;
        let json = serde_json::to_string(&run).expect("a run is plain data");
        transaction
            .prepare_cached("INSERT INTO runs (id, task, outcome, run) VALUES (?1, ?2, ?3, ?4)")
            .and_then(|mut insert| insert.execute(params![id, task_of(id), outcome.word(), json]))
            .expect("it is the first of that number");
    }
    add_up_days(&transaction);
    transaction.execute("UPDATE totals SET runs = ?1", [runs]).expect("there is one row");
    transaction.commit().expect("the disk has room for a test");
}

fn task_of(id: u64) -> usize {
    usize::try_from(id % TASKS.len() as u64).expect("it is small")
}

/// What happened on each day, as far as a page shows it.
fn add_up_days(connection: &Connection) {
    connection
        .execute_batch(
            "INSERT INTO days
             SELECT date(run ->> '$.at') AS date, task, sum(outcome = 'succeeded'), sum(outcome = 'warnings'),
                 sum(outcome = 'failed'), 0, sum(outcome = 'skipped'), sum(coalesce(run ->> '$.summary.bytes_added', 0)),
                 max(id), 1
             FROM runs GROUP BY 1, 2 HAVING date >= date('now', '-400 days')",
        )
        .expect("the tables are there");
}

fn run(id: u64, ended_at: DateTime<Utc>) -> Run {
    let outcome = match id / TASKS.len() as u64 % 100 {
        0..=2 => Outcome::Failed(Failure::Network),
        3..=5 => Outcome::Skipped(SkipReason::StillRunning),
        6..=9 => Outcome::Warnings,
        _ => Outcome::Succeeded,
    };
    let has_run = outcome.is_success();
    let snapshot_id = format!("{id:064x}");
    Run {
        id: RunId(id),
        task: TASKS[task_of(id)].to_owned(),
        trigger: Trigger::Scheduled,
        due_at: Some(ended_at - TimeDelta::seconds(95)),
        missed: 0,
        attempt: 0,
        created_at: ended_at - TimeDelta::seconds(95),
        started_at: has_run.then(|| ended_at - TimeDelta::seconds(94)),
        log_file: has_run.then(|| format!("{}-{}.txt", ended_at.format("%Y.%m.%d_%H.%M"), TASKS[task_of(id)])),
        state: RunState::Finished(Finished { at: ended_at, duration_ms: 94_000, exit_code: has_run.then_some(0), outcome }),
        progress: None,
        limit_near: None,
        summary: has_run.then(|| Summary {
            snapshot_id: Some(snapshot_id),
            files_new: id % 50,
            files_changed: id % 300,
            files_unmodified: 123_456,
            files_processed: 123_900,
            bytes_processed: 98_765_432_101,
            bytes_added: 1_000_000 + id * 17 % 9_000_000,
            errors: 0,
        }),
        last_lines: if has_run { Vec::new() } else { vec!["Fatal: unable to open repository: dial tcp: timeout".to_owned()] },
    }
}

#[expect(clippy::disallowed_methods, reason = "the daemon that shows the history reads the real clock, too")]
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}
