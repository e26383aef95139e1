//! Keeps the lists of snapshots, and knows when to ask restic again.

use std::{
    ffi::OsString,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::FutureExt;
use prestic_proto::{
    error::ApiError,
    snapshot::{Snapshot, SnapshotId},
    system::{CacheKind, CacheUse},
};
use quick_cache::{OptionsBuilder, Weighter, sync::Cache};

use crate::{
    config::repository_identity::RepositoryId,
    repository::{access::Reader, flights::Flights, snapshots::SnapshotList},
};

/// How many bytes all lists may take. A snapshot takes half a kilobyte.
const BUDGET: u64 = 16 * 1024 * 1024;

/// How long a list is good: another machine may write to the repository, and nobody tells us.
const MAX_AGE_MS: u64 = 15 * 60 * 1000;

/// How old a list must be to be read again because it does not have a snapshot.
const RETRY_AGE_MS: u64 = 5000;

/// The most bytes that restic may write about its snapshots: a hundred thousand of them.
const MAX_OUTPUT: u64 = 64 * 1024 * 1024;

/// The lists of all repositories.
#[derive(Debug)]
pub struct SnapshotLists {
    lists: Cache<RepositoryId, Arc<SnapshotList>, Weight>,
    flights: Flights<(RepositoryId, u64), Result<Arc<SnapshotList>, ApiError>>,
    /// Counts what made lists untrue, so that one that was asked for before that is not kept.
    generation: AtomicU64,
}

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<RepositoryId, Arc<SnapshotList>> for Weight {
    fn weight(&self, _: &RepositoryId, list: &Arc<SnapshotList>) -> u64 {
        list.weight().max(1)
    }
}

impl Default for SnapshotLists {
    fn default() -> Self {
        Self { lists: cache(BUDGET, 16, Weight), flights: Flights::default(), generation: AtomicU64::new(0) }
    }
}

/// Makes a cache in one piece, so that one thing may take all of the budget.
pub(super) fn cache<Key, Value, Weight>(budget: u64, items: usize, weight: Weight) -> Cache<Key, Value, Weight>
where
    Key: Eq + std::hash::Hash,
    Value: Clone,
    Weight: Weighter<Key, Value> + Clone,
{
    let mut options = OptionsBuilder::new();
    options.shards(1).estimated_items_capacity(items).weight_capacity(budget);
    let options = options.build().expect("capacity and number of items are set, and nothing else is needed");
    Cache::with_options(options, weight, Default::default(), Default::default())
}

impl SnapshotLists {
    /// Returns the list of a repository: from memory, unless it is old or somebody wants it afresh.
    pub async fn get(self: &Arc<Self>, reader: &Reader, is_fresh: bool) -> Result<Arc<SnapshotList>, ApiError> {
        if let Some(list) = self.lists.get(reader.repository()).filter(|list| !is_fresh && list.age_ms() < MAX_AGE_MS) {
            return Ok(list);
        }
        let generation = self.generation.load(Ordering::Acquire);
        let (lists, asked) = (Arc::clone(self), reader.clone());
        let read = move || async move { lists.read(&asked, generation).await }.boxed();
        self.flights.join((reader.repository().clone(), generation), read).await
    }

    /// Finds a snapshot, and reads the list again if it does not have it: it may be new.
    pub async fn find(self: &Arc<Self>, reader: &Reader, id: &SnapshotId) -> Result<(Arc<SnapshotList>, Snapshot), ApiError> {
        let list = self.get(reader, false).await?;
        match list.find(id) {
            Err(ApiError::UnknownSnapshot(_)) if list.age_ms() > RETRY_AGE_MS => {}
            found => return Ok((Arc::clone(&list), found?.clone())),
        }
        let list = self.get(reader, true).await?;
        let found = list.find(id)?.clone();
        Ok((list, found))
    }

    async fn read(&self, reader: &Reader, generation: u64) -> Result<Arc<SnapshotList>, ApiError> {
        let arguments = ["snapshots", "--json"].map(OsString::from);
        let output = reader.output(&arguments, MAX_OUTPUT).await?;
        let list = SnapshotList::parse(&output)
            .map_err(|error| reader.refusal("restic snapshots", &format!("its answer is not understood: {error}")))?;
        let list = Arc::new(list);
        if self.generation.load(Ordering::Acquire) == generation {
            self.lists.insert(reader.repository().clone(), Arc::clone(&list));
        }
        Ok(list)
    }

    /// Forgets the list of a repository.
    pub fn forget(&self, repository: &RepositoryId) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.lists.remove(repository);
    }

    /// Forgets all lists.
    pub fn clear(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.lists.clear();
    }

    /// Returns how full the cache is.
    pub fn usage(&self) -> CacheUse {
        let entries = self.lists.len() as u64;
        CacheUse { cache: CacheKind::Snapshots, entries, bytes: self.lists.weight(), budget: BUDGET }
    }
}
