//! Why the keyring gives no password, each reason with what to do about it, and with the exit code that tells it.

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
    /// The password to be kept cannot be used.
    #[error("{0}")]
    BadPassword(&'static str),
    /// Anything else, in the words of the library or the system.
    #[error("the keyring cannot be used: {0}")]
    Failed(String),
}

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
            Self::Failed(_) => FAILED,
        }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Absent(entry) => format!("put the password there with `prestic-ctl keyring set {entry}`"),
            Self::Locked => format!("log in to the desktop, or unlock the keyring there; {WITHOUT_DESKTOP}"),
            Self::NoService => format!("install and start GNOME Keyring or KWallet; {WITHOUT_DESKTOP}"),
            Self::NoBus => format!(
                "a daemon that was started outside of the desktop's session does not know its bus: run \
                 `systemctl --user import-environment DBUS_SESSION_BUS_ADDRESS DISPLAY` in the session and restart the daemon; \
                 {WITHOUT_DESKTOP}"
            ),
            Self::BadPassword(_) => "give a password of one line".to_owned(),
            Self::Failed(_) => "see whether `prestic-ctl keyring get NAME` works in the desktop's session".to_owned(),
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
