//! The index of a snapshot: every name in it, in a few flat arrays, for searching and for the sums of folders.
//!
//! Entry 0 is the topmost folder, and every folder stands before what is in it, with nothing else in between. So a folder's
//! content is one range of numbers, and a parent's number is always smaller.

mod build;
mod format;
mod lines;
mod store;

use chrono::{DateTime, Utc};
use prestic_proto::{
    file_path::{FileName, FilePath},
    snapshot::{EntryKind, FolderTotals},
};

pub use build::{BuildError, Builder};
pub use lines::{Node, read_line};
pub use store::{IndexKey, IndexStore, Purpose};

/// The topmost folder's number.
pub const ROOT: u32 = 0;

/// The two highest bits of a parent's number tell what the entry is.
const KIND_SHIFT: u32 = 30;
const PARENT_MASK: u32 = (1 << KIND_SHIFT) - 1;

/// Ends every name: no name has it, so that all of them can be searched as one text.
pub const NAME_END: u8 = 0;

/// Stands in `sizes` for a size that is in `large`.
const IS_LARGE: u32 = u32::MAX;

/// What restic writes for bytes that are no text.
const REPLACEMENT: &str = "\u{fffd}";

/// The names of a snapshot, and what is told of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// All names, each with [`NAME_END`] behind it.
    names: Vec<u8>,
    /// Where each name begins.
    name_starts: Vec<u32>,
    /// The folder of each entry, and what the entry is.
    parents: Vec<u32>,
    /// The bytes of each file.
    sizes: Vec<u32>,
    /// When each was changed, in seconds since 1970; 0 where that is not known, or not in what 32 bits can tell.
    times: Vec<u32>,
    /// Entries of 4 GiB and more, by number.
    large: Vec<(u32, u64)>,
    /// What each folder holds, by number.
    folders: Vec<(u32, Sums)>,
}

/// What a folder holds, with all folders in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    /// Entries of any kind.
    entries: u32,
    files: u32,
    folders: u32,
    bytes: u64,
}

impl Index {
    /// Returns how many entries there are, the topmost folder among them.
    pub fn entries(&self) -> u32 {
        u32::try_from(self.parents.len()).unwrap_or(PARENT_MASK)
    }

