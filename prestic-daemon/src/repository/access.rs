//! One repository as a profile reaches it: the way to ask restic about it.

use std::{ffi::OsString, fmt, io, sync::Arc, time::Duration};

use bytes::Bytes;
use prestic_proto::{error::ApiError, profile::OptionValue};
use tokio::time::timeout;

use super::Repositories;
use crate::{
    config::{Profile, repository_access::RepositoryAccess, repository_identity::RepositoryId},
    core::{CoreHandle, command::Command},
    keyring::Keyring,
    patience::with_patience,
    repository::{
        failure::{self, Circumstances},
        lines::Lines,
        places::Kind,
        process::{Ended, NotStarted, Order, Processes, Running},
    },
    restic::version::ResticVersion,
    secret::Secret,
};

/// How long a restic whose answer is short may be silent, the time in which it connects included.
const SILENCE_LIMIT: Duration = Duration::from_secs(120);

/// How much restic may have to do for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Somebody waits.
    Now,
    /// Nobody waits: everything else on the machine goes first.
    Idle,
}

/// A repository as a profile reaches it. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    parts: Arc<Parts>,
    processes: Processes,
    keyring: Keyring,
}

struct Parts {
    profile: String,
    access: RepositoryAccess,
    repository: RepositoryId,
    shown_repository: String,
    password_source: Option<OptionValue>,
    version: Option<ResticVersion>,
}

/// The environment has the passwords in it.
impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("profile", &self.parts.profile).field("repository", &self.parts.repository).finish()
    }
}

impl Repositories {
    /// Returns the way to a profile's repository.
    pub async fn reader(&self, profile: &str) -> Result<Reader, ApiError> {
        let profile = find_profile(&self.core, profile).await?;
        if !profile.members().is_empty() {
            return Err(ApiError::Group { name: profile.name().to_owned(), members: profile.members().to_vec() });
        }
        let no_repository = || ApiError::NoRepository(profile.name().to_owned());
        let repository = profile.repository_id().ok_or_else(no_repository)?;
        let refused = |error: &dyn fmt::Display| ApiError::Restic {
            command: "restic".to_owned(),
            message: error.to_string(),
            hint: None,
        };
        let access = RepositoryAccess::of(&profile, &self.home).map_err(|error| refused(&error))?;
        let version = match self.versions.of(&access.executable, &access.environment).await {
            Ok(version) => Some(version),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(failure::no_program(&access, &error)),
            Err(error) => {
                tracing::debug!("the version of restic of profile `{}` is not known: {error}", profile.name());
                None
            }
        };
        let parts = Parts {
            profile: profile.name().to_owned(),
            shown_repository: profile.shown_repository().unwrap_or_default(),
            password_source: profile.shown_password_source(),
            access,
            repository,
            version,
        };
        Ok(Reader { parts: Arc::new(parts), processes: self.processes.clone(), keyring: self.keyring.clone() })
    }

    /// Returns the names of the profiles that have this repository.
    pub async fn profiles_of(&self, repository: &RepositoryId) -> Vec<String> {
        let all = self.core.ask(Command::FindProfiles).await.unwrap_or_default();
        let with_it = all.iter().filter(|profile| profile.repository_id().as_ref() == Some(repository));
        with_it.map(|profile| profile.name().to_owned()).collect()
    }
}

/// Asks the core for a profile.
async fn find_profile(core: &CoreHandle, name: &str) -> Result<Arc<Profile>, ApiError> {
    let found = core.ask(|reply| Command::FindProfile(name.to_owned(), reply)).await;
    found.unwrap_or(Err(ApiError::ShuttingDown))
}

impl Reader {
    /// Returns the profile's name.
    pub fn profile(&self) -> &str {
        &self.parts.profile
    }

    /// Returns what stands for the repository.
    pub fn repository(&self) -> &RepositoryId {
        &self.parts.repository
    }

    /// Returns restic's version, where it tells one.
    pub fn version(&self) -> Option<ResticVersion> {
        self.parts.version
    }

    /// Whether restic is known to be at least of this version.
    pub fn is_at_least(&self, version: ResticVersion) -> bool {
        self.parts.version.is_some_and(|found| found >= version)
    }

