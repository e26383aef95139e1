//! `prestic-ctl init`: makes the repository of a profile, after it has shown what it is about to do.

use std::{
    env,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    sync::Arc,
    time::Duration,
};

use clap::Args;
use prestic_proto::home::Home;
use serde::Serialize;
use thiserror::Error;

use super::questions::{self, say};
use crate::{
    conditions::new_place::{self, NewPlace},
    config::{self, Profile},
    foreground::{self, ForegroundError},
    process, program,
    repository::probe::{Probe, Trouble},
};

/// How long a repository may take to tell whether it is there.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// The command of restic.
const INIT: &str = "init";

/// What `prestic-daemon init` is told.
#[derive(Debug, Args)]
pub struct InitOptions {
    /// The profile
    profile: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Why no repository was made.
#[derive(Debug, Error)]
pub enum InitError {
    /// The profile cannot be used.
    #[error(transparent)]
    Profile(#[from] ForegroundError),
    /// It names no repository.
    #[error("profile `{0}` has no `repository`: set one in the configuration first")]
    NoRepository(String),
    /// It tells no password.
    #[error(
        "profile `{0}` tells no password: set `password-keyring`, `password-command` or `password-file` in the configuration first"
    )]
    NoPassword(String),
    /// The place is that of a disk that is away.
    #[error(
        "no repository was made: `{repository}` belongs on a disk at `{}`, and none is mounted there\n  \
         hint: mount it and try again; if no disk belongs there, {}",
        .point.display(), without_disk(.repository, .point)
    )]
    NotMounted {
        /// The repository.
        repository: String,
        /// Where the disk belongs.
        point: PathBuf,
    },
    /// The folder that it would lie in is not there.
    #[error(
        "no repository was made: the folder `{}`, in which `{repository}` is to lie, does not exist\n  \
         hint: is it on a disk that is not mounted? Else make it: mkdir -p {}", .folder.display(), .folder.display()
    )]
    NoFolder {
        /// The repository.
        repository: String,
        /// What is missing.
        folder: PathBuf,
    },
    /// The place cannot be looked at.
    #[error("no repository was made: the place of `{repository}` cannot be looked at: {reason}")]
    Hidden {
        /// The repository.
        repository: String,
        /// Why not.
        reason: String,
    },
    /// Something else is in the way.
    #[error("no repository was made at `{repository}`: {message}{}", .hint.as_ref().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default())]
    Refused {
        /// The repository.
        repository: String,
        /// Why not.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// Nobody has said yes.
    #[error("no repository was made: nobody is there to say yes\n  hint: add `--yes`")]
    NobodyThere,
    /// Somebody has said no.
    #[error("no repository was made")]
    Declined,
    /// The terminal, or the event loop, does not work.
    #[error("cannot ask or wait")]
    Io(#[from] io::Error),
}

impl InitError {
    /// Returns the exit code: those of the table in `prestic-ctl --help`.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Profile(error) => error.exit_code(),
            Self::Io(_) => 1,
            _ => 65,
        }
    }
}

/// Returns what to do where a folder only looks like the place of a disk.
fn without_disk(repository: &str, point: &Path) -> String {
    if Path::new(repository) == point {
        format!("name a folder in it: {}", point.join("restic").display())
    } else {
        format!("make the folder yourself first: mkdir -p {repository}")
    }
}

/// What became of the repository of one profile.
#[derive(Debug, Serialize)]
struct Made {
    profile: String,
    repository: String,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Created,
    Exists,
}

