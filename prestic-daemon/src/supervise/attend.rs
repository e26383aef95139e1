//! Stays with one restic from its start until it has ended and its pipes are empty: carries out orders, minds its limits.

use std::{io, process::Command, sync::Arc, thread, time::Duration};

use chrono::Local;
use prestic_proto::{limit::LimitNear, outcome::Outcome};

use crate::{
    clock::{self, Stopwatch},
    process::{self, ProcessId, Started},
    records::{OwnRestic, Stage},
    restic::{
        outcome::{End, classify},
        version::ResticVersion,
    },
    supervise::{
        conduct::{Ended, Event, Run},
        feed::{Order, StopCause},
        limits::{LimitAction, LimitWatch, Readings},
        output::Stream,
        pipes,
        stop::StopAction,
        unlock,
    },
};

/// How long the pipes are read after restic has ended: a process that it left behind can hold them for ever.
const DRAIN_MS: u64 = 2000;

/// An older restic leaves its lock when it is interrupted while it makes it: 0.14 looks around for 0.2 s before it holds a
/// lock for its own, and forgets it until then.
pub(super) const ALWAYS_UNLOCKS: ResticVersion = ResticVersion { major: 0, minor: 17, patch: 0 };

impl Run<'_> {
    pub(super) fn run_restic(&mut self) -> Ended {
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
        self.starts += 1;
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
        let end = Event::StreamEnded(self.starts);
        pipes::drain(pipe, stream, Arc::clone(&self.output), Arc::clone(self.feed), end, self.events.0.clone())
    }

    fn wait_on_another_thread(&self, restic: ProcessId) -> io::Result<()> {
        let (events, end) = (self.events.0.clone(), Event::ResticEnded(self.starts));
        thread::Builder::new().name("restic".to_owned()).spawn(move || {
            // If there is no waiting for it, reaping it does: the run's thread does that next.
            let _ = process::wait_for_end(&restic, None);
            let _ = events.send(end);
        })?;
        Ok(())
    }

    fn write_running(&mut self, restic: &ProcessId) {
        let log_file = self.log_file.clone();
        self.record.note_restic(OwnRestic { pid: restic.pid, started_at: self.started_at });
        self.write_stage(Stage::Running { started_at: self.started_at, restic: restic.clone(), log_file });
    }

    /// Waits for the end of restic and of its pipes, and acts on orders in the meantime.
    fn wait(&mut self, restic: &ProcessId) {
        let mut open_streams = 2;
        let mut drain_until_ms = None;
        let mut left_over_killed = false;
        let mut watch = LimitWatch::new(&self.spec.limits);
        let mut look_at_ms = Some(0);
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
            if drain_until_ms.is_none() && look_at_ms.is_some_and(|at_ms| at_ms <= now_ms) {
                self.mind_limits(&mut watch, now_ms, restic);
                let left = watch.time_left(now_ms).filter(|_| self.plan.cause().is_none());
                look_at_ms = left.map(|left| now_ms + u64::try_from(left.as_millis()).unwrap_or(u64::MAX));
            }
            match self.next_event(now_ms, drain_until_ms.or(look_at_ms.into_iter().chain(self.plan.kill_at_ms()).min())) {
                Some(Event::Order(Order::Stop { grace_ms, by })) if drain_until_ms.is_none() => {
                    self.feed.stopping();
                    if let Some(action) = self.plan.request(now_ms, grace_ms, by) {
                        self.act(action, restic);
                    }
                }
                Some(Event::ResticEnded(start)) if start == self.starts => {
                    drain_until_ms = Some(self.stopwatch.elapsed_ms() + DRAIN_MS);
                }
                Some(Event::StreamEnded(start)) if start == self.starts => open_streams -= 1,
                _ => {}
            }
        }
    }

    /// Returns the next event, or `None` when the time has come for something.
    fn next_event(&self, now_ms: u64, until_ms: Option<u64>) -> Option<Event> {
        match until_ms {
            Some(until_ms) => self.events.1.recv_timeout(Duration::from_millis(until_ms.saturating_sub(now_ms))).ok(),
            None => self.events.1.recv().ok(),
        }
    }

    fn mind_limits(&mut self, watch: &mut LimitWatch, at_ms: u64, restic: &ProcessId) {
        if self.plan.cause().is_some() {
            return;
        }
        let activity = if watch.wants_activity() { process::activity(restic.pid) } else { None };
        let (steps, output_bytes) = self.output().movement();
        match watch.look(Readings { at_ms, now: clock::now(), steps, output_bytes, activity }) {
            LimitAction::GoOn => {}
            LimitAction::Tell(near) => {
                self.output().note(&near_text(near));
                self.feed.limit_near(near);
            }
            LimitAction::Stop(limit) => {
                self.output().note(&format!("restic is stopped: {limit}"));
                self.feed.stopping();
                if let Some(action) = self.plan.request(at_ms, self.spec.limits.stop_grace_ms, StopCause::Limit(limit)) {
                    self.act(action, restic);
                }
            }
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
        let line = unlock::unlock_after(&self.spec.restic, pid, |lock| self.records.have_made(lock), |_| {})
            .unwrap_or_else(|error| format!("Could not look after the lock of restic's process {pid}: {error}"));
        self.output().note(&line);
    }
}

fn near_text(near: Option<LimitNear>) -> String {
    match near {
        Some(LimitNear { limit, stops_at }) => {
            let at = stops_at.with_timezone(&Local).format("%H:%M:%S");
            format!("{}: restic will be stopped at {at}", limit.approach())
        }
        None => "restic gets on again".to_owned(),
    }
}

fn spawn_failure(program: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("there is no program `{program}`; is restic installed and `executable` right?"),
        io::ErrorKind::PermissionDenied => format!("`{program}` is not executable"),
        _ => format!("`{program}` cannot be started: {error}"),
    }
}
