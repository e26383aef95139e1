//! What has happened, for as long as the user wants to know: a database of the runs that have ended.

use std::sync::Arc;

use prestic_proto::{
    error::ApiError,
    history::{RepositorySize, RunPage, RunQuery, TaskDays},
    home::Home,
    run::{Run, RunId},
};

/// The history of a home. Cheap to clone.
#[derive(Debug, Clone)]
pub struct History {
    home: Arc<Home>,
}

impl History {
    /// Opens the history of a home.
    pub fn new(home: Home) -> Self {
        Self { home: Arc::new(home) }
    }

    /// Returns a page of runs: those that the core remembers first, then those that only the database has.
    pub async fn runs(&self, query: RunQuery, remembered: Vec<Run>) -> Result<RunPage, ApiError> {
        let _ = &self.home;
        let runs: Vec<Run> = remembered.into_iter().take(query.limit as usize).collect();
        Ok(RunPage { runs, has_more: false })
    }

    /// Returns a run that the core has forgotten.
    pub async fn find(&self, run: RunId) -> Result<Run, ApiError> {
        Err(ApiError::UnknownRun(run))
    }

    /// Returns the last days of each task.
    pub async fn days(&self, days: u32) -> Vec<TaskDays> {
        let _ = days;
        Vec::new()
    }

    /// Returns how large a repository was. `repository` is its identity.
    pub async fn sizes(&self, repository: &str) -> Result<Vec<RepositorySize>, ApiError> {
        let _ = repository;
        Ok(Vec::new())
    }

    /// Notes how large a repository is.
    pub async fn add_size(&self, repository: &str, size: RepositorySize) -> Result<(), ApiError> {
        let _ = (repository, size);
        Ok(())
    }

    /// Returns how many runs are recorded.
    pub async fn count(&self) -> u64 {
        0
    }
}
