//! How large repositories were: many measurements of the last months, fewer of the time before.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use prestic_proto::history::RepositorySize;
use rusqlite::{Connection, params};

/// For how long each measurement is kept; then the last of a day.
const ALL: TimeDelta = TimeDelta::days(14);
/// For how long one of a day is kept; then the last of a week.
const DAILY: TimeDelta = TimeDelta::days(400);
/// The most that are kept of a repository, whatever their age.
const MOST: usize = 2_000;

/// Notes a measurement, and thins out the older ones.
pub fn add(connection: &Connection, repository: &str, size: &RepositorySize) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT OR REPLACE INTO sizes VALUES (?1, ?2, ?3, ?4, ?5)",
        params![repository, size.measured_at.timestamp_millis(), size.bytes, size.uncompressed_bytes, size.snapshots],
    )?;
    let mut statement = connection.prepare("SELECT measured_at FROM sizes WHERE repository = ?1 ORDER BY measured_at DESC")?;
    let instants = statement.query_map([repository], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    for surplus in surplus(&instants.into_iter().filter_map(DateTime::from_timestamp_millis).collect::<Vec<_>>()) {
        let mut statement = connection.prepare_cached("DELETE FROM sizes WHERE repository = ?1 AND measured_at = ?2")?;
        statement.execute(params![repository, surplus.timestamp_millis()])?;
    }
    Ok(())
}

/// Returns the measurements of a repository, oldest first.
pub fn of(connection: &Connection, repository: &str) -> rusqlite::Result<Vec<RepositorySize>> {
    let mut statement = connection.prepare(
        "SELECT measured_at, bytes, uncompressed_bytes, snapshots FROM sizes WHERE repository = ?1 ORDER BY measured_at",
    )?;
    let sizes = statement.query_map([repository], |row| {
        Ok(RepositorySize {
            measured_at: DateTime::from_timestamp_millis(row.get(0)?).unwrap_or_default(),
            bytes: row.get(1)?,
            uncompressed_bytes: row.get(2)?,
            snapshots: row.get(3)?,
        })
    })?;
    sizes.collect()
}

/// Returns which measurements are too many, of instants that stand newest first. Ages count from the newest.
fn surplus(newest_first: &[DateTime<Utc>]) -> Vec<DateTime<Utc>> {
    let Some(newest) = newest_first.first() else { return Vec::new() };
    let mut periods = HashSet::new();
    let mut kept = 0;
    let is_surplus = |at: &&DateTime<Utc>| {
        let age = *newest - **at;
        let is_wanted = if age <= ALL {
            true
        } else if age <= DAILY {
            periods.insert((at.num_days_from_ce(), 1))
        } else {
            periods.insert((at.num_days_from_ce() / 7, 7))
        };
        kept += usize::from(is_wanted);
        !is_wanted || kept > MOST
    };
    newest_first.iter().filter(is_surplus).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::database;

    fn at(days: i64, hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(30_000 - days) + TimeDelta::hours(hours)
    }

    fn size(measured_at: DateTime<Utc>) -> RepositorySize {
        RepositorySize { measured_at, bytes: 1 << 40, uncompressed_bytes: None, snapshots: 7 }
    }

    /// Checks which measurements go, each so many days ago and at that hour of the day, newest first.
    #[track_caller]
    fn check(measured: &[(i64, i64)], expected: &[(i64, i64)]) {
        let instants = |pairs: &[(i64, i64)]| pairs.iter().map(|(days, hours)| at(*days, *hours)).collect::<Vec<_>>();
        assert_eq!(surplus(&instants(measured)), instants(expected));
    }

    #[test]
    fn two_weeks_are_kept_whole() {
        check(&[], &[]);
        check(&[(0, 20), (0, 10), (1, 5), (1, 4), (14, 20)], &[]);
    }

    #[test]
    fn of_an_older_day_the_last_one_is_kept() {
        check(&[(0, 0), (15, 20), (15, 10), (15, 1), (16, 9), (399, 9), (399, 8)], &[(15, 10), (15, 1), (399, 8)]);
    }

    #[test]
    fn of_a_very_old_week_the_last_one_is_kept() {
        let week: Vec<_> = (500..507).map(|days| (days, 0)).collect();
        let measured = [&[(0, 0)], week.as_slice()].concat();
        let gone = surplus(&measured.iter().map(|(days, hours)| at(*days, *hours)).collect::<Vec<_>>());
        // Seven days touch two weeks at most.
        assert!((5..=6).contains(&gone.len()), "{gone:?}");
        assert!(!gone.contains(&at(500, 0)));
    }

    #[test]
    fn there_are_never_more_than_the_most() {
        let seconds: Vec<_> = (0..3_000).map(|second| at(0, 0) - TimeDelta::seconds(second)).collect();
        assert_eq!(surplus(&seconds), seconds[MOST..]);
    }

    #[test]
    fn sizes_come_back_oldest_first_and_each_repository_has_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let connection = database::open(&folder.path().join("history.db")).unwrap();
        let compressed = RepositorySize { uncompressed_bytes: Some(1 << 41), ..size(at(3, 0)) };
        for (repository, size) in
            [("a", size(at(1, 0))), ("b", size(at(2, 0))), ("a", compressed.clone()), ("a", size(at(30, 1)))]
        {
            add(&connection, repository, &size).unwrap();
        }
        // Measured again at the same instant, it is one measurement.
        add(&connection, "a", &size(at(1, 0))).unwrap();
        assert_eq!(of(&connection, "a").unwrap(), [size(at(30, 1)), compressed, size(at(1, 0))]);
        assert_eq!(of(&connection, "b").unwrap(), [size(at(2, 0))]);
        assert_eq!(of(&connection, "c").unwrap(), []);
        add(&connection, "a", &size(at(30, 0))).unwrap();
        assert_eq!(of(&connection, "a").unwrap().len(), 3, "it was thinned out");
    }
}