/// Makes the repositories of a profile, or of each task of a group.
pub fn run(options: &InitOptions) -> Result<ExitCode, InitError> {
    let home = Home::from_environment().map_err(ForegroundError::from)?;
    let file = home.config_file();
    if !file.exists() {
        return Err(ForegroundError::NoConfig(file).into());
    }
    let loaded = config::load_for_one_run(&file);
    let profile = foreground::find(&loaded, &options.profile)?;
    let members: Vec<Arc<Profile>> = profile.members().iter().filter_map(|name| loaded.config.profile(name).cloned()).collect();
    let profiles = if members.is_empty() { vec![profile] } else { members };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut wanted = Vec::new();
    let mut made = Vec::new();
    for profile in profiles {
        if runtime.block_on(is_wanted(&profile, &home))? {
            wanted.push(profile);
        } else {
            made.push(Made::of(&profile, State::Exists));
        }
    }
    for there in &made {
        say(&format!("the repository of `{}` exists already: {}", there.profile, there.repository));
    }
    if !wanted.is_empty() {
        show(&wanted);
        if !options.yes {
            agree(wanted.len())?;
        }
    }
    for profile in wanted {
        let code = make(&profile, options.json)?;
        if code != 0 {
            return Ok(code.into());
        }
        made.push(Made::of(&profile, State::Created));
    }
    let mut stdout = io::stdout();
    if options.json {
        let text = serde_json::to_string(&made).map_err(io::Error::from)?;
        writeln!(stdout, "{text}")?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Made {
    fn of(profile: &Profile, state: State) -> Self {
        let repository = profile.shown_repository().unwrap_or_default();
        Self { profile: profile.name().to_owned(), repository, state }
    }
}

/// Whether there is a repository to be made for a profile: an error where none can be made.
async fn is_wanted(profile: &Profile, home: &Home) -> Result<bool, InitError> {
    let name = || profile.name().to_owned();
    let repository = profile.shown_repository().ok_or_else(|| InitError::NoRepository(name()))?;
    if !profile.tells_password() {
        return Err(InitError::NoPassword(name()));
    }
    check_place(profile, &repository)?;
    let probe = Probe { profile, home, password: None, version: None, limit: ANSWER_LIMIT };
    match probe.open().await {
        Ok(()) => Ok(false),
        Err(trouble) if trouble.is_absent() => Ok(true),
        Err(trouble) => Err(refused(repository, trouble)),
    }
}

pub(super) fn refused(repository: String, trouble: Trouble) -> InitError {
    let Trouble { message, hint, .. } = &trouble;
    let message = if trouble.is_wrong_password() {
        format!("there is a repository already, and the password of the profile does not open it ({message})")
    } else {
        message.clone()
    };
    InitError::Refused { repository, message, hint: hint.clone() }
}

/// Looks whether the disk of a local repository is there, and the folder that it would lie in.
pub(super) fn check_place(profile: &Profile, repository: &str) -> Result<(), InitError> {
    let Some(path) = profile.local_repository() else { return Ok(()) };
    let repository = repository.to_owned();
    match new_place::look(&path, &profile.require_paths()) {
        NewPlace::Good => Ok(()),
        NewPlace::NoFolder(folder) => Err(InitError::NoFolder { repository, folder }),
        NewPlace::NotMounted(point) => Err(InitError::NotMounted { repository, point }),
        NewPlace::Hidden(reason) => Err(InitError::Hidden { repository, reason }),
    }
}

/// Shows what is about to be done.
fn show(profiles: &[Arc<Profile>]) {
    for profile in profiles {
        say(&format!("a repository will be made for `{}`:", profile.name()));
        say(&format!("  where     {}", profile.shown_repository().unwrap_or_default()));
        let password = profile.shown_password_source().map(|source| format!("{} = {}", source.key, source.value));
        say(&format!("  password  {}", password.unwrap_or_else(|| "as its flags or variables say".to_owned())));
        if let Ok(command) = profile.restic_command(config::Arguments::Instead(vec![INIT.to_owned()])) {
            say(&format!("  command   {}", command.shown_line()));
        }
        say(&format!("  as user   {}", own_user()));
    }
}

/// Returns who will own what is made.
fn own_user() -> String {
    let name = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|variable| env::var(variable).ok());
    match (name, process::own_user_number()) {
        (Some(name), Some(number)) => format!("{name} ({number})"),
        (None, Some(number)) => number.to_string(),
        (name, None) => name.unwrap_or_else(|| "unknown".to_owned()),
    }
}

fn agree(number: usize) -> Result<(), InitError> {
    if !questions::is_somebody_there() {
        return Err(InitError::NobodyThere);
    }
    let question = if number == 1 { "Make it?" } else { "Make them?" };
    if questions::confirm(question, false)? { Ok(()) } else { Err(InitError::Declined) }
}

/// Runs restic as `prestic-ctl -p` does, and returns its exit code.
fn make(profile: &Profile, is_json: bool) -> Result<u8, InitError> {
    let (mut command, name) = foreground::prepare(profile, vec![INIT.to_owned()])?;
    // A relative path means the same as in scheduled runs.
    command.current_dir(program::working_folder());
    if is_json {
        command.stdout(Stdio::null());
    }
    let status = command.status().map_err(|source| ForegroundError::NotStarted { program: name, source })?;
    Ok(status.code().map_or(1, |code| u8::try_from(code).unwrap_or(1)))
}
