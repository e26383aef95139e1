//! What happened to each task on each day: added up when a run is recorded, so that nobody has to look through the runs.

use chrono::{DateTime, Local, NaiveDate, TimeDelta, Utc};
use prestic_proto::{
    history::{Day, TaskDays},
    outcome::Outcome,
    run::{Finished, Run, RunId},
};
use rusqlite::{Connection, named_params};

/// For how long days are kept: longer than anybody may ask for.
const KEPT: TimeDelta = TimeDelta::days(800);

/// The share of one run in its day.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Share {
    date: NaiveDate,
    day: Day,
    weight: Weight,
}

/// Which run stands for a day: of the weightiest ones the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Missed,
    Ended,
    Failed,
}

/// Returns the day of the local calendar on which an instant lies.
pub fn local_date(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&Local).date_naive()
}

/// Returns what a run adds to which day: an occurrence that no run answered to the day on which it was due.
fn share_of(run: &Run, finished: &Finished, date_of: impl Fn(DateTime<Utc>) -> NaiveDate) -> Share {
    let is_missed = matches!(finished.outcome, Outcome::Skipped(_));
    let date = date_of(run.due_at.filter(|_| is_missed).unwrap_or(finished.at));
    let mut day = Day { date, succeeded: 0, warnings: 0, failed: 0, stopped: 0, missed: 0, run: Some(run.id), bytes_added: 0 };
    day.bytes_added = run.summary.as_ref().map_or(0, |summary| summary.bytes_added);
    let (count, weight) = match &finished.outcome {
        Outcome::Succeeded => (&mut day.succeeded, Weight::Ended),
        Outcome::Warnings => (&mut day.warnings, Weight::Ended),
        Outcome::Stopped => (&mut day.stopped, Weight::Ended),
        Outcome::Skipped(_) => (&mut day.missed, Weight::Missed),
        Outcome::Failed(_)
        | Outcome::RepositoryLocked
        | Outcome::TimedOut(_)
        | Outcome::Killed(_)
        | Outcome::SpawnFailed(_)
        | Outcome::Interrupted => (&mut day.failed, Weight::Failed),
    };
    *count = if is_missed { run.missed.saturating_add(1) } else { 1 };
    Share { date, day, weight }
}

/// Adds a run to its day. To be called once for each run.
pub fn add(connection: &Connection, task: i64, run: &Run, finished: &Finished) -> rusqlite::Result<()> {
    let Share { date, day, weight } = share_of(run, finished, local_date);
    connection
        .prepare_cached(
            "INSERT INTO days VALUES (:date, :task, :succeeded, :warnings, :failed, :stopped, :missed, :bytes, :run, :weight)
             ON CONFLICT DO UPDATE SET
                 succeeded = succeeded + excluded.succeeded,
                 warnings = warnings + excluded.warnings,
                 failed = failed + excluded.failed,
                 stopped = stopped + excluded.stopped,
                 missed = missed + excluded.missed,
                 bytes_added = bytes_added + excluded.bytes_added,
                 run = CASE WHEN (excluded.weight, excluded.run) > (weight, run) THEN excluded.run ELSE run END,
                 weight = max(weight, excluded.weight)",
        )?
        .execute(named_params! {
            ":date": date.to_string(),
            ":task": task,
            ":succeeded": day.succeeded,
            ":warnings": day.warnings,
            ":failed": day.failed,
            ":stopped": day.stopped,
            ":missed": day.missed,
            ":bytes": day.bytes_added,
            ":run": run.id.0,
            ":weight": weight as i64,
        })
        .map(drop)
}

/// Forgets days that nobody can ask for any more.
pub fn trim(connection: &Connection, today: NaiveDate) -> rusqlite::Result<()> {
    let first = today.checked_sub_signed(KEPT).unwrap_or(NaiveDate::MIN);
    connection.execute("DELETE FROM days WHERE date < ?1", [first.to_string()]).map(drop)
}

/// Returns so many days of each task, up to today, in the order of the names.
pub fn last(connection: &Connection, today: NaiveDate, days: u32) -> rusqlite::Result<Vec<TaskDays>> {
    let back = TimeDelta::days(i64::from(days.saturating_sub(1)));
    let first = today.checked_sub_signed(back).unwrap_or(NaiveDate::MIN);
    let mut statement = connection.prepare(
        "SELECT name, date, succeeded, warnings, failed, stopped, missed, bytes_added, run
         FROM days JOIN tasks ON tasks.id = days.task
         WHERE date BETWEEN ?1 AND ?2 ORDER BY name, date",
    )?;
    let mut rows = statement.query([first.to_string(), today.to_string()])?;
    let mut tasks: Vec<TaskDays> = Vec::new();
    while let Some(row) = rows.next()? {
        let task: String = row.get("name")?;
        let Ok(date) = row.get_ref("date")?.as_str()?.parse() else { continue };
        let day = Day {
            date,
            succeeded: row.get("succeeded")?,
            warnings: row.get("warnings")?,
            failed: row.get("failed")?,
            stopped: row.get("stopped")?,
            missed: row.get("missed")?,
            run: Some(RunId(row.get("run")?)),
            bytes_added: row.get("bytes_added")?,
        };
        match tasks.last_mut().filter(|last| last.task == task) {
            Some(last) => last.days.push(day),
            None => tasks.push(TaskDays { task, days: vec![day] }),
        }
    }
    Ok(tasks)
}

#[cfg(test)]
#[path = "days_tests.rs"]
mod tests;
