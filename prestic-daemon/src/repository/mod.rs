//! Reads repositories for clients, through restic, without locking them.
//!
//! A restic is started for what is not known yet only: lists of snapshots are kept until a run has changed them, folders by
//! the ids of their trees, which never change. Who may start one when is decided in `places.rs`.

pub mod access;
pub mod failure;
pub mod flights;
pub mod lines;
pub mod probe;

mod blocks;
mod changes;
mod content;
mod difference;
mod folder;
mod go_quote;
mod locks;
mod object_id;
mod os_path;
mod places;
mod process;
mod programs;
mod snapshot_lists;
mod snapshots;
mod tree;
mod tree_json;
mod trees;
mod versions;

use std::sync::Arc;

use prestic_proto::{
    error::ApiError,
    home::Home,
    snapshot::{Snapshot, SnapshotPage, SnapshotQuery},
    system::CacheUse,
};

use self::{
    access::Reader, content::Contents, locks::SeenLocks, process::Processes, snapshot_lists::SnapshotLists, trees::Trees,
};
use crate::{core::CoreHandle, keyring::Keyring, runs::ResticVersions};

/// Everything that is read of repositories, and what is kept of it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Repositories {
    core: CoreHandle,
    home: Home,
    keyring: Keyring,
    versions: Arc<ResticVersions>,
    processes: Processes,
    lists: Arc<SnapshotLists>,
    trees: Arc<Trees>,
    contents: Contents,
    seen_locks: SeenLocks,
}

impl Repositories {
    /// Makes the reader of a home's repositories.
    pub fn new(core: CoreHandle, home: Home, keyring: Keyring) -> Self {
        Self {
            core,
            home,
            keyring,
            versions: Arc::default(),
            processes: Processes::default(),
            lists: Arc::default(),
            trees: Arc::default(),
            contents: Contents::default(),
            seen_locks: SeenLocks::default(),
        }
    }

    /// Returns a page of the snapshots.
    pub async fn snapshots(&self, profile: &str, query: SnapshotQuery) -> Result<SnapshotPage, ApiError> {
        let reader = self.reader(profile).await?;
        Ok(self.lists.get(&reader, query.is_fresh).await?.page(&query))
    }

    /// Returns all snapshots of a repository, newest first, from memory where they are known.
    pub async fn all_snapshots(&self, reader: &Reader) -> Result<Vec<Snapshot>, ApiError> {
        Ok(self.lists.get(reader, false).await?.all().to_vec())
    }

    /// Stops every restic that reads, and waits for their end.
    pub async fn shut_down(&self) {
        self.contents.clear();
        self.processes.shut_down().await;
    }

    /// Returns how many restics read right now.
    pub fn readers(&self) -> u32 {
        u32::try_from(self.processes.running()).unwrap_or(u32::MAX)
    }

    /// Returns how full the caches of snapshots and trees are.
    pub fn caches(&self) -> Vec<CacheUse> {
        vec![self.lists.usage(), self.trees.usage()]
    }

    /// Forgets the lists of snapshots.
    pub fn clear_snapshots(&self) {
        self.lists.clear();
    }

    /// Forgets the contents of folders.
    pub fn clear_trees(&self) {
        self.trees.clear();
    }
}
