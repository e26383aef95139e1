//! The recorded runs: how one is added, how the oldest go, and how pages of them are found.

use std::collections::BTreeSet;

use prestic_proto::{
    history::{RunPage, RunQuery},
    run::{Run, RunId},
};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use crate::history::days;

/// Adds a run that has ended, with the group of its task; does nothing if it is there, or was and is deleted.
pub fn add(connection: &Connection, run: &Run, group: Option<&str>) -> rusqlite::Result<()> {
    let Some(finished) = run.finished() else { return Ok(()) };
    if is_settled(connection, run.id)? {
        return Ok(());
    }
    let task = task_number(connection, &run.task, group)?;
    let json = serde_json::to_string(run).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection.prepare_cached("INSERT INTO runs (id, task, outcome, run) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        run.id.0,
        task,
        finished.outcome.word(),
        json
    ])?;
    connection.prepare_cached("UPDATE totals SET runs = runs + 1")?.execute(())?;
    days::add(connection, task, run, finished)
}

/// Whether nothing is to be done for a run any more: it is recorded, or so old that it would be deleted.
pub fn is_settled(connection: &Connection, run: RunId) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM runs WHERE id = ?1) OR EXISTS (SELECT 1 FROM totals WHERE deleted_up_to >= ?1)",
    )?;
    statement.query_row([run.0], |row| row.get(0))
}

/// Deletes the oldest runs that are more than so many, but only some at once. Returns whether there are still too many.
pub fn trim(connection: &Connection, most: u64, at_once: u64) -> rusqlite::Result<bool> {
    let surplus = count(connection)?.saturating_sub(most);
    if surplus == 0 {
        return Ok(false);
    }
    let last: u64 = connection.query_row(
        "SELECT max(id) FROM (SELECT id FROM runs ORDER BY id LIMIT ?1)",
        [surplus.min(at_once)],
        |row| row.get(0),
    )?;
    let deleted = connection.execute("DELETE FROM runs WHERE id <= ?1", [last])?;
    connection.execute("UPDATE totals SET runs = runs - ?1, deleted_up_to = ?2", params![deleted, last])?;
    Ok(surplus > at_once)
}

/// Returns how many runs are recorded.
pub fn count(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row("SELECT runs FROM totals", (), |row| row.get(0))
}

/// Returns the greatest number of a recorded run.
pub fn newest(connection: &Connection) -> rusqlite::Result<Option<RunId>> {
    let newest: Option<u64> = connection.query_row("SELECT max(id) FROM runs", (), |row| row.get(0))?;
    Ok(newest.map(RunId))
}

/// Returns a run.
pub fn find(connection: &Connection, run: RunId) -> rusqlite::Result<Option<Run>> {
    let mut statement = connection.prepare_cached("SELECT run FROM runs WHERE id = ?1")?;
    Ok(statement.query_row([run.0], read).optional()?.flatten())
}

/// Returns the newest runs that are asked for.
pub fn page(connection: &Connection, query: &RunQuery) -> rusqlite::Result<RunPage> {
    let wanted = query.limit as usize;
    // One more tells whether there are older ones.
    let mut numbers: Vec<RunId> = numbers(connection, query, query.limit.saturating_add(1))?.into_iter().rev().collect();
    let has_more = numbers.len() > wanted;
    numbers.truncate(wanted);
    let mut runs = Vec::with_capacity(numbers.len());
    for number in numbers {
        runs.extend(find(connection, number)?);
    }
    Ok(RunPage { runs, has_more })
}

/// Returns at least the newest numbers that are asked for, up to so many of each task and outcome.
fn numbers(connection: &Connection, query: &RunQuery, most: u32) -> rusqlite::Result<BTreeSet<RunId>> {
    let tasks = match &query.task {
        Some(name) => tasks_called(connection, name)?.into_iter().map(Some).collect(),
        None => vec![None],
    };
    let outcomes: Vec<Option<&String>> =
        if query.outcomes.is_empty() { vec![None] } else { query.outcomes.iter().map(Some).collect() };
    let before = query.before.and_then(|before| i64::try_from(before.0).ok()).unwrap_or(i64::MAX);
    let mut found = BTreeSet::new();
    for task in &tasks {
        for outcome in &outcomes {
            let (filter, given): (_, Vec<&dyn ToSql>) = match (task, outcome) {
                (None, None) => ("", vec![&before, &most]),
                (None, Some(outcome)) => ("AND outcome = ?3", vec![&before, &most, outcome]),
                (Some(task), None) => ("AND task = ?3", vec![&before, &most, task]),
                (Some(task), Some(outcome)) => ("AND task = ?3 AND outcome = ?4", vec![&before, &most, task, outcome]),
            };
            let mut statement =
                connection.prepare_cached(&format!("SELECT id FROM runs WHERE id < ?1 {filter} ORDER BY id DESC LIMIT ?2"))?;
            let numbers = statement.query_map(given.as_slice(), |row| row.get(0).map(RunId))?;
            for number in numbers {
                found.insert(number?);
            }
        }
    }
    Ok(found)
}

/// Returns the numbers of the tasks that a name stands for: its own, and those of the group.
pub fn tasks_called(connection: &Connection, name: &str) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare("SELECT id FROM tasks WHERE name = ?1 OR in_group = ?1")?;
    statement.query_map([name], |row| row.get(0))?.collect()
}

/// Returns the number of a task, which gets one if it has none. A task that is in no group any more is still found by its old one.
fn task_number(connection: &Connection, name: &str, group: Option<&str>) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare_cached("SELECT id, in_group FROM tasks WHERE name = ?1")?;
    let known = statement.query_row([name], |row| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?))).optional()?;
    match known {
        Some((number, known)) if group.is_none() || known.as_deref() == group => Ok(number),
        Some((number, _)) => {
            connection.execute("UPDATE tasks SET in_group = ?2 WHERE id = ?1", params![number, group])?;
            Ok(number)
        }
        None => {
            connection.execute("INSERT INTO tasks (name, in_group) VALUES (?1, ?2)", params![name, group])?;
            Ok(connection.last_insert_rowid())
        }
    }
}

/// Reads a row's run. One that this program does not understand, because a later one wrote it, is left out.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<Run>> {
    let run = serde_json::from_str(row.get_ref(0)?.as_str()?);
    if let Err(error) = &run {
        tracing::warn!("a run in the history cannot be understood: {error}");
    }
    Ok(run.ok())
}

/// Returns a page of what the core remembers and what is recorded, where the former counts: it may have changed since.
pub fn merged(query: &RunQuery, remembered: Vec<Run>, recorded: RunPage) -> RunPage {
    let is_wanted = |run: &Run| {
        let has_outcome = query.outcomes.is_empty()
            || run.finished().is_some_and(|end| query.outcomes.iter().any(|word| word == end.outcome.word()));
        has_outcome && query.before.is_none_or(|before| run.id < before)
    };
    let mut runs: Vec<Run> = remembered.into_iter().filter(is_wanted).collect();
    let known: BTreeSet<RunId> = runs.iter().map(|run| run.id).collect();
    runs.extend(recorded.runs.into_iter().filter(|run| !known.contains(&run.id)));
    runs.sort_by_key(|run| std::cmp::Reverse(run.id));
    let wanted = query.limit as usize;
    let has_more = recorded.has_more || runs.len() > wanted;
    runs.truncate(wanted);
    RunPage { runs, has_more }
}

#[cfg(test)]
#[path = "runs_tests.rs"]
mod tests;
