//! Keeps the content of `status.ini` and writes it in the background, so that a slow disk does not block the core, and once a
//! second at most: with thousands of tasks it is a big file. After a crash the records of the runs tell what it lacks.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use prestic_proto::status::Pause;
use tokio::{
    sync::{Notify, oneshot},
    task::{self, JoinHandle},
    time::Instant,
};

use crate::status_ini::{StatusIni, TaskEntry};

/// How long it takes from one writing to the next at least.
const PAUSE: Duration = Duration::from_secs(1);

/// Saves the latest content. What changes while the file is being written is written next, all at once.
#[derive(Debug)]
pub struct Saver {
    shared: Arc<Shared>,
    closing: oneshot::Sender<()>,
    writer: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    status: Mutex<StatusIni>,
    changed: Notify,
    /// Whether the last writing has failed.
    is_behind: AtomicBool,
}

impl Saver {
    /// Starts the writer.
    pub fn start(path: PathBuf, status: StatusIni) -> Self {
        let shared =
            Arc::new(Shared { path, status: Mutex::new(status), changed: Notify::new(), is_behind: AtomicBool::new(false) });
        let (closing, closed) = oneshot::channel();
        let writer = tokio::spawn(write_changes(Arc::clone(&shared), closed));
        Self { shared, closing, writer }
    }

    /// Returns what is known of a task.
    pub fn task(&self, name: &str) -> Option<TaskEntry> {
        self.shared.lock().task(name)
    }

    /// Changes what is known of a task, to be written soon.
    pub fn update_task(&self, name: &str, update: impl FnOnce(TaskEntry) -> TaskEntry) {
        let mut status = self.shared.lock();
        let known = status.task(name).unwrap_or_default();
        let entry = update(known.clone());
        if entry != known {
            status.set_task(name, &entry);
            self.shared.changed.notify_one();
        }
    }

    /// Returns the greatest number that a run was given.
    pub fn last_run(&self) -> u64 {
        self.shared.lock().last_run()
    }

    /// Sets the greatest number that a run was given.
    pub fn set_last_run(&self, number: u64) {
        self.shared.lock().set_last_run(number);
        self.shared.changed.notify_one();
    }

    /// Returns the pause of all tasks.
    pub fn pause(&self) -> Option<Pause> {
        self.shared.lock().pause()
    }

    /// Sets the pause of all tasks.
    pub fn set_pause(&self, pause: Option<Pause>) {
        self.shared.lock().set_pause(pause);
        self.shared.changed.notify_one();
    }

    /// Sets the daemon's process id, 0 when it goes.
    pub fn set_daemon_pid(&self, pid: u32) {
        self.shared.lock().set_daemon_pid(pid);
        self.shared.changed.notify_one();
    }

    /// Whether something could not be written, and is in memory only.
    pub fn is_behind(&self) -> bool {
        self.shared.is_behind.load(Ordering::Relaxed)
    }

    /// Writes what is still to be written, and ends.
    pub async fn finish(self) {
        drop(self.closing);
        if let Err(error) = self.writer.await {
            tracing::error!("the writer of status.ini broke down: {error}");
        }
    }
}

impl Shared {
    /// A writer that panicked has not changed the content, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, StatusIni> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        let written = task::spawn_blocking(move || {
            let file = shared.lock().to_file();
            file.save(&shared.path)
        });
        let written = written.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        self.is_behind.store(written.is_err(), Ordering::Relaxed);
        if let Err(error) = written {
            tracing::error!("cannot write {}: {error}; what the tasks did last is in memory only", self.path.display());
        }
    }
}

async fn write_changes(shared: Arc<Shared>, mut closed: oneshot::Receiver<()>) {
    let mut earliest = Instant::now();
    loop {
        let due = async {
            shared.changed.notified().await;
            tokio::time::sleep_until(earliest).await;
        };
        tokio::select! {
            () = due => shared.write().await,
            _ = &mut closed => break,
        }
        earliest = Instant::now() + PAUSE;
    }
    shared.write().await;
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn change(saver: &Saver, task: &str) {
        saver.update_task(task, |entry| TaskEntry { last_run: DateTime::from_timestamp_secs(1), ..entry });
    }

    /// Returns the tasks that the file tells of.
    fn saved(path: &std::path::Path) -> Vec<&'static str> {
        let (status, warning) = StatusIni::load(path, DateTime::UNIX_EPOCH);
        assert!(warning.is_none());
        ["one", "two", "three"].into_iter().filter(|task| status.task(task).is_some()).collect()
    }

    #[tokio::test]
    async fn next_writing_comes_after_a_pause_with_all_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.ini");
        let saver = Saver::start(path.clone(), StatusIni::default());
        let start = Instant::now();
        change(&saver, "one");
        while !path.exists() {
            task::yield_now().await;
        }
        change(&saver, "two");
        task::yield_now().await;
        change(&saver, "three");
        while saved(&path) == ["one"] {
            task::yield_now().await;
        }
        assert!(start.elapsed() >= PAUSE, "it was written again at once");
        assert_eq!(saved(&path), ["one", "two", "three"]);
        saver.finish().await;
    }

    #[tokio::test]
    async fn what_could_not_be_written_is_known_until_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        std::fs::File::create(&home).unwrap();
        let saver = Saver::start(home.join("status.ini"), StatusIni::default());
        assert!(!saver.is_behind());
        change(&saver, "one");
        while !saver.is_behind() {
            task::yield_now().await;
        }
        std::fs::remove_file(&home).unwrap();
        std::fs::create_dir(&home).unwrap();
        change(&saver, "two");
        while saver.is_behind() {
            task::yield_now().await;
        }
        assert_eq!(saved(&home.join("status.ini")), ["one", "two"]);
        saver.finish().await;
    }

    #[tokio::test]
    async fn end_does_not_wait_for_the_pause() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.ini");
        let saver = Saver::start(path.clone(), StatusIni::default());
        for task in ["one", "two", "three"] {
            change(&saver, task);
        }
        saver.finish().await;
        assert_eq!(saved(&path), ["one", "two", "three"]);
    }
}
