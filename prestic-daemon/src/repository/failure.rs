//! Says in restic's own words why it failed, and what to do about it.

use std::{io, process::ExitStatus};

use prestic_proto::{
    error::ApiError,
    outcome::{Failure, Outcome},
    profile::OptionValue,
};

use crate::{
    config::{redact, repository_access::RepositoryAccess},
    process,
    repository::process::Ended,
    restic::{
        outcome::{End, classify},
        version::ResticVersion,
    },
};

/// What is known of the profile whose restic failed.
pub struct Circumstances<'a> {
    /// Its name.
    pub profile: &'a str,
    /// restic's version.
    pub version: Option<ResticVersion>,
    /// The repository as it may be seen.
    pub shown_repository: &'a str,
    /// The option that tells the password.
    pub password_source: Option<&'a OptionValue>,
}

/// Returns an error if a restic has not ended well. `command` is what it did, as `restic cat tree`.
pub fn check(command: &str, ended: Ended, circumstances: &Circumstances<'_>) -> Result<(), ApiError> {
    let status = ended.status.map_err(|error| ApiError::Restic {
        command: command.to_owned(),
        message: format!("`{command}` cannot be read: {error}"),
        hint: None,
    })?;
    if status.success() {
        return Ok(());
    }
    Err(of_end(command, status, &ended.last_lines, circumstances))
}

/// Returns the error of a restic that ended badly, with its last lines. `command` is what it did, as `restic cat tree`.
pub fn of_end(command: &str, status: ExitStatus, last_lines: &[String], circumstances: &Circumstances<'_>) -> ApiError {
    let end = match (status.code(), process::ending_signal(status)) {
        (_, Some(signal)) => End::Signaled(signal),
        (code, None) => End::Exited(code.unwrap_or_default()),
    };
    let subcommand = command.split(' ').nth(1).unwrap_or_default();
    let outcome = classify(end, circumstances.version, subcommand, false, last_lines, 0);
    let message = own_words(last_lines).unwrap_or_else(|| format!("`{command}` failed ({}) and gave no reason", how(end)));
    ApiError::Restic { command: command.to_owned(), message, hint: hint(&outcome, circumstances) }
}

/// Returns the error of a program that cannot be started.
pub fn no_program(access: &RepositoryAccess, error: &io::Error) -> ApiError {
    let shown = redact::command_line(&access.executable).join(" ");
    ApiError::Restic {
        command: "restic".to_owned(),
        message: format!("cannot run `{shown}`: {error}"),
        hint: Some("install restic, or say where it is with `executable = …` in the configuration".to_owned()),
    }
}

fn how(end: End) -> String {
    match end {
        End::Exited(code) => format!("exit code {code}"),
        End::Signaled(signal) => format!("signal {signal}"),
    }
}

/// Finds the reason in restic's last lines: its last word and what follows, or the last line.
fn own_words(last_lines: &[String]) -> Option<String> {
    let in_json = last_lines.iter().rev().find_map(|line| {
        let error: serde_json::Value = serde_json::from_str(line).ok()?;
        let message = error.get("message").or_else(|| error.pointer("/error/message"))?;
        message.as_str().map(str::to_owned)
    });
    let text = in_json.or_else(|| {
        let last_word = last_lines.iter().rposition(|line| line.contains("Fatal: "));
        let first = last_word.unwrap_or(last_lines.len().saturating_sub(1));
        Some(last_lines.get(first..)?.join("\n")).filter(|text| !text.is_empty())
    })?;
    // After a bad pattern comes a trace of Go's stack, which helps nobody.
    let text = text.split("\ngoroutine ").next().unwrap_or_default();
    Some(redact::url(text.trim().trim_start_matches("Fatal: ")))
}

/// Says what to do about a restic that ended so, where that is known.
pub fn hint(outcome: &Outcome, circumstances: &Circumstances<'_>) -> Option<String> {
    let Circumstances { profile, shown_repository, password_source, .. } = circumstances;
    let text = match outcome {
        Outcome::RepositoryLocked => {
            format!("something else has `{shown_repository}` to itself: try again when it has ended, or look at its locks")
        }
        Outcome::Failed(Failure::WrongPassword) => match password_source {
            Some(source) => {
                let origin = source.origin.as_ref().map(|origin| format!(" ({origin})")).unwrap_or_default();
                format!("the password of profile `{profile}` comes from `{} = {}`{origin}", source.key, source.value)
            }
            None => format!("profile `{profile}` has no `password-command`, `password-file` or `password`"),
        },
        Outcome::Failed(Failure::NoPassword) => {
            format!("set `password-command` or `password-file` in profile `{profile}`, and see what they give")
        }
        Outcome::Failed(Failure::NoRepository) => {
            format!(
                "is the disk of `{shown_repository}` mounted? If there never was a repository: `prestic-ctl init {profile}`"
            )
        }
        Outcome::Failed(Failure::Network) => format!("can the server of `{shown_repository}` be reached from this machine?"),
        Outcome::Failed(Failure::NoSpace) => "the disk of restic's cache, or its temporary folder, is full".to_owned(),
        Outcome::Failed(Failure::BadUsage) => {
            "this restic may be too old or too new: see the versions on the system page".to_owned()
        }
        _ => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_words(lines: &[&str], expected: Option<&str>) {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(own_words(&lines).as_deref(), expected, "{lines:?}");
    }

    #[test]
    fn reason_is_told_in_restics_own_words() {
        check_words(&["Fatal: wrong password or no key found"], Some("wrong password or no key found"));
        check_words(
            &["retrying", r#"{"message_type":"exit_error","code":12,"message":"Fatal: wrong password or no key found"}"#],
            Some("wrong password or no key found"),
        );
        check_words(
            &["Fatal: unable to open", "Is there a repository?", "/r"],
            Some("unable to open\nIs there a repository?\n/r"),
        );
        check_words(&["path nope: not found"], Some("path nope: not found"));
        check_words(&[], None);
    }

    #[test]
    fn credentials_in_the_reason_are_hidden() {
        check_words(
            &["Fatal: Head \"https://me:hunter2@host/config\": dial tcp"],
            Some("Head \"https://[hidden]@host/config\": dial tcp"),
        );
    }

    #[track_caller]
    fn check_hint(failure: Failure, expected: &str) {
        let source = OptionValue { key: "password-file".to_owned(), value: "/p".to_owned(), origin: None };
        let circumstances =
            Circumstances { profile: "home", version: None, shown_repository: "/mnt/r", password_source: Some(&source) };
        let hint = hint(&Outcome::Failed(failure), &circumstances).unwrap();
        assert!(hint.contains(expected), "{hint}");
    }

    #[test]
    fn hint_says_what_to_do_next() {
        check_hint(Failure::WrongPassword, "`password-file = /p`");
        check_hint(Failure::NoRepository, "is the disk of `/mnt/r` mounted?");
        check_hint(Failure::Network, "`/mnt/r`");
    }
}
