//! The locks in a repository, as far as clients are told of them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Who holds a lock that a run waits for, from the lock's own file in the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// The lock's id. A restic that lives gives its lock a new one every five minutes.
    pub id: String,
    /// The holder's machine.
    pub host: String,
    /// The holder's user.
    pub user: String,
    /// The holder's process id on its machine.
    pub pid: u32,
    /// The earliest instant at which it is known to have held the lock. It may have begun before that.
    pub created_at: DateTime<Utc>,
    /// Whether it shares the repository with nobody.
    pub is_exclusive: bool,
}

impl LockHolder {
    /// Whether this is the same process with the same lock, which may have been refreshed in the meantime.
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.host, &self.user, self.pid, self.is_exclusive) == (&other.host, &other.user, other.pid, other.is_exclusive)
    }
}
