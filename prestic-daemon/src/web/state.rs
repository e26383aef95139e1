//! What every request may use.

use std::{net::SocketAddr, sync::Arc};

use chrono::{DateTime, FixedOffset, Utc};
use prestic_proto::client::Client;
use tokio_util::sync::CancellationToken;

use crate::web::{
    events::Feed,
    sessions::{Session, Sessions},
    settings::WebSettings,
    words::Moment,
};

/// What tells the web interface the time: it reads no clock itself.
#[derive(Debug, Clone, Copy)]
pub struct WebClock {
    /// Returns what time it is.
    pub now: fn() -> DateTime<Utc>,
    /// Returns an instant as the machine's clocks show it.
    pub local: fn(DateTime<Utc>) -> DateTime<FixedOffset>,
    /// Returns the name of the machine's time zone; none if it has none that is known.
    pub zone: fn() -> Option<String>,
}

/// What every request may use; cheap to clone.
#[derive(Debug, Clone)]
pub struct Web {
    /// The way to the daemon.
    pub client: Client,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: WebClock,
    address: SocketAddr,
    settings: WebSettings,
    sessions: Sessions,
    events: Feed,
    ending: CancellationToken,
}

impl Web {
    /// Makes the state of a server that listens at an address.
    pub fn new(client: Client, clock: WebClock, address: SocketAddr, settings: WebSettings) -> Self {
        let sessions = Sessions::new(address.port(), client.hello().instance);
        let events = Feed::new(client.clone());
        let shared = Shared { clock, address, settings, sessions, events, ending: CancellationToken::new() };
        Self { client, shared: Arc::new(shared) }
    }

    /// Returns what time it is, and where.
    pub fn moment(&self) -> Moment {
        Moment { now: (self.shared.clock.now)(), local: self.shared.clock.local }
    }

    /// Returns the name of the machine's time zone, where it has one.
    pub fn zone(&self) -> Option<String> {
        (self.shared.clock.zone)()
    }

    /// Returns where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Returns what the configuration says.
    pub fn settings(&self) -> &WebSettings {
        &self.shared.settings
    }

    /// Returns the sessions.
    pub fn sessions(&self) -> &Sessions {
        &self.shared.sessions
    }

    /// Returns the daemon's events, for those who listen.
    pub fn events(&self) -> &Feed {
        &self.shared.events
    }

    /// Returns what is canceled when the server ends: streams that would go on for ever end with it.
    pub fn ending(&self) -> &CancellationToken {
        &self.shared.ending
    }

    /// Returns what stands for everybody who comes without a session.
    pub fn common_session(&self) -> Session {
        self.shared.sessions.common()
    }
}
