//! The folder of the records: `<run>.json`, and beside it `<run>.lock`, held as long as the run's supervisor lives.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use prestic_proto::run::RunId;

use crate::{
    atomic_write, file_lock,
    records::record::{Record, Stage},
};

/// The folder with one record a run.
#[derive(Debug, Clone)]
pub struct RecordFolder {
    path: PathBuf,
}

impl RecordFolder {
    /// Opens the folder, and makes it where there is none.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        atomic_write::open_private_folder(&path)?;
        Ok(Self { path })
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a record so that it survives a crash. A folder that somebody has removed is made again.
    pub fn write(&self, record: &Record) -> io::Result<()> {
        atomic_write::create_private_folder(&self.path)?;
        atomic_write::replace(&self.file(record.run, "json"), &serde_json::to_vec(record)?)
    }

    /// Reads the record of a run.
    pub fn read(&self, run: RunId) -> io::Result<Record> {
        Ok(serde_json::from_slice(&fs::read(self.file(run, "json"))?)?)
    }

    /// Returns the runs that have a record, oldest first.
    pub fn runs(&self) -> io::Result<Vec<RunId>> {
        self.runs_with(&["json"])
    }

    /// Returns the numbers that any file here has taken, lowest first: a record, one that could not be read, or only a lock.
    ///
    /// A number that is given twice would mix two runs up.
    pub fn numbers(&self) -> io::Result<Vec<RunId>> {
        self.runs_with(&["json", "lock", "bad"])
    }

    fn runs_with(&self, extensions: &[&str]) -> io::Result<Vec<RunId>> {
        let mut runs = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            if let Some((stem, extension)) = name.to_str().and_then(|name| name.split_once('.'))
                && extensions.contains(&extension)
                && let Ok(run) = stem.parse()
            {
                runs.push(run);
            }
        }
        runs.sort_unstable();
        runs.dedup();
        Ok(runs)
    }

    /// Takes the lock that says that a run's supervisor lives, to hand it on to the supervisor.
    ///
    /// The lock belongs to the open file, so it holds as long as any process has inherited it: there is no moment between
    /// the daemon's death and the supervisor's first step at which it is free.
    pub fn lock(&self, run: RunId) -> io::Result<File> {
        atomic_write::create_private_folder(&self.path)?;
        file_lock::take(&self.file(run, "lock"))?.ok_or_else(|| io::ErrorKind::AlreadyExists.into())
    }

    /// Whether a run's supervisor lives.
    pub fn is_supervised(&self, run: RunId) -> io::Result<bool> {
        file_lock::is_held(&self.file(run, "lock"))
    }

    /// Waits, for as long as it takes, until a run's supervisor has gone.
    pub fn wait_until_unsupervised(&self, run: RunId) -> io::Result<()> {
        file_lock::wait_until_free(&self.file(run, "lock"))
    }

    /// Forgets a run that is over.
    pub fn remove(&self, run: RunId) -> io::Result<()> {
        for extension in ["json", "lock"] {
            match fs::remove_file(self.file(run, extension)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Sets a record that cannot be read aside, so that it is neither in the way nor lost.
    pub fn set_aside(&self, run: RunId) -> io::Result<()> {
        fs::rename(self.file(run, "json"), self.file(run, "bad"))
    }

    fn file(&self, run: RunId, extension: &str) -> PathBuf {
        self.path.join(format!("{run}.{extension}"))
    }
}

impl Record {
    /// Whether the run is over.
    pub fn is_finished(&self) -> bool {
        matches!(self.stage, Stage::Finished { .. })
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use prestic_proto::run::Trigger;

    use super::*;

    fn folder() -> (tempfile::TempDir, RecordFolder) {
        let home = tempfile::tempdir().unwrap();
        let folder = RecordFolder::open(home.path().join("runs")).unwrap();
        (home, folder)
    }

    fn record(run: u64) -> Record {
        Record {
            run: RunId(run),
            task: "home".to_owned(),
            repositories: Vec::new(),
            missed: 0,
            attempt: 0,
            restics: Vec::new(),
            trigger: Trigger::Scheduled,
            due_at: Some(DateTime::UNIX_EPOCH),
            created_at: DateTime::UNIX_EPOCH,
            stage: Stage::Planned,
        }
    }

    #[test]
    fn records_come_back_in_the_order_of_their_numbers() {
        let (_home, folder) = folder();
        for run in [10, 9, 100] {
            folder.write(&record(run)).unwrap();
        }
        assert_eq!(folder.runs().unwrap(), [RunId(9), RunId(10), RunId(100)]);
        assert_eq!(folder.read(RunId(9)).unwrap(), record(9));
    }

    #[test]
    fn every_file_of_a_run_keeps_its_number() {
        let (_home, folder) = folder();
        folder.write(&record(1)).unwrap();
        folder.write(&record(7)).unwrap();
        folder.set_aside(RunId(7)).unwrap();
        drop(folder.lock(RunId(9)).unwrap());
        drop(folder.lock(RunId(1)).unwrap());
        fs::create_dir(folder.path().join("11.else")).unwrap();
        assert_eq!(folder.numbers().unwrap(), [RunId(1), RunId(7), RunId(9)]);
        assert_eq!(folder.runs().unwrap(), [RunId(1)]);
    }

    // Windows removes no folder that holds an open file.
    #[test]
    #[cfg(unix)]
    fn folder_that_was_removed_is_made_again() {
        let (_home, folder) = folder();
        fs::remove_dir(folder.path()).unwrap();
        let _lock = folder.lock(RunId(1)).unwrap();
        fs::remove_dir_all(folder.path()).unwrap();
        folder.write(&record(1)).unwrap();
        assert_eq!(folder.read(RunId(1)).unwrap(), record(1));
    }

    #[test]
    #[cfg(unix)]
    fn folder_that_others_can_enter_is_closed() {
        use std::os::unix::fs::PermissionsExt;
        let (_home, folder) = folder();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        RecordFolder::open(folder.path()).unwrap();
        assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn lock_tells_whether_a_supervisor_lives() {
        let (_home, folder) = folder();
        assert!(!folder.is_supervised(RunId(1)).unwrap());
        let lock = folder.lock(RunId(1)).unwrap();
        assert!(folder.is_supervised(RunId(1)).unwrap());
        drop(lock);
        assert!(!folder.is_supervised(RunId(1)).unwrap());
    }

    #[test]
    fn removed_run_leaves_nothing() {
        let (_home, folder) = folder();
        folder.write(&record(1)).unwrap();
        drop(folder.lock(RunId(1)).unwrap());
        folder.remove(RunId(1)).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        folder.remove(RunId(1)).unwrap();
    }
}
