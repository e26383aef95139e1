//! Where a password is kept, so that scheduled runs find it: in the keyring, or in a file of the user's own.

use std::{
    fmt, fs,
    fs::OpenOptions,
    io::{self, Write},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use prestic_proto::{home::Home, new_profile::Keeper};
use tokio::{io::AsyncWriteExt, process::Command, time::timeout};

use super::{NewError, text_of, whole_path};
use crate::{
    atomic_write,
    config::permissions,
    keyring::{Keyring, KeyringError},
    patience::with_patience,
    process, program,
    secret::Secret,
    setup::questions::say,
};

/// How long the keyring may take to tell whether it can be used: then it is not proposed.
const PROPOSAL_LIMIT: Duration = Duration::from_secs(5);

/// Where the password of a profile is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In this entry of the keyring.
    Keyring(String),
    /// In this file.
    File(PathBuf),
}

impl Place {
    /// Returns the place that is meant for a profile.
    pub(super) fn of(keeper: &Keeper, profile: &str, home: &Home) -> Self {
        match keeper {
            Keeper::Keyring(entry) => Self::Keyring(entry.clone().unwrap_or_else(|| profile.to_owned())),
            Keeper::File(file) => Self::File(match file {
                Some(file) => whole_path(&file.to_string_lossy()),
                None => home.root().join(format!("{profile}.password")),
            }),
        }
    }

    /// Returns the option that tells it, and its value.
    pub(super) fn option(&self) -> Result<(&'static str, String), NewError> {
        Ok(match self {
            Self::Keyring(entry) => ("password-keyring", entry.clone()),
            Self::File(file) => ("password-file", text_of(file)?),
        })
    }

    /// Returns the password that is there already.
    pub(super) async fn held(&self) -> Result<Option<Secret>, NewError> {
        match self {
            Self::Keyring(entry) => match Keyring::default().password("new", entry).await.map_err(|refusal| refusal.error) {
                Ok(password) => Ok(Some(password)),
                Err(KeyringError::Absent(_)) => Ok(None),
                Err(error) => Err(error.into()),
            },
            Self::File(file) => match fs::read_to_string(file) {
                Ok(text) if text.trim().is_empty() => {
                    Err(NewError::BadAnswer(format!("the file `{}` is there, and has no password in it", file.display())))
                }
                // restic drops white space at both ends, too.
                Ok(text) => Ok(Some(Secret::new(text.trim()))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(source) => Err(NewError::Unreadable { file: file.clone(), source }),
            },
        }
    }

    /// Puts a password there, where none is.
    pub(super) async fn keep(&self, password: &Secret) -> Result<(), NewError> {
        match self {
            Self::Keyring(entry) => write_to_keyring(entry, password).await,
            Self::File(file) => {
                write_to_file(file, password).map_err(|source| NewError::Unwritable { file: file.clone(), source })
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring(entry) => write!(f, "the keyring, as `{entry}`"),
            Self::File(file) => write!(f, "{}", file.display()),
        }
    }
}

impl From<&Place> for Keeper {
    fn from(place: &Place) -> Self {
        match place {
            Place::Keyring(entry) => Self::Keyring(Some(entry.clone())),
            Place::File(file) => Self::File(Some(file.clone())),
        }
    }
}

/// Whether the session has a keyring that answers.
pub(super) async fn is_keyring_usable() -> bool {
    let Ok(program) = program::own_program() else { return false };
    let mut command = Command::new(program);
    command.args(["keyring", "list"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    process::detach(command.as_std_mut());
    let Ok(mut child) = command.spawn() else { return false };
    matches!(timeout(with_patience(PROPOSAL_LIMIT), child.wait()).await, Ok(Ok(status)) if status.success())
}

/// Only a process of its own touches the keyring.
async fn write_to_keyring(entry: &str, password: &Secret) -> Result<(), NewError> {
    let failed = |error: io::Error| KeyringError::Failed(error.to_string());
    let mut command = Command::new(program::own_program().map_err(failed)?);
    command.args(["keyring", "set", "--", entry]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    process::detach(command.as_std_mut());
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(password.reveal().as_bytes()).await.map_err(failed)?;
    }
    let limit = Keyring::default().limit();
    let status = timeout(limit, child.wait()).await.map_err(|_| KeyringError::NoAnswer(limit))?.map_err(failed)?;
    if status.success() { Ok(()) } else { Err(KeyringError::of_end(status, entry, "").into()) }
}

fn write_to_file(file: &PathBuf, password: &Secret) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.exists()) {
        atomic_write::create_private_folder(folder)?;
    }
    let mut opened = atomic_write::owner_only(OpenOptions::new().write(true).create_new(true)).open(file)?;
    opened.write_all(password.reveal().as_bytes())?;
    opened.write_all(b"\n")?;
    opened.sync_all()?;
    if permissions::is_readable_by_others(file) {
        say(&format!("others can read {}: {}", file.display(), permissions::closing_command(file)));
    }
    Ok(())
}
