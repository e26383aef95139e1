//! How a profile's repository is reached by commands other than the profile's own.

use std::{env, ffi::OsString, fmt};

use prestic_proto::home::{HOME_VARIABLE, Home};

use super::{Arguments, CommandError, Profile, ResticCommand, redact};

/// What it takes to reach the repository of a profile with any command of restic that only reads, or unlocks.
pub struct RepositoryAccess {
    /// The program, and the words before its flags.
    pub executable: Vec<String>,
    /// The program and its global flags.
    pub words: Vec<String>,
    /// The entry of the keyring that has the password, which is not in the environment.
    pub keyring_entry: Option<String>,
    /// The whole environment, but for that.
    pub environment: Vec<(OsString, OsString)>,
}

/// The environment has the passwords in it.
impl fmt::Debug for RepositoryAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepositoryAccess").field("words", &redact::command_line(&self.words)).finish_non_exhaustive()
    }
}

impl RepositoryAccess {
    /// Works it out from a profile, which need not have a command of its own.
    pub fn of(profile: &Profile, home: &Home) -> Result<Self, CommandError> {
        let command = profile.restic_command(Arguments::Instead(vec!["snapshots".to_owned()]))?.for_daemon();
        Ok(Self {
            environment: environment(&command, home),
            words: words(&command),
            keyring_entry: command.keyring_entry,
            executable: command.executable,
        })
    }
}

/// Tells restic's children, such as a password command, which home they serve.
pub fn environment(command: &ResticCommand, home: &Home) -> Vec<(OsString, OsString)> {
    let mut environment = command.environment(env::vars_os());
    environment.push((HOME_VARIABLE.into(), home.root().into()));
    environment
}

/// Flags that every command of restic takes and that it takes to reach a repository (`restic help`, 0.14 to 0.19). What else
/// a profile has is for its own command, and others would refuse it.
const FLAGS_FOR_ALL_COMMANDS: [&str; 19] = [
    "cacert",
    "cache-dir",
    "cleanup-cache",
    "compression",
    "http-user-agent",
    "insecure-no-password",
    "insecure-tls",
    "key-hint",
    "limit-download",
    "limit-upload",
    "no-cache",
    "option",
    "pack-size",
    "password-command",
    "password-file",
    "repo",
    "repository-file",
    "stuck-request-timeout",
    "tls-client-cert",
];

fn is_for_all_commands(flag: &str) -> bool {
    let name = flag.strip_prefix("--").map(|flag| flag.split_once('=').map_or(flag, |(name, _)| name));
    name.is_some_and(|name| FLAGS_FOR_ALL_COMMANDS.contains(&name))
}

/// Returns the program, and the flags that every command of restic takes.
pub fn words(command: &ResticCommand) -> Vec<String> {
    let flags = command.flags.iter().filter(|flag| is_for_all_commands(flag));
    command.executable.iter().chain(flags).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn flags_of_the_own_command_are_not_for_others() {
        let text = "[home]\nrepository = /r\ncommand = forget\npassword = x\nverbose = 2\nflag.keep-last = 5\noption = a=b\n";
        let loaded = config::read(text, std::path::Path::new("config.ini"));
        let command = loaded.config.profile("home").unwrap().restic_command(Arguments::Own).unwrap();
        assert_eq!(words(&command), ["restic", "--repo=/r", "--option=a=b"]);
    }

    #[test]
    fn debug_shows_no_environment_and_no_credentials() {
        let access = RepositoryAccess {
            executable: Vec::new(),
            keyring_entry: None,
            words: vec!["restic".to_owned(), "--repo=rest:https://user:hunter2@host/".to_owned()],
            environment: vec![("RESTIC_PASSWORD".into(), "hunter3".into())],
        };
        let shown = format!("{access:?}");
        assert!(shown.contains("restic") && !shown.contains("hunter"), "{shown}");
    }
}
