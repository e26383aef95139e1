//! Looks a file up in one snapshot after the other, to see when it was another.

use futures::{StreamExt, stream};
use prestic_proto::{
    error::ApiError,
    file_path::FilePath,
    snapshot::{Entry, Snapshot, Version, VersionQuery, Versions},
};

use super::Repositories;
use crate::repository::{
    access::Reader,
    snapshots::{SnapshotList, count},
};

/// The most snapshots that one call looks at. Each may take a restic.
const MAX_LOOKED_AT: u32 = 200;

/// How many are looked at in parallel: as many restics as may read a repository.
const IN_PARALLEL: usize = 2;

impl Repositories {
    /// Returns the versions of a file in the snapshots of the same machine and paths.
    pub async fn versions(&self, profile: &str, query: VersionQuery) -> Result<Versions, ApiError> {
        let reader = self.reader(profile).await?;
        let (list, snapshot) = self.lists.find(&reader, &query.snapshot).await?;
        let siblings: Vec<Snapshot> = list.siblings(&snapshot).cloned().collect();
        let in_all = count(siblings.len());
        let page: Vec<Snapshot> =
            siblings.into_iter().skip(query.offset as usize).take(query.limit.min(MAX_LOOKED_AT) as usize).collect();
        let looked_at = count(page.len());
        let lookups = page.into_iter().map(|snapshot| self.look_up(&reader, &list, snapshot, &query.path));
        let mut versions = Vec::new();
        let mut found = stream::iter(lookups).buffered(IN_PARALLEL);
        while let Some(found) = found.next().await {
            let (snapshot, entry) = found?;
            add(&mut versions, snapshot, entry);
        }
        Ok(Versions { versions, looked_at, in_all })
    }

    async fn look_up(
        &self,
        reader: &Reader,
        list: &SnapshotList,
        snapshot: Snapshot,
        path: &FilePath,
    ) -> Result<(Snapshot, Option<Entry>), ApiError> {
        match self.entry(reader, list, &snapshot, path).await {
            Err(ApiError::NoSuchPath { .. }) => Ok((snapshot, None)),
            entry => Ok((snapshot, entry?)),
        }
    }
}

/// Adds what the next older snapshot has.
fn add(versions: &mut Vec<Version>, snapshot: Snapshot, entry: Option<Entry>) {
    match versions.last_mut() {
        Some(version) if is_same(version.entry.as_ref(), entry.as_ref()) => {
            version.oldest = snapshot;
            version.snapshots += 1;
        }
        _ => versions.push(Version { entry, newest: snapshot.clone(), oldest: snapshot, snapshots: 1 }),
    }
}

fn is_same(one: Option<&Entry>, other: Option<&Entry>) -> bool {
    let essence = |entry: &Entry| {
        let Entry { kind, size, modified_at, content, subtree, link_target, .. } = entry.clone();
        (kind, size, modified_at, content, subtree, link_target)
    };
    one.map(essence) == other.map(essence)
}
