//! Drives one run: starts its supervisor or finds it again, passes news to the core and orders to the supervisor.
//!
//! The supervisor does the work and keeps the record; whatever happens to the driver, the run goes on.

use std::{fs::File, io, process::Stdio, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use prestic_proto::{
    endpoint,
    home::Home,
    outcome::Outcome,
    run::{Finished, RunId},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
    sync::mpsc,
};

use crate::{
    clock,
    config::Profile,
    core::{CoreHandle, command::Input, news::RunNews},
    process::{self, ProcessId},
    program,
    records::{Record, RecordFolder, Stage},
    runs::{
        Found, Job, ResticVersions,
        found::end_as_interrupted,
        job::{Orders, RepositoryAccess},
        link::Link,
    },
    supervise::{
        feed::{Order, Report},
        unlock,
    },
};

/// How long restic may take to clean up after it has lost its supervisor, which interrupts it.
const LOST_GRACE: Duration = Duration::from_secs(75);
/// How often to try to reach a supervisor that lives but does not listen yet, and how long to wait in between at first.
const CONNECT_TRIES: u32 = 8;
const CONNECT_PAUSE: Duration = Duration::from_millis(20);

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
    /// What the core wants of the run.
    pub orders: mpsc::Receiver<Order>,
}

impl Driver {
    /// Starts a run and follows it to its end.
    pub async fn launch(mut self, job: Job) {
        match self.start(&job).await {
            Ok(mut supervisor) => {
                self.follow().await;
                // It has told its end, or its lock is free: it is not a zombie for long.
                if let Err(error) = supervisor.wait().await {
                    tracing::warn!("the supervisor of run {} cannot be waited for: {error}", self.run);
                }
            }
            Err(reason) => self.end_unstarted(job.record, reason).await,
        }
    }

    /// Follows a run that an earlier daemon started.
    pub async fn adopt(mut self, found: Found) {
        if found.is_supervised {
            self.follow().await;
        } else {
            self.recover(found.record).await;
        }
    }

    async fn start(&mut self, job: &Job) -> Result<Child, String> {
        let task = &job.record.task;
        let profile = self.profile.as_ref().ok_or_else(|| format!("task `{task}` is no longer in the configuration"))?;
        let orders = job.prepare(profile, &self.home, &self.versions).await?;
        let lock = self.write_record(job.record.clone()).await.map_err(|error| {
            format!("the record of the run cannot be written to {}: {error}", self.records.path().display())
        })?;
        self.tell(RunNews::Recorded).await;
        spawn_supervisor(orders, lock).await.map_err(|error| format!("the supervisor cannot be started: {error}"))
    }

    /// From here on a crash does not lose the occurrence: its instant is on disk.
    async fn write_record(&self, record: Record) -> io::Result<File> {
        let records = self.records.clone();
        blocking(move || {
            let lock = records.lock(record.run)?;
            records.write(&record)?;
            Ok(lock)
        })
        .await
    }

    /// Passes news and orders until the run has ended.
    async fn follow(&mut self) {
        if let Some(link) = self.connect().await
            && let Err(error) = self.relay(link).await
        {
            tracing::warn!("the feed of run {} broke: {error}", self.run);
        }
        let (records, run) = (self.records.clone(), self.run);
        let record = blocking(move || {
            records.wait_until_unsupervised(run)?;
            records.read(run)
        });
        match record.await {
            Ok(record) if record.is_finished() => self.tell(RunNews::Ended(Box::new(record))).await,
            Ok(record) => self.recover(record).await,
            Err(error) => self.tell(RunNews::Gone(format!("the record of the run cannot be read: {error}"))).await,
        }
    }

    /// Connects to the feed. A supervisor of which only the lock is seen yet is given time to listen.
    async fn connect(&self) -> Option<Link> {
        let socket = endpoint::run_socket(&self.home, self.run);
        let mut pause = CONNECT_PAUSE;
        for _ in 0..CONNECT_TRIES {
            match Link::connect(&socket).await {
                Ok(link) => return Some(link),
                Err(_) if !self.records.is_supervised(self.run).unwrap_or(true) => return None,
                Err(_) => tokio::time::sleep(pause).await,
            }
            pause *= 2;
        }
        tracing::warn!("the supervisor of run {} does not listen on {}: waiting for its end", self.run, socket.display());
        None
    }

    async fn relay(&mut self, mut link: Link) -> io::Result<()> {
        loop {
            tokio::select! {
                report = link.next() => match report? {
                    Some(Report::Started) => self.tell_started().await?,
                    Some(Report::Progress(progress)) => self.tell(RunNews::Progress(progress)).await,
                    Some(Report::Stopping) => self.tell(RunNews::Stopping).await,
                    Some(Report::LogGrew) => self.tell(RunNews::LogGrew).await,
                    Some(Report::Finished) | None => return Ok(()),
                },
                Some(order) = self.orders.recv() => link.send(order).await?,
            }
        }
    }

