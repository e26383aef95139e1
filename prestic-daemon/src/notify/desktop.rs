//! The desktop that shows notifications, whatever it is.
//!
//! It is connected to when there is something to show, and left alone when nothing is shown any more.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(any(windows, target_os = "linux")))]
mod macos;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(windows)]
mod windows;

use std::time::Duration;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use other as system;
pub use system::Desktop;
use thiserror::Error;

use crate::notify::notice::Answer;

/// The name that notifications come under.
const PROGRAM: &str = "PRestic";

/// How long the desktop may take for one answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// Why nothing was shown.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotShown {
    /// The daemon belongs to no desktop.
    #[error("the daemon was started without a desktop: no session bus is known")]
    NoDesktop,
    /// The session bus cannot be used.
    #[error("the session bus cannot be used: {0}")]
    NoBus(String),
    /// Nobody shows notifications.
    #[error("no program that shows notifications is running")]
    NoServer,
    /// It does not answer.
    #[error("the desktop's notification server does not answer")]
    Silent,
    /// It says no.
    #[error("the desktop's notification server refuses: {0}")]
    Refused(String),
}

impl NotShown {
    /// Returns what to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoDesktop => {
                "start the daemon from the desktop or as a user service; for a server, `notifications = off` in [prestic] ends this message"
            }
            Self::NoBus(_) => "log out and in again; `DBUS_SESSION_BUS_ADDRESS` names the bus",
            Self::NoServer => "start one, as the desktop's own, dunst or mako; `notifications = off` in [prestic] does without",
            Self::Silent => "restart it, or the desktop; runs go on meanwhile",
            Self::Refused(_) => {
                "see the desktop's own settings for notifications; the tray's icon and the web interface show failures all the same"
            }
        }
    }
}

/// What comes back from a desktop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Somebody has chosen something.
    Chosen(Answer),
    /// There is somebody now who shows notifications.
    Ready,
    /// Something that follows from no choice, as a notification that is gone.
    Nothing,
}
