//! Which snapshots a repository has, seen as trees: equal trees are read, indexed and searched once.

use std::collections::HashMap;

use prestic_proto::{
    error::ApiError,
    snapshot::{MAX_PAGE, Snapshot, SnapshotId, SnapshotQuery, TreeId},
};

use super::search::Searched;
use crate::repository::Repositories;

/// A tree with the snapshots that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// The tree.
    pub id: TreeId,
    /// The snapshots, newest first.
    pub snapshots: Vec<SnapshotId>,
}

impl Tree {
    /// Returns what a search has to know of it.
    pub fn searched(&self) -> Option<Searched> {
        let newest = self.snapshots.first()?.clone();
        Some(Searched { newest, snapshots: u32::try_from(self.snapshots.len()).unwrap_or(u32::MAX) })
    }
}

/// Returns all snapshots of a profile's repository, newest first.
pub async fn list(repositories: &Repositories, profile: &str) -> Result<Vec<Snapshot>, ApiError> {
    let mut snapshots = Vec::new();
    loop {
        let offset = u32::try_from(snapshots.len()).unwrap_or(u32::MAX);
        let query = SnapshotQuery { offset, limit: MAX_PAGE, ..SnapshotQuery::default() };
        let page = repositories.snapshots(profile, query).await?;
        let is_last = page.snapshots.len() < MAX_PAGE as usize;
        snapshots.extend(page.snapshots);
        if is_last {
            return Ok(snapshots);
        }
    }
}

/// Finds a snapshot by its id or the beginning of it.
pub fn find<'list>(snapshots: &'list [Snapshot], id: &SnapshotId) -> Result<&'list Snapshot, ApiError> {
    let mut found = snapshots.iter().filter(|snapshot| snapshot.id.as_str().starts_with(id.as_str()));
    match (found.next(), found.next()) {
        (Some(snapshot), None) => Ok(snapshot),
        _ => Err(ApiError::UnknownSnapshot(id.as_str().to_owned())),
    }
}

/// Puts snapshots together that have the same tree; those of the newest snapshots come first.
pub fn trees(snapshots: &[Snapshot]) -> Vec<Tree> {
    let mut trees: Vec<Tree> = Vec::new();
    let mut places: HashMap<&TreeId, usize> = HashMap::new();
    for snapshot in snapshots {
        let place = *places.entry(&snapshot.tree).or_insert_with(|| {
            trees.push(Tree { id: snapshot.tree.clone(), snapshots: Vec::new() });
            trees.len() - 1
        });
        trees[place].snapshots.push(snapshot.id.clone());
    }
    trees
}

/// Returns the trees whose indexes are worth keeping: the newest of each machine and paths, at most so many.
pub fn trees_to_keep(snapshots: &[Snapshot], is_indexed: impl Fn(&str) -> bool, each: usize) -> Vec<&str> {
    let mut kept: HashMap<(&str, &[String]), Vec<&str>> = HashMap::new();
    for snapshot in snapshots.iter().filter(|snapshot| is_indexed(&snapshot.tree.0)) {
        let trees = kept.entry((&snapshot.host, &snapshot.paths)).or_default();
        if trees.len() < each && !trees.contains(&snapshot.tree.0.as_str()) {
            trees.push(&snapshot.tree.0);
        }
    }
    kept.into_values().flatten().collect()
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::DateTime;

    use super::*;

    pub(in crate::jobs) fn snapshot(id: u32, host: &str, tree: &str) -> Snapshot {
        Snapshot {
            id: SnapshotId::new(&format!("{id:08x}ff")).unwrap(),
            time: DateTime::UNIX_EPOCH,
            tree: TreeId(tree.to_owned()),
            parent: None,
            host: host.to_owned(),
            user: String::new(),
            paths: vec!["/home".to_owned()],
            tags: Vec::new(),
            program_version: None,
            summary: None,
        }
    }

    #[test]
    fn equal_trees_are_one() {
        let all = [snapshot(3, "a", "t1"), snapshot(2, "a", "t0"), snapshot(1, "b", "t1")];
        let trees = trees(&all);
        let found: Vec<_> = trees.iter().map(|tree| (tree.id.0.as_str(), tree.searched().unwrap().snapshots)).collect();
        assert_eq!(found, [("t1", 2), ("t0", 1)]);
        assert_eq!(trees[0].snapshots, [all[0].id.clone(), all[2].id.clone()]);
    }

    #[test]
    fn snapshot_is_found_by_the_beginning_of_its_id_if_only_one_has_it() {
        let all = [snapshot(3, "a", "t1"), snapshot(2, "a", "t0"), snapshot(2, "b", "t2")];
        assert_eq!(find(&all, &SnapshotId::new("00000003").unwrap()).unwrap().tree.0, "t1");
        for id in ["00000002", "00000009"] {
            assert_eq!(find(&all, &SnapshotId::new(id).unwrap()), Err(ApiError::UnknownSnapshot(id.to_owned())));
        }
    }

    #[test]
    fn newest_indexes_of_each_machine_are_kept() {
        let all = [
            snapshot(6, "a", "t6"),
            snapshot(5, "a", "t6"),
            snapshot(4, "b", "t4"),
            snapshot(3, "a", "t3"),
            snapshot(2, "a", "t2"),
            snapshot(1, "a", "t1"),
        ];
        let mut kept = trees_to_keep(&all, |tree| tree != "t3", 2);
        kept.sort_unstable();
        assert_eq!(kept, ["t2", "t4", "t6"]);
    }
}