    async fn tell_started(&self) -> io::Result<()> {
        let (records, run) = (self.records.clone(), self.run);
        if let Stage::Running { started_at, restic, log_file } = blocking(move || records.read(run)).await?.stage {
            self.tell(RunNews::Started { at: started_at, pid: restic.pid, log_file }).await;
        }
        Ok(())
    }

    async fn tell(&self, news: RunNews) {
        // A core that has gone needs no news: the next one finds the run.
        let _ = self.core.send(Input::Run(self.run, news)).await;
    }

    /// Ends a run whose supervisor is gone. restic was interrupted by the system when that happened; it gets its time.
    async fn recover(&mut self, mut record: Record) {
        if let Stage::Running { restic, .. } = &record.stage
            && process::is_alive(restic)
        {
            self.tell(RunNews::Stopping).await;
            self.outlive(restic.clone()).await;
        }
        self.remove_lock(&record).await;
        end_as_interrupted(&mut record);
        let (records, ended) = (self.records.clone(), record.clone());
        if let Err(error) = blocking(move || records.write(&ended)).await {
            tracing::error!("the end of run {} cannot be written: {error}", self.run);
        }
        self.tell(RunNews::Ended(Box::new(record))).await;
    }

    /// An interrupted restic removes its lock; one that went down with the machine does not.
    async fn remove_lock(&self, record: &Record) {
        let Stage::Running { restic, .. } = &record.stage else { return };
        let access = self.profile.as_ref().and_then(|profile| RepositoryAccess::of(profile, &self.home));
        let Some(RepositoryAccess { words, environment }) = access else { return };
        let pid = restic.pid;
        let removed = blocking(move || {
            let prepare = |command: &mut std::process::Command| {
                command.env_clear().envs(environment.iter().cloned());
            };
            unlock::unlock_after(&words, pid, prepare).map_err(io::Error::other)
        });
        match removed.await {
            Ok(done) => tracing::info!("run {}: {done}", self.run),
            Err(error) => tracing::warn!("the locks of run {} cannot be looked at: {error}", self.run),
        }
    }

    async fn outlive(&mut self, restic: ProcessId) {
        let run = self.run;
        let mut grace = LOST_GRACE;
        loop {
            let (watched, limit) = (restic.clone(), grace);
            let has_ended = tokio::select! {
                has_ended = blocking(move || process::wait_for_end(&watched, Some(limit))) => has_ended,
                Some(Order::Stop { grace_ms, .. }) = self.orders.recv() => {
                    grace = grace.min(Duration::from_millis(grace_ms));
                    continue;
                }
            };
            match has_ended {
                Ok(true) => return,
                Ok(false) => {
                    tracing::warn!("restic (process {}) of run {run} has not ended by itself: killing it", restic.pid);
                    if let Err(error) = process::kill(&restic) {
                        tracing::error!("process {} cannot be killed: {error}", restic.pid);
                        return;
                    }
                    grace = LOST_GRACE;
                }
                Err(error) => {
                    tracing::error!("process {} of run {run} cannot be watched: {error}", restic.pid);
                    return;
                }
            }
        }
    }

    async fn end_unstarted(&self, mut record: Record, reason: String) {
        let now: DateTime<Utc> = clock::now();
        let finished = Finished { at: now, duration_ms: 0, exit_code: None, outcome: Outcome::SpawnFailed(reason.clone()) };
        record.stage = Stage::Finished { started_at: None, log_file: None, finished, summary: None, last_lines: vec![reason] };
        let (records, ended) = (self.records.clone(), record.clone());
        if let Err(error) = blocking(move || records.write(&ended)).await {
            tracing::error!("the end of run {} cannot be written: {error}", self.run);
        }
        self.tell(RunNews::Ended(Box::new(record))).await;
    }
}

/// Starts a supervisor and returns when it listens.
async fn spawn_supervisor(orders: Orders, lock: File) -> io::Result<Child> {
    let mut command = Command::new(program::own_program()?);
    command.arg("supervise").env_clear().envs(orders.environment).current_dir(program::working_folder());
    command.stdin(Stdio::piped()).stdout(Stdio::from(lock)).stderr(Stdio::piped());
    let mut supervisor = command.spawn()?;
    if let Some(mut stdin) = supervisor.stdin.take() {
        stdin.write_all(&serde_json::to_vec(&orders.spec)?).await?;
    }
    let mut said = String::new();
    if let Some(stderr) = supervisor.stderr.take() {
        BufReader::new(stderr).read_line(&mut said).await?;
    }
    if said.trim_end() == "listening" { Ok(supervisor) } else { Err(io::Error::other(said.trim_end().to_owned())) }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