    /// Returns the words and the environment that lead to the repository.
    pub(super) fn access(&self) -> &RepositoryAccess {
        &self.parts.access
    }

    /// Runs a command whose answer is short, and returns all that it wrote, at most so many bytes. It takes no lock.
    ///
    /// The arguments begin with restic's command. Dropping the future stops restic.
    pub async fn output(&self, arguments: &[OsString], limit_bytes: u64) -> Result<Vec<u8>, ApiError> {
        let command = shown_command(arguments);
        let mut running = self.start(arguments, Kind::Short).await?;
        let mut output = Vec::new();
        while let Some(piece) = self.next_in_time(&command, &mut running).await? {
            if (output.len() + piece.len()) as u64 > limit_bytes {
                return Err(self.refusal(&command, &format!("it wrote more than {limit_bytes} bytes")));
            }
            output.extend_from_slice(&piece);
        }
        self.check_end(&command, running.end().await)?;
        Ok(output)
    }

    /// Runs a command and returns its lines as they come. It takes no lock.
    ///
    /// The arguments begin with restic's command. Dropping the lines stops restic.
    pub async fn lines(&self, arguments: &[OsString], priority: Priority) -> Result<Lines, ApiError> {
        let kind = match priority {
            Priority::Now => Kind::Long,
            Priority::Idle => Kind::Idle,
        };
        let running = self.start(arguments, kind).await?;
        Ok(Lines::new(self.clone(), shown_command(arguments), running))
    }

    /// Returns the password if it is in the keyring, which is asked each time: nothing of it is kept.
    pub(super) async fn password(&self) -> Result<Option<Secret>, ApiError> {
        let Some(entry) = &self.parts.access.keyring_entry else { return Ok(None) };
        Ok(Some(self.keyring.password(self.profile(), entry).await?))
    }

    /// Waits for a place, and starts a command that takes no lock.
    pub(super) async fn start(&self, arguments: &[OsString], kind: Kind) -> Result<Running, ApiError> {
        let own = self.parts.access.words.iter().map(OsString::from);
        let words = own.chain(["--no-lock".into()]).chain(arguments.iter().cloned()).collect();
        let password = self.password().await?;
        let environment = &self.parts.access.environment;
        let order = Order { words, environment, password, repository: self.repository(), kind };
        self.processes.start(order).await.map_err(|error| match error {
            NotStarted::ShuttingDown => ApiError::ShuttingDown,
            NotStarted::Failed(error) => failure::no_program(&self.parts.access, &error),
        })
    }

    /// Returns the next piece of a restic that must not be silent for long.
    pub(super) async fn next_in_time(&self, command: &str, running: &mut Running) -> Result<Option<Bytes>, ApiError> {
        let limit = with_patience(SILENCE_LIMIT);
        let silent = |_| self.refusal(command, &format!("nothing was heard of it for {} s", limit.as_secs()));
        timeout(limit, running.next()).await.map_err(silent)
    }

    /// Turns the end of a restic into an answer.
    pub(super) fn check_end(&self, command: &str, ended: Ended) -> Result<(), ApiError> {
        failure::check(command, ended, &self.circumstances())
    }

    /// Makes an error of what PRestic itself has seen.
    pub(super) fn refusal(&self, command: &str, message: &str) -> ApiError {
        ApiError::Restic { command: command.to_owned(), message: format!("`{command}`: {message}"), hint: None }
    }

    /// Returns what explains why restic failed here.
    pub(super) fn circumstances(&self) -> Circumstances<'_> {
        Circumstances {
            profile: &self.parts.profile,
            version: self.parts.version,
            shown_repository: &self.parts.shown_repository,
            password_source: self.parts.password_source.as_ref(),
        }
    }
}

/// Returns restic's command as errors name it: `restic cat tree`, without ids and paths.
pub(super) fn shown_command(arguments: &[OsString]) -> String {
    let words = arguments.iter().take(2).map(|word| word.to_string_lossy());
    let is_kind = |word: &str| matches!(word, "blob" | "config" | "lock" | "locks" | "snapshot" | "tree");
    words
        .enumerate()
        .filter(|(position, word)| *position == 0 || is_kind(word))
        .fold("restic".to_owned(), |shown, (_, word)| format!("{shown} {word}"))
}
