//! The snapshots that results name by their ids: when they were made, as far as that is known.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use prestic_proto::snapshot::{MAX_PAGE, Snapshot, SnapshotId, SnapshotQuery};

use crate::web::{
    Web,
    words::{self, Moment},
};

/// When the newest snapshots of a repository were made.
#[derive(Debug, Default)]
pub struct KnownSnapshots {
    newest: Option<SnapshotId>,
    times: HashMap<SnapshotId, DateTime<Utc>>,
}

impl KnownSnapshots {
    /// Asks the daemon. What was found is worth showing without times, too: it does not fail.
    pub async fn of(web: &Web, profile: &str) -> Self {
        let query = SnapshotQuery { limit: MAX_PAGE, ..SnapshotQuery::default() };
        let answer = web.client.snapshots(profile, query).await;
        answer.ok().and_then(Result::ok).map(|page| Self::new(page.snapshots)).unwrap_or_default()
    }

    /// Takes snapshots, newest first.
    pub fn new(snapshots: Vec<Snapshot>) -> Self {
        let newest = snapshots.first().map(|snapshot| snapshot.id.clone());
        Self { newest, times: snapshots.into_iter().map(|snapshot| (snapshot.id, snapshot.time)).collect() }
    }

    /// Whether the newest of all snapshots is one of these.
    pub fn has_newest_in(&self, snapshots: &[SnapshotId]) -> bool {
        self.newest.as_ref().is_some_and(|newest| snapshots.contains(newest))
    }

    /// Writes when a snapshot was made, and its id.
    pub fn line(&self, moment: &Moment, id: &SnapshotId) -> Markup {
        html! { @if let Some(at) = self.times.get(id) { (words::absolute(moment, *at)) " · " } code { (id.short()) } }
    }
}
