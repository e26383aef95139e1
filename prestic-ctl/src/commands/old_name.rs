//! The words of Python's PRestic: restic, the daemon, the tray and the keyring, each by the program that has it.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use prestic_proto::daemon_program;

use crate::{
    daemon_program::{become_daemon_program, become_program},
    error::CtlError,
    exit::Exit,
    old_name::{HELP, OldInvocation},
    output::Output,
};

const CONFIG_NAME: &str = "config.ini";

/// Carries out what the old words ask for.
pub fn execute(invocation: OldInvocation, output: &mut Output) -> Result<Exit, CtlError> {
    match invocation {
        OldInvocation::Foreground { config, profile, args } => {
            let config = config.map(|config| ["--config".into(), file_of(config).into_os_string()]);
            let words = std::iter::once("foreground".into()).chain(config.into_iter().flatten());
            Ok(become_daemon_program(words.chain(["--".into(), profile]).chain(args))?)
        }
        OldInvocation::Service { config } => {
            let home = home_of(config)?;
            Ok(become_program(daemon_program::find()?, [], home.as_deref())?)
        }
        OldInvocation::Tray { config } => {
            let home = home_of(config)?;
            Ok(become_program(daemon_program::find_program("prestic-tray")?, [], home.as_deref())?)
        }
        OldInvocation::Keyring(words) => Ok(become_daemon_program(keyring_words(words)?)?),
        OldInvocation::Help => {
            output.data(HELP)?;
            Ok(Exit::OK)
        }
        OldInvocation::MissingValue(option) => Err(CtlError::OldUsage(format!("`{option}` needs a value"))),
        OldInvocation::New(_) => unreachable!("these are words of prestic-ctl, which are read as such"),
    }
}

/// A folder stood for the file in it.
fn file_of(config: OsString) -> PathBuf {
    let path = PathBuf::from(config);
    if path.is_dir() { path.join(CONFIG_NAME) } else { path }
}

/// Daemon and tray have a home, and not only a file.
fn home_of(config: Option<OsString>) -> Result<Option<PathBuf>, CtlError> {
    let Some(config) = config else { return Ok(None) };
    let file = file_of(config);
    if file.file_name() != Some(OsStr::new(CONFIG_NAME)) {
        return Err(CtlError::NoHomeOfFile { file });
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(Some(folder.to_owned()))
}

fn keyring_words(words: Vec<OsString>) -> Result<Vec<OsString>, CtlError> {
    match <[OsString; 2]>::try_from(words) {
        Ok([verb, name]) if ["get", "set", "del"].iter().any(|known| verb == *known) => {
            Ok(vec!["keyring".into(), verb, "--".into(), name])
        }
        _ => Err(CtlError::OldUsage("`--keyring` needs `get`, `set` or `del`, and the name of an entry".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn keyring_takes_a_verb_and_a_name() {
        assert_eq!(keyring_words(words("set nas")).unwrap(), words("keyring set -- nas"));
        for line in ["", "get", "list nas", "get a b"] {
            assert!(matches!(keyring_words(words(line)), Err(CtlError::OldUsage(_))), "{line}");
        }
    }

    #[test]
    fn home_of_a_file_is_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let home = |path: &Path| home_of(Some(path.into()));
        assert_eq!(home_of(None).unwrap(), None);
        assert_eq!(home(folder.path()).unwrap().as_deref(), Some(folder.path()));
        assert_eq!(home(&folder.path().join("config.ini")).unwrap().as_deref(), Some(folder.path()));
        assert_eq!(home(Path::new("config.ini")).unwrap().as_deref(), Some(Path::new(".")));
        assert!(matches!(home(&folder.path().join("other.ini")), Err(CtlError::NoHomeOfFile { .. })));
    }
}
