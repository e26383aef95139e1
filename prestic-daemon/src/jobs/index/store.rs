//! Keeps indexes: all of them on disk, and those that are used in memory, each within its budget.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use prestic_proto::{
    snapshot::TreeId,
    system::{CacheKind, CacheUse},
};
use tokio::{sync::Notify, time::Instant};

use super::Index;
use crate::{atomic_write, clock, config::repository_identity::RepositoryId};

/// How much all files may take: about 40 indexes of a million files each.
const DISK_BUDGET: u64 = 512 * 1024 * 1024;
/// How much memory all loaded indexes may take. One of a million files has to fit.
const MEMORY_BUDGET: u64 = 64 * 1024 * 1024;
/// How long an index stays loaded that nobody uses.
const IDLE_LIMIT: Duration = Duration::from_secs(5 * 60);
/// The ending of the files.
const EXTENSION: &str = "index";

/// What an index is of. Equal trees have equal files in them, so that one index does for all snapshots with a tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexKey {
    /// The repository's identity.
    pub repository: String,
    /// The snapshot's topmost folder.
    pub tree: String,
}

/// What an index is loaded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It is what somebody looks at: it stays, and others make room.
    Wanted,
    /// It is one of many that are gone through. Were each of them to take the place of the one before, the next search would
    /// have to load all of them again.
    Passing,
}

/// The indexes of a home.
#[derive(Debug)]
pub struct IndexStore {
    folder: PathBuf,
    budgets: Budgets,
    state: Mutex<State>,
    /// Held while an index is loaded: two at once would take twice the memory.
    loading: Mutex<()>,
    /// Held while an index is written: a file has one writer at a time.
    saving: Mutex<()>,
    /// Told when something was loaded.
    loaded: Notify,
}

/// The most that is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budgets {
    pub(super) disk: u64,
    pub(super) memory: u64,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<IndexKey, FileFacts>,
    /// The last used one last.
    loaded: Vec<Loaded>,
}

#[derive(Debug, Clone, Copy)]
struct FileFacts {
    bytes: u64,
    used_at: SystemTime,
}

#[derive(Debug)]
struct Loaded {
    key: IndexKey,
    index: Arc<Index>,
    used_at: Instant,
}

impl IndexKey {
    /// Makes the key of a tree.
    pub fn new(repository: &RepositoryId, tree: &TreeId) -> Self {
        Self { repository: repository.as_str().to_owned(), tree: tree.0.clone() }
    }

    fn file_name(&self) -> String {
        format!("{}-{}.{EXTENSION}", self.repository, self.tree)
    }

    fn of_file(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_suffix(EXTENSION)?.strip_suffix('.')?;
        let (repository, tree) = name.split_once('-')?;
        let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_hex(repository) && is_hex(tree)).then(|| Self { repository: repository.to_owned(), tree: tree.to_owned() })
    }
}

impl IndexStore {
    /// Finds the indexes in a folder, which need not exist yet.
    pub fn open(folder: PathBuf) -> Self {
        Self::with_budgets(folder, Budgets { disk: DISK_BUDGET, memory: MEMORY_BUDGET })
    }

