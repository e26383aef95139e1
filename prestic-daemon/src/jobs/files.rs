//! The jobs on disk: what each was to do and how it ended, and its results, a line of JSON each.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use prestic_proto::{
    job::JobId,
    system::{CacheKind, CacheUse},
};
use serde::{Serialize, de::DeserializeOwned};

use super::book::Record;
use crate::atomic_write;

/// How much the results of all jobs may take.
const BUDGET: u64 = 64 * 1024 * 1024;

const RECORD: &str = "json";
const RESULTS: &str = "results";

/// The files of a home's jobs.
#[derive(Debug)]
pub struct JobFiles {
    folder: PathBuf,
    /// How large the results of each job are.
    sizes: Mutex<BTreeMap<JobId, u64>>,
}

/// Takes a job's results down, one after the other.
#[derive(Debug)]
pub struct ResultsWriter {
    file: io::BufWriter<File>,
}

impl JobFiles {
    /// Finds the jobs in a folder, which need not exist yet. A record that cannot be read is left out, with its results.
    pub fn open(folder: PathBuf) -> (Self, Vec<Record>) {
        let mut records = Vec::new();
        let mut sizes = BTreeMap::new();
        for path in fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            match number(&path, RECORD).and_then(|id| Some((id, read_record(&path)?))) {
                Some((id, record)) if record.job.id == id => records.push(record),
                _ => {}
            }
            if let Some(id) = number(&path, RESULTS) {
                sizes.insert(id, fs::metadata(&path).map_or(0, |metadata| metadata.len()));
            }
        }
        // What no record tells of can be reached by nobody.
        sizes.retain(|id, _| {
            let is_known = records.iter().any(|record: &Record| record.job.id == *id);
            if !is_known {
                let _ = fs::remove_file(folder.join(format!("{id}.{RESULTS}")));
            }
            is_known
        });
        (Self { folder, sizes: Mutex::new(sizes) }, records)
    }

    fn sizes(&self) -> MutexGuard<'_, BTreeMap<JobId, u64>> {
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, id: JobId, extension: &str) -> PathBuf {
        self.folder.join(format!("{id}.{extension}"))
    }

    /// Writes what a job is to do, and how it is.
    pub fn write_record(&self, record: &Record) -> io::Result<()> {
        atomic_write::open_private_folder(&self.folder)?;
        atomic_write::replace(&self.path(record.job.id, RECORD), &serde_json::to_vec(record)?)
    }

    /// Begins the results of a job.
    pub fn begin_results(&self, id: JobId) -> io::Result<ResultsWriter> {
        atomic_write::open_private_folder(&self.folder)?;
        let mut options = OpenOptions::new();
        let file = atomic_write::owner_only(options.write(true).create(true).truncate(true)).open(self.path(id, RESULTS))?;
        self.sizes().insert(id, 0);
        Ok(ResultsWriter { file: io::BufWriter::new(file) })
    }

    /// Takes the size of a job's results into account.
    pub fn note_size(&self, id: JobId) {
        let size = fs::metadata(self.path(id, RESULTS)).map_or(0, |metadata| metadata.len());
        self.sizes().insert(id, size);
    }

    /// Returns a part of a job's results. A last line that is still being written is left out.
    pub fn read_results<T: DeserializeOwned>(&self, id: JobId, offset: usize, limit: usize) -> io::Result<Vec<T>> {
        let file = match File::open(self.path(id, RESULTS)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut lines = BufReader::new(file);
        let mut line = Vec::new();
        let mut results = Vec::new();
        let mut number = 0;
        while results.len() < limit {
            line.clear();
            lines.read_until(b'\n', &mut line)?;
            if !line.ends_with(b"\n") {
                break;
            }
            if number >= offset {
                results.push(serde_json::from_slice(&line)?);
            }
            number += 1;
        }
        Ok(results)
    }

    /// Whether a job has results on disk.
    pub fn has_results(&self, id: JobId) -> bool {
        self.sizes().contains_key(&id)
    }

    /// Whether the results of all jobs take more than they may.
    pub fn is_over_budget(&self) -> bool {
        self.sizes().values().sum::<u64>() > BUDGET
    }

    /// Deletes a job's files.
    pub fn remove(&self, id: JobId) {
        self.sizes().remove(&id);
        for extension in [RECORD, RESULTS] {
            let _ = fs::remove_file(self.path(id, extension));
        }
    }

    /// Returns how full it is.
    pub fn cache_use(&self) -> CacheUse {
        let sizes = self.sizes();
        CacheUse { cache: CacheKind::JobResults, entries: sizes.len() as u64, bytes: sizes.values().sum(), budget: BUDGET }
    }
}