    /// Returns how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        fn of<T>(list: &Vec<T>) -> usize {
            list.capacity() * size_of::<T>()
        }
        of(&self.names)
            + of(&self.name_starts)
            + of(&self.parents)
            + of(&self.sizes)
            + of(&self.times)
            + of(&self.large)
            + of(&self.folders)
            + size_of::<Self>()
    }

    /// Returns all names, each with [`NAME_END`] behind it.
    pub fn all_names(&self) -> &[u8] {
        &self.names
    }

    /// Returns the entry whose name has this byte of [`Index::all_names`], and where the next name begins.
    pub fn entry_at(&self, position: usize) -> (u32, usize) {
        let after = self.name_starts.partition_point(|start| *start as usize <= position);
        let next = self.name_starts.get(after).map_or(self.names.len(), |start| *start as usize);
        (u32::try_from(after.saturating_sub(1)).unwrap_or(ROOT), next)
    }

    /// Returns an entry's name; the topmost folder has an empty one.
    pub fn name(&self, entry: u32) -> &[u8] {
        let start = self.name_starts[entry as usize] as usize;
        let end = self.name_starts.get(entry as usize + 1).map_or(self.names.len(), |next| *next as usize);
        &self.names[start..end - 1]
    }

    /// Returns the folder that an entry is in; the topmost one is in itself.
    pub fn parent(&self, entry: u32) -> u32 {
        self.parents[entry as usize] & PARENT_MASK
    }

    /// Returns what an entry is.
    pub fn kind(&self, entry: u32) -> EntryKind {
        match self.parents[entry as usize] >> KIND_SHIFT {
            0 => EntryKind::Folder,
            1 => EntryKind::File,
            2 => EntryKind::Link,
            _ => EntryKind::Special,
        }
    }

    /// Returns a file's bytes.
    pub fn size(&self, entry: u32) -> u64 {
        match self.sizes[entry as usize] {
            IS_LARGE => {
                let found = self.large.binary_search_by_key(&entry, |(number, _)| *number);
                found.map_or(u64::from(IS_LARGE), |at| self.large[at].1)
            }
            size => u64::from(size),
        }
    }

    /// Returns when an entry was changed.
    pub fn modified_at(&self, entry: u32) -> Option<DateTime<Utc>> {
        let seconds = self.times[entry as usize];
        DateTime::from_timestamp_secs(i64::from(seconds)).filter(|_| seconds != 0)
    }

    /// Returns an entry's path.
    pub fn path(&self, entry: u32) -> Option<FilePath> {
        // Enough for most: this is done for every match of a search.
        let mut names = Vec::with_capacity(16);
        let mut at = entry;
        while at != ROOT {
            names.push(self.name(at));
            at = self.parent(at);
        }
        let mut path = Vec::with_capacity(128);
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        if path.is_empty() { Some(FilePath::root()) } else { FilePath::new(path) }
    }

    /// Returns every folder with its path, in which the topmost one is empty, as long as it is wanted.
    pub fn each_folder(&self, mut visit: impl FnMut(u32, &[u8])) {
        let mut path: Vec<u8> = Vec::new();
        // The folders above the one that is looked at, and how long the path of each is.
        let mut above: Vec<(u32, usize)> = Vec::new();
        for (folder, _) in &self.folders {
            if *folder != ROOT {
                let parent = self.parent(*folder);
                while above.last().is_some_and(|(number, _)| *number != parent) {
                    above.pop();
                }
                path.truncate(above.last().map_or(0, |(_, length)| *length));
                path.push(b'/');
                path.extend_from_slice(self.name(*folder));
            }
            above.push((*folder, path.len()));
            visit(*folder, &path);
        }
    }

    /// Returns the place of a folder among the folders.
    pub fn folder_place(&self, folder: u32) -> Option<usize> {
        self.folders.binary_search_by_key(&folder, |(number, _)| *number).ok()
    }

    /// Returns how many folders there are, the topmost one among them.
    pub fn folder_count(&self) -> usize {
        self.folders.len()
    }

    /// Looks a path up.
    pub fn find(&self, path: &FilePath) -> Option<u32> {
        path.names().try_fold(ROOT, |folder, name| self.child(folder, &name))
    }

    /// Returns the entry of this name in a folder.
    pub fn child(&self, folder: u32, name: &FileName) -> Option<u32> {
        self.children(folder).find(|entry| self.name(*entry) == name.as_bytes())
    }

    /// Returns what is in a folder itself.
    pub fn children(&self, folder: u32) -> impl Iterator<Item = u32> + '_ {
        let first = folder + 1;
        let end = first + self.sums(folder).map_or(0, |sums| sums.entries);
        let next = move |entry: u32| Some(entry).filter(|entry| *entry < end);
        std::iter::successors(next(first), move |entry| next(entry + 1 + self.sums(*entry).map_or(0, |sums| sums.entries)))
    }

    /// Returns how much a folder holds; none of anything else.
    pub fn totals(&self, folder: u32) -> Option<FolderTotals> {
        let sums = self.sums(folder)?;
        Some(FolderTotals { files: sums.files.into(), folders: sums.folders.into(), bytes: sums.bytes })
    }

    fn sums(&self, folder: u32) -> Option<&Sums> {
        (self.kind(folder) == EntryKind::Folder).then(|| self.folder_place(folder).map(|place| &self.folders[place].1))?
    }

    /// Adds up what each folder holds. Whatever is in a folder stands behind it, so one way back through all of them does.
    fn add_up(&mut self) {
        let is_folder = |parent: &u32| *parent >> KIND_SHIFT == 0;
        let count = self.parents.iter().filter(|parent| is_folder(parent)).count();
        let mut folders: Vec<(u32, Sums)> = Vec::with_capacity(count);
        folders.extend(
            (0..self.entries()).filter(|entry| self.kind(*entry) == EntryKind::Folder).map(|entry| (entry, Sums::default())),
        );
        let mut place = folders.len();
        for entry in (1..self.entries()).rev() {
            let mut sums = Sums { entries: 1, ..Sums::default() };
            match self.kind(entry) {
                EntryKind::Folder => {
                    place -= 1;
                    let own = folders[place].1;
                    sums = Sums { entries: own.entries + 1, folders: own.folders + 1, ..own };
                }
                EntryKind::File => {
                    sums.files = 1;
                    sums.bytes = self.size(entry);
                }
                EntryKind::Link | EntryKind::Special => {}
            }
            let parent = self.parent(entry);
            // The folder of what comes next is mostly the one before: nothing need be looked for.
            let above = if folders[place.saturating_sub(1)].0 == parent {
                place.saturating_sub(1)
            } else {
                folders[..place].partition_point(|(number, _)| *number < parent)
            };
            let total = &mut folders[above].1;
            total.entries += sums.entries;
            total.files += sums.files;
            total.folders += sums.folders;
            total.bytes = total.bytes.saturating_add(sums.bytes);
        }
        self.folders = folders;
    }
}

/// Whether a name is what restic wrote for one that is no text, as far as can be told.
pub fn is_exact(path: &[u8]) -> bool {
    !path.windows(REPLACEMENT.len()).any(|part| part == REPLACEMENT.as_bytes())
}

#[cfg(test)]
pub(super) mod tests;
