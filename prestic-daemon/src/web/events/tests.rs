//! Streams against a daemon of a few lines, which a test lets go on as it wants.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use chrono::DateTime;
use futures::future::BoxFuture;
use prestic_proto::{
    event::{Event, EventKind, Watched},
    progress::Progress,
    run::RunId,
};
use tokio::sync::Notify;

use super::{
    feed::{MAX_LISTENERS, Source},
    *,
};

const INSTANCE: u64 = 7;

/// The events of a daemon, and how often it was asked.
#[derive(Clone, Default)]
struct Daemon {
    state: Arc<Mutex<Past>>,
    is_new: Arc<Notify>,
    questions: Arc<AtomicUsize>,
    waiting: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Past {
    events: Vec<EventKind>,
    /// How many of them are forgotten.
    forgotten: u64,
    progress: Vec<(RunId, Progress)>,
    is_gone: bool,
}

impl Daemon {
    fn tell(&self, kind: EventKind) {
        self.state.lock().unwrap().events.push(kind);
        self.is_new.notify_waiters();
    }

    fn pause(&self, task: &str) {
        self.tell(EventKind::Resumed { task: Some(task.to_owned()) });
    }

    fn answer(&self, after: Cursor) -> Option<Watched> {
        let state = self.state.lock().unwrap();
        if state.is_gone {
            return None;
        }
        let newest = state.events.len() as u64;
        if after.instance != INSTANCE || after.seq > newest || after.seq < state.forgotten {
            return Some(Watched::Resync);
        }
        let at = DateTime::UNIX_EPOCH;
        let numbered = state.events.iter().zip(1..).map(|(kind, seq)| Event { seq, at, kind: kind.clone() });
        let events = numbered.filter(|event| event.seq > after.seq).collect();
        Some(Watched::Events { events, progress: state.progress.clone(), next: Cursor { instance: INSTANCE, seq: newest } })
    }
}

/// Counts the questions that wait, also when they are dropped.
struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Source for Daemon {
    fn cursor(&self) -> BoxFuture<'_, Option<Cursor>> {
        let seq = self.state.lock().unwrap().events.len() as u64;
        Box::pin(async move { Some(Cursor { instance: INSTANCE, seq }) })
    }

    fn watch(&self, after: Cursor, wait: Duration) -> BoxFuture<'_, Option<Watched>> {
        Box::pin(async move {
            self.questions.fetch_add(1, Ordering::SeqCst);
            self.waiting.fetch_add(1, Ordering::SeqCst);
            let _waiting = Waiting(Arc::clone(&self.waiting));
            let is_new = self.is_new.notified();
            match self.answer(after)? {
                Watched::Events { events, .. } if events.is_empty() && !wait.is_zero() => {
                    let _ = tokio::time::timeout(wait, is_new).await;
                    self.answer(after)
                }
                watched => Some(watched),
            }
        })
    }
}

/// A browser: what it reads, one message after the other.
struct Browser(Option<Connection>);

impl Browser {
    fn connect(feed: &Feed, since: Option<&str>) -> Self {
        let since = since.map(|text| parse_cursor(text).unwrap());
        Self(Some(Connection::new(feed.listen().unwrap(), since, HEARTBEAT, CancellationToken::new())))
    }

    /// Returns the next piece but for `retry:`; none at the end.
    async fn read(&mut self) -> Option<String> {
        loop {
            let (Ok(piece), rest) = self.0.take()?.next().await?;
            self.0 = Some(rest);
            let text = String::from_utf8(piece.to_vec()).unwrap();
            if text != RETRY {
                return Some(text);
            }
        }
    }

    /// Returns the id and the name of the next message.
    async fn read_message(&mut self) -> (String, String) {
        let text = self.read().await.expect("the stream goes on");
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        (field("id:"), field("event:"))
    }

    #[track_caller]
    fn expect(&mut self, expected: &[(&str, &str)]) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            for (id, name) in expected {
                assert_eq!(self.read_message().await, ((*id).to_owned(), (*name).to_owned()), "{caller}");
            }
        }
    }
}

#[tokio::test]
async fn new_page_is_told_where_it_begins_and_what_happens_then() {
    let daemon = Daemon::default();
    daemon.pause("before");
    let feed = Feed::new(daemon.clone());
    let mut browser = Browser::connect(&feed, None);
    browser.expect(&[("7-1", "connected")]).await;
    daemon.pause("after");
    browser.expect(&[("7-2", "resumed")]).await;
}

#[tokio::test]
async fn stream_that_broke_off_goes_on_without_a_gap_or_a_repetition() {
    let daemon = Daemon::default();
    for task in ["a", "b", "c"] {
        daemon.pause(task);
    }
    let feed = Feed::new(daemon.clone());
    let mut first = Browser::connect(&feed, Some("7-3"));
    let mut browser = Browser::connect(&feed, Some("7-1"));
    browser.expect(&[("7-2", "resumed"), ("7-3", "resumed")]).await;
    daemon.pause("d");
    browser.expect(&[("7-4", "resumed")]).await;
    first.expect(&[("7-4", "resumed")]).await;
}

#[tokio::test]
async fn events_between_catching_up_and_listening_come_once() {
    let daemon = Daemon::default();
    let feed = Feed::new(daemon.clone());
    let mut first = Browser::connect(&feed, None);
    first.expect(&[("7-0", "connected")]).await;
    // The second one listens, the feed hears of the event, and only then the daemon is asked for what was before.
    let mut second = Browser::connect(&feed, Some("7-0"));
    daemon.pause("a");
    first.expect(&[("7-1", "resumed")]).await;
    second.expect(&[("7-1", "resumed")]).await;
    daemon.pause("b");
    second.expect(&[("7-2", "resumed")]).await;
}

