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

use interprocess::local_socket::{Listener, Stream, traits::Listener as _};
use prestic_proto::progress::Progress;

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
    has_started: bool,
    is_stopping: bool,
    has_finished: bool,
    progress: Progress,
    /// How often the progress has changed: what a listener has been told is a number below it.
    progress_version: u64,
    log_length: u64,
    listeners: usize,
}

impl Feed {
    /// Tells that restic runs.
    pub fn started(&self) {
        self.change(|known| known.has_started = true);
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
    started: bool,
    stopping: bool,
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
        if known.has_started && !std::mem::replace(&mut self.started, true) {
            return Next::Report(Report::Started);
        }
        if known.is_stopping && !std::mem::replace(&mut self.stopping, true) {
            return Next::Report(Report::Stopping);
        }
        if known.has_finished {
            return Next::Report(Report::Finished);
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
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use interprocess::local_socket::{GenericFilePath, ToFsName, traits::Stream as _};
    use prestic_proto::{endpoint, home::Home, run::RunId};

    use super::*;
    use crate::supervise::feed::StopCause;

    /// Collects what a listener is told, one report a message.
    struct Ear(std::sync::mpsc::SyncSender<Report>);

    impl Write for Ear {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.send(serde_json::from_slice(line)?).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn listen_to(feed: &Arc<Feed>) -> Receiver<Report> {
        let (ear, heard) = sync_channel(0);
        let seat = Seat::take(feed).unwrap();
        thread::spawn(move || seat.0.tell(&mut Ear(ear), &AtomicBool::new(false)));
        heard
    }

    fn progress(files_done: u64) -> Progress {
        Progress { files_done, ..Progress::default() }
    }

    #[test]
    fn late_listener_is_told_all_that_is_known() {
        let feed = Arc::new(Feed::default());
        feed.started();
        feed.progress(progress(1));
        feed.progress(progress(2));
        feed.stopping();
        let heard = listen_to(&feed);
        let reports: Vec<Report> = heard.iter().take(3).collect();
        assert_eq!(reports, [Report::Started, Report::Stopping, Report::Progress(progress(2))]);
        feed.change(|known| known.has_finished = true);
        assert_eq!(heard.iter().collect::<Vec<_>>(), [Report::Finished]);
    }

    #[test]
    fn slow_listener_hears_the_latest_progress_and_nobody_waits_for_it() {
        let feed = Arc::new(Feed::default());
        let heard = listen_to(&feed);
        for files in 0..1000 {
            feed.progress(progress(files));
        }
        feed.finish(Duration::ZERO);
        let reports: Vec<Report> = heard.iter().collect();
        assert!(reports.len() <= 2, "{reports:?}");
        assert_eq!(reports.last(), Some(&Report::Finished));
    }

    #[test]
    fn progress_waits_for_its_interval() {
        let known = Known { progress: progress(1), progress_version: 1, ..Known::default() };
        let mut told = Told { told_at: Some(Stopwatch::start()), ..Told::default() };
        assert!(matches!(told.next(&known), Next::After(pause) if pause <= PROGRESS_INTERVAL));
        told.told_at = None;
        assert_eq!(told.next(&known), Next::Report(Report::Progress(progress(1))));
        assert_eq!(told.next(&known), Next::Nothing);
    }

    #[test]
    fn orders_are_taken_until_one_is_not_understood() {
        let (sender, orders) = sync_channel(8);
        let lines = b"{\"stop\":{\"grace_ms\":5}}\nnonsense\n{\"stop\":{\"grace_ms\":6}}\n";
        assert!(take_orders(&lines[..], |order| sender.send(order).unwrap()).is_err());
        drop(sender);
        assert_eq!(orders.iter().collect::<Vec<_>>(), [Order::Stop { grace_ms: 5, by: StopCause::User }]);
    }

    #[test]
    fn endless_order_is_refused() {
        assert!(take_orders(io::repeat(b'x'), |_| panic!("not an order")).is_ok());
    }

    #[test]
    fn socket_carries_reports_and_orders_and_forgets_who_leaves() {
        let folder = tempfile::tempdir().unwrap();
        let path = endpoint::run_socket(&Home::at(folder.path()), RunId(1));
        let feed = Arc::new(Feed::default());
        let (sender, orders) = sync_channel(8);
        serve(process::listen(&path).unwrap(), Arc::clone(&feed), move |order| sender.send(order).unwrap()).unwrap();
        feed.started();
        let connect = || Stream::connect(path.as_path().to_fs_name::<GenericFilePath>().unwrap()).unwrap();
        for _ in 0..3 * MAX_LISTENERS {
            let mut listener = BufReader::new(connect());
            let mut line = String::new();
            listener.read_line(&mut line).unwrap();
            assert_eq!(line, "\"started\"\n");
            listener.get_mut().write_all(b"{\"stop\":{\"grace_ms\":7,\"by\":\"shutdown\"}}\n").unwrap();
            assert_eq!(orders.recv().unwrap(), Order::Stop { grace_ms: 7, by: StopCause::Shutdown });
            drop(listener);
            // The next one finds a place only because this one's is given back.
            let known = feed.changed.wait_while(feed.lock(), |known| known.listeners > 0).unwrap();
            drop(known);
        }
    }
}
