//! Why the keyring gives no password, each reason with what to do about it, and with the exit code that tells it to the daemon.

use std::{process::ExitStatus, time::Duration};

use prestic_proto::{error::ApiError, outcome::Failure};
use thiserror::Error;

/// What helps on a machine to which nobody logs in.
const WITHOUT_DESKTOP: &str = "on a server without a desktop use `password-command` or `password-file`";

/// Why an entry of the keyring cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyringError {
    /// There is no such entry.
    #[error("the keyring has no entry `{0}`")]
    Absent(String),
    /// It is locked; whoever was asked did not unlock it, or nobody could be asked.
    #[error("the keyring is locked, and nobody has unlocked it")]
    Locked,
    /// The session has a bus, and no keyring on it.
    #[error("no keyring runs in this session: nothing on its bus offers the Secret Service")]
    NoService,
    /// There is no session whose keyring it could be.
    #[error("there is no session bus, on which a keyring could be found")]
    NoBus,
    /// It took too long.
    #[error("the keyring did not answer within {} s", .0.as_secs())]
    NoAnswer(Duration),
    /// The password to be kept cannot be used.
    #[error("{0}")]
    BadPassword(String),
    /// Anything else, in the words of the library or the system.
    #[error("the keyring cannot be used: {0}")]
    Failed(String),
}

/// What the line of a run begins with that says what to do.
pub const HINT: &str = "hint: ";

/// How `prestic-daemon keyring` ends. `prestic-ctl --help` lists the same codes.
const ABSENT: u8 = 1;
const BAD_PASSWORD: u8 = 65;
const LOCKED: u8 = 80;
const NO_SERVICE: u8 = 81;
const NO_BUS: u8 = 82;
const FAILED: u8 = 83;

impl KeyringError {
    /// Returns the exit code that tells it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Absent(_) => ABSENT,
            Self::BadPassword(_) => BAD_PASSWORD,
            Self::Locked => LOCKED,
            Self::NoService => NO_SERVICE,
            Self::NoBus => NO_BUS,
            Self::NoAnswer(_) | Self::Failed(_) => FAILED,
        }
    }

    /// Returns what the end of a process that was to read an entry tells; its words are for people only.
    pub fn of_end(status: ExitStatus, entry: &str, words: &str) -> Self {
        match status.code().and_then(|code| u8::try_from(code).ok()) {
            Some(ABSENT) => Self::Absent(entry.to_owned()),
            Some(LOCKED) => Self::Locked,
            Some(NO_SERVICE) => Self::NoService,
            Some(NO_BUS) => Self::NoBus,
            _ if words.is_empty() => Self::Failed(format!("what reads it has ended ({status})")),
            _ => Self::Failed(words.to_owned()),
        }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Absent(entry) => format!("put the password there with `prestic-ctl keyring set {entry}`"),
            Self::Locked => format!("log in to the desktop, or unlock the keyring there; {WITHOUT_DESKTOP}"),
            Self::NoService => format!("install and start GNOME Keyring or KWallet; {WITHOUT_DESKTOP}"),
            Self::NoBus => format!(
                "run this in the desktop's session; a daemon that was started outside of it learns of its bus by \
                 `systemctl --user import-environment DBUS_SESSION_BUS_ADDRESS DISPLAY` there, and a restart; {WITHOUT_DESKTOP}"
            ),
            Self::NoAnswer(_) => "it may be asking on the screen to be unlocked: do that, and try again; \
                 `keyring-timeout` in [prestic] gives it more time"
                .to_owned(),
            Self::BadPassword(_) => "give a password of one line, on a terminal or by a pipe".to_owned(),
            Self::Failed(_) => "see whether `prestic-ctl keyring get NAME` works in the desktop's session".to_owned(),
        }
    }

    /// Returns what it makes of a run.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Absent(_) => Failure::NoPassword,
            _ => Failure::NoKeyring,
        }
    }
}

impl From<keyring_core::Error> for KeyringError {
    fn from(error: keyring_core::Error) -> Self {
        match error {
            keyring_core::Error::NoStorageAccess(_) => Self::Locked,
            error => Self::Failed(error.to_string()),
        }
    }
}

/// Why a profile has no password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("profile `{profile}` has `password-keyring = {entry}`, but {error}")]
pub struct Refusal {
    /// The profile.
    pub profile: String,
    /// The name of its entry.
    pub entry: String,
    /// Why not.
    #[source]
    pub error: KeyringError,
}

impl Refusal {
    /// Returns it as the lines that end a run.
    pub fn lines(&self) -> Vec<String> {
        vec![self.to_string(), format!("{HINT}{}", self.error.hint())]
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::NoSecret { message: refusal.to_string(), hint: refusal.error.hint() }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn read_back(error: &KeyringError) -> KeyringError {
        KeyringError::of_end(ExitStatus::from_raw(i32::from(error.exit_code()) << 8), "nas", "")
    }

    #[test]
    fn reason_survives_the_way_to_the_daemon() {
        for error in
            [KeyringError::Absent("nas".to_owned()), KeyringError::Locked, KeyringError::NoService, KeyringError::NoBus]
        {
            assert_eq!(read_back(&error), error);
        }
    }

    #[test]
    fn end_without_a_known_code_is_told_in_the_words_of_the_process() {
        let told = KeyringError::of_end(ExitStatus::from_raw(i32::from(FAILED) << 8), "nas", "what it said");
        assert_eq!(told, KeyringError::Failed("what it said".to_owned()));
        let killed = KeyringError::of_end(ExitStatus::from_raw(9), "nas", "").to_string();
        assert!(killed.contains("signal: 9"), "{killed}");
    }

    #[test]
    fn refusal_names_profile_and_entry_and_says_what_to_do() {
        let refusal =
            Refusal { profile: "home".to_owned(), entry: "nas".to_owned(), error: KeyringError::Absent("nas".to_owned()) };
        assert_eq!(
            refusal.lines(),
            [
                "profile `home` has `password-keyring = nas`, but the keyring has no entry `nas`",
                "hint: put the password there with `prestic-ctl keyring set nas`"
            ]
        );
    }

    #[test]
    fn only_a_missing_entry_waits_for_somebody_to_write_it() {
        assert_eq!(KeyringError::Absent("nas".to_owned()).failure(), Failure::NoPassword);
        assert_eq!(KeyringError::Locked.failure(), Failure::NoKeyring);
        assert_eq!(KeyringError::NoAnswer(Duration::from_secs(30)).failure(), Failure::NoKeyring);
    }
}
