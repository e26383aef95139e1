//! The job that looks for names in all snapshots: in their indexes, and where there is none, in what restic lists.

use std::sync::PoisonError;

use prestic_proto::error::ApiError;

use super::{Task, apart, is_pause, node};
use crate::{
    config::snapshot_index::SnapshotIndex,
    jobs::{
        book::Counts,
        driver::Live,
        index::{Builder, IndexKey, Purpose},
        search::{Merged, Pattern, Searched},
        snapshots::{self, Tree},
        work::index::AUTOMATIC_LIMIT,
    },
};

impl Task<'_> {
    /// Searches one tree after the other, the newest first.
    pub(super) async fn search(mut self, query: &str) -> Result<(), ApiError> {
        let pattern = Pattern::parse(query)?;
        let keeps_index = self.snapshot_index().await? != SnapshotIndex::Off;
        let all = snapshots::list(&self.shared.repositories, &self.record.job.profile).await?;
        let total = Some(all.len() as u64);
        let mut done = 0;
        for tree in snapshots::trees(&all) {
            let Some(searched) = tree.searched() else { continue };
            let counts = Counts { done, total, ..counts(self.live) };
            self.reporter.tell(counts).await;
            if !self.search_index(&pattern, &tree, &searched).await? {
                self.search_listing(&pattern, &tree, &searched, counts, keeps_index).await?;
            }
            done += u64::from(searched.snapshots);
        }
        self.reporter.tell(Counts { done, total, ..counts(self.live) }).await;
        Ok(())
    }

    /// Searches the index of a tree; whether there is one.
    async fn search_index(&self, pattern: &Pattern, tree: &Tree, searched: &Searched) -> Result<bool, ApiError> {
        let (store, key) = (self.shared.store.clone(), IndexKey::new(self.reader.repository(), &tree.id));
        let (pattern, searched, live) = (pattern.clone(), searched.clone(), self.live.clone());
        apart(move || {
            let Some(index) = store.load(&key, Purpose::Passing) else { return false };
            let mut merged = live.matches.lock().unwrap_or_else(PoisonError::into_inner);
            merged.search(&pattern, &index, &searched, || live.cancel.is_cancelled());
            true
        })
        .await
    }

    /// Searches what restic lists. Since that takes its time, the index is kept where there is room for it.
    async fn search_listing(
        &mut self,
        pattern: &Pattern,
        tree: &Tree,
        searched: &Searched,
        before: Counts,
        keeps_index: bool,
    ) -> Result<(), ApiError> {
        let mut builder = Some(Builder::new(AUTOMATIC_LIMIT)).filter(|_| keeps_index && self.shared.store.has_room_for(0));
        let mut lines = self.listing(&searched.newest).await?;
        let mut seen = 0;
        while let Some(line) = lines.next().await? {
            if let Some(node) = node(&line)? {
                self.live.matches.lock().unwrap_or_else(PoisonError::into_inner).look_at(pattern, &node, searched);
                // What cannot be indexed can still be searched.
                builder = builder.and_then(|mut builder| builder.add(&node).is_ok().then_some(builder));
            }
            seen += 1;
            if is_pause(seen) {
                self.reporter.tell(with_results(before, self.live)).await;
                tokio::task::yield_now().await;
            }
        }
        let Some(builder) = builder else { return Ok(()) };
        let (store, key) = (self.shared.store.clone(), IndexKey::new(self.reader.repository(), &tree.id));
        let saved = apart(move || store.save_if_room(&key, &builder.finish())).await?;
        if let Err(error) = saved {
            tracing::warn!("an index cannot be written: {error}");
        }
        Ok(())
    }
}

fn counts(live: &Live) -> Counts {
    with_results(Counts::default(), live)
}

fn with_results(counts: Counts, live: &Live) -> Counts {
    let merged: &Merged = &live.matches.lock().unwrap_or_else(PoisonError::into_inner);
    Counts { results: merged.matches().len() as u64, is_cut: merged.has_more(), ..counts }
}
