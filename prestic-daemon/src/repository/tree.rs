//! A folder as it is kept in memory: some fifty bytes an entry and its name, because a folder can have 100,000 of them.

use chrono::{DateTime, Utc};
use prestic_proto::{
    file_path::{FileName, shown},
    snapshot::{Entry, EntryKind},
};

use super::object_id::ObjectId;

/// A folder's content, in the order in which it is shown: folders first, then by name as people count.
#[derive(Debug)]
pub struct Tree {
    pub(super) id: ObjectId,
    pub(super) records: Box<[Record]>,
    /// The names and the targets of links, one after the other.
    pub(super) text: Box<[u8]>,
    pub(super) subtrees: Box<[ObjectId]>,
    /// The names of users and groups, each once.
    pub(super) people: Box<[Box<str>]>,
}

/// One entry.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub size: u64,
    /// In nanoseconds since 1970, or [`NEVER`].
    pub modified: i64,
    pub detail: Detail,
    pub name_start: u32,
    pub name_length: u16,
    pub mode: u16,
    pub owner: u16,
    pub group: u16,
}

/// What an entry has by its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Which of the subtrees it is.
    Folder(u32),
    /// A fingerprint of the content.
    File([u64; 2]),
    /// Where the target begins and how long it is.
    Link(u32, u32),
    Special,
}

/// Stands for an unknown time in [`Record::modified`].
pub(super) const NEVER: i64 = i64::MIN;

/// Stands for nobody in [`Record::owner`] and [`Record::group`].
pub(super) const NOBODY: u16 = u16::MAX;

impl Tree {
    /// Returns its id.
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// Returns how many entries it has.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns the bytes that it takes in memory.
    pub fn weight(&self) -> u64 {
        let people: usize = self.people.iter().map(|name| name.len() + size_of::<Box<str>>()).sum();
        let parts = [size_of_val(self), size_of_val(&*self.records), self.text.len(), size_of_val(&*self.subtrees), people];
        parts.iter().sum::<usize>() as u64
    }

    /// Returns an entry; none beyond the last.
    pub fn entry(&self, position: usize) -> Option<Entry> {
        let record = self.records.get(position)?;
        let person = |index: u16| self.people.get(usize::from(index)).map(ToString::to_string);
        Some(Entry {
            name: FileName::new(self.name_of(record))?,
            kind: record.detail.kind(),
            size: record.size,
            mode: Some(u32::from(record.mode)),
            modified_at: (record.modified != NEVER).then(|| DateTime::<Utc>::from_timestamp_nanos(record.modified)),
            owner: person(record.owner),
            group: person(record.group),
            link_target: self.link_target(record),
            subtree: self.subtree_of(record).map(ObjectId::to_tree_id),
            content: match record.detail {
                Detail::File([high, low]) => Some(format!("{high:016x}{low:016x}")),
                _ => None,
            },
            totals: None,
            chain: Vec::new(),
        })
    }

    /// Returns an entry's name.
    pub fn name(&self, position: usize) -> &[u8] {
        self.records.get(position).map(|record| self.name_of(record)).unwrap_or_default()
    }

    /// Returns which entry has a name.
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        self.records.iter().position(|record| usize::from(record.name_length) == name.len() && self.name_of(record) == name)
    }

    /// Returns the tree of an entry; none if it is no folder.
    pub fn subtree(&self, position: usize) -> Option<ObjectId> {
        self.subtree_of(self.records.get(position)?)
    }

    /// Returns the only entry's name and tree, if that is a folder.
    pub fn only_folder(&self) -> Option<(FileName, ObjectId)> {
        let [record] = &*self.records else { return None };
        Some((FileName::new(self.name_of(record))?, self.subtree_of(record)?))
    }

    pub(super) fn name_of(&self, record: &Record) -> &[u8] {
        let start = record.name_start as usize;
        &self.text[start..start + usize::from(record.name_length)]
    }

    fn subtree_of(&self, record: &Record) -> Option<ObjectId> {
        if let Detail::Folder(index) = record.detail { self.subtrees.get(index as usize).copied() } else { None }
    }

    fn target_bytes(&self, record: &Record) -> Option<&[u8]> {
        let Detail::Link(start, length) = record.detail else { return None };
        self.text.get(start as usize..(start + length) as usize)
    }

    fn link_target(&self, record: &Record) -> Option<String> {
        self.target_bytes(record).map(shown)
    }
}

impl Detail {
    pub(super) fn kind(self) -> EntryKind {
        match self {
            Self::Folder(_) => EntryKind::Folder,
            Self::File(_) => EntryKind::File,
            Self::Link(..) => EntryKind::Link,
            Self::Special => EntryKind::Special,
        }
    }
}
