//! Carries jobs out: begins those whose turn it is, tells of them, ends them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use prestic_proto::{
    error::ApiError,
    event::EventKind,
    home::Home,
    job::{Job, JobId, JobRequest, JobState},
};
use tokio::{
    sync::{oneshot, watch},
    task::JoinSet,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    book::{Added, Book, Counts, Record, has_ended},
    files::JobFiles,
    index::IndexStore,
    instant_search::Recent,
    search::Merged,
    work,
};
use crate::{
    clock,
    core::{CoreHandle, command::Input},
    history::History,
    patience::with_patience,
    repository::Repositories,
};

/// How often clients are told how far a job is.
const ANNOUNCEMENT_PAUSE: Duration = Duration::from_secs(1);

/// How long jobs have to end at the daemon's shutdown.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);

/// Everything that jobs share.
#[derive(Debug)]
pub struct Shared {
    pub(super) core: CoreHandle,
    pub(super) repositories: Repositories,
    pub(super) history: History,
    pub(super) store: Arc<IndexStore>,
    pub(super) files: Arc<JobFiles>,
    pub(super) recent: Recent,
    state: Mutex<State>,
    /// Moves whenever a job has ended.
    ended: watch::Sender<u64>,
    tasks: Mutex<JoinSet<()>>,
    closing: CancellationToken,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) book: Book,
    live: HashMap<JobId, Live>,
    /// The repositories that runs use or wait for.
    busy: BTreeSet<String>,
    /// What was last said of the automatic jobs of each profile that went wrong, so that nothing is said twice.
    troubles: HashMap<(String, Chore), String>,
}

/// What is done without anybody asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Chore {
    Index,
    Measure,
}

/// A job that works.
#[derive(Debug, Clone)]
pub(super) struct Live {
    pub(super) cancel: CancellationToken,
    /// What a search has found so far.
    pub(super) matches: Arc<Mutex<Merged>>,
}

/// Tells how far a job is, but not too often.
#[derive(Debug)]
pub struct Reporter {
    shared: Arc<Shared>,
    id: JobId,
    told_at: Option<Instant>,
}

