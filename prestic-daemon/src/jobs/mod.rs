//! Jobs: work on repositories that takes its time, and the indexes that make searching quick.
//!
//! `book.rs` decides whose turn it is, `driver.rs` carries jobs out, `work/` is what each kind of them does. What an index is
//! and where it is kept stands in `index/`, and how names are found in `search/`.

mod automatic;
mod book;
mod driver;
mod files;
pub mod index;
mod instant_search;
pub mod search;
mod snapshots;
mod totals;
mod work;

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use prestic_proto::{
    error::ApiError,
    home::Home,
    job::{Job, JobId, JobRequest, JobResults},
    search::{SearchPage, SearchQuery},
    snapshot::{Folder, Found, MAX_PAGE},
    system::{CacheKind, CacheUse},
};
use tokio::time::Instant;

use crate::{
    config::{Profile, repository_identity::RepositoryId},
    core::{CoreHandle, command::Command},
    history::History,
    jobs::{driver::Shared, search::Pattern, work::apart},
    repository::Repositories,
};

/// The jobs of a daemon. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Jobs {
    shared: Arc<Shared>,
}

impl Jobs {
    /// Finds the jobs and indexes of a home.
    pub fn new(core: CoreHandle, home: Home, repositories: Repositories, history: History) -> Self {
        Self { shared: Arc::new(Shared::open(core, &home, repositories, history)) }
    }

    /// Does what is to be done without anybody asking, for as long as it is polled.
    pub async fn attend(self) {
        tokio::join!(automatic::follow(self.shared.clone()), self.shared.store.unload_unused());
    }

    /// Ends all jobs, and waits for that. No more are begun.
    pub async fn shut_down(&self) {
        self.shared.shut_down().await;
    }

    /// Searches the snapshots that are indexed.
    pub async fn search(&self, profile: &str, query: SearchQuery) -> Result<SearchPage, ApiError> {
        let repository = self.repository(profile).await?;
        instant_search::search(&self.shared, profile, &repository, query).await
    }

    /// Puts a job into the queue; if there is one that does the same and has not ended, that is it.
    pub async fn start(&self, profile: &str, request: JobRequest) -> Result<JobId, ApiError> {
        let repository = self.repository(profile).await?;
        let request = self.check(profile, request).await?;
        self.shared.add(profile, repository.as_str(), request, false).await
    }

    /// Makes sure that a request can be met, and writes the ids of its snapshots out.
    async fn check(&self, profile: &str, request: JobRequest) -> Result<JobRequest, ApiError> {
        if let JobRequest::Search { query } = &request {
            Pattern::parse(query)?;
        }
        if matches!(request, JobRequest::Search { .. } | JobRequest::Measure) {
            return Ok(request);
        }
        let all = snapshots::list(&self.shared.repositories, profile).await?;
        let whole = |id| snapshots::find(&all, id).map(|snapshot| snapshot.id.clone());
        Ok(match request {
            JobRequest::Difference { from, to, path } => JobRequest::Difference { from: whole(&from)?, to: whole(&to)?, path },
            JobRequest::Index { snapshot } => JobRequest::Index { snapshot: whole(&snapshot)? },
            other => other,
        })
    }

    /// Returns a job as soon as it has ended, or when the time is over.
    pub async fn job(&self, job: JobId, wait: Duration) -> Result<Job, ApiError> {
        let deadline = Instant::now() + wait;
        let mut ended = self.shared.ended();
        loop {
            ended.borrow_and_update();
            let found = self.shared.job(job)?;
            if book::has_ended(&found) || !matches!(tokio::time::timeout_at(deadline, ended.changed()).await, Ok(Ok(()))) {
                return self.shared.job(job).or(Ok(found));
            }
        }
    }

    /// Returns the jobs on a profile's repository, newest first.
    pub async fn jobs(&self, profile: &str) -> Result<Vec<Job>, ApiError> {
        let repository = self.repository(profile).await?;
        Ok(self.shared.state().book.of_repository(repository.as_str()).cloned().collect())
    }

    /// Returns a part of what a job has found.
    pub async fn results(&self, job: JobId, offset: u32, limit: u32) -> Result<JobResults, ApiError> {
        let request = self.shared.job(job)?.request;
        let (offset, limit) = (offset as usize, limit.min(MAX_PAGE) as usize);
        let unread = |error: std::io::Error| ApiError::Storage {
            what: format!("the results of job {job} cannot be read"),
            reason: error.to_string(),
        };
        let files = self.shared.files.clone();
        match request {
            JobRequest::Search { .. } => {
                let live = self.shared.live_matches(job);
                let matches = apart(move || match live {
                    Some(live) => {
                        let merged = live.lock().unwrap_or_else(PoisonError::into_inner);
                        Ok(merged.matches().iter().skip(offset).take(limit).cloned().collect())
                    }
                    None => files.read_results(job, offset, limit),
                });
                matches.await?.map(JobResults::Matches).map_err(unread)
            }
            JobRequest::Difference { .. } => {
                let changes = apart(move || files.read_results(job, offset, limit));
                changes.await?.map(JobResults::Changes).map_err(unread)
            }
            JobRequest::Index { .. } | JobRequest::Measure => Ok(JobResults::None),
        }
    }

    /// Ends a job; what it has found until then is kept. Answered when it has ended.
    pub async fn cancel(&self, job: JobId) -> Result<(), ApiError> {
        self.shared.cancel(job).await
    }

    /// Adds to a listed folder how much it and the folders in it hold, where that is known.
    pub async fn add_totals(&self, profile: &str, folder: &mut Folder) {
        if let Ok(repository) = self.repository(profile).await {
            totals::add(&self.shared, &repository, folder).await;
        }
    }

    /// Adds to a folder that was looked up how much it holds, where that is known.
    pub async fn add_totals_of_entry(&self, profile: &str, found: &mut Found) {
        if let Ok(repository) = self.repository(profile).await {
            totals::add_to_entry(&self.shared, &repository, found).await;
        }
    }

    /// Returns how full the caches of indexes and results are.
    pub fn caches(&self) -> Vec<CacheUse> {
        let [in_memory, on_disk] = self.shared.store.uses();
        vec![in_memory, on_disk, self.shared.files.cache_use()]
    }

    /// Empties one of these caches. Jobs that have not ended stay.
    pub async fn clear(&self, cache: CacheKind) -> Result<(), ApiError> {
        self.shared.recent.clear();
        let shared = self.shared.clone();
        apart(move || match cache {
            CacheKind::Indexes => shared.store.unload(),
            CacheKind::IndexFiles => shared.store.clear(),
            CacheKind::JobResults => {
                while let Some(old) = shared.drop_one() {
                    shared.files.remove(old);
                }
            }
            CacheKind::Snapshots | CacheKind::Trees => {}
        })
        .await
    }

    /// Returns what stands for a profile's repository.
    async fn repository(&self, profile: &str) -> Result<RepositoryId, ApiError> {
        let found = self.shared.core.ask(|reply| Command::FindProfile(profile.to_owned(), reply)).await;
        let profile: Arc<Profile> = found.unwrap_or(Err(ApiError::ShuttingDown))?;
        if !profile.members().is_empty() {
            return Err(ApiError::Group { name: profile.name().to_owned(), members: profile.members().to_vec() });
        }
        profile.repository_id().ok_or_else(|| ApiError::NoRepository(profile.name().to_owned()))
    }
}