impl ResultsWriter {
    /// Adds a result.
    pub fn add(&mut self, result: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, result)?;
        self.file.write_all(b"\n")
    }

    /// Lets what was added be read.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn number(path: &Path, extension: &str) -> Option<JobId> {
    let name = path.file_name()?.to_str()?.strip_suffix(extension)?.strip_suffix('.')?;
    name.parse().ok().map(JobId)
}

fn read_record(path: &Path) -> Option<Record> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use prestic_proto::job::JobRequest;

    use super::*;
    use crate::jobs::book::{Added, Book};

    fn record(query: &str) -> Record {
        let mut book = Book::default();
        let request = JobRequest::Search { query: query.to_owned() };
        let Added::New(id) = book.add("home", "ab12", request, false, DateTime::from_timestamp_secs(1000).unwrap()) else {
            panic!("it is new")
        };
        book.find(id).unwrap().clone()
    }

    #[test]
    fn next_daemon_finds_jobs_with_their_results() {
        let folder = tempfile::tempdir().unwrap();
        let within = folder.path().join("jobs");
        let record = record("x");
        let id = record.job.id;
        let (files, none) = JobFiles::open(within.clone());
        assert_eq!(none, []);
        files.write_record(&record).unwrap();
        let mut writer = files.begin_results(id).unwrap();
        for number in 0..10 {
            writer.add(&number).unwrap();
        }
        writer.flush().unwrap();
        drop(writer);
        files.note_size(id);
        let (next, found) = JobFiles::open(within);
        assert_eq!(found, [record]);
        assert_eq!(next.read_results::<u32>(id, 3, 4).unwrap(), [3, 4, 5, 6]);
        assert_eq!(next.read_results::<u32>(id, 9, 4).unwrap(), [9]);
        assert_eq!(next.read_results::<u32>(JobId(7), 0, 4).unwrap(), Vec::<u32>::new());
        assert_eq!((next.cache_use().entries, next.cache_use().bytes), (1, 20));
        next.remove(id);
        assert_eq!(fs::read_dir(folder.path().join("jobs")).unwrap().count(), 0);
    }

    #[test]
    fn result_that_is_being_written_is_not_read_yet() {
        let folder = tempfile::tempdir().unwrap();
        let (files, _) = JobFiles::open(folder.path().to_owned());
        let mut writer = files.begin_results(JobId(1)).unwrap();
        writer.file.write_all(b"1\n2").unwrap();
        writer.flush().unwrap();
        assert_eq!(files.read_results::<u32>(JobId(1), 0, 10).unwrap(), [1]);
    }

    #[test]
    fn damaged_record_is_no_job() {
        let folder = tempfile::tempdir().unwrap();
        atomic_write::replace(&folder.path().join("12.json"), b"{").unwrap();
        atomic_write::replace(&folder.path().join("12.results"), b"1\n").unwrap();
        atomic_write::replace(&folder.path().join("notes.txt"), b"x").unwrap();
        let (files, found) = JobFiles::open(folder.path().to_owned());
        assert_eq!(found, []);
        assert!(!files.has_results(JobId(12)) && !folder.path().join("12.results").exists());
        assert!(folder.path().join("notes.txt").exists());
    }
}
