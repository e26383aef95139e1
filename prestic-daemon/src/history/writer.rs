//! Writes what has ended into the history: beside the core, in batches, and only then lets the records of old runs go.
//!
//! The records on disk are what counts until then: whatever goes wrong here, a later batch finds the runs in them.

use std::{path::Path, sync::Arc, time::Duration};

use chrono::NaiveDate;
use prestic_proto::run::{Run, RunId};
use rusqlite::{Connection, TransactionBehavior};
use tokio::{
    sync::oneshot,
    task::{self, JoinHandle},
    time::Instant,
};

use crate::{
    clock,
    history::{
        History,
        database::{self, DatabaseError},
        days,
        pending::Batch,
        runs,
    },
    records::RecordFolder,
};

/// How long it takes from one batch to the next at least: each waits for the disk.
const PAUSE: Duration = Duration::from_secs(1);

/// How many runs are deleted at once: whoever asks something waits for the end of it.
const DELETED_AT_ONCE: u64 = 5_000;

/// How many records are kept for a history that cannot be written, beyond the runs that the core remembers.
const KEPT_RECORDS: usize = 5_000;

/// The writer of a history, owned by the core. Without one, nothing gets into the history.
#[derive(Debug)]
pub struct HistoryWriter {
    closing: oneshot::Sender<()>,
    writer: JoinHandle<()>,
}

impl HistoryWriter {
    /// Starts to write. The first batch comes when the history is told of the configuration, and adds what the records have and
    /// the history has not.
    pub fn start(history: History, records: RecordFolder) -> Self {
        let (closing, closed) = oneshot::channel();
        Self { closing, writer: tokio::spawn(write_batches(history, records, closed)) }
    }

    /// Writes what is still to be written, and ends.
    pub async fn finish(self) {
        drop(self.closing);
        if let Err(error) = self.writer.await {
            tracing::error!("the writer of the history broke down: {error}");
        }
    }
}

async fn write_batches(history: History, records: RecordFolder, mut closed: oneshot::Receiver<()>) {
    let records = Arc::new(records);
    let mut earliest = Instant::now();
    loop {
        let due = async {
            history.changed().await;
            tokio::time::sleep_until(earliest).await;
        };
        tokio::select! {
            () = due => write(&history, &records).await,
            _ = &mut closed => break,
        }
        earliest = Instant::now() + PAUSE;
    }
    write(&history, &records).await;
}

async fn write(history: &History, records: &Arc<RecordFolder>) {
    let Some(batch) = history.take_batch() else { return };
    let (path, records) = (history.path().to_owned(), Arc::clone(records));
    let written = task::spawn_blocking(move || {
        let mut batch = batch;
        let written = batch.write(&path, &records, days::local_date(clock::now()));
        (batch, written)
    });
    match written.await {
        Ok((_, Ok(()))) => history.note_written(None),
        Ok((batch, Err(error))) => {
            history.note_written(Some(&error.to_string()));
            history.give_back(batch);
        }
        // The batch is lost, but the records are not.
        Err(error) => {
            history.note_written(Some(&error.to_string()));
            history.look_at_records();
        }
    }
}

impl Batch {
    /// Writes all of it, or nothing; then removes the records of the runs to forget that are in the history.
    fn write(&mut self, path: &Path, records: &RecordFolder, today: NaiveDate) -> Result<(), DatabaseError> {
        let written = match self.try_to_write(path, records, today) {
            Err(DatabaseError::Unreadable(error)) => match database::set_aside(path) {
                Ok(aside) => {
                    let aside = aside.display();
                    tracing::error!("the history cannot be read ({error}): it is now {aside}, and a new one begins");
                    self.looks_at_records = true;
                    self.try_to_write(path, records, today)
                }
                Err(error) => Err(error.into()),
            },
            written => written,
        };
        if written.is_err() {
            self.drop_surplus(records);
        }
        written
    }

    fn try_to_write(&self, path: &Path, records: &RecordFolder, today: NaiveDate) -> Result<(), DatabaseError> {
        let mut connection = database::open(path)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.add_to(&transaction, records)?;
        days::trim(&transaction, today)?;
        transaction.commit()?;
        for run in &self.to_forget {
            // What is neither recorded nor readable stays: the next daemon looks at it.
            if runs::is_settled(&connection, *run)? {
                remove(records, *run);
            }
        }
        let mut is_too_much = true;
        while is_too_much {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            is_too_much = runs::trim(&transaction, self.most_runs, DELETED_AT_ONCE)?;
            transaction.commit()?;
        }
        Ok(())
    }

    fn add_to(&self, connection: &Connection, records: &RecordFolder) -> Result<(), DatabaseError> {
        for run in &self.ended {
            self.insert(connection, run)?;
        }
        let all = if self.looks_at_records { records.runs()? } else { Vec::new() };
        for run in all.into_iter().chain(self.to_forget.iter().copied()) {
            // One that cannot be read is not lost: it stays where it is.
            if !runs::is_settled(connection, run)?
                && let Ok(record) = records.read(run)
            {
                self.insert(connection, &record.to_run())?;
            }
        }
        Ok(())
    }

    fn insert(&self, connection: &Connection, run: &Run) -> rusqlite::Result<()> {
        runs::add(connection, run, self.groups.get(&run.task).map(String::as_str))
    }

    /// Without a history, records must not fill the disk either.
    fn drop_surplus(&mut self, records: &RecordFolder) {
        while self.to_forget.len() > KEPT_RECORDS
            && let Some(oldest) = self.to_forget.pop_first()
        {
            remove(records, oldest);
        }
    }
}

fn remove(records: &RecordFolder, run: RunId) {
    if let Err(error) = records.remove(run) {
        tracing::warn!("the record of run {run} cannot be removed: {error}");
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
