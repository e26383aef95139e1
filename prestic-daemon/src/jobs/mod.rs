//! Jobs: work on repositories that takes its time, and the indexes that make searching quick.

mod index;
mod search;

use std::time::Duration;

use prestic_proto::{
    error::ApiError,
    home::Home,
    job::{Job, JobId, JobRequest, JobResults},
    search::{SearchPage, SearchQuery},
    system::{CacheKind, CacheUse},
};

use crate::{core::CoreHandle, history::History, repository::Repositories};

/// The jobs of a daemon. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Jobs {
    core: CoreHandle,
    home: Home,
    repositories: Repositories,
    history: History,
}

impl Jobs {
    /// Makes the keeper of jobs.
    pub fn new(core: CoreHandle, home: Home, repositories: Repositories, history: History) -> Self {
        Self { core, home, repositories, history }
    }

    pub async fn search(&self, profile: &str, query: SearchQuery) -> Result<SearchPage, ApiError> {
        let _ = (&self.core, &self.home, &self.repositories, &self.history, query);
        Err(ApiError::NoRepository(profile.to_owned()))
    }

    pub async fn start(&self, profile: &str, request: JobRequest) -> Result<JobId, ApiError> {
        let _ = request;
        Err(ApiError::NoRepository(profile.to_owned()))
    }

    pub async fn job(&self, job: JobId, wait: Duration) -> Result<Job, ApiError> {
        let _ = wait;
        Err(ApiError::UnknownJob(job))
    }

    pub async fn jobs(&self, profile: &str) -> Result<Vec<Job>, ApiError> {
        Err(ApiError::NoRepository(profile.to_owned()))
    }

    pub async fn results(&self, job: JobId, offset: u32, limit: u32) -> Result<JobResults, ApiError> {
        let _ = (offset, limit);
        Err(ApiError::UnknownJob(job))
    }

    pub async fn cancel(&self, job: JobId) -> Result<(), ApiError> {
        Err(ApiError::UnknownJob(job))
    }

    /// Returns how full the caches of indexes and results are.
    pub fn caches(&self) -> Vec<CacheUse> {
        Vec::new()
    }

    /// Empties one of these caches.
    pub async fn clear(&self, cache: CacheKind) -> Result<(), ApiError> {
        let _ = cache;
        Ok(())
    }
}
