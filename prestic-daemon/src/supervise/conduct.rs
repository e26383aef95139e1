//! Leads one run: starts restic, waits for what happens, and writes down the end.
//!
//! One thread owns the run and takes events from the others: orders, the end of restic, the end of its pipes. The record is
//! on disk before anybody is told.

use std::{
    io,
    process::Command,
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
    process::{self, ProcessId, Started},
    records::{Record, RecordFolder, Stage, newest_lines},
    restic::{
        outcome::{End, classify},
        version::ResticVersion,
    },
    supervise::{
        feed::{Order, StopCause},
        feed_server::Feed,
        frame,
        log::Log,
        output::{Output, Stream},
        pipes,
        spec::RunSpec,
        stop::{StopAction, StopPlan},
        unlock,
    },
};

/// How many events can wait. Who has one more waits with it.
pub const MAX_EVENTS: usize = 16;

/// How long the pipes are read after restic has ended: a process that it left behind can hold them for ever.
const DRAIN_MS: u64 = 2000;

/// How long the listeners have to hear that it is over.
const FAREWELL: Duration = Duration::from_secs(2);

/// An older restic leaves its lock when it is interrupted while it makes it: 0.14 looks around for 0.2 s before it holds a
/// lock for its own, and forgets it until then.
const ALWAYS_UNLOCKS: ResticVersion = ResticVersion { major: 0, minor: 17, patch: 0 };

/// How often, and how long, the end is written again when the disk is full: without it the run counts as lost.
const RECORD_PAUSE: Duration = Duration::from_secs(5);
const RECORD_ATTEMPTS: u32 = 120;

/// What the other threads have to say.
#[derive(Debug)]
pub enum Event {
    /// Somebody wants something.
    Order(Order),
    /// restic has ended, and has not been reaped.
    ResticEnded,
    /// One of restic's pipes has ended.
    StreamEnded,
}

/// The two ends of the queue of events.
pub type Events = (SyncSender<Event>, Receiver<Event>);

/// Leads a run from the stage `Planned` to the stage `Finished`.
///
/// The calling thread has to live as long as restic: its end interrupts restic.
pub fn conduct(spec: &RunSpec, records: &RecordFolder, record: Record, feed: &Arc<Feed>, events: Events) {
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
    };
    let end = match run.stopped_before_its_start() {
        Some(cause) => Ended::without_start(cause.outcome()),
        None => run.run_restic(),
    };
    run.finish(end);
}

struct Run<'a> {
    spec: &'a RunSpec,
    records: &'a RecordFolder,
    record: Record,
    feed: &'a Arc<Feed>,
    events: Events,
    output: Arc<Mutex<Output>>,
    plan: StopPlan,
    stopwatch: Stopwatch,
    started_at: DateTime<Utc>,
    log_file: Option<String>,
}

/// How restic ended, if it ever ran.
struct Ended {
    code: Option<i32>,
    signal: Option<i32>,
    outcome: Outcome,
    /// How long it ran.
    duration_ms: Option<u64>,
}

impl Ended {
    fn without_start(outcome: Outcome) -> Self {
        Self { code: None, signal: None, outcome, duration_ms: None }
    }
}

