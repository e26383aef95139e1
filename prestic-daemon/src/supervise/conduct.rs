//! Leads one run: starts restic, again if a lock has kept it out, and writes down the end.
//!
//! One thread owns the run and takes events from the others: orders, the end of restic, the end of its pipes. The record is
//! on disk before anybody is told. How it stays with one restic is in `attend.rs`, how it gets past a lock in `lock_wait.rs`.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender},
    },
    thread,
    time::Duration,
};

use chrono::{DateTime, Local, Utc};
use prestic_proto::{outcome::Outcome, run::Finished};

use crate::{
    clock::{self, Stopwatch},
    log_files,
    records::{Record, RecordFolder, Stage, newest_lines},
    supervise::{
        feed::{Order, StopCause},
        feed_server::Feed,
        frame,
        lock_rules::LockRules,
        lock_wait::{LockWait, Passage},
        log::Log,
        output::Output,
        spec::RunSpec,
        stop::StopPlan,
    },
};

/// How many events can wait. Who has one more waits with it.
pub const MAX_EVENTS: usize = 16;

/// How long the listeners have to hear that it is over.
const FAREWELL: Duration = Duration::from_secs(2);

/// How often, and how long, the end is written again when the disk is full: without it the run counts as lost.
const RECORD_PAUSE: Duration = Duration::from_secs(5);
const RECORD_ATTEMPTS: u32 = 120;

/// What the other threads have to say.
#[derive(Debug)]
pub enum Event {
    /// Somebody wants something.
    Order(Order),
    /// restic has ended, and has not been reaped. The number tells which of a run's several.
    ResticEnded(u32),
    /// One of its pipes has ended.
    StreamEnded(u32),
    /// What was asked about the locks has been answered.
    LocksAnswered,
}

/// The two ends of the queue of events.
pub type Events = (SyncSender<Event>, Receiver<Event>);

/// Leads a run from the stage `Planned` to the stage `Finished`.
///
/// The calling thread has to live as long as restic: its end interrupts restic.
pub fn conduct(
    spec: &RunSpec,
    records: &RecordFolder,
    record: Record,
    feed: &Arc<Feed>,
    events: Events,
    lock_rules: &LockRules,
) {
    let started_at = clock::now();
    let (log, log_file) = create_log(spec, started_at);
    let mut run = Run {
        spec,
        records,
        record,
        feed,
        events,
        output: Arc::new(Mutex::new(Output::new(spec.output, spec.log_filter.as_deref(), log))),
        plan: StopPlan::default(),
        stopwatch: Stopwatch::start(),
        started_at,
        log_file,
        lock_rules,
        starts: 0,
        lock_wait: None,
    };
    let end = run.run_to_the_end();
    run.finish(end);
}

pub(super) struct Run<'a> {
    pub(super) spec: &'a RunSpec,
    pub(super) records: &'a RecordFolder,
    pub(super) record: Record,
    pub(super) feed: &'a Arc<Feed>,
    pub(super) events: Events,
    pub(super) output: Arc<Mutex<Output>>,
    pub(super) plan: StopPlan,
    /// Runs since the last start of restic.
    pub(super) stopwatch: Stopwatch,
    pub(super) started_at: DateTime<Utc>,
    pub(super) log_file: Option<String>,
    pub(super) lock_rules: &'a LockRules,
    /// How often restic was started.
    pub(super) starts: u32,
    /// What has been seen of locks; none as long as none was in the way.
    pub(super) lock_wait: Option<LockWait>,
}

/// How restic ended, if it ever ran.
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) signal: Option<i32>,
    pub(super) outcome: Outcome,
    /// How long it ran.
    pub(super) duration_ms: Option<u64>,
}

impl Ended {
    pub(super) fn without_start(outcome: Outcome) -> Self {
        Self { code: None, signal: None, outcome, duration_ms: None }
    }
}

impl Run<'_> {
    fn run_to_the_end(&mut self) -> Ended {
        let mut duration_ms = None;
        loop {
            if let Some(cause) = self.stopped_before_its_start() {
                return Ended { duration_ms, ..Ended::without_start(cause.outcome()) };
            }
            let ended = self.run_restic();
            if ended.outcome != Outcome::RepositoryLocked {
                return ended;
            }
            duration_ms = ended.duration_ms;
            match self.get_past_lock() {
                Passage::Free => self.started_at = clock::now(),
                Passage::Closed => return ended,
                Passage::Stopped(cause) => return Ended { duration_ms, ..Ended::without_start(cause.outcome()) },
            }
        }
    }

    fn stopped_before_its_start(&mut self) -> Option<StopCause> {
        while let Ok(event) = self.events.1.try_recv() {
            if let Event::Order(Order::Stop { by, .. }) = event {
                return Some(by);
            }
        }
        None
    }

    /// Writes the end: first the log, then the record, and only then tells it.
    fn finish(mut self, ended: Ended) {
        let finished = Finished {
            at: clock::now(),
            duration_ms: ended.duration_ms.unwrap_or_default(),
            exit_code: ended.code,
            outcome: ended.outcome,
        };
        let mut output = self.output();
        output.close();
        let findings = output.findings();
        let log_failure = output.finish_log(&frame::footer(&finished, ended.signal)).map(str::to_owned);
        drop(output);
        let mut last_lines = match finished.outcome {
            Outcome::Succeeded | Outcome::Stopped => Vec::new(),
            Outcome::Interrupted => vec!["stopped, because the daemon or the machine went down".to_owned()],
            Outcome::RepositoryLocked => [findings.last_lines, self.holder_lines(finished.at)].concat(),
            _ => findings.last_lines,
        };
        last_lines.extend(log_failure);
        self.record.stage = Stage::Finished {
            started_at: ended.duration_ms.map(|_| self.started_at),
            log_file: self.log_file.take(),
            finished,
            summary: findings.summary,
            last_lines: newest_lines(last_lines),
        };
        self.write_end();
        self.feed.finish(FAREWELL);
    }

    fn write_end(&self) {
        for _ in 0..RECORD_ATTEMPTS {
            if self.records.write(&self.record).is_ok() {
                return;
            }
            thread::park_timeout(RECORD_PAUSE);
        }
    }

    pub(super) fn write_stage(&mut self, stage: Stage) {
        self.record.stage = stage;
        if let Err(error) = self.records.write(&self.record) {
            self.output().note(&format!("warning: cannot write the record of the run: {error}"));
        }
    }

    pub(super) fn output(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Creates the log with its header. Without a log the run goes on.
fn create_log(spec: &RunSpec, at: DateTime<Utc>) -> (Log, Option<String>) {
    let local = at.with_timezone(&Local);
    match log_files::create(&spec.logs, &spec.task, &local) {
        Ok((file, name)) => {
            let mut log = Log::new(file);
            log.add(&frame::header(spec, local));
            log.flush();
            (log, Some(name))
        }
        Err(error) => (Log::without_file(format!("the log could not be created: {error}")), None),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
