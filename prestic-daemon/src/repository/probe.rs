//! Asks a repository something once, without a daemon: for whoever sets it up, or looks whether all is well.

use std::{
    ffi::OsString,
    process::{Output, Stdio},
    time::Duration,
};

use prestic_proto::{
    error::ApiError,
    home::Home,
    outcome::{Failure, Outcome},
};
use tokio::{process::Command, time::timeout};

use crate::{
    config::{PASSWORD_VARIABLE, Profile, repository_access::RepositoryAccess},
    keyring::Keyring,
    patience::with_patience,
    process,
    repository::failure::{self, Circumstances},
    restic::{
        outcome::{End, classify},
        version::ResticVersion,
    },
    secret::Secret,
};

/// What a server answers to a wrong name or password, or to none.
pub const UNAUTHORIZED: &str = "401 Unauthorized";

/// One repository, as a profile reaches it.
#[derive(Debug, Clone, Copy)]
pub struct Probe<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// The home of the configuration.
    pub home: &'a Home,
    /// The password, where it is not the one that the profile tells.
    pub password: Option<&'a Secret>,
    /// restic's version, where it is known.
    pub version: Option<ResticVersion>,
    /// How long an answer may take.
    pub limit: Duration,
}

/// Why a repository gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What it means.
    pub outcome: Outcome,
    /// In the words of whoever knows the most.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Trouble {
    /// Whether there is no repository there.
    pub fn is_absent(&self) -> bool {
        self.outcome == Outcome::Failed(Failure::NoRepository)
    }

    /// Whether there is a repository, and the password does not open it.
    pub fn is_wrong_password(&self) -> bool {
        self.outcome == Outcome::Failed(Failure::WrongPassword)
    }

    fn of(failure: Failure, message: String, hint: Option<String>) -> Self {
        Self { outcome: Outcome::Failed(failure), message, hint }
    }
}

impl Probe<'_> {
    /// Opens the repository.
    pub async fn open(&self) -> Result<(), Trouble> {
        self.ask(&["cat", "config"]).await.map(|_| ())
    }

    /// Runs a command that only reads, and returns what it wrote. It takes no lock, and nobody answers its questions.
    pub async fn ask(&self, arguments: &[&str]) -> Result<String, Trouble> {
        let limit = with_patience(self.limit);
        let silent = || {
            let message = format!("it did not answer within {} s", limit.as_secs());
            let place = self.profile.shown_repository().unwrap_or_default();
            let hint = format!("can `{place}` be reached from this machine?");
            Trouble::of(Failure::Network, message, Some(hint))
        };
        timeout(limit, self.run(arguments)).await.unwrap_or_else(|_| Err(silent()))
    }

    async fn run(&self, arguments: &[&str]) -> Result<String, Trouble> {
        let refused = |message: String| Trouble::of(Failure::BadUsage, message, None);
        let access = RepositoryAccess::of(self.profile, self.home).map_err(|error| refused(error.to_string()))?;
        let (program, flags) = access.words.split_first().ok_or_else(|| refused("there is no program to run".to_owned()))?;
        let mut command = Command::new(program);
        command.args(flags).arg("--no-lock").args(arguments).env_clear().envs(self.environment(&access).await?);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        process::prepare_reader(command.as_std_mut(), None, None);
        match command.output().await {
            Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            Ok(output) => Err(self.trouble(arguments, &output)),
            Err(error) => {
                let outcome = Outcome::SpawnFailed(error.to_string());
                let (message, hint) = parts_of(failure::no_program(&access, &error));
                Err(Trouble { outcome, message, hint })
            }
        }
    }

    async fn environment(&self, access: &RepositoryAccess) -> Result<Vec<(OsString, OsString)>, Trouble> {
        let from_keyring =
            match (&self.password, &access.keyring_entry) {
                (None, Some(entry)) => {
                    let keyring = Keyring::default();
                    // What is left of the time is for restic, and nobody waits longer in any case.
                    keyring.set_limit(self.limit / 2);
                    Some(keyring.password(self.profile.name(), entry).await.map_err(|refusal| {
                        Trouble::of(refusal.error.failure(), refusal.to_string(), Some(refusal.error.hint()))
                    })?)
                }
                _ => None,
            };
        let mut environment = access.environment.clone();
        if let Some(password) = self.password.or(from_keyring.as_ref()) {
            environment.retain(|(name, _)| !name.to_string_lossy().starts_with(PASSWORD_VARIABLE));
            environment.push((PASSWORD_VARIABLE.into(), password.reveal().into()));
        }
        Ok(environment)
    }

    fn trouble(&self, arguments: &[&str], output: &Output) -> Trouble {
        let end = match (output.status.code(), process::ending_signal(output.status)) {
            (_, Some(signal)) => End::Signaled(signal),
            (code, None) => End::Exited(code.unwrap_or_default()),
        };
        let lines: Vec<String> = String::from_utf8_lossy(&output.stderr).lines().map(str::to_owned).collect();
        let outcome = classify(end, self.version, arguments.first().copied().unwrap_or_default(), false, &lines, 0);
        let shown_repository = self.profile.shown_repository().unwrap_or_default();
        let source = self.profile.shown_password_source();
        let circumstances = Circumstances {
            profile: self.profile.name(),
            version: self.version,
            shown_repository: &shown_repository,
            password_source: source.as_ref(),
        };
        let command = format!("restic {}", arguments.join(" "));
        let (message, hint) = parts_of(failure::of_end(&command, output.status, &lines, &circumstances));
        Trouble { outcome, message, hint: hint_of_server(&lines).or(hint) }
    }
}

/// Says what to do about the last words of a server, or of the ssh that leads to it.
fn hint_of_server(lines: &[String]) -> Option<String> {
    let has = |words: &str| lines.iter().any(|line| line.contains(words));
    // Where ssh would have asked nobody was there to answer.
    if has("Host key verification failed") {
        Some("call `ssh` to that server once and accept its key: nobody is there to do so in a scheduled run".to_owned())
    } else if has("Permission denied (publickey") {
        Some("let this user log in there with a key that needs no passphrase: see `ssh-keygen` and `ssh-copy-id`".to_owned())
    } else if has(UNAUTHORIZED) {
        Some(
            "the server wants another name and password: tell them as `env.RESTIC_REST_USERNAME` and `env.RESTIC_REST_PASSWORD`, \
             to an old restic as `rest:https://NAME:PASSWORD@…`"
                .to_owned(),
        )
    } else {
        let words = lines.iter().rev().find_map(|line| line.strip_prefix("subprocess ssh: "))?;
        Some(format!("`ssh` says: {}", words.trim_start_matches("ssh: ").trim()))
    }
}

fn parts_of(error: ApiError) -> (String, Option<String>) {
    match error {
        ApiError::Restic { message, hint, .. } => (message, hint),
        error => (error.to_string(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<&str>) {
        let hint = hint_of_server(&[line.to_owned()]);
        assert_eq!(hint.is_some(), expected.is_some(), "{hint:?}");
        assert!(hint.unwrap_or_default().contains(expected.unwrap_or_default()));
    }

    #[test]
    fn what_ssh_would_have_asked_is_to_be_done_once_by_hand() {
        check("subprocess ssh: Host key verification failed.", Some("accept its key"));
        check("subprocess ssh: me@host: Permission denied (publickey,password).", Some("ssh-copy-id"));
        check("subprocess ssh: ssh: Could not resolve hostname nas: Name or service not known", Some("resolve hostname nas"));
        check("Fatal: unable to open config file: unexpected HTTP response (401): 401 Unauthorized", Some("REST_USERNAME"));
        check("Fatal: something else", None);
    }
}
