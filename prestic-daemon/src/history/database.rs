//! The file of the history: how it is opened, whose version it may have, and what is done where it cannot be read.
//!
//! It is open for one batch or one question only, so that an idle daemon holds nothing of it in memory.

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use thiserror::Error;

use crate::{atomic_write, long_path};

/// The version of the tables that this program makes and knows.
const VERSION: i64 = 1;

/// The tables of that version.
const SCHEMA: &str = include_str!("schema.sql");

/// How long to wait for somebody else who uses the file: another question, or a person with `sqlite3`.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a connection may keep of the file in memory, in KiB.
const CACHE_KIB: i64 = 512;

/// How many unreadable files may lie beside each other before the next one is in the way.
const MOST_SET_ASIDE: u32 = 100;

/// Why the history cannot be used.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// The file is damaged, or is no database.
    #[error("it is damaged, or no database: {0}")]
    Unreadable(#[source] rusqlite::Error),
    /// A later program has written it.
    #[error("a later version of PRestic has written it (its tables have version {found}, and this program knows {VERSION})")]
    Newer {
        /// The version of its tables.
        found: i64,
    },
    /// It cannot be used now: the disk is full, or its permissions forbid it.
    #[error(transparent)]
    Unusable(rusqlite::Error),
    /// It cannot be made.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Unreadable(error),
            _ => Self::Unusable(error),
        }
    }
}

/// Opens the database, and makes it where there is none.
pub fn open(path: &Path) -> Result<Connection, DatabaseError> {
    // SQLite would let others read a file that it makes; its journals get the permissions of the file.
    atomic_write::owner_only(OpenOptions::new().create(true).truncate(false).write(true)).open(path)?;
    let mut connection = connect(path)?;
    if version_of(&connection)? == 0 {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Somebody else may have made the tables since.
        if version_of(&transaction)? == 0 {
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        transaction.commit()?;
    }
    Ok(connection)
}

/// Opens the database if there is one.
pub fn open_existing(path: &Path) -> Result<Option<Connection>, DatabaseError> {
    if !path.try_exists()? {
        return Ok(None);
    }
    let connection = connect(path)?;
    let has_tables = version_of(&connection)? > 0;
    Ok(has_tables.then_some(connection))
}

fn connect(path: &Path) -> Result<Connection, DatabaseError> {
    // Whoever reads may have to roll back what a crash has left half done, and that is writing.
    let connection = Connection::open_with_flags(
        long_path::usable(path),
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(connection)
}

fn version_of(connection: &Connection) -> Result<i64, DatabaseError> {
    let found = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > VERSION { Err(DatabaseError::Newer { found }) } else { Ok(found) }
}

/// Moves an unreadable database away, with the journal that belongs to it, and returns where to.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = (1..=MOST_SET_ASIDE).map(|number| path.with_extension(format!("db.bad-{number}")));
    let aside = aside.into_iter().find(|aside| matches!(aside.try_exists(), Ok(false)));
    let aside = aside.ok_or_else(|| io::Error::other(format!("{MOST_SET_ASIDE} lie there already: remove some")))?;
    // The journal goes first: the next database must not be rolled back by it.
    match fs::rename(beside(path, "-journal"), beside(&aside, "-journal")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::rename(path, &aside)?;
    Ok(aside)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        (folder, path)
    }

    #[test]
    fn nothing_is_made_by_whoever_only_asks() {
        let (_folder, path) = place();
        assert!(open_existing(&path).unwrap().is_none());
        assert!(!path.exists());
    }

    #[test]
    fn second_opening_finds_what_the_first_has_made() {
        let (_folder, path) = place();
        open(&path).unwrap().execute("INSERT INTO tasks (name) VALUES ('home')", ()).unwrap();
        for connection in [open(&path).unwrap(), open_existing(&path).unwrap().unwrap()] {
            assert_eq!(connection.query_row("SELECT count(*) FROM tasks", (), |row| row.get::<_, i64>(0)).unwrap(), 1);
        }
    }

    #[test]
    #[cfg(unix)]
    fn file_can_be_read_by_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, path) = place();
        open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn file_of_a_later_program_is_left_alone() {
        let (_folder, path) = place();
        open(&path).unwrap().pragma_update(None, "user_version", VERSION + 1).unwrap();
        let before = fs::read(&path).unwrap();
        assert!(matches!(open(&path), Err(DatabaseError::Newer { found: 2 })));
        assert!(matches!(open_existing(&path), Err(DatabaseError::Newer { found: 2 })));
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn empty_file_that_a_crash_has_left_becomes_a_database() {
        let (_folder, path) = place();
        fs::File::create(&path).unwrap();
        assert!(open_existing(&path).unwrap().is_none());
        open(&path).unwrap();
        assert!(open_existing(&path).unwrap().is_some());
    }

    #[test]
    fn unreadable_files_lie_beside_each_other_with_their_journals() {
        let (folder, path) = place();
        for number in 1..=2 {
            atomic_write::replace(&path, format!("no database at all, {number}").as_bytes()).unwrap();
            fs::File::create(beside(&path, "-journal")).unwrap();
            assert!(matches!(open(&path), Err(DatabaseError::Unreadable(_))));
            let aside = set_aside(&path).unwrap();
            assert_eq!(aside, folder.path().join(format!("history.db.bad-{number}")));
            assert_eq!(fs::read_to_string(&aside).unwrap(), format!("no database at all, {number}"));
            assert!(beside(&aside, "-journal").exists());
            assert!(!path.exists() && !beside(&path, "-journal").exists());
        }
    }
}