    pub(super) fn with_budgets(folder: PathBuf, budgets: Budgets) -> Self {
        let files = fs::read_dir(&folder).into_iter().flatten().flatten().filter_map(|entry| {
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            let used_at = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            Some((IndexKey::of_file(&entry.path())?, FileFacts { bytes: metadata.len(), used_at }))
        });
        let state = Mutex::new(State { files: files.collect(), loaded: Vec::new() });
        Self { folder, budgets, state, loading: Mutex::new(()), saving: Mutex::new(()), loaded: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is an index.
    pub fn has(&self, key: &IndexKey) -> bool {
        self.state().files.contains_key(key)
    }

    /// Returns the trees of a repository that are indexed.
    pub fn trees(&self, repository: &str) -> BTreeSet<String> {
        let state = self.state();
        state.files.keys().filter(|key| key.repository == repository).map(|key| key.tree.clone()).collect()
    }

    /// Whether another file of this size leaves more than half of the budget to those that are made after backups.
    pub fn has_room_for(&self, bytes: u64) -> bool {
        self.state().disk_bytes() + bytes <= self.budgets.disk / 2
    }

    /// Whether an index could be loaded so fast that somebody who did not ask for it can wait for it.
    pub fn is_small(&self, key: &IndexKey) -> bool {
        const SMALL: u64 = 256 * 1024;
        self.state().files.get(key).is_some_and(|facts| facts.bytes <= SMALL)
    }

    /// Returns an index that is in memory.
    pub fn loaded(&self, key: &IndexKey) -> Option<Arc<Index>> {
        self.state().touch(key, Instant::now())
    }

    /// Keeps an index on disk. Those that have not been used for the longest time make room for it.
    pub fn save(&self, key: &IndexKey, index: &Index) -> io::Result<()> {
        let content = index.write()?;
        self.save_written(key, &content)
    }

    /// Keeps an index on disk if that leaves half of the budget to those that are made after backups.
    pub fn save_if_room(&self, key: &IndexKey, index: &Index) -> io::Result<()> {
        let content = index.write()?;
        if self.has_room_for(content.len() as u64) { self.save_written(key, &content) } else { Ok(()) }
    }

    pub(super) fn save_written(&self, key: &IndexKey, content: &[u8]) -> io::Result<()> {
        let bytes = content.len() as u64;
        if bytes > self.budgets.disk {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the index is larger than all of them may be"));
        }
        atomic_write::open_private_folder(&self.folder)?;
        let _one_at_a_time = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut state = self.state();
            for old in &state.files_to_drop(key, bytes, self.budgets.disk) {
                self.drop_file(&mut state, old);
            }
        }
        atomic_write::replace(&self.path(key), content)?;
        let facts = FileFacts { bytes, used_at: clock::now().into() };
        self.state().files.insert(key.clone(), facts);
        Ok(())
    }

    /// Returns an index, from disk if it has to be; none if there is none, or if it is damaged and so no longer there.
    pub fn load(&self, key: &IndexKey, purpose: Purpose) -> Option<Arc<Index>> {
        if let Some(index) = self.loaded(key) {
            return Some(index);
        }
        let _one_at_a_time = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = self.loaded(key) {
            return Some(index);
        }
        if !self.has(key) {
            return None;
        }
        let path = self.path(key);
        let read = File::open(&path).and_then(|file| {
            let index = Index::read(io::BufReader::new(&file))?;
            // Which one was used last has to be known to the next daemon, too.
            let _ = file.set_modified(clock::now().into());
            Ok(index)
        });
        let mut state = self.state();
        match read {
            Ok(index) => {
                let index = Arc::new(index);
                if let Some(facts) = state.files.get_mut(key) {
                    facts.used_at = clock::now().into();
                }
                state.keep(key, &index, purpose, self.budgets.memory, Instant::now());
                drop(state);
                self.loaded.notify_one();
                Some(index)
            }
            Err(error) => {
                tracing::warn!("the index {} cannot be used, and goes: {error}", path.display());
                self.drop_file(&mut state, key);
                None
            }
        }
    }

    /// Drops indexes of a repository that are not wanted any more.
    pub fn drop_others(&self, repository: &str, is_wanted: impl Fn(&str) -> bool) {
        let mut state = self.state();
        let keys: Vec<_> = state.files.keys().filter(|key| key.repository == repository).cloned().collect();
        for key in keys.iter().filter(|key| !is_wanted(&key.tree)) {
            self.drop_file(&mut state, key);
        }
    }

    fn drop_file(&self, state: &mut State, key: &IndexKey) {
        let _ = fs::remove_file(self.path(key));
        state.files.remove(key);
        state.loaded.retain(|loaded| loaded.key != *key);
    }

    /// Takes all indexes from memory.
    pub fn unload(&self) {
        self.state().loaded.clear();
    }

    /// Takes all indexes from memory and from disk.
    pub fn clear(&self) {
        let mut state = self.state();
        for key in state.files.keys().cloned().collect::<Vec<_>>() {
            self.drop_file(&mut state, &key);
        }
    }

    /// Returns how full memory and disk are.
    pub fn uses(&self) -> [CacheUse; 2] {
        let state = self.state();
        let in_memory = CacheUse {
            cache: CacheKind::Indexes,
            entries: state.loaded.len() as u64,
            bytes: state.memory_bytes(),
            budget: self.budgets.memory,
        };
        let on_disk = CacheUse {
            cache: CacheKind::IndexFiles,
            entries: state.files.len() as u64,
            bytes: state.disk_bytes(),
            budget: self.budgets.disk,
        };
        [in_memory, on_disk]
    }

    /// Takes each index from memory that nobody has used for a while, for as long as it is polled.
    pub async fn unload_unused(&self) {
        loop {
            let next = self.state().drop_unused(Instant::now());
            match next {
                Some(next) => tokio::time::sleep_until(next).await,
                None => self.loaded.notified().await,
            }
        }
    }

    fn path(&self, key: &IndexKey) -> PathBuf {
        self.folder.join(key.file_name())
    }
}

impl State {
    fn disk_bytes(&self) -> u64 {
        self.files.values().map(|facts| facts.bytes).sum()
    }

    fn memory_bytes(&self) -> u64 {
        self.loaded.iter().map(|loaded| loaded.index.bytes() as u64).sum()
    }

    fn touch(&mut self, key: &IndexKey, now: Instant) -> Option<Arc<Index>> {
        let place = self.loaded.iter().position(|loaded| loaded.key == *key)?;
        let found = Loaded { used_at: now, ..self.loaded.remove(place) };
        let index = found.index.clone();
        self.loaded.push(found);
        Some(index)
    }

    /// Keeps an index in memory if there is room, or if room can be made.
    fn keep(&mut self, key: &IndexKey, index: &Arc<Index>, purpose: Purpose, budget: u64, now: Instant) {
        self.drop_unused(now);
        while purpose == Purpose::Wanted && !self.loaded.is_empty() && self.memory_bytes() + index.bytes() as u64 > budget {
            self.loaded.remove(0);
        }
        if self.memory_bytes() + index.bytes() as u64 <= budget {
            self.loaded.push(Loaded { key: key.clone(), index: index.clone(), used_at: now });
        }
    }

    /// Drops what has not been used for a while, and returns when to look again.
    fn drop_unused(&mut self, now: Instant) -> Option<Instant> {
        self.loaded.retain(|loaded| now.saturating_duration_since(loaded.used_at) < IDLE_LIMIT);
        self.loaded.first().map(|oldest| oldest.used_at + IDLE_LIMIT)
    }

    /// Returns the files that make room for another one.
    fn files_to_drop(&self, new: &IndexKey, bytes: u64, budget: u64) -> Vec<IndexKey> {
        let mut others: Vec<_> = self.files.iter().filter(|(key, _)| *key != new).collect();
        others.sort_by_key(|(_, facts)| facts.used_at);
        let mut total = others.iter().map(|(_, facts)| facts.bytes).sum::<u64>() + bytes;
        let mut dropped = Vec::new();
        for (key, facts) in others {
            if total <= budget {
                break;
            }
            total -= facts.bytes;
            dropped.push(key.clone());
        }
        dropped
    }
}

#[cfg(test)]
mod tests;
