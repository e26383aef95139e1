//! The locks in a repository, and whether they may be removed.

use serde::{Deserialize, Serialize};

use crate::lock::LockHolder;

/// A lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryLock {
    /// Who holds it.
    pub holder: LockHolder,
    /// Whether a restic that PRestic started made it.
    pub is_ours: bool,
    /// Whether its holder is known to live, or known to be dead; none where that cannot be told.
    pub is_alive: Option<bool>,
}

/// All locks of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryLocks {
    /// The locks.
    pub locks: Vec<RepositoryLock>,
    /// Why they cannot be removed safely; none if they can, or if there are none.
    pub why_not: Option<String>,
}
