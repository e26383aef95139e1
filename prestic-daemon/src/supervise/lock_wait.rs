//! Gets a run past the locks that have kept its restic out: removes what is left behind, waits for what is in use.
//!
//! What to do is decided in `lock_rules.rs`. Here restic is asked, on another thread, so that an order to stop is heard.

use std::{
    process::Command,
    sync::mpsc::{RecvTimeoutError, TryRecvError, sync_channel},
    thread,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{limit::Limit, lock::LockHolder};

use crate::{
    clock::{self, Stopwatch},
    process,
    records::Stage,
    restic::lock::{Lock, in_the_way},
    supervise::{
        conduct::{Event, Run},
        feed::{Order, StopCause},
        limits::LONGEST_LOOK_PAUSE_MS,
        lock_rules::{LockDecision, Seen, Surroundings, decide},
        repository_locks::{LockError, RepositoryLocks},
        unlock::{MAX_TRIES, REAPING_PAUSE},
    },
};

/// The most holders of locks that are named.
const MAX_NAMED: usize = 8;

/// What a run has seen of locks, and what was told of it.
#[derive(Debug)]
pub(super) struct LockWait {
    seen: Seen,
    since: DateTime<Utc>,
    stopwatch: Stopwatch,
    holders: Vec<LockHolder>,
    told: Option<Told>,
    unlocks: u32,
    has_complained: bool,
}

#[derive(Debug)]
struct Told {
    holders: Vec<LockHolder>,
    until: DateTime<Utc>,
}

/// Whether the way into the repository is free.
pub(super) enum Passage {
    /// It may be: restic will find out.
    Free,
    /// It is not, and the time is over.
    Closed,
    /// The run was stopped in the meantime.
    Stopped(StopCause),
}

impl LockWait {
    fn start() -> Self {
        Self {
            seen: Seen::default(),
            since: clock::now(),
            stopwatch: Stopwatch::start(),
            holders: Vec::new(),
            told: None,
            unlocks: 0,
            has_complained: false,
        }
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.stopwatch.elapsed_ms())
    }

    fn take(&mut self, locks: Vec<Lock>) {
        let at = self.elapsed();
        self.seen.take(locks, at);
        let all = self.seen.all();
        let known = std::mem::take(&mut self.holders);
        self.holders = in_the_way(&all).into_iter().take(MAX_NAMED).map(|lock| since_known(lock.to_holder(), &known)).collect();
    }
}

/// A lock that is refreshed looks younger than it is.
fn since_known(mut holder: LockHolder, known: &[LockHolder]) -> LockHolder {
    if let Some(earlier) = known.iter().find(|earlier| earlier.is_same(&holder)) {
        holder.created_at = holder.created_at.min(earlier.created_at);
    }
    holder
}