#[tokio::test]
async fn cursor_that_is_too_old_or_of_another_daemon_is_told_to_begin_anew() {
    let daemon = Daemon::default();
    for task in ["a", "b", "c"] {
        daemon.pause(task);
    }
    daemon.state.lock().unwrap().forgotten = 2;
    let feed = Feed::new(daemon.clone());
    for since in ["7-1", "8-3", "7-4"] {
        Browser::connect(&feed, Some(since)).expect(&[("7-3", "resync")]).await;
    }
}

#[tokio::test]
async fn slow_browser_loses_messages_and_is_told_so() {
    let daemon = Daemon::default();
    let feed = Feed::new(daemon.clone());
    let (mut slow, mut quick) = (Browser::connect(&feed, None), Browser::connect(&feed, None));
    slow.expect(&[("7-0", "connected")]).await;
    quick.expect(&[("7-0", "connected")]).await;
    for number in 1..=600 {
        daemon.pause("many");
        quick.expect(&[(&format!("7-{number}"), "resumed")]).await;
    }
    slow.expect(&[("7-600", "resync")]).await;
    daemon.pause("next");
    slow.expect(&[("7-601", "resumed")]).await;
}

#[tokio::test]
async fn progress_comes_twice_a_second_and_does_not_hold_events_up() {
    let daemon = Daemon::default();
    let feed = Feed::new(daemon.clone());
    let mut browser = Browser::connect(&feed, None);
    browser.expect(&[("7-0", "connected")]).await;
    let set = |bytes_done| {
        daemon.state.lock().unwrap().progress = vec![(RunId(1), Progress { bytes_done, ..Progress::default() })];
        daemon.is_new.notify_waiters();
    };
    tokio::task::yield_now().await;
    set(1);
    browser.expect(&[("", "progress")]).await;
    set(2);
    tokio::task::yield_now().await;
    daemon.pause("a");
    browser.expect(&[("7-1", "resumed")]).await;
    let last = browser.read().await.unwrap();
    assert!(last.contains("event: progress") && last.contains(r#""bytes_done":2"#), "{last}");
}

#[tokio::test]
async fn silence_is_broken_by_a_heartbeat() {
    let feed = Feed::new(Daemon::default());
    let mut browser =
        Browser(Some(Connection::new(feed.listen().unwrap(), None, Duration::from_millis(10), CancellationToken::new())));
    browser.expect(&[("7-0", "connected")]).await;
    assert!(browser.read().await.unwrap().starts_with(':'));
    assert!(browser.read().await.unwrap().starts_with(':'));
}

#[tokio::test]
async fn streams_end_with_the_daemon_and_with_the_server() {
    let daemon = Daemon::default();
    let feed = Feed::new(daemon.clone());
    let mut browser = Browser::connect(&feed, None);
    browser.expect(&[("7-0", "connected")]).await;
    daemon.tell(EventKind::ShuttingDown);
    browser.expect(&[("7-1", "shutting-down")]).await;
    assert_eq!(browser.read().await, None);

    let ending = CancellationToken::new();
    let connection = Connection::new(feed.listen().unwrap(), None, HEARTBEAT, ending.clone());
    let mut next = Browser(Some(connection));
    next.expect(&[("7-1", "connected")]).await;
    ending.cancel();
    assert_eq!(next.read().await, None);
}

#[tokio::test]
async fn daemon_that_does_not_answer_ends_the_stream() {
    let daemon = Daemon::default();
    daemon.state.lock().unwrap().is_gone = true;
    let mut browser = Browser::connect(&Feed::new(daemon), None);
    assert_eq!(browser.read().await, None);
}

#[tokio::test]
async fn daemon_is_asked_only_while_somebody_listens_and_by_one_for_all() {
    let daemon = Daemon::default();
    let feed = Feed::new(daemon.clone());
    tokio::task::yield_now().await;
    assert_eq!(daemon.questions.load(Ordering::SeqCst), 0);

    let mut browsers: Vec<_> = (0..10).map(|_| Browser::connect(&feed, None)).collect();
    for browser in &mut browsers {
        browser.expect(&[("7-0", "connected")]).await;
    }
    assert_eq!(daemon.waiting.load(Ordering::SeqCst), 1, "one long poll for all");
    drop(browsers);
    tokio::task::yield_now().await;
    assert_eq!(daemon.waiting.load(Ordering::SeqCst), 0);
    let asked = daemon.questions.load(Ordering::SeqCst);
    tokio::task::yield_now().await;
    assert_eq!(daemon.questions.load(Ordering::SeqCst), asked);
}

#[tokio::test]
async fn places_are_limited_and_free_again_after_a_page_has_gone() {
    let feed = Feed::new(Daemon::default());
    let mut listeners: Vec<_> = (0..MAX_LISTENERS).map(|_| feed.listen().unwrap()).collect();
    assert!(feed.listen().is_none());
    listeners.pop();
    assert!(feed.listen().is_some());
}

#[test]
fn header_of_the_browser_counts_more_than_the_address() {
    let uri = Uri::from_static("/api/v1/events?since=7-1");
    let mut headers = HeaderMap::new();
    assert_eq!(since(&uri, &headers).unwrap(), parse_cursor("7-1"));
    headers.insert(LAST_EVENT_ID, "7-2".parse().unwrap());
    assert_eq!(since(&uri, &headers).unwrap(), parse_cursor("7-2"));
    headers.insert(LAST_EVENT_ID, "of another server".parse().unwrap());
    assert_eq!(since(&uri, &headers).unwrap(), parse_cursor("0-0"));
    assert!(since(&Uri::from_static("/api/v1/events?since=x"), &HeaderMap::new()).is_err());
    assert!(since(&Uri::from_static("/api/v1/events?sinse=7-1"), &HeaderMap::new()).is_err());
}
