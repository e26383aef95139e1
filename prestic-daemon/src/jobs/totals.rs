//! Adds to a listed folder how much it and the folders in it hold, where an index tells.

use std::{collections::HashMap, sync::Arc};

use prestic_proto::snapshot::{EntryKind, Folder, Found, TreeId};

use super::{
    driver::Shared,
    index::{Index, IndexKey, Purpose},
    work::apart,
};
use crate::config::repository_identity::RepositoryId;

/// Adds the totals of a folder and of the folders in it.
pub async fn add(shared: &Arc<Shared>, repository: &RepositoryId, folder: &mut Folder) {
    if let Some(index) = index_at_hand(shared, repository, &folder.snapshot.tree).await {
        fill(&index, folder);
    }
}

/// Adds the totals of one folder.
pub async fn add_to_entry(shared: &Arc<Shared>, repository: &RepositoryId, found: &mut Found) {
    let Some(entry) = found.entry.as_mut().filter(|entry| entry.kind == EntryKind::Folder) else { return };
    if let Some(index) = index_at_hand(shared, repository, &found.snapshot.tree).await {
        entry.totals = index.find(&found.path).and_then(|place| index.totals(place));
    }
}

/// Returns the index of a tree if it is in memory, or small. Otherwise it is loaded, and is there the next time: nobody has
/// asked for totals, so nobody waits for them.
async fn index_at_hand(shared: &Arc<Shared>, repository: &RepositoryId, tree: &TreeId) -> Option<Arc<Index>> {
    let key = IndexKey::new(repository, tree);
    if let Some(index) = shared.store.loaded(&key) {
        return Some(index);
    }
    if !shared.store.has(&key) {
        return None;
    }
    let is_small = shared.store.is_small(&key);
    let store = shared.store.clone();
    let loading = apart(move || store.load(&key, Purpose::Wanted));
    if is_small {
        return loading.await.ok().flatten();
    }
    shared.spawn(async { drop(loading.await) });
    None
}

fn fill(index: &Index, folder: &mut Folder) {
    let Some(place) = index.find(&folder.path) else { return };
    folder.totals = index.totals(place);
    // One way through the folder for all of the page: a folder can have 100,000 entries.
    let mut wanted: HashMap<&[u8], &mut Option<_>> = folder
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