impl Run<'_> {
    /// Waits until restic is worth another start, as long as the run may, or removes what is in the way if nobody uses it.
    pub(super) fn get_past_lock(&mut self) -> Passage {
        let mut wait = self.lock_wait.take().unwrap_or_else(LockWait::start);
        wait.seen.kept_out();
        let passage = self.wait_for_lock(&mut wait).unwrap_or_else(Passage::Stopped);
        self.lock_wait = Some(wait);
        passage
    }

    /// Returns who holds the locks, as the record keeps it.
    pub(super) fn holder_lines(&self, now: DateTime<Utc>) -> Vec<String> {
        let holders = self.lock_wait.iter().flat_map(|wait| &wait.holders);
        holders.map(|holder| format!("locked by {}", holder_text(holder, now))).collect()
    }

    fn wait_for_lock(&mut self, wait: &mut LockWait) -> Result<Passage, StopCause> {
        loop {
            let known = wait.seen.all();
            let answer = self.ask(move |locks| locks.read(&known))?;
            let is_known = answer.is_ok();
            match self.take_answer(wait, answer) {
                LockDecision::StartAgain => return Ok(Passage::Free),
                LockDecision::Unlock(stale) => self.unlock(wait, stale)?,
                LockDecision::Wait { pause, at_most } => {
                    self.tell_wait(wait, at_most);
                    self.pause(pause)?;
                    if !is_known {
                        return Ok(Passage::Free);
                    }
                }
                LockDecision::GiveUp => return Ok(Passage::Closed),
            }
        }
    }

    fn take_answer(&self, wait: &mut LockWait, answer: Result<Vec<Lock>, LockError>) -> LockDecision {
        let allowed = Duration::from_millis(self.spec.limits.wait_for_lock_ms.unwrap_or_default());
        let time_left = allowed.saturating_sub(wait.elapsed());
        match answer {
            Ok(locks) => wait.take(locks),
            Err(error) => {
                if !std::mem::replace(&mut wait.has_complained, true) {
                    self.output().note(&format!("Could not look at the locks of the repository: {}", chain(&error)));
                }
                let pause = self.lock_rules.longest_pause.min(time_left);
                return if pause.is_zero() { LockDecision::GiveUp } else { LockDecision::Wait { pause, at_most: time_left } };
            }
        }
        let surroundings = Surroundings {
            hostname: &process::hostname(),
            is_pid_in_use: &process::is_pid_in_use,
            is_ours: &|lock| self.records.have_made(lock),
            now: clock::now(),
            at: wait.elapsed(),
            time_left,
        };
        decide(&mut wait.seen, &surroundings, self.lock_rules)
    }

    /// Runs `unlock` once, and says what it has removed. restic leaves the lock of a process that nobody has waited for yet.
    fn unlock(&mut self, wait: &mut LockWait, stale: Vec<Lock>) -> Result<(), StopCause> {
        if wait.unlocks > 0 {
            self.pause(REAPING_PAUSE)?;
        }
        wait.unlocks += 1;
        let known = wait.seen.all();
        let left = self.ask(move |locks| {
            locks.unlock()?;
            locks.read(&known)
        })?;
        let now = clock::now();
        let left = left.unwrap_or_else(|error| {
            self.output().note(&format!("Could not unlock the repository: {}", chain(&error)));
            wait.seen.resisting.extend(stale.iter().map(|lock| lock.id.clone()));
            stale.clone()
        });
        for lock in stale.iter().filter(|lock| !left.contains(lock)) {
            let (id, text) = (&lock.id[..lock.id.len().min(8)], holder_text(&lock.to_holder(), now));
            self.output().note(&format!("Removed a lock that nobody uses any more: {id} of {text}"));
        }
        if wait.unlocks >= MAX_TRIES {
            wait.seen.resisting.extend(left.into_iter().map(|lock| lock.id));
        }
        Ok(())
    }

    /// Says who is waited for, when that has changed.
    fn tell_wait(&mut self, wait: &mut LockWait, at_most: Duration) {
        let now = clock::now();
        let until = now + TimeDelta::from_std(at_most).unwrap_or(TimeDelta::zero());
        let is_told = wait.told.as_ref().is_some_and(|told| {
            let is_same_end = (told.until - until).abs() < TimeDelta::seconds(2);
            is_same_end
                && told.holders.len() == wait.holders.len()
                && told.holders.iter().zip(&wait.holders).all(|(a, b)| a.is_same(b))
        });
        // restic was started since, so that the record says that it runs.
        if is_told && matches!(self.record.stage, Stage::Waiting { .. }) {
            return;
        }
        if !is_told {
            let seconds = TimeDelta::seconds(i64::try_from(at_most.as_secs()).unwrap_or(i64::MAX));
            self.output().note(&format!("Waiting for up to {} for the repository's lock", span_text(seconds)));
            for line in wait.holders.iter().map(|holder| format!("locked by {}", holder_text(holder, now))) {
                self.output().note(&line);
            }
        }
        let told = wait.told.insert(Told { holders: wait.holders.clone(), until });
        let (since, started_at, log_file) = (wait.since, self.started_at, self.log_file.clone());
        let holders = told.holders.clone();
        self.write_stage(Stage::Waiting { since, started_at, holders: holders.clone(), until: Some(until), log_file });
        self.feed.waiting_for_lock(holders, Some(until));
    }

    /// Does something about the locks on another thread. An order to stop is not kept waiting by it.
    fn ask<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&RepositoryLocks<fn(&mut Command)>) -> Result<T, LockError> + Send + 'static,
    ) -> Result<Result<T, LockError>, StopCause> {
        let locks = RepositoryLocks::new(&self.spec.restic, (|_| {}) as fn(&mut Command));
        let (sender, answer) = sync_channel(1);
        let events = self.events.0.clone();
        let lost = |source| LockError::Run { command: "restic".to_owned(), source };
        let thread = thread::Builder::new().name("locks".to_owned()).spawn(move || {
            let _ = sender.send(work(&locks));
            let _ = events.send(Event::LocksAnswered);
        });
        if let Err(error) = thread {
            return Ok(Err(lost(error)));
        }
        loop {
            match answer.try_recv() {
                Ok(answer) => return Ok(answer),
                Err(TryRecvError::Disconnected) => return Ok(Err(lost(std::io::ErrorKind::BrokenPipe.into()))),
                Err(TryRecvError::Empty) => {}
            }
            if let Err(cause) = self.heed(Duration::from_millis(LONGEST_LOOK_PAUSE_MS)) {
                // The question must not outlive the run.
                let _ = process::kill_rest_of_session();
                return Err(cause);
            }
        }
    }

    fn pause(&mut self, length: Duration) -> Result<(), StopCause> {
        let stopwatch = Stopwatch::start();
        loop {
            let left = length.saturating_sub(Duration::from_millis(stopwatch.elapsed_ms()));
            if left.is_zero() {
                return Ok(());
            }
            self.heed(left.min(Duration::from_millis(LONGEST_LOOK_PAUSE_MS)))?;
        }
    }

    /// Waits for an event, but for no longer than this. An order to stop and the end of the window end the wait for a lock.
    fn heed(&mut self, limit: Duration) -> Result<(), StopCause> {
        let now = clock::now();
        let window = self.spec.limits.ends_at.map(|ends_at| (ends_at - now).to_std().unwrap_or_default());
        if window.is_some_and(|left| left.is_zero()) {
            return Err(StopCause::Limit(Limit::Window));
        }
        match self.events.1.recv_timeout(window.map_or(limit, |left| left.min(limit))) {
            Ok(Event::Order(Order::Stop { by, .. })) => Err(by),
            Ok(_) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Ok(()),
        }
    }
}

/// Returns who holds a lock, and for how long at least.
fn holder_text(holder: &LockHolder, now: DateTime<Utc>) -> String {
    let LockHolder { user, host, pid, created_at, is_exclusive, .. } = holder;
    let exclusive = if *is_exclusive { " (exclusive)" } else { "" };
    format!("{user}@{host}, process {pid}, for {}{exclusive}", span_text(now - *created_at))
}

fn span_text(span: TimeDelta) -> String {
    match span.num_seconds().max(0) {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

#[cfg(test)]
mod tests;
