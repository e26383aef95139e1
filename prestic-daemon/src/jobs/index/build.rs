//! Makes an index out of entries that come as restic lists them: every folder, then what is in it.

use prestic_proto::snapshot::EntryKind;
use thiserror::Error;

use super::{IS_LARGE, Index, KIND_SHIFT, NAME_END, Node, PARENT_MASK, ROOT};

/// Why there is no index of a snapshot.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    /// More entries than are wanted.
    #[error("the snapshot has more than {0} files and folders: it is indexed only when somebody asks for it")]
    TooMany(u32),
    /// Names that do not fit into an index.
    #[error("the snapshot has more names than an index can hold")]
    Full,
    /// Something that is not where restic lists it.
    #[error("restic lists `{0}` outside of its folder")]
    Misplaced(String),
}

/// An index that grows.
#[derive(Debug)]
pub struct Builder {
    index: Index,
    limit: u32,
    /// The folders that the next entry may be in, from the top, each with its path; the topmost one's is empty.
    open: Vec<u32>,
    /// The path of the last of them.
    path: Vec<u8>,
}

impl Builder {
    /// Begins an index that may have this many entries.
    pub fn new(limit: u32) -> Self {
        let index = Index {
            names: vec![NAME_END],
            name_starts: vec![0],
            parents: vec![ROOT],
            sizes: vec![0],
            times: vec![0],
            large: Vec::new(),
            folders: Vec::new(),
        };
        Self { index, limit: limit.min(PARENT_MASK), open: vec![ROOT], path: Vec::new() }
    }

    /// Returns how many entries it has, without the topmost folder.
    pub fn entries(&self) -> u32 {
        self.index.entries() - 1
    }

    /// Adds the next entry.
    pub fn add(&mut self, node: &Node<'_>) -> Result<(), BuildError> {
        let misplaced = || BuildError::Misplaced(node.path.to_string());
        let (path, name) = (node.path.as_bytes(), node.name.as_bytes());
        let folder = path.strip_suffix(name).and_then(|path| path.strip_suffix(b"/")).ok_or_else(misplaced)?;
        if name.is_empty() || name.iter().any(|byte| matches!(*byte, NAME_END | b'/')) {
            return Err(misplaced());
        }
        while self.path != folder {
            let Some(cut) = self.path.iter().rposition(|byte| *byte == b'/') else { return Err(misplaced()) };
            self.path.truncate(cut);
            self.open.pop();
        }
        let entry = self.index.entries();
        if entry > self.limit {
            return Err(BuildError::TooMany(self.limit));
        }
        let start = u32::try_from(self.index.names.len()).map_err(|_| BuildError::Full)?;
        let parent = self.open.last().copied().unwrap_or(ROOT);
        let kind = match node.kind {
            EntryKind::Folder => 0,
            EntryKind::File => 1,
            EntryKind::Link => 2,
            EntryKind::Special => 3,
        };
        let index = &mut self.index;
        index.name_starts.push(start);
        index.names.extend_from_slice(name);
        index.names.push(NAME_END);
        index.parents.push(parent | kind << KIND_SHIFT);
        index.times.push(node.modified_at.and_then(|at| u32::try_from(at.timestamp()).ok()).unwrap_or(0));
        let size = if node.kind == EntryKind::File { node.size } else { 0 };
        let small = u32::try_from(size).unwrap_or(IS_LARGE);
        index.sizes.push(small);
        if small == IS_LARGE {
            index.large.push((entry, size));
        }
        if node.kind == EntryKind::Folder {
            self.open.push(entry);
            self.path.push(b'/');
            self.path.extend_from_slice(name);
        }
        Ok(())
    }

    /// Ends the index.
    pub fn finish(mut self) -> Index {
        let index = &mut self.index;
        index.names.shrink_to_fit();
        index.name_starts.shrink_to_fit();
        index.parents.shrink_to_fit();
        index.sizes.shrink_to_fit();
        index.times.shrink_to_fit();
        index.large.shrink_to_fit();
        index.add_up();
        self.index
    }
}
