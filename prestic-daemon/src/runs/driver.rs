//! Drives one run: starts its supervisor or finds it again, passes news to the core and orders to the supervisor.
//!
//! The supervisor does the work and keeps the record; whatever happens to the driver, the run goes on.

use std::{fs::File, io, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use prestic_proto::{
    home::Home,
    outcome::Outcome,
    run::{Finished, RunId},
};
use tokio::{process::Child, sync::mpsc, time::timeout};

use crate::{
    clock,
    config::Profile,
    core::{CoreHandle, command::Input, news::RunNews},
    keyring::{Keyring, Refusal},
    patience::with_patience,
    records::{Record, RecordFolder, Stage, newest_lines},
    runs::{
        Job, ResticVersions,
        job::chain,
        recording::{Patience, Unrecorded, record_patiently},
        supervisor::spawn_supervisor,
    },
    secret::Secret,
    supervise::feed::{Order, StopCause},
};

/// How long a supervisor that has told its end may take to end.
const REAP_LIMIT: Duration = Duration::from_secs(10);

/// How long the end of a run may take to be written here. Longer, and the core is told without.
const END_LIMIT: Duration = Duration::from_secs(30);

/// Drives one run.
#[derive(Debug)]
pub struct Driver {
    /// The run.
    pub run: RunId,
    /// Its task's profile; none if the configuration has it no longer.
    pub profile: Option<Arc<Profile>>,
    /// Whom to tell.
    pub core: CoreHandle,
    /// The home.
    pub home: Home,
    /// The records.
    pub records: RecordFolder,
    /// The versions of the restics in use.
    pub versions: Arc<ResticVersions>,
    /// The way to passwords in the keyring.
    pub keyring: Keyring,
    /// What the core wants of the run.
    pub orders: mpsc::Receiver<Order>,
}

/// Why a run has no password.
pub(super) enum NotRead {
    /// Somebody has stopped the run before.
    Stopped(StopCause),
    /// The keyring did not give it.
    NoSecret(Refusal),
}

impl From<NotRead> for NotStarted {
    fn from(reason: NotRead) -> Self {
        match reason {
            NotRead::Stopped(cause) => Self::Stopped(cause),
            NotRead::NoSecret(refusal) => Self::NoSecret(refusal),
        }
    }
}

/// Why there is no supervisor.
enum NotStarted {
    /// Somebody has stopped the run before.
    Stopped(StopCause),
    /// The keyring did not give the password.
    NoSecret(Refusal),
    /// It did not work.
    Failed(String),
    /// It did not work, but the supervisor may have begun nevertheless.
    Unclear(String),
}

impl Driver {
    /// Starts a run and follows it to its end.
    pub async fn launch(mut self, job: Job) {
        let (outcome, reasons) = match self.start(&job).await {
            Ok(supervisor) => {
                self.follow().await;
                self.reap(supervisor).await;
                return;
            }
            Err(NotStarted::Unclear(reason)) if self.has_begun().await => {
                tracing::warn!("run {} has begun, although {reason}", self.run);
                return self.follow().await;
            }
            Err(NotStarted::Stopped(cause)) => (cause.outcome(), Vec::new()),
            Err(NotStarted::NoSecret(refusal)) => (Outcome::Failed(refusal.error.failure()), refusal.lines()),
            Err(NotStarted::Failed(reason) | NotStarted::Unclear(reason)) => {
                (Outcome::SpawnFailed(reason.clone()), vec![reason])
            }
        };
        self.end_unstarted(job.record, outcome, reasons).await;
    }

    /// Follows a run that an earlier daemon started, and ends it if nobody leads it any more.
    ///
    /// A lock that is free does not say so yet: where somebody has removed the folder, a feed can still be there.
    pub async fn adopt(mut self) {
        self.follow().await;
    }

    async fn start(&mut self, job: &Job) -> Result<Child, NotStarted> {
        let task = &job.record.task;
        let gone = || NotStarted::Failed(format!("task `{task}` is no longer in the configuration"));
        let profile = self.profile.clone().ok_or_else(gone)?;
        let mut orders = job.prepare(&profile, &self.home, &self.versions).await.map_err(NotStarted::Failed)?;
        if let Ok(Order::Stop { by, .. }) = self.orders.try_recv() {
            return Err(NotStarted::Stopped(by));
        }
        let lock = self.write_record(&job.record).await?;
        self.tell(RunNews::Recorded).await;
        // Only now: an answer can take the user a while, and whatever happens meanwhile, the record tells of the run.
        let password = match orders.keyring_entry.take() {
            Some(entry) => Some(self.wait_for_password(profile.name(), &entry).await?),
            None => None,
        };
        spawn_supervisor(orders, password, lock).await.map_err(|error| NotStarted::Unclear(chain(&error)))
    }

    /// Reads the run's password from the keyring, unless somebody stops the run meanwhile.
    pub(super) async fn wait_for_password(&mut self, profile: &str, entry: &str) -> Result<Secret, NotRead> {
        let until = clock::now() + self.keyring.limit();
        self.tell(RunNews::WaitingForSecret { until }).await;
        tokio::select! {
            password = self.keyring.password(profile, entry) => password.map_err(NotRead::NoSecret),
            Some(Order::Stop { by, .. }) = self.orders.recv() => Err(NotRead::Stopped(by)),
        }
    }

    /// From here on a crash does not lose the occurrence: its instant is on disk.
    async fn write_record(&mut self, record: &Record) -> Result<File, NotStarted> {
        let attempt = || {
            let (records, record) = (self.records.clone(), record.clone());
            blocking(move || {
                let lock = records.lock(record.run)?;
                records.write(&record)?;
                Ok(lock)
            })
        };
        let recorded = record_patiently(self.run, Patience::default(), &mut self.orders, attempt).await;
        recorded.map_err(|error| match error {
            Unrecorded::Stopped(cause) => NotStarted::Stopped(cause),
            Unrecorded::Failed(error) => {
                let folder = self.records.path().display();
                NotStarted::Failed(format!("the record of the run cannot be written to {folder}: {error}"))
            }
        })
    }

    /// Whether the record tells of more than the plan.
    async fn has_begun(&self) -> bool {
        let (records, run) = (self.records.clone(), self.run);
        let record = timeout(with_patience(END_LIMIT), blocking(move || records.read(run))).await;
        matches!(record, Ok(Ok(record)) if record.stage != Stage::Planned)
    }

    /// It has told its end, or its lock is free: it is not a zombie for long, and if it is, others look after it.
    async fn reap(&self, mut supervisor: Child) {
        match timeout(with_patience(REAP_LIMIT), supervisor.wait()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!("the supervisor of run {} cannot be waited for: {error}", self.run),
            Err(_) => tracing::warn!("the supervisor of run {} does not end", self.run),
        }
    }

    pub(super) async fn tell(&self, news: RunNews) {
        // A core that has gone needs no news: the next one finds the run.
        let _ = self.core.send(Input::Run(self.run, news)).await;
    }

    async fn end_unstarted(&self, mut record: Record, outcome: Outcome, reasons: Vec<String>) {
        let now: DateTime<Utc> = clock::now();
        let was_interrupted = outcome == Outcome::Interrupted;
        let finished = Finished { at: now, duration_ms: 0, exit_code: None, outcome };
        let last_lines = newest_lines(reasons);
        record.stage = Stage::Finished { started_at: None, log_file: None, finished, summary: None, last_lines };
        // The occurrence is dealt with, unless the daemon's own end has come in between.
        if self.write_end(&record).await && !was_interrupted {
            self.tell(RunNews::Recorded).await;
        }
        self.tell(RunNews::Ended(Box::new(record))).await;
    }

    /// Writes the end of a run that has no supervisor. Returns whether it is on disk.
    pub(super) async fn write_end(&self, record: &Record) -> bool {
        let (records, ended) = (self.records.clone(), record.clone());
        let written = timeout(with_patience(END_LIMIT), blocking(move || records.write(&ended))).await;
        let written = written.unwrap_or_else(|elapsed| Err(elapsed.into()));
        if let Err(error) = &written {
            tracing::error!("the end of run {} cannot be written: {error}", self.run);
        }
        written.is_ok()
    }
}

pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
