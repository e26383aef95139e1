//! Compares one folder of two snapshots. What is below needs no look: equal trees have equal ids.

use std::collections::HashMap;

use prestic_proto::{
    difference::{Change, ChangeKind, Difference, DifferenceQuery},
    error::ApiError,
    file_path::FilePath,
    snapshot::{Entry, EntryKind, MAX_PAGE, Snapshot},
};

use super::Repositories;
use crate::repository::{
    access::Reader,
    snapshots::{SnapshotList, count},
    tree::Tree,
};

#[cfg(test)]
mod tests;

/// What is at the path in one of the snapshots.
enum Side {
    Nothing,
    Folder(std::sync::Arc<Tree>, Option<Entry>),
    Other(Entry),
}

impl Repositories {
    /// Returns the changes in a folder, or of a file, between two snapshots.
    pub async fn difference(&self, profile: &str, query: DifferenceQuery) -> Result<Difference, ApiError> {
        let reader = self.reader(profile).await?;
        let (list, to) = self.lists.find(&reader, &query.to).await?;
        let from = match &query.from {
            Some(id) => Some(list.find(id)?.clone()),
            None => list.before(&to).cloned(),
        };
        let older = async {
            match &from {
                Some(from) => self.side(&reader, &list, from, &query.path).await,
                None => Ok(Side::Nothing),
            }
        };
        let (before, after) = futures::try_join!(older, self.side(&reader, &list, &to, &query.path))?;
        if let (Side::Nothing, Side::Nothing) = (&before, &after) {
            return Err(self.missing(&list, &to, &query.path));
        }
        let mut difference = Difference {
            from,
            to,
            itself: itself(&before, &after, &query.path),
            path: query.path,
            changes: Vec::new(),
            total: 0,
            unchanged: 0,
            is_same: false,
        };
        let (changes, unchanged) = match (&before, &after) {
            (Side::Folder(before, _), Side::Folder(after, _)) if before.id() == after.id() => {
                difference.is_same = true;
                (Vec::new(), count(after.len()))
            }
            (Side::Folder(before, _), Side::Folder(after, _)) => compare(Some(before), Some(after)),
            (Side::Folder(before, _), _) => compare(Some(before), None),
            (_, Side::Folder(after, _)) => compare(None, Some(after)),
            _ => {
                difference.is_same = difference.itself.is_none();
                (Vec::new(), 0)
            }
        };
        difference.total = count(changes.len());
        difference.unchanged = unchanged;
        let limit = query.limit.min(MAX_PAGE) as usize;
        difference.changes = changes.into_iter().skip(query.offset as usize).take(limit).collect();
        Ok(difference)
    }

    async fn side(&self, reader: &Reader, list: &SnapshotList, snapshot: &Snapshot, path: &FilePath) -> Result<Side, ApiError> {
        let entry = match self.entry(reader, list, snapshot, path).await {
            Err(ApiError::NoSuchPath { .. }) => return Ok(Side::Nothing),
            entry => entry?,
        };
        match entry {
            Some(entry) if entry.kind != EntryKind::Folder => Ok(Side::Other(entry)),
            entry => Ok(Side::Folder(self.trees.folder(reader, snapshot, path).await?, entry)),
        }
    }
}

/// Returns what happened to the thing at the path, unless it is a folder in both.
fn itself(before: &Side, after: &Side, path: &FilePath) -> Option<Change> {
    let entry = |side: &Side| match side {
        Side::Nothing => None,
        Side::Folder(_, entry) => entry.clone(),
        Side::Other(entry) => Some(entry.clone()),
    };
    if let (Side::Folder(..), Side::Folder(..)) = (before, after) {
        return None;
    }
    let (before, after) = (entry(before), entry(after));
    let kind = change_kind(before.as_ref(), after.as_ref())?;
    Some(Change { name: path.name()?, kind, before, after })
}

/// Returns the changes from one folder to another, those that add the most first, and how many entries are the same.
fn compare(before: Option<&Tree>, after: Option<&Tree>) -> (Vec<Change>, u32) {
    let names = |tree: Option<&Tree>| (0..tree.map_or(0, Tree::len)).collect::<Vec<usize>>();
    let old: HashMap<&[u8], usize> = before
        .map(|tree| names(Some(tree)).into_iter().map(|position| (tree.name(position), position)).collect())
        .unwrap_or_default();
    let mut is_gone = vec![true; before.map_or(0, Tree::len)];
    let (mut changes, mut unchanged) = (Vec::new(), 0);
    for position in names(after) {
        let Some(tree) = after else { break };
        let earlier = old.get(tree.name(position)).copied();
        if let Some(earlier) = earlier {
            is_gone[earlier] = false;
        }
        let entry_before = earlier.and_then(|earlier| before?.entry(earlier));
        match change(entry_before, tree.entry(position)) {
            Some(change) => changes.push(change),
            None => unchanged += 1,
        }
    }
    if let Some(tree) = before {
        let gone = is_gone.iter().enumerate().filter(|(_, is_gone)| **is_gone);
        changes.extend(gone.filter_map(|(position, _)| change(tree.entry(position), None)));
    }
    // What is equal keeps its order: by name.
    changes.sort_by_key(|change| std::cmp::Reverse(added_bytes(change)));
    (changes, unchanged)
}

fn change(before: Option<Entry>, after: Option<Entry>) -> Option<Change> {
    let kind = change_kind(before.as_ref(), after.as_ref())?;
    let name = after.as_ref().or(before.as_ref())?.name.clone();
    Some(Change { name, kind, before, after })
}

/// Returns what happened to an entry; none if nothing did.
fn change_kind(before: Option<&Entry>, after: Option<&Entry>) -> Option<ChangeKind> {
    let (before, after) = match (before, after) {
        (None, None) => return None,
        (None, Some(_)) => return Some(ChangeKind::Added),
        (Some(_), None) => return Some(ChangeKind::Removed),
        (Some(before), Some(after)) => (before, after),
    };
    let content = |entry: &Entry| (entry.content.clone(), entry.subtree.clone(), entry.link_target.clone(), entry.size);
    let metadata = |entry: &Entry| (entry.modified_at, entry.mode, entry.owner.clone(), entry.group.clone());
    if before.kind != after.kind {
        Some(ChangeKind::Type)
    } else if content(before) != content(after) {
        let is_untouched = before.size == after.size && before.modified_at == after.modified_at;
        let is_suspicious = before.kind == EntryKind::File && is_untouched && before.modified_at.is_some();
        Some(if is_suspicious { ChangeKind::Suspicious } else { ChangeKind::Modified })
    } else if metadata(before) != metadata(after) {
        Some(ChangeKind::Metadata)
    } else {
        None
    }
}

/// Returns by how many bytes the newer one is larger, as far as that is known.
fn added_bytes(change: &Change) -> i128 {
    let size = |entry: &Option<Entry>| entry.as_ref().map_or(0, |entry| i128::from(entry.size));
    size(&change.after) - size(&change.before)
}
