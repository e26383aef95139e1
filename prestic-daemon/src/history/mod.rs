//! What has happened, for as long as the user wants to know: a database of the runs that have ended.
//!
//! The core hands over what has ended and goes on; [`HistoryWriter`] writes it. Everybody else asks [`History`]. The database is
//! opened for each batch and each question, and closed.

mod database;
mod days;
mod pending;
mod runs;
mod sizes;
mod writer;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use prestic_proto::{
    error::ApiError,
    history::{RepositorySize, RunPage, RunQuery, TaskDays},
    home::Home,
    outcome::{Outcome, SkipReason},
    run::{Run, RunId},
};
use rusqlite::Connection;
use tokio::{sync::Notify, task};

use crate::{clock, config::Settings};
pub use database::DatabaseError;
use pending::Batch;
pub use writer::HistoryWriter;

/// Begins the history of a home with runs that were before it. There must be none yet.
pub fn begin_with(path: &Path, runs: &[Run]) -> Result<(), DatabaseError> {
    let mut connection = database::open(path)?;
    let transaction = connection.transaction()?;
    for run in runs {
        runs::add(&transaction, run, None)?;
    }
    Ok(transaction.commit()?)
}

/// The history of a home. Cheap to clone.
#[derive(Debug, Clone)]
pub struct History {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    pending: Mutex<Batch>,
    changed: Notify,
    /// Why it could not be written last.
    not_written: Mutex<Option<String>>,
    /// Why it could not be read last.
    not_read: Mutex<Option<String>>,
}

impl History {
    /// Makes the way to the history of a home. Looks at no file yet.
    pub fn new(home: Home) -> Self {
        // What an earlier daemon did not get to is found in the records.
        let pending = Batch { looks_at_records: true, most_runs: Settings::default().history_runs, ..Batch::default() };
        Self {
            shared: Arc::new(Shared {
                path: home.history_file(),
                pending: pending.into(),
                changed: Notify::new(),
                not_written: Mutex::default(),
                not_read: Mutex::default(),
            }),
        }
    }

    /// Takes in what the configuration says: how many runs to keep, and which tasks are in which group.
    pub fn configure(&self, most_runs: u64, groups: BTreeMap<String, String>) {
        lock(&self.shared.pending).configure(most_runs, groups);
        self.shared.changed.notify_one();
    }

    /// Hands over a run that has ended. Waits for nothing.
    pub fn add(&self, run: Run) {
        lock(&self.shared.pending).push(run);
        self.shared.changed.notify_one();
    }

    /// Lets the record of a run go, as soon as the run is recorded here. Waits for nothing.
    pub fn forget(&self, run: RunId) {
        lock(&self.shared.pending).to_forget.insert(run);
        self.shared.changed.notify_one();
    }

    /// Returns the greatest number of a recorded run: it must not be given again. Waits for the disk.
    pub fn newest_run(&self) -> Option<RunId> {
        // The writer will tell what is wrong.
        let connection = database::open_existing(&self.shared.path).ok()??;
        runs::newest(&connection).ok()?
    }

    /// Returns the file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Returns why the history cannot be used, if it cannot.
    pub fn trouble(&self) -> Option<String> {
        lock(&self.shared.not_written).clone().or_else(|| lock(&self.shared.not_read).clone())
    }

    /// Returns a page of runs: those that the core remembers, and those that only the database has.
    ///
    /// Where the database cannot be read, what the core remembers is all there is; [`Self::trouble`] tells.
    pub async fn runs(&self, query: RunQuery, remembered: Vec<Run>) -> Result<RunPage, ApiError> {
        let wanted = query.clone();
        let recorded = self.ask(move |connection| runs::page(connection, &wanted)).await;
        let recorded = recorded.ok().flatten().unwrap_or(RunPage { runs: Vec::new(), has_more: false });
        Ok(runs::merged(&query, remembered, recorded))
    }

    /// Returns a run that the core has forgotten.
    pub async fn find(&self, run: RunId) -> Result<Run, ApiError> {
        let found = self.ask(move |connection| runs::find(connection, run)).await?;
        found.flatten().ok_or(ApiError::UnknownRun(run))
    }

