//! Shows a page of a folder, and looks single entries up.

use std::sync::Arc;

use prestic_proto::{
    error::ApiError,
    file_path::{FileName, FilePath},
    snapshot::{Entry, EntryKind, Folder, FolderQuery, Found, MAX_PAGE, Snapshot, SnapshotId},
};

use super::Repositories;
use crate::repository::{
    access::Reader,
    object_id::ObjectId,
    snapshots::{SnapshotList, count},
    tree::Tree,
    trees::{Trees, Whereabouts},
};

/// How many folders are read to see how far a chain goes. The user would have to click through each of them.
const MAX_FOLLOWED: usize = 3;

/// How long a chain is shown.
const MAX_CHAIN: usize = 16;

/// How many other snapshots are named that have what one does not.
const MAX_OTHERS: usize = 10;

impl Repositories {
    /// Returns a page of a folder, without totals: who has indexes adds them.
    pub async fn folder(&self, profile: &str, query: FolderQuery) -> Result<Folder, ApiError> {
        let reader = self.reader(profile).await?;
        let (list, snapshot) = self.lists.find(&reader, &query.snapshot).await?;
        let tree = self.folder_tree(&reader, &list, &snapshot, &query.path).await?;
        let (positions, total) = select(&tree, &query);
        let mut entries: Vec<Entry> = positions.into_iter().filter_map(|position| tree.entry(position)).collect();
        let is_alone = tree.len() == 1;
        for entry in &mut entries {
            if let Some(id) = entry.subtree.as_ref().and_then(|subtree| ObjectId::parse(&subtree.0)) {
                entry.chain = chain(&self.trees, &reader, id, if is_alone { MAX_FOLLOWED } else { 0 }).await;
            }
        }
        let id = tree.id().to_tree_id();
        Ok(Folder { totals: None, tree: Some(id), entries, total, in_all: count(tree.len()), path: query.path, snapshot })
    }

    /// Looks one file or folder up.
    pub async fn find_entry(&self, profile: &str, snapshot: SnapshotId, path: FilePath) -> Result<Found, ApiError> {
        let reader = self.reader(profile).await?;
        let (list, snapshot) = self.lists.find(&reader, &snapshot).await?;
        let entry = self.entry(&reader, &list, &snapshot, &path).await?;
        Ok(Found { snapshot, path, entry })
    }

    /// Returns what is at a path; none of the topmost folder.
    pub(super) async fn entry(
        &self,
        reader: &Reader,
        list: &SnapshotList,
        snapshot: &Snapshot,
        path: &FilePath,
    ) -> Result<Option<Entry>, ApiError> {
        let (Some(parent), Some(name)) = (path.parent(), path.name()) else { return Ok(None) };
        let missing = || self.missing(list, snapshot, path);
        let tree = match self.trees.folder(reader, snapshot, &parent).await {
            // What is below a file is not there.
            Err(ApiError::NoSuchPath { .. } | ApiError::WrongKind { .. }) => return Err(missing()),
            tree => tree?,
        };
        let entry = tree.find(name.as_bytes()).and_then(|position| tree.entry(position));
        Ok(Some(entry.ok_or_else(missing)?))
    }

    /// Returns the folder at a path, or an error that says where else it is.
    pub(super) async fn folder_tree(
        &self,
        reader: &Reader,
        list: &SnapshotList,
        snapshot: &Snapshot,
        path: &FilePath,
    ) -> Result<Arc<Tree>, ApiError> {
        match self.trees.folder(reader, snapshot, path).await {
            Err(ApiError::NoSuchPath { .. }) => Err(self.missing(list, snapshot, path)),
            tree => tree,
        }
    }

    /// Returns the error of a path that is not there, with where else it is.
    pub(super) fn missing(&self, list: &SnapshotList, snapshot: &Snapshot, path: &FilePath) -> ApiError {
        let mut others: Vec<&Snapshot> =
            list.siblings(snapshot).filter(|other| is_known_to_have(&self.trees, other, path)).collect();
        others.sort_by_key(|other| (other.time - snapshot.time).abs());
        let others = others.into_iter().take(MAX_OTHERS).map(|other| other.id.clone()).collect();
        ApiError::NoSuchPath { path: path.clone(), snapshot: snapshot.id.clone(), others }
    }
}

/// Whether a snapshot has something at a path, as far as the folders that are in memory tell.
fn is_known_to_have(trees: &Trees, snapshot: &Snapshot, path: &FilePath) -> bool {
    if let Some(Whereabouts::Folder(_)) = trees.locate(snapshot, path) {
        return true;
    }
    let (Some(parent), Some(name)) = (path.parent(), path.name()) else { return true };
    let Some(Whereabouts::Folder(id)) = trees.locate(snapshot, &parent) else { return false };
    trees.known(id).is_some_and(|tree| tree.find(name.as_bytes()).is_some())
}

/// Returns the entries of the page, and how many pass the filter.
fn select(tree: &Tree, query: &FolderQuery) -> (Vec<usize>, u32) {
    let (offset, limit) = (query.offset as usize, query.limit.min(MAX_PAGE) as usize);
    let Some(filter) = query.filter.as_ref().filter(|filter| !filter.is_empty()) else {
        return ((0..tree.len()).skip(offset).take(limit).collect(), count(tree.len()));
    };
    let filter = filter.to_lowercase();
    let passes = |position: &usize| String::from_utf8_lossy(tree.name(*position)).to_lowercase().contains(&filter);
    let passing: Vec<usize> = (0..tree.len()).filter(passes).collect();
    let total = count(passing.len());
    (passing.into_iter().skip(offset).take(limit).collect(), total)
}

/// Returns the names below a folder as long as each is a folder and alone. It reads so many folders that are not known.
async fn chain(trees: &Arc<Trees>, reader: &Reader, folder: ObjectId, mut may_read: usize) -> Vec<FileName> {
    let mut names = Vec::new();
    let mut id = folder;
    while names.len() < MAX_CHAIN {
        let tree = match trees.known(id) {
            Some(tree) => tree,
            None if may_read > 0 => {
                may_read -= 1;
                // The chain is a convenience: the folder itself is there.
                let Ok(tree) = trees.tree(reader, id).await else { break };
                tree
            }
            None => break,
        };
        let Some((name, below)) = tree.only_folder() else { break };
        names.push(name);
        id = below;
    }
    names
}

/// Fails unless an entry is of a kind.
pub(super) fn check_kind(entry: &Entry, kind: EntryKind, path: &FilePath, wanted: &str) -> Result<(), ApiError> {
    if entry.kind == kind { Ok(()) } else { Err(ApiError::WrongKind { path: path.clone(), wanted: wanted.to_owned() }) }
}