impl Run<'_> {
    fn stopped_before_its_start(&mut self) -> Option<StopCause> {
        while let Ok(event) = self.events.1.try_recv() {
            if let Event::Order(Order::Stop { by, .. }) = event {
                return Some(by);
            }
        }
        None
    }

    fn run_restic(&mut self) -> Ended {
        let program = self.spec.command.first().map_or("", String::as_str);
        let mut command = Command::new(program);
        command.args(self.spec.command.iter().skip(1));
        let started = match process::start(command, self.spec.cpu_priority, self.spec.io_priority) {
            Ok(started) => started,
            Err(error) => {
                return Ended::without_start(Outcome::SpawnFailed(spawn_failure(program, &error)));
            }
        };
        self.stopwatch = Stopwatch::start();
        let pid = started.child.id();
        let (code, signal) = self.attend(started);
        let duration_ms = Some(self.stopwatch.elapsed_ms());
        let end = match (code, signal) {
            (Some(code), _) => End::Exited(code),
            (None, signal) => End::Signaled(signal.unwrap_or_default()),
        };
        let mut output = self.output();
        output.close();
        let findings = output.findings();
        drop(output);
        let mut outcome = classify(
            end,
            self.spec.restic_version,
            &self.spec.subcommand,
            self.plan.cause().is_some(),
            &findings.error_lines,
            findings.file_errors,
        );
        if let (Outcome::Stopped, Some(cause)) = (&outcome, self.plan.cause()) {
            outcome = cause.outcome();
        }
        if self.may_have_left_lock(end) {
            self.remove_lock(pid);
        }
        Ended { code, signal, outcome, duration_ms }
    }

    /// Stays with restic until it has ended and its pipes are empty. Returns its exit code or else the signal that ended it.
    fn attend(&mut self, started: Started) -> (Option<i32>, Option<i32>) {
        let Started { mut child, output, errors, warnings } = started;
        let restic =
            process::identify(child.id()).unwrap_or_else(|_| ProcessId { pid: child.id(), started: 0, boot_id: String::new() });
        let mut own_output = self.output();
        own_output.restic_started(self.stopwatch);
        warnings.iter().for_each(|warning| own_output.note(warning));
        drop(own_output);
        // The pipes come first: restic must not wait for a disk that is slow to take the record.
        let readers = self.drain(output, Stream::Output).and_then(|()| self.drain(errors, Stream::Errors));
        let waiter = self.wait_on_another_thread(restic.clone());
        if let Err(error) = readers.and(waiter) {
            self.output().note(&format!("cannot watch restic, so it is stopped: {error}"));
            let _ = process::kill(&restic);
        } else {
            self.write_running(&restic);
            self.feed.started();
            self.wait(&restic);
        }
        match child.wait() {
            Ok(status) => match process::ending_signal(status) {
                None => (status.code(), None),
                signal => (None, signal),
            },
            Err(_) => (None, None),
        }
    }

    fn drain(&self, pipe: io::PipeReader, stream: Stream) -> io::Result<()> {
        pipes::drain(pipe, stream, Arc::clone(&self.output), Arc::clone(self.feed), self.events.0.clone())
    }

    fn wait_on_another_thread(&self, restic: ProcessId) -> io::Result<()> {
        let events = self.events.0.clone();
        thread::Builder::new().name("restic".to_owned()).spawn(move || {
            // If there is no waiting for it, reaping it does: the run's thread does that next.
            let _ = process::wait_for_end(&restic, None);
            let _ = events.send(Event::ResticEnded);
        })?;
        Ok(())
    }

    fn write_running(&mut self, restic: &ProcessId) {
        let log_file = self.log_file.clone();
        self.record.stage = Stage::Running { started_at: self.started_at, restic: restic.clone(), log_file };
        if let Err(error) = self.records.write(&self.record) {
            self.output().note(&format!("warning: cannot write the record of the run: {error}"));
        }
    }

    /// Waits for the end of restic and of its pipes, and acts on orders in the meantime.
    fn wait(&mut self, restic: &ProcessId) {
        let mut open_streams = 2;
        let mut drain_until_ms = None;
        let mut left_over_killed = false;
        loop {
            let now_ms = self.stopwatch.elapsed_ms();
            if drain_until_ms.is_some() && open_streams == 0 {
                return;
            }
            if drain_until_ms.is_some_and(|until_ms| until_ms <= now_ms) {
                if left_over_killed {
                    return;
                }
                left_over_killed = true;
                drain_until_ms = Some(now_ms + DRAIN_MS);
                self.kill_left_over();
            }
            if drain_until_ms.is_none()
                && let Some(action) = self.plan.due(now_ms)
            {
                self.act(action, restic);
            }
            match self.next_event(now_ms, drain_until_ms) {
                Some(Event::Order(Order::Stop { grace_ms, by })) if drain_until_ms.is_none() => {
                    self.feed.stopping();
                    if let Some(action) = self.plan.request(now_ms, grace_ms, by) {
                        self.act(action, restic);
                    }
                }
                Some(Event::ResticEnded) => drain_until_ms = Some(self.stopwatch.elapsed_ms() + DRAIN_MS),
                Some(Event::StreamEnded) => open_streams -= 1,
                Some(Event::Order(_)) | None => {}
            }
        }
    }

    /// Returns the next event, or `None` when the time has come for something.
    fn next_event(&self, now_ms: u64, drain_until_ms: Option<u64>) -> Option<Event> {
        let limit = match drain_until_ms {
            Some(until_ms) => Some(Duration::from_millis(until_ms.saturating_sub(now_ms))),
            None => self.plan.time_left(now_ms),
        };
        match limit {
            Some(limit) => self.events.1.recv_timeout(limit).ok(),
            None => self.events.1.recv().ok(),
        }
    }

    fn act(&self, action: StopAction, restic: &ProcessId) {
        match action {
            // Only restic itself: its helpers carry the removal of its lock, and it ends them.
            StopAction::Interrupt => {
                let _ = process::interrupt(restic);
            }
            StopAction::Kill => {
                let _ = process::kill(restic);
                let _ = process::kill_rest_of_session();
            }
        }
    }

    fn kill_left_over(&self) {
        let killed = process::kill_rest_of_session().unwrap_or_default();
        self.output().note(&format!("restic has ended, but something that it had started held its output: {killed} killed"));
    }

    fn may_have_left_lock(&self, end: End) -> bool {
        match end {
            End::Signaled(_) => true,
            End::Exited(0) => false,
            End::Exited(_) => {
                self.plan.cause().is_some() && self.spec.restic_version.is_none_or(|version| version < ALWAYS_UNLOCKS)
            }
        }
    }

    fn remove_lock(&self, pid: u32) {
        if self.spec.restic.is_empty() {
            return;
        }
        let line = unlock::unlock_after(&self.spec.restic, pid, |_| {})
            .unwrap_or_else(|error| format!("Could not look after the lock of restic's process {pid}: {error}"));
        self.output().note(&line);
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

    fn output(&self) -> MutexGuard<'_, Output> {
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

fn spawn_failure(program: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("there is no program `{program}`; is restic installed and `executable` right?"),
        io::ErrorKind::PermissionDenied => format!("`{program}` is not executable"),
        _ => format!("`{program}` cannot be started: {error}"),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
