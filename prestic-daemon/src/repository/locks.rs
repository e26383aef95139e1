//! Shows the locks of a repository, and removes them where the rules for that allow it.

use std::{
    collections::HashMap,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use prestic_proto::{
    error::ApiError,
    repository_lock::{RepositoryLock, RepositoryLocks},
};
use tokio::task::spawn_blocking;

use super::Repositories;
use crate::{
    clock::{self, Stopwatch},
    config::{PASSWORD_VARIABLE, repository_identity::RepositoryId},
    process,
    records::RecordFolder,
    repository::{
        access::Reader,
        failure::{self, Circumstances},
    },
    restic::lock::Lock,
    secret::Secret,
    supervise::{
        lock_rules::{LockRules, Seen, Surroundings, removable},
        repository_locks::{LockError, RepositoryLocks as Asked},
    },
};

/// What has been seen of the locks of each repository: that one stays as it is tells that it was left behind.
#[derive(Debug, Clone)]
pub struct SeenLocks {
    seen: Arc<Mutex<HashMap<RepositoryId, Seen>>>,
    clock: Stopwatch,
}

impl Default for SeenLocks {
    fn default() -> Self {
        Self { seen: Arc::default(), clock: Stopwatch::start() }
    }
}

/// What one look at the locks needs.
struct Look {
    reader: Reader,
    password: Option<Secret>,
    seen: SeenLocks,
    records: RecordFolder,
}

impl Repositories {
    /// Returns the locks in a profile's repository.
    pub async fn locks(&self, profile: &str) -> Result<RepositoryLocks, ApiError> {
        self.look(profile, Look::shown).await
    }

    /// Removes the stale locks if that is safe. Returns what was done.
    pub async fn unlock(&self, profile: &str) -> Result<String, ApiError> {
        let done = self.look(profile, Look::unlock).await?;
        tracing::info!("unlock of the repository of profile `{profile}`: {done}");
        Ok(done)
    }

    async fn look<T: Send + 'static>(
        &self,
        profile: &str,
        act: impl FnOnce(&Look) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let reader = self.reader(profile).await?;
        let storage = |error: std::io::Error| ApiError::Storage {
            what: "cannot read the records of runs".to_owned(),
            reason: error.to_string(),
        };
        let records = RecordFolder::open(self.home.runs_dir()).map_err(storage)?;
        let password = reader.password().await?;
        let place = self.processes.place(reader.repository()).await;
        let look = Look { reader, password, seen: self.seen_locks.clone(), records };
        let acting = spawn_blocking(move || {
            // It stays taken until the restics have ended, whoever has gone meanwhile.
            let _place = place;
            act(&look)
        });
        acting.await.unwrap_or_else(|error| {
            Err(ApiError::Storage { what: "the look at the locks has failed".to_owned(), reason: error.to_string() })
        })
    }
}

impl Look {
    fn shown(&self) -> Result<RepositoryLocks, ApiError> {
        let locks = self.read()?;
        let hostname = process::hostname();
        let shown = locks.iter().map(|lock| {
            let is_here = lock.hostname == hostname && !hostname.is_empty();
            let is_ours = is_here && self.records.have_made(lock);
            let is_alive = match is_here {
                true if process::is_pid_in_use(lock.pid) => Some(true),
                true if is_ours => Some(false),
                // Another machine can have the same name.
                _ => None,
            };
            RepositoryLock { holder: lock.to_holder(), is_ours, is_alive }
        });
        let locks = shown.collect();
        Ok(RepositoryLocks { locks, why_not: self.removable().err() })
    }

    fn unlock(&self) -> Result<String, ApiError> {
        let before = self.read()?;
        if before.is_empty() {
            return Ok("there is no lock".to_owned());
        }
        let stale = match self.removable() {
            Ok(stale) => stale,
            Err(why_not) => return Ok(format!("nothing was removed: {why_not}")),
        };
        self.asked().unlock().map_err(|error| refused(error, &self.reader.circumstances()))?;
        let after = self.read()?;
        let left = stale.iter().filter(|lock| after.iter().any(|other| other.id == lock.id)).count();
        let removed = stale.len() - left;
        let noun = if removed == 1 { "lock" } else { "locks" };
        Ok(match left {
            0 => format!("removed {removed} stale {noun}"),
            left => {
                format!("removed {removed} stale {noun}; restic leaves {left} in place, as it believes that they are in use")
            }
        })
    }

    /// Reads the locks that there are now, and notes since when each has been there.
    fn read(&self) -> Result<Vec<Lock>, ApiError> {
        let locks = self.asked().read(&[]).map_err(|error| refused(error, &self.reader.circumstances()))?;
        let mut seen = self.seen.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if locks.is_empty() {
            seen.remove(self.reader.repository());
        } else {
            seen.entry(self.reader.repository().clone()).or_default().take(locks.clone(), self.at());
        }
        Ok(locks)
    }

    fn removable(&self) -> Result<Vec<Lock>, String> {
        let seen = self.seen.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(seen) = seen.get(self.reader.repository()) else { return Ok(Vec::new()) };
        let surroundings = Surroundings {
            hostname: &process::hostname(),
            is_pid_in_use: &process::is_pid_in_use,
            is_ours: &|lock| self.records.have_made(lock),
            now: clock::now(),
            at: self.at(),
            time_left: Duration::ZERO,
        };
        removable(seen, &surroundings, &LockRules::default())
    }

    fn at(&self) -> Duration {
        Duration::from_millis(self.seen.clock.elapsed_ms())
    }

    fn asked(&self) -> Asked<impl Fn(&mut Command)> {
        let access = self.reader.access();
        Asked::new(&access.words, |command: &mut Command| {
            command.env_clear().envs(access.environment.iter().map(|(name, value)| (name, value)));
            if let Some(password) = &self.password {
                command.env(PASSWORD_VARIABLE, password.reveal());
            }
            process::prepare_reader(command, None, None);
        })
    }
}

/// A refusal of restic's has the same advice as everywhere else.
fn refused(error: LockError, circumstances: &Circumstances<'_>) -> ApiError {
    if let LockError::Refused { command, status, complaint, .. } = &error {
        let command = command.trim_end_matches(" --no-lock");
        return failure::of_end(command, *status, complaint, circumstances);
    }
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    ApiError::Restic { command: "restic list locks".to_owned(), message: format!("{error}{cause}"), hint: None }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

    use prestic_proto::profile::OptionValue;

    use super::*;

    #[test]
    fn refusal_to_list_locks_has_the_advice_for_its_cause() {
        let source = OptionValue { key: "password-file".to_owned(), value: "/p".to_owned(), origin: None };
        let circumstances =
            Circumstances { profile: "home", version: None, shown_repository: "/r", password_source: Some(&source) };
        let error = LockError::Refused {
            command: "restic list locks --no-lock".to_owned(),
            answer: String::new(),
            status: ExitStatus::from_raw(1 << 8),
            complaint: vec!["Fatal: wrong password or no key found".to_owned()],
        };
        let ApiError::Restic { command, message, hint } = refused(error, &circumstances) else { panic!("restic failed") };
        assert_eq!((command.as_str(), message.as_str()), ("restic list locks", "wrong password or no key found"));
        assert!(hint.unwrap().contains("`password-file = /p`"));
    }
}
