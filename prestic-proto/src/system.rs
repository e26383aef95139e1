//! The daemon itself: what it found on the machine, what it keeps in memory and on disk.

use std::net::SocketAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A restic that profiles use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResticProgram {
    /// The words of `executable`.
    pub executable: Vec<String>,
    /// Its version, where it tells one.
    pub version: Option<String>,
    /// Why that is not known.
    pub trouble: Option<String>,
    /// The profiles that use it.
    pub profiles: Vec<String>,
}

/// What the daemon keeps so that it need not ask restic again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CacheKind {
    /// The lists of snapshots.
    Snapshots,
    /// The contents of folders, in memory.
    Trees,
    /// The indexes that are loaded, in memory.
    Indexes,
    /// The indexes on disk.
    IndexFiles,
    /// The results of jobs, on disk.
    JobResults,
}

/// How full a cache is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheUse {
    /// Which one.
    pub cache: CacheKind,
    /// How many things are in it.
    pub entries: u64,
    /// How many bytes they take.
    pub bytes: u64,
    /// How many they may take.
    pub budget: u64,
}

/// The numbers of the events that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFeed {
    /// The newest one.
    pub newest: u64,
    /// How many are kept.
    pub kept: u64,
    /// How many can be kept.
    pub capacity: u64,
}

/// Everything about the daemon that is not in [`crate::status::Status`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    /// The restics that the profiles use.
    pub restics: Vec<ResticProgram>,
    /// What is kept.
    pub caches: Vec<CacheUse>,
    /// The events.
    pub events: EventFeed,
    /// How many restics read for clients right now.
    pub readers: u32,
    /// How many runs the history has.
    pub recorded_runs: u64,
    /// The name of the machine's time zone; none if it has none that is known.
    pub timezone: Option<String>,
}

/// How the web interface is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "web", rename_all = "kebab-case")]
pub enum WebState {
    /// It is not wanted.
    #[default]
    Off,
    /// It listens.
    Listening {
        /// Where.
        address: SocketAddr,
    },
    /// It cannot listen.
    Unavailable {
        /// Where it should.
        address: String,
        /// Why not.
        reason: String,
    },
}

/// What opens the web interface, once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebCode {
    /// The address of the home page.
    pub url: String,
    /// The code.
    pub code: String,
    /// Until when it can be used.
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for WebCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebCode").field("url", &self.url).field("code", &"[hidden]").finish_non_exhaustive()
    }
}
