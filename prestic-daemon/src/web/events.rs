//! Live events for browsers: `/api/v1/events`, a stream of server-sent events that goes on where it broke off.

mod feed;
mod message;
mod throttle;

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use prestic_proto::event::Cursor;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

pub use self::feed::Feed;
use self::{
    feed::{Heard, Listener},
    message::{Message, parse_cursor},
};
use crate::web::{Web, api};

/// How often a stream with nothing to tell shows that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a browser waits before it connects again.
const RETRY: &str = "retry: 2000\n\n";
/// How long a browser that found no place should wait.
const RETRY_AFTER_SECONDS: &str = "10";
/// By this header a browser tells where its last stream broke off.
const LAST_EVENT_ID: &str = "last-event-id";

/// The routes of this file.
pub fn routes() -> Router<Web> {
    Router::new().route("/api/v1/events", get(events))
}

async fn events(State(web): State<Web>, uri: Uri, headers: HeaderMap) -> Response {
    let since = match since(&uri, &headers) {
        Ok(since) => since,
        Err(refusal) => return refusal.into_response(),
    };
    let Some(listener) = web.events().listen() else {
        let text = "too many pages listen: close some, or try again later";
        let refusal = api::Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-listeners", text);
        return ([(header::RETRY_AFTER, RETRY_AFTER_SECONDS)], refusal).into_response();
    };
    let stream = futures::stream::unfold(Connection::new(listener, since, HEARTBEAT, web.ending().clone()), Connection::next);
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::from_stream(stream)).into_response()
}

/// Returns where the stream is to go on: the browser's own header counts more than the address of the page's first stream.
///
/// A header that is not ours is of another server at this port, and as good as one of another daemon.
fn since(uri: &Uri, headers: &HeaderMap) -> Result<Option<Cursor>, api::Refusal> {
    const STRANGE: Cursor = Cursor { instance: 0, seq: 0 };
    let mut parameters = api::Parameters::of(uri)?;
    let asked = parameters.take("since");
    parameters.finish()?;
    let asked = match asked {
        None => None,
        Some(text) => Some(parse_cursor(&text).ok_or_else(|| api::Refusal::bad_parameter("since", "not a cursor"))?),
    };
    let header = headers.get(LAST_EVENT_ID).map(|value| value.to_str().ok().and_then(parse_cursor).unwrap_or(STRANGE));
    Ok(header.or(asked))
}

/// One stream.
struct Connection {
    listener: Listener,
    /// What is to be written next.
    queue: VecDeque<String>,
    phase: Phase,
    heartbeat: Interval,
    /// The end of the server.
    ending: CancellationToken,
}

enum Phase {
    /// Nothing was told yet.
    New(Option<Cursor>),
    /// Everything up to this event was told.
    Live(Cursor),
}

impl Connection {
    fn new(listener: Listener, since: Option<Cursor>, silence: Duration, ending: CancellationToken) -> Self {
        let mut heartbeat = tokio::time::interval_at(Instant::now() + silence, silence);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { listener, queue: VecDeque::from([RETRY.to_owned()]), phase: Phase::New(since), heartbeat, ending }
    }

    /// Returns the next piece. It is asked for only when the one before has been sent: a slow browser falls behind in the feed's
    /// ring, and nowhere else.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        loop {
            if let Some(piece) = self.queue.pop_front() {
                return Some((Ok(piece.into()), self));
            }
            match self.phase {
                Phase::New(since) => {
                    let (messages, cursor) = tokio::select! {
                        caught_up = self.listener.catch_up(since) => caught_up?,
                        () = self.ending.cancelled() => return None,
                    };
                    self.queue.extend(messages.into_iter().map(|message| message.frame));
                    self.phase = Phase::Live(cursor);
                }
                Phase::Live(told) => {
                    tokio::select! {
                        heard = self.listener.hear() => self.take_in(heard?, told),
                        () = self.ending.cancelled() => return None,
                        _ = self.heartbeat.tick() => self.queue.push_back(": nothing new\n\n".to_owned()),
                    }
                }
            }
        }
    }

    fn take_in(&mut self, heard: Heard, told: Cursor) {
        match heard {
            Heard::Message(message) if message.seq.is_some_and(|seq| seq <= told.seq) => {}
            Heard::Message(message) => self.queue.push_back(message.frame.clone()),
            Heard::Resync => {
                let cursor = self.listener.position().unwrap_or(told);
                self.queue.push_back(Message::of_resync(cursor).frame);
                self.phase = Phase::Live(cursor);
            }
        }
    }
}

#[cfg(test)]
mod tests;
