//! Adds to a listed folder how much it and the folders in it hold, where that is known.

use std::sync::Arc;

use prestic_proto::snapshot::{EntryKind, Folder};

use super::{
    driver::Shared,
    index::{Index, IndexKey, Purpose},
    work::apart,
};
use crate::config::repository_identity::RepositoryId;

/// Adds the totals if the index is in memory, or small. Otherwise it is loaded, and they are there the next time: nobody has
/// asked for them, so nobody waits for them.
pub async fn add(shared: &Arc<Shared>, repository: &RepositoryId, folder: &mut Folder) {
    let key = IndexKey::new(repository, &folder.snapshot.tree);
    let index = match shared.store.loaded(&key) {
        Some(index) => Some(index),
        None if !shared.store.has(&key) => None,
        None => {
            let is_small = shared.store.is_small(&key);
            let store = shared.store.clone();
            let loading = apart(move || store.load(&key, Purpose::Wanted));
            if is_small {
                loading.await.ok().flatten()
            } else {
                shared.spawn(async { drop(loading.await) });
                None
            }
        }
    };
    if let Some(index) = index {
        fill(&index, folder);
    }
}

fn fill(index: &Index, folder: &mut Folder) {
    let Some(place) = index.find(&folder.path) else { return };
    folder.totals = index.totals(place);
    // One way through the folder for all of the page: a folder can have 100,000 entries.
    let mut wanted: std::collections::HashMap<&[u8], &mut Option<_>> = folder
        .entries
        .iter_mut()
        .filter(|entry| entry.kind == EntryKind::Folder)
        .map(|entry| (entry.name.as_bytes(), &mut entry.totals))
        .collect();
    if wanted.is_empty() {
        return;
    }
    for child in index.children(place).filter(|child| index.kind(*child) == EntryKind::Folder) {
        if let Some(totals) = wanted.remove(index.name(child)) {
            *totals = index.totals(child);
        }
    }
}
