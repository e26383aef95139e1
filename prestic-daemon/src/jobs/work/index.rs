//! The job that makes the index of a snapshot.

use prestic_proto::{error::ApiError, snapshot::SnapshotId};

use super::{Task, apart, is_pause, node};
use crate::{
    config::snapshot_index::SnapshotIndex,
    core::command::Command,
    jobs::{
        book::Counts,
        index::{BuildError, Builder, IndexKey},
        snapshots,
    },
};

/// Larger snapshots are indexed only when somebody asks for it: their indexes need more memory than all may have.
pub const AUTOMATIC_LIMIT: u32 = 5_000_000;

/// The indexes of how many snapshots of the same machine and paths are kept at least.
const KEPT_INDEXES: usize = 10;

impl Task<'_> {
    /// Makes an index, unless there is one of this tree already.
    pub(super) async fn index(mut self, id: &SnapshotId) -> Result<(), ApiError> {
        if self.snapshot_index().await? == SnapshotIndex::Off {
            let profile = &self.record.job.profile;
            let reason = "`snapshot-index` is `off`, so that no names are kept outside of the repository".to_owned();
            return Err(ApiError::Storage { what: format!("the snapshots of profile `{profile}` are not indexed"), reason });
        }
        let all = snapshots::list(&self.shared.repositories, &self.record.job.profile).await?;
        let snapshot = snapshots::find(&all, id)?;
        let key = IndexKey::new(self.reader.repository(), &snapshot.tree);
        if self.shared.store.has(&key) {
            return Ok(());
        }
        let mut builder = Builder::new(if self.record.is_automatic { AUTOMATIC_LIMIT } else { u32::MAX });
        let mut lines = self.listing(&snapshot.id).await?;
        while let Some(line) = lines.next().await? {
            if let Some(node) = node(&line)? {
                builder.add(&node).map_err(refusal)?;
            }
            if is_pause(u64::from(builder.entries())) {
                self.reporter.tell(counts(&builder)).await;
                tokio::task::yield_now().await;
            }
        }
        self.reporter.tell(counts(&builder)).await;
        let store = self.shared.store.clone();
        apart(move || {
            let saved = store.save(&key, &builder.finish());
            store.drop_others(&key.repository, |tree| all.iter().any(|snapshot| snapshot.tree.0 == tree));
            if !store.has_room_for(0) {
                let indexed = store.trees(&key.repository);
                let kept = snapshots::trees_to_keep(&all, |tree| indexed.contains(tree), KEPT_INDEXES);
                store.drop_others(&key.repository, |tree| kept.contains(&tree));
            }
            saved
        })
        .await?
        .map_err(|error| ApiError::Storage { what: "the index cannot be written".to_owned(), reason: error.to_string() })
    }

    /// Returns when the profile's snapshots are indexed.
    pub(super) async fn snapshot_index(&self) -> Result<SnapshotIndex, ApiError> {
        let name = self.record.job.profile.clone();
        let found = self.shared.core.ask(|reply| Command::FindProfile(name, reply)).await;
        Ok(found.unwrap_or(Err(ApiError::ShuttingDown))?.snapshot_index())
    }
}

fn counts(builder: &Builder) -> Counts {
    Counts { done: u64::from(builder.entries()), ..Counts::default() }
}

fn refusal(error: BuildError) -> ApiError {
    ApiError::Storage { what: "the index cannot be made".to_owned(), reason: error.to_string() }
}