impl Shared {
    pub(super) fn open(core: CoreHandle, home: &Home, repositories: Repositories, history: History) -> Self {
        let (files, records) = JobFiles::open(home.cache_dir().join("jobs"));
        let (book, lost) = Book::remember(records, clock::now());
        for record in lost.iter().filter_map(|id| book.find(*id)) {
            write_record(&files, record);
        }
        Self {
            core,
            repositories,
            history,
            store: Arc::new(IndexStore::open(home.cache_dir().join("index"))),
            files: Arc::new(files),
            recent: Recent::default(),
            state: Mutex::new(State { book, live: HashMap::new(), busy: BTreeSet::new(), troubles: HashMap::new() }),
            ended: watch::Sender::new(0),
            tasks: Mutex::default(),
            closing: CancellationToken::new(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a counter that moves whenever a job has ended.
    pub(super) fn ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    /// Takes a request: answered when its job can be found, also by the next daemon.
    pub(super) async fn add(
        self: &Arc<Self>,
        profile: &str,
        repository: &str,
        request: JobRequest,
        is_automatic: bool,
    ) -> Result<JobId, ApiError> {
        if self.closing.is_cancelled() {
            return Err(ApiError::ShuttingDown);
        }
        let added = {
            let book = &mut self.state().book;
            match book.add(profile, repository, request, is_automatic, clock::now()) {
                Added::Same(id) => Err(id),
                Added::New(id) => Ok((id, book.find(id).cloned())),
            }
        };
        let id = match added {
            // Somebody waits now who did not before, so that it may be its turn.
            Err(id) => id,
            Ok((id, record)) => {
                let (shared, (done, written)) = (self.clone(), oneshot::channel());
                // It begins also if whoever asked for it goes away meanwhile.
                self.spawn(async move {
                    if let Some(record) = record {
                        shared.with_files(move |files| write_record(files, &record)).await;
                    }
                    shared.announce(id).await;
                    shared.begin();
                    let _ = done.send(());
                });
                // Nothing is sent when the daemon ends.
                let _ = written.await;
                return Ok(id);
            }
        };
        self.begin();
        Ok(id)
    }

    /// Takes in which repositories runs use or wait for.
    pub(super) fn set_busy(self: &Arc<Self>, busy: BTreeSet<String>) {
        self.state().busy = busy;
        self.begin();
    }

    /// Begins the jobs whose turn it is.
    fn begin(self: &Arc<Self>) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        if self.closing.is_cancelled() {
            return;
        }
        let mut state = self.state();
        let State { book, live, busy, .. } = &mut *state;
        for id in book.begin(busy) {
            let job = Live { cancel: self.closing.child_token(), matches: Arc::default() };
            live.insert(id, job.clone());
            if let Some(record) = book.find(id).cloned() {
                tasks.spawn(self.clone().carry_out(record, job));
            }
        }
    }

    /// Runs a task that ends with the daemon.
    pub(super) fn spawn(self: &Arc<Self>, task: impl Future<Output = ()> + Send + 'static) {
        let closing = self.closing.clone();
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn(async move {
            closing.run_until_cancelled_owned(task).await;
        });
    }

    async fn carry_out(self: Arc<Self>, record: Record, live: Live) {
        let id = record.job.id;
        self.announce(id).await;
        let reporter = Reporter { shared: self.clone(), id, told_at: None };
        let state = tokio::select! {
            biased;
            () = live.cancel.cancelled() => JobState::Canceled,
            done = work::work(&self, &record, &live, reporter) => match done {
                Ok(()) => JobState::Done,
                Err(error) => JobState::Failed { reason: error.to_string() },
            },
        };
        let state = match state {
            JobState::Canceled if self.closing.is_cancelled() => {
                JobState::Failed { reason: "the daemon was stopped".to_owned() }
            }
            state => state,
        };
        self.end(&record, state, Some(&live)).await;
    }

    /// Ends a job. What it has found is on disk before anybody is told.
    async fn end(self: &Arc<Self>, record: &Record, job_state: JobState, live: Option<&Live>) {
        let id = record.job.id;
        if let (JobRequest::Search { .. }, Some(live)) = (&record.job.request, live) {
            let matches = live.matches.clone();
            self.with_files(move |files| work::write_matches(files, id, &matches)).await;
        }
        self.say_if_new(record, &job_state);
        let (ended, dropped) = {
            let mut state = self.state();
            // Who ends a job that was begun a moment ago ends its restic, too.
            if let Some(live) = state.live.remove(&id) {
                live.cancel.cancel();
            }
            if !state.book.end(id, job_state, clock::now()) {
                return;
            }
            (state.book.find(id).cloned(), state.book.drop_oldest())
        };
        self.with_files(move |files| {
            files.note_size(id);
            ended.iter().for_each(|record| write_record(files, record));
            dropped.into_iter().for_each(|old| files.remove(old));
        })
        .await;
        self.keep_within_budget(id).await;
        self.announce(id).await;
        self.ended.send_modify(|count| *count += 1);
        self.begin();
    }

    /// Drops the oldest jobs with results until all results are within their budget; never the newest one.
    async fn keep_within_budget(&self, newest: JobId) {
        while self.files.is_over_budget() {
            let files = self.files.clone();
            let Some(old) = self.state().book.drop_one(|id| id != newest && files.has_results(id)) else { return };
            self.with_files(move |files| files.remove(old)).await;
        }
    }

    /// Drops the oldest job that has ended, for whoever deletes its files.
    pub(super) fn drop_one(&self) -> Option<JobId> {
        self.state().book.drop_one(|_| true)
    }

    /// Says once what is wrong with jobs that nobody has asked for, and so would look at.
    fn say_if_new(&self, record: &Record, job_state: &JobState) {
        let chore = if record.job.request == JobRequest::Measure { Chore::Measure } else { Chore::Index };
        match job_state {
            JobState::Failed { reason } if record.is_automatic && !self.closing.is_cancelled() => {
                self.say_once(&record.job.profile, chore, reason);
            }
            JobState::Done => drop(self.state().troubles.remove(&(record.job.profile.clone(), chore))),
            _ => {}
        }
    }

    /// Says what is wrong with the chores of a profile, unless that was said last.
    pub(super) fn say_once(&self, profile: &str, chore: Chore, reason: &str) {
        let said_before = self.state().troubles.insert((profile.to_owned(), chore), reason.to_owned());
        if said_before.as_deref() != Some(reason) {
            match chore {
                Chore::Index => tracing::warn!("the snapshots of profile `{profile}` cannot be indexed: {reason}"),
                Chore::Measure => tracing::warn!("the repository of profile `{profile}` cannot be measured: {reason}"),
            }
        }
    }

    /// Ends a job because somebody wants it to end.
    pub(super) async fn cancel(self: &Arc<Self>, id: JobId) -> Result<(), ApiError> {
        let mut ended = self.ended();
        let waiting = {
            let state = self.state();
            let record = state.book.find(id).ok_or(ApiError::UnknownJob(id))?.clone();
            match state.live.get(&id) {
                Some(live) => {
                    live.cancel.cancel();
                    None
                }
                None => Some(record),
            }
        };
        if let Some(record) = waiting {
            self.end(&record, JobState::Canceled, None).await;
        }
        while self.job(id).is_ok_and(|job| !has_ended(&job)) && ended.changed().await.is_ok() {}
        Ok(())
    }

    /// Returns what a search that works has found so far.
    pub(super) fn live_matches(&self, id: JobId) -> Option<Arc<Mutex<Merged>>> {
        self.state().live.get(&id).map(|live| live.matches.clone())
    }

    /// Returns a job as it is now.
    pub(super) fn job(&self, id: JobId) -> Result<Job, ApiError> {
        self.state().book.find(id).map(|record| record.job.clone()).ok_or(ApiError::UnknownJob(id))
    }

    async fn announce(&self, id: JobId) {
        if let Ok(job) = self.job(id) {
            // A core that has gone has nobody left to tell.
            let _ = self.core.send(Input::Fact(EventKind::Job { job: Box::new(job) })).await;
        }
    }

    /// Does something with the files, where it may wait for the disk.
    pub(super) async fn with_files<T: Send + 'static>(&self, act: impl FnOnce(&JobFiles) -> T + Send + 'static) -> Option<T> {
        let files = self.files.clone();
        tokio::task::spawn_blocking(move || act(&files)).await.ok()
    }

    /// Ends all jobs, and waits for that.
    pub(super) async fn shut_down(&self) {
        self.closing.cancel();
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async { while tasks.join_next().await.is_some() {} };
        if timeout(with_patience(SHUTDOWN_LIMIT), all).await.is_err() {
            tracing::warn!("some jobs do not end, and are left alone");
        }
    }
}

impl Reporter {
    /// Takes in how far the job is.
    pub async fn tell(&mut self, counts: Counts) {
        self.shared.state().book.count(self.id, counts);
        let now = Instant::now();
        if self.told_at.is_none_or(|at| now.duration_since(at) >= ANNOUNCEMENT_PAUSE) {
            self.told_at = Some(now);
            self.shared.announce(self.id).await;
        }
    }
}

fn write_record(files: &JobFiles, record: &Record) {
    if let Err(error) = files.write_record(record) {
        tracing::warn!("job {} cannot be written down, and is lost when the daemon ends: {error}", record.job.id);
    }
}
