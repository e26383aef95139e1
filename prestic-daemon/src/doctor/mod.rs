//! `prestic-ctl doctor`: looks at everything that backups depend on, and says what to do about what is wrong.
//!
//! Each file gathers the facts about one thing and turns them, in a pure function, into findings. All look at the same time,
//! and each has a limit, so that the worst of machines is told in half a minute.

mod bus;
mod clock;
mod config;
mod daemon;
mod desktop;
mod home;
mod keyring;
mod leftovers;
mod repositories;
mod restic;
mod service;
mod space;
mod tasks;
mod web;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use prestic_proto::{
    doctor::{Checkup, Finding},
    home::{Home, NoHome},
};
use thiserror::Error;

use crate::config::{Config, Loaded, Profile};

/// How long all repositories together may take. With the daemon's limit before it stays below half a minute.
const REPOSITORIES_LIMIT: Duration = Duration::from_secs(22);

/// Why nothing could be looked at.
#[derive(Debug, Error)]
pub enum DoctorError {
    /// There is no home.
    #[error(transparent)]
    NoHome(#[from] NoHome),
    /// The system has no resources for an event loop.
    #[error("cannot set up an event loop")]
    Runtime(#[from] io::Error),
}

/// What to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    Everything,
    /// Not at repositories.
    Offline,
}

/// The configuration as far as it can be read, and the home that it belongs to.
struct Subject {
    home: Home,
    loaded: Loaded,
}

impl Subject {
    fn config(&self) -> &Config {
        &self.loaded.config
    }

    /// Returns the profiles that have a repository of their own, tasks or not.
    fn with_repository(&self) -> impl Iterator<Item = &Arc<Profile>> {
        self.config().profiles().filter(|profile| profile.repository().is_some() && profile.members().is_empty())
    }
}

/// Looks at everything.
pub fn examine(scope: Scope) -> Result<Checkup, DoctorError> {
    let home = Home::from_environment()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let root = home.root().to_owned();
    let findings = runtime.block_on(look_at_all(home, scope));
    // A look that hangs must not keep this program: it ends with it.
    runtime.shutdown_background();
    Ok(Checkup { version: env!("CARGO_PKG_VERSION").to_owned(), home: root, findings })
}

async fn look_at_all(home: Home, scope: Scope) -> Vec<Finding> {
    let file = home.config_file();
    let now = crate::clock::now();
    let read = config::read(file.clone());
    let (meeting, (loaded, of_config)) = tokio::join!(daemon::meet(&home), read);
    let subject = Subject { home, loaded };
    let status = meeting.status();
    let has_config = file.exists();
    let restics = restic::look(&subject);
    let repositories = async {
        if scope == Scope::Offline { Vec::new() } else { repositories::look(&subject, status, now, REPOSITORIES_LIMIT).await }
    };
    let (restics, home, keyring, desktop, repositories) =
        tokio::join!(restics, home::look(&subject), keyring::look(&subject), desktop::look(&subject, status), repositories,);
    let has_schedule = subject.config().tasks().any(|task| task.schedule().is_some());
    let is_running = status.is_some();
    [
        restics,
        of_config,
        home,
        daemon::judge(&meeting, has_config, has_schedule),
        service::look(meeting.pid(), has_schedule),
        clock::look(&subject.home, now),
        keyring,
        repositories,
        tasks::look(&subject, status, now),
        if is_running { Vec::new() } else { leftovers::look(&subject.home) },
        desktop,
        web::look(&subject, status, has_config),
    ]
    .concat()
}

/// Runs a look that may block for ever on a disk that is away; none if it takes longer than this.
async fn within<T: Send + 'static>(limit: Duration, look: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::time::timeout(limit, tokio::task::spawn_blocking(look)).await.ok()?.ok()
}

/// Returns a path as findings show it.
fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Returns the innermost folder at or above a path that exists.
fn existing_folder_of(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|above| above.is_dir()).map(Path::to_owned)
}