    /// Returns the newest recorded run of a task that was not skipped.
    pub async fn last_run(&self, task: &str) -> Result<Option<Run>, ApiError> {
        let skipped = Outcome::Skipped(SkipReason::Deadline).word();
        let outcomes = Outcome::WORDS.iter().filter(|word| **word != skipped).map(|word| (*word).to_owned());
        let query = RunQuery { task: Some(task.to_owned()), outcomes: outcomes.collect(), before: None, limit: 1 };
        let page = self.ask(move |connection| runs::page(connection, &query)).await?;
        Ok(page.and_then(|page| page.runs.into_iter().next()))
    }

    /// Whether a task or group of that name has ever ended a run.
    pub async fn knows(&self, name: &str) -> bool {
        let name = name.to_owned();
        let found = self.ask(move |connection| runs::tasks_called(connection, &name)).await;
        found.is_ok_and(|tasks| tasks.is_some_and(|tasks| !tasks.is_empty()))
    }

    /// Returns the last days of each task, today included; none where the database cannot be read.
    pub async fn days(&self, days: u32) -> Vec<TaskDays> {
        let today = days::local_date(clock::now());
        self.ask(move |connection| days::last(connection, today, days)).await.ok().flatten().unwrap_or_default()
    }

    /// Returns how large a repository was, oldest first. `repository` is its identity.
    pub async fn sizes(&self, repository: &str) -> Result<Vec<RepositorySize>, ApiError> {
        let repository = repository.to_owned();
        Ok(self.ask(move |connection| sizes::of(connection, &repository)).await?.unwrap_or_default())
    }

    /// Notes how large a repository is.
    pub async fn add_size(&self, repository: &str, size: RepositorySize) -> Result<(), ApiError> {
        let (path, repository) = (self.shared.path.clone(), repository.to_owned());
        let write = move || {
            let mut connection = database::open(&path)?;
            let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            sizes::add(&transaction, &repository, &size)?;
            Ok(transaction.commit()?)
        };
        self.blocking(write).await.map_err(|reason| self.refusal("written", reason))
    }

    /// Returns how many runs are recorded.
    pub async fn count(&self) -> u64 {
        self.ask(runs::count).await.ok().flatten().unwrap_or_default()
    }

    /// Asks the database, if there is one.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<Option<T>, ApiError> {
        let path = self.shared.path.clone();
        let read = move || match database::open_existing(&path)? {
            // One transaction for all that is read: the file is locked once, and nothing changes in between.
            Some(mut connection) => {
                let transaction = connection.transaction()?;
                Ok(Some(question(&transaction)?))
            }
            None => Ok(None),
        };
        let read = self.blocking(read).await;
        self.note(&self.shared.not_read, "read", read.as_ref().err());
        read.map_err(|reason| self.refusal("read", reason))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, DatabaseError> + Send + 'static,
    ) -> Result<T, String> {
        match task::spawn_blocking(work).await {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn refusal(&self, verb: &str, reason: String) -> ApiError {
        ApiError::Storage { what: format!("the history in {} cannot be {verb}", self.shared.path.display()), reason }
    }

    /// Waits until there is something to write.
    async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// Takes out what is to be written; none if nothing is.
    fn take_batch(&self) -> Option<Batch> {
        lock(&self.shared.pending).take()
    }

    /// Takes back what could not be written. It is tried again when the next run has ended.
    fn give_back(&self, batch: Batch) {
        lock(&self.shared.pending).take_back(batch);
    }

    /// Notes that the records have to be looked at for what got lost.
    fn look_at_records(&self) {
        lock(&self.shared.pending).looks_at_records = true;
    }

    /// Notes whether a batch could be written.
    fn note_written(&self, reason: Option<&String>) {
        self.note(&self.shared.not_written, "written", reason);
    }

    /// Says once what is wrong, and once that it is no longer.
    fn note(&self, place: &Mutex<Option<String>>, verb: &str, reason: Option<&String>) {
        let trouble = reason.map(|reason| format!("the history cannot be {verb}: {reason}"));
        let known = std::mem::replace(&mut *lock(place), trouble.clone());
        let path = self.shared.path.display();
        match trouble {
            Some(trouble) if known.as_ref() != Some(&trouble) => {
                tracing::error!("{path}: {trouble}; runs go on, and their records are kept");
            }
            None if known.is_some() => tracing::info!("{path} can be {verb} again"),
            _ => {}
        }
    }
}

/// Whoever panicked has left nothing half-changed, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
