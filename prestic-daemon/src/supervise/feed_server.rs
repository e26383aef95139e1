//! Serves the feed: tells every listener what is known and what changes, and takes their orders.
//!
//! It never waits for a listener. A listener that is slow misses progress, and nothing else.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use chrono::{DateTime, Utc};
use interprocess::local_socket::{Listener, Stream, traits::Listener as _};
use prestic_proto::{limit::LimitNear, lock::LockHolder, progress::Progress};

use crate::{
    clock::Stopwatch,
    process,
    supervise::feed::{Order, Report},
};

/// The shortest time between two reports of progress, or of a longer log, to one listener.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

/// How many listeners there can be. There is one daemon, and one that takes over from it.
const MAX_LISTENERS: usize = 8;

/// The longest line of an order.
const MAX_ORDER: u64 = 4096;

/// The pause after a listener could not be accepted, for lack of descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// What the listeners are told.
#[derive(Debug, Default)]
pub struct Feed {
    known: Mutex<Known>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Known {
    /// What restic does, if it was ever started.
    phase: Option<Phase>,
    /// How often that has changed.
    phase_version: u64,
    is_stopping: bool,
    has_finished: bool,
    progress: Progress,
    /// How often the progress has changed: what a listener has been told is a number below it.
    progress_version: u64,
    log_length: u64,
    limit_near: Option<LimitNear>,
    listeners: usize,
}

/// What restic does.
#[derive(Debug, Clone)]
enum Phase {
    Runs,
    Waits { holders: Vec<LockHolder>, until: Option<DateTime<Utc>> },
}

impl Feed {
    /// Tells that restic runs.
    pub fn started(&self) {
        self.enter(Phase::Runs);
    }

    /// Tells that it was kept out by a lock, and that it will be started again.
    pub fn waiting_for_lock(&self, holders: Vec<LockHolder>, until: Option<DateTime<Utc>>) {
        self.enter(Phase::Waits { holders, until });
    }

    /// Tells which limit is near, if any is.
    pub fn limit_near(&self, near: Option<LimitNear>) {
        self.change(|known| known.limit_near = near);
    }

    fn enter(&self, phase: Phase) {
        self.change(|known| {
            known.phase = Some(phase);
            known.phase_version += 1;
        });
    }

    /// Tells how far it has come.
    pub fn progress(&self, progress: Progress) {
        self.change(|known| {
            known.progress = progress;
            known.progress_version += 1;
        });
    }

    /// Tells how many bytes of the log can be read.
    pub fn log_reaches(&self, length: u64) {
        if self.lock().log_length != length {
            self.change(|known| known.log_length = length);
        }
    }

    /// Tells that restic was asked to stop.
    pub fn stopping(&self) {
        self.change(|known| known.is_stopping = true);
    }

