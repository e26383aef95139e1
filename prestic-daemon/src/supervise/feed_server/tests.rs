//! Feeds with listeners that hear all, late ones, and slow ones.

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
fn listener_hears_of_a_wait_and_of_the_start_after_it() {
    let feed = Arc::new(Feed::default());
    feed.started();
    let heard = listen_to(&feed);
    assert_eq!(heard.recv().unwrap(), Report::Started);
    feed.waiting_for_lock(Vec::new(), None);
    assert_eq!(heard.recv().unwrap(), Report::WaitingForLock { holders: Vec::new(), until: None });
    feed.started();
    assert_eq!(heard.recv().unwrap(), Report::Started);
}

#[test]
fn limit_that_is_near_is_told_and_taken_back() {
    let feed = Arc::new(Feed::default());
    let near = LimitNear { limit: prestic_proto::limit::Limit::NoProgress, stops_at: DateTime::UNIX_EPOCH };
    feed.limit_near(Some(near));
    let heard = listen_to(&feed);
    assert_eq!(heard.recv().unwrap(), Report::LimitNear(Some(near)));
    feed.limit_near(None);
    assert_eq!(heard.recv().unwrap(), Report::LimitNear(None));
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
