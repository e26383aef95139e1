//! One task that follows the daemon's events for all browsers, and only while there are any.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use prestic_proto::{
    client::Client,
    event::{Cursor, EventKind, Watched},
    service::MAX_WAIT_MS,
};
use tokio::{
    sync::{broadcast, watch},
    task::JoinHandle,
    time::Instant,
};

use super::{message::Message, throttle::Throttle};

/// How many browsers may listen at once: a quarter of the server's connections, so that pages always get one.
pub const MAX_LISTENERS: usize = 64;
/// How many messages a browser may be behind before it has to fetch everything again.
const KEPT_MESSAGES: usize = 256;
/// How long one question to the daemon waits when nothing is under way.
const POLL: Duration = Duration::from_millis(MAX_WAIT_MS);
/// How long it waits while something is: progress that came between two questions has no number by which it would be told
/// again.
const BUSY_POLL: Duration = Duration::from_secs(1);

/// Where the events come from. None is the end of it.
pub trait Source: Send + Sync + 'static {
    /// Returns the cursor after the last event.
    fn cursor(&self) -> BoxFuture<'_, Option<Cursor>>;

    /// Waits for something to happen after a cursor.
    fn watch(&self, after: Cursor, wait: Duration) -> BoxFuture<'_, Option<Watched>>;
}

impl Source for Client {
    fn cursor(&self) -> BoxFuture<'_, Option<Cursor>> {
        Box::pin(async { self.status().await.ok().map(|status| status.cursor) })
    }

    fn watch(&self, after: Cursor, wait: Duration) -> BoxFuture<'_, Option<Watched>> {
        Box::pin(async move { self.watch(after, wait).await.ok() })
    }
}

/// What a listener receives: a message, or that everything has to be fetched again.
#[derive(Debug, Clone)]
pub enum Heard {
    /// A message.
    Message(Arc<Message>),
    /// Messages are lost.
    Resync,
}

/// The events of the daemon, for any number of listeners.
#[derive(Clone)]
pub struct Feed {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").field("listeners", &self.shared.state().listeners).finish_non_exhaustive()
    }
}

struct Shared {
    source: Arc<dyn Source>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    listeners: usize,
    pump: Option<Pump>,
}

/// The task that follows, and what listeners need of it. Dropped, it ends.
struct Pump {
    sender: broadcast::WeakSender<Heard>,
    position: watch::Receiver<Option<Cursor>>,
    task: JoinHandle<()>,
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feed {
    /// Makes a feed that nobody listens to yet.
    pub fn new(source: impl Source) -> Self {
        Self { shared: Arc::new(Shared { source: Arc::new(source), state: Mutex::default() }) }
    }

    /// Begins to listen; none if too many do.
    pub fn listen(&self) -> Option<Listener> {
        let mut state = self.shared.state();
        if state.listeners >= MAX_LISTENERS {
            return None;
        }
        let attached = state.pump.as_ref().and_then(|pump| Some((pump.sender.upgrade()?.subscribe(), pump.position.clone())));
        let (receiver, position) = attached.unwrap_or_else(|| {
            let (pump, receiver) = start(Arc::clone(&self.shared.source));
            let position = pump.position.clone();
            state.pump = Some(pump);
            (receiver, position)
        });
        state.listeners += 1;
        Some(Listener { shared: Arc::clone(&self.shared), receiver, position })
    }
}

/// Somebody who listens.
pub struct Listener {
    shared: Arc<Shared>,
    receiver: broadcast::Receiver<Heard>,
    position: watch::Receiver<Option<Cursor>>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.listeners -= 1;
        if state.listeners == 0 {
            state.pump = None;
        }
    }
}

impl Listener {
    /// Returns what happened after a cursor, and where that ends. Without a cursor only the end; none at the end of the feed.
    ///
    /// What the feed tells from then on is all there is beside it: the feed has begun before the daemon was asked.
    pub async fn catch_up(&mut self, since: Option<Cursor>) -> Option<(Vec<Message>, Cursor)> {
        let position = (*self.position.wait_for(Option::is_some).await.ok()?)?;
        let (mut messages, after) = match since {
            Some(since) => (Vec::new(), since),
            None => (vec![Message::of_connection(position)], position),
        };
        match self.shared.source.watch(after, Duration::ZERO).await? {
            Watched::Resync => Some((vec![Message::of_resync(position)], position)),
            Watched::Events { events, progress, next } => {
                messages.extend(events.iter().map(|event| Message::of_event(next.instance, event)));
                messages.extend(progress.iter().map(|(run, progress)| Message::of_progress(*run, progress)));
                Some((messages, next))
            }
        }
    }

    /// Waits for the next message; none at the end of the feed.
    pub async fn hear(&mut self) -> Option<Heard> {
        match self.receiver.recv().await {
            Ok(heard) => Some(heard),
            Err(broadcast::error::RecvError::Lagged(_)) => {
                self.receiver = self.receiver.resubscribe();
                Some(Heard::Resync)
            }
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// Returns how far the feed has come; none before it has begun.
    pub fn position(&self) -> Option<Cursor> {
        *self.position.borrow()
    }
}

fn start(source: Arc<dyn Source>) -> (Pump, broadcast::Receiver<Heard>) {
    let (sender, receiver) = broadcast::channel(KEPT_MESSAGES);
    let (position_sender, position) = watch::channel(None);
    let weak = sender.downgrade();
    let task = tokio::spawn(async move {
        // The end of the source is the end of all streams: dropping the sender tells them.
        let _ = follow(source.as_ref(), &sender, &position_sender).await;
    });
    (Pump { sender: weak, position, task }, receiver)
}

async fn follow(
    source: &dyn Source,
    sender: &broadcast::Sender<Heard>,
    position: &watch::Sender<Option<Cursor>>,
) -> Option<()> {
    let mut cursor = source.cursor().await?;
    position.send_replace(Some(cursor));
    let mut throttle = Throttle::default();
    let mut poll = source.watch(cursor, POLL);
    loop {
        let due_at = throttle.due_at();
        let watched = tokio::select! {
            watched = &mut poll => Some(watched?),
            () = tokio::time::sleep_until(due_at.unwrap_or_else(Instant::now)), if due_at.is_some() => None,
        };
        let mut is_end = false;
        match watched {
            None => {}
            Some(Watched::Resync) => {
                cursor = source.cursor().await?;
                position.send_replace(Some(cursor));
                tell(sender, Heard::Resync);
                poll = source.watch(cursor, POLL);
            }
            Some(Watched::Events { events, progress, next }) => {
                let wait = if events.is_empty() && progress.is_empty() { POLL } else { BUSY_POLL };
                for event in &events {
                    is_end |= matches!(event.kind, EventKind::ShuttingDown);
                    tell(sender, Heard::Message(Arc::new(Message::of_event(next.instance, event))));
                }
                throttle.take_in(progress, Instant::now());
                cursor = next;
                poll = source.watch(cursor, wait);
            }
        }
        for (run, progress) in throttle.take_due(Instant::now()) {
            tell(sender, Heard::Message(Arc::new(Message::of_progress(run, &progress))));
        }
        position.send_replace(Some(cursor));
        if is_end {
            return None;
        }
    }
}

/// That nobody listens is no error: the last one has just gone.
fn tell(sender: &broadcast::Sender<Heard>, heard: Heard) {
    let _ = sender.send(heard);
}