    /// Tells that it is over, and waits until the listeners have heard it, but for no longer than the limit.
    pub fn finish(&self, limit: Duration) {
        self.change(|known| known.has_finished = true);
        let _ = self.changed.wait_timeout_while(self.lock(), limit, |known| known.listeners > 0);
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells one listener everything, until it is over or the listener has gone.
    fn tell(&self, listener: &mut impl Write, has_gone: &AtomicBool) -> io::Result<()> {
        let mut told = Told::default();
        loop {
            let Some(report) = self.wait_for_news(&mut told, has_gone) else { return Ok(()) };
            let mut line = serde_json::to_vec(&report)?;
            line.push(b'\n');
            listener.write_all(&line)?;
            listener.flush()?;
            if report == Report::Finished {
                return Ok(());
            }
        }
    }

    fn wait_for_news(&self, told: &mut Told, has_gone: &AtomicBool) -> Option<Report> {
        let mut known = self.lock();
        loop {
            if has_gone.load(Ordering::Relaxed) {
                return None;
            }
            let pause = match told.next(&known) {
                Next::Report(report) => return Some(report),
                Next::After(pause) => Some(pause),
                Next::Nothing => None,
            };
            known = match pause {
                Some(pause) => self.changed.wait_timeout(known, pause).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(known).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

/// What one listener has been told.
#[derive(Debug, Default)]
struct Told {
    phase_version: u64,
    stopping: bool,
    limit_near: Option<LimitNear>,
    progress_version: u64,
    log_length: u64,
    /// When progress, or a longer log, was told last.
    told_at: Option<Stopwatch>,
}

#[derive(Debug, PartialEq)]
enum Next {
    Report(Report),
    /// There is progress, or more in the log, but it is too early to tell it.
    After(Duration),
    Nothing,
}

impl Told {
    fn next(&mut self, known: &Known) -> Next {
        if let Some(phase) = known.phase.as_ref().filter(|_| self.phase_version != known.phase_version) {
            self.phase_version = known.phase_version;
            return Next::Report(match phase.clone() {
                Phase::Runs => Report::Started,
                Phase::Waits { holders, until } => Report::WaitingForLock { holders, until },
            });
        }
        if known.is_stopping && !std::mem::replace(&mut self.stopping, true) {
            return Next::Report(Report::Stopping);
        }
        if known.has_finished {
            return Next::Report(Report::Finished);
        }
        if self.limit_near != known.limit_near {
            self.limit_near = known.limit_near;
            return Next::Report(Report::LimitNear(known.limit_near));
        }
        let has_progress = known.progress_version != self.progress_version;
        if !has_progress && known.log_length == self.log_length {
            return Next::Nothing;
        }
        let elapsed = self.told_at.map_or(PROGRESS_INTERVAL, |at| Duration::from_millis(at.elapsed_ms()));
        if elapsed < PROGRESS_INTERVAL {
            return Next::After(PROGRESS_INTERVAL - elapsed);
        }
        self.told_at = Some(Stopwatch::start());
        self.progress_version = known.progress_version;
        // Whoever hears of progress looks at the log as well.
        self.log_length = known.log_length;
        Next::Report(if has_progress { Report::Progress(known.progress.clone()) } else { Report::LogGrew })
    }
}

/// Accepts listeners on a thread of its own, for as long as the process lives.
pub fn serve(socket: Listener, feed: Arc<Feed>, order: impl Fn(Order) + Clone + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("feed".to_owned()).spawn(move || {
        loop {
            match socket.accept() {
                Ok(listener) if process::is_own_peer(&listener) => {
                    // A listener for whom there is no thread finds its connection closed, and can come again.
                    let _ = attend(listener, Arc::clone(&feed), order.clone());
                }
                Ok(_) => {}
                Err(_) => thread::park_timeout(ACCEPT_PAUSE),
            }
        }
    })?;
    Ok(())
}

fn attend(listener: Stream, feed: Arc<Feed>, order: impl Fn(Order) + Send + 'static) -> io::Result<()> {
    let Some(seat) = Seat::take(&feed) else { return Ok(()) };
    let reports = Arc::new(listener);
    let orders = Arc::clone(&reports);
    let has_gone = Arc::new(AtomicBool::new(false));
    let seen_gone = Arc::clone(&has_gone);
    thread::Builder::new().name("reports".to_owned()).spawn(move || {
        let _ = seat.0.tell(&mut &*reports, &seen_gone);
    })?;
    thread::Builder::new().name("orders".to_owned()).spawn(move || {
        let _ = take_orders(&*orders, order);
        // Only the reading side sees at once that a listener has gone. The change wakes the other one up.
        feed.change(|_| has_gone.store(true, Ordering::Relaxed));
    })?;
    Ok(())
}

/// A listener's place among [`MAX_LISTENERS`], given back when it is dropped.
struct Seat(Arc<Feed>);

impl Seat {
    fn take(feed: &Arc<Feed>) -> Option<Self> {
        let mut known = feed.lock();
        if known.listeners >= MAX_LISTENERS {
            return None;
        }
        known.listeners += 1;
        Some(Self(Arc::clone(feed)))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.change(|known| known.listeners -= 1);
    }
}

/// Takes orders until the listener goes away, or says something that is none.
fn take_orders(listener: impl Read, order: impl Fn(Order)) -> io::Result<()> {
    let mut listener = BufReader::with_capacity(512, listener);
    let mut line = Vec::new();
    loop {
        line.clear();
        (&mut listener).take(MAX_ORDER).read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Ok(());
        }
        order(serde_json::from_slice(&line)?);
    }
}

#[cfg(test)]
mod tests;
