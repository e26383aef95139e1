//! What was found in several snapshots, as one list: what is the same in many of them is in it once.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use prestic_proto::{
    file_path::FilePath,
    search::Match,
    snapshot::{EntryKind, SnapshotId},
};

use super::Pattern;
use crate::jobs::index::{Index, Node, is_exact};

/// The most matches that are kept of one search. Whoever has more looks for something else.
pub const MAX_MATCHES: usize = 10_000;

/// A snapshot's tree, and which snapshots have it, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    /// The newest snapshot.
    pub newest: SnapshotId,
    /// How many have the same tree.
    pub snapshots: u32,
}

/// The matches so far, those of the newest snapshots first.
#[derive(Debug, Default)]
pub struct Merged {
    matches: Vec<Match>,
    /// What makes two matches one, and where it is among them.
    places: HashMap<(FilePath, u64, Option<DateTime<Utc>>), usize>,
    has_more: bool,
}

impl Merged {
    /// Returns the matches.
    pub fn matches(&self) -> &[Match] {
        &self.matches
    }

    /// Whether more was found than is kept.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// Returns the matches, and whether there were more.
    pub fn into_parts(self) -> (Vec<Match>, bool) {
        (self.matches, self.has_more)
    }

    /// Looks for a pattern in an index. Snapshots have to come newest first.
    pub fn search(&mut self, pattern: &Pattern, index: &Index, searched: &Searched, is_unwanted: impl Fn() -> bool) {
        let mut seen = 0_usize;
        pattern.search(index, |entry| {
            seen += 1;
            if is_unwanted() {
                return false;
            }
            if seen > MAX_MATCHES {
                self.has_more = true;
                return false;
            }
            if let Some(path) = index.path(entry) {
                self.add(path, index.kind(entry), index.size(entry), index.modified_at(entry), searched);
            }
            true
        });
    }

    /// Takes what restic lists, if it matches.
    pub fn look_at(&mut self, pattern: &Pattern, node: &Node<'_>, searched: &Searched) {
        let Some((folder, name)) = node.path.rsplit_once('/') else { return };
        if !pattern.matches(folder.as_bytes(), name.as_bytes()) {
            return;
        }
        let Some(path) = FilePath::new(node.path.as_bytes()) else { return };
        let size = if node.kind == EntryKind::File { node.size } else { 0 };
        // To the second, as an index has it: the same file must not be two because of that.
        let modified_at = node.modified_at.and_then(|at| DateTime::from_timestamp_secs(at.timestamp()));
        self.add(path, node.kind, size, modified_at, searched);
    }

    fn add(&mut self, path: FilePath, kind: EntryKind, size: u64, modified_at: Option<DateTime<Utc>>, searched: &Searched) {
        let key = (path, size, modified_at);
        if let Some(place) = self.places.get(&key) {
            self.matches[*place].snapshots += searched.snapshots;
        } else if self.matches.len() < MAX_MATCHES {
            self.places.insert(key.clone(), self.matches.len());
            let (path, size, modified_at) = key;
            let is_exact = is_exact(path.as_bytes());
            let (snapshot, snapshots) = (searched.newest.clone(), searched.snapshots);
            self.matches.push(Match { path, kind, size, modified_at, snapshot, snapshots, is_exact });
        } else {
            self.has_more = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::index::tests::{Tree, index_of, random_tree};

    fn searched(id: &str, snapshots: u32) -> Searched {
        Searched { newest: SnapshotId::new(id).unwrap(), snapshots }
    }

    fn file(tree: &mut Tree, name: &str, size: u64, seconds: i64) {
        tree.insert(vec![name.to_owned()], (EntryKind::File, size, seconds));
    }

    #[test]
    fn same_file_in_many_snapshots_is_one_match() {
        let (mut newer, mut older) = (Tree::new(), Tree::new());
        file(&mut newer, "same.txt", 5, 100);
        file(&mut older, "same.txt", 5, 100);
        file(&mut newer, "changed.txt", 6, 200);
        file(&mut older, "changed.txt", 5, 100);
        file(&mut older, "gone.txt", 1, 1);
        let pattern = Pattern::parse(".txt").unwrap();
        let mut merged = Merged::default();
        merged.search(&pattern, &index_of(&newer), &searched("0000000b", 2), || false);
        merged.search(&pattern, &index_of(&older), &searched("0000000a", 3), || false);
        let found: Vec<_> = merged
            .matches()
            .iter()
            .map(|found| (found.path.shown(), found.size, found.snapshot.as_str(), found.snapshots))
            .collect();
        let expected = [
            ("/changed.txt", 6, "0000000b", 2),
            ("/same.txt", 5, "0000000b", 5),
            ("/changed.txt", 5, "0000000a", 3),
            ("/gone.txt", 1, "0000000a", 3),
        ];
        assert_eq!(found, expected.map(|(path, size, id, count)| (path.to_owned(), size, id, count)));
        assert!(!merged.has_more());
    }

    #[test]
    fn what_restic_lists_is_the_same_as_what_an_index_tells() {
        let tree = random_tree(4, 300);
        let index = index_of(&tree);
        for query in ["*", "a", "*.jpg", "/*/*", "x y"] {
            let pattern = Pattern::parse(query).unwrap();
            let (mut by_index, mut by_lines) = (Merged::default(), Merged::default());
            by_index.search(&pattern, &index, &searched("0000000a", 1), || false);
            for (names, (kind, size, seconds)) in &tree {
                // Nanoseconds, which an index does not have.
                let modified_at = DateTime::from_timestamp(*seconds, 123).filter(|_| *seconds != 0);
                let path = format!("/{}", names.join("/"));
                let name = names.last().unwrap().as_str().into();
                let node = Node { path: path.into(), name, kind: *kind, size: *size, modified_at };
                by_lines.look_at(&pattern, &node, &searched("0000000a", 1));
            }
            assert_eq!(by_index.matches(), by_lines.matches(), "{query}");
        }
    }

    #[test]
    fn matches_are_kept_up_to_a_limit() {
        let mut tree = Tree::new();
        for number in 0..=MAX_MATCHES {
            file(&mut tree, &format!("{number}"), 1, 1);
        }
        let mut merged = Merged::default();
        merged.search(&Pattern::parse("*").unwrap(), &index_of(&tree), &searched("0000000a", 1), || false);
        assert_eq!((merged.matches().len(), merged.has_more()), (MAX_MATCHES, true));
    }

    #[test]
    fn search_that_nobody_wants_ends() {
        let mut merged = Merged::default();
        merged.search(&Pattern::parse("*").unwrap(), &index_of(&random_tree(1, 50)), &searched("0000000a", 1), || true);
        assert_eq!(merged.matches().len(), 0);
    }
}
