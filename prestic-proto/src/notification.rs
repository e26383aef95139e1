//! Desktop notifications: whether they reach anybody.

use serde::{Deserialize, Serialize};

/// How desktop notifications are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notifications", rename_all = "kebab-case")]
pub enum NotificationState {
    /// Nothing was told yet, so nobody knows.
    #[default]
    Unused,
    /// They are not wanted.
    Off,
    /// The last one was shown.
    Working {
        /// The program that showed it, with its version.
        server: String,
    },
    /// There was something to tell, and the daemon belongs to no desktop.
    NoDesktop,
    /// The last one could not be shown.
    Unavailable {
        /// Why not.
        reason: String,
        /// What to do about it.
        hint: String,
    },
}

/// The program that shows notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationServer {
    /// Its name.
    pub name: String,
    /// Its version; none where it does not tell.
    pub version: Option<String>,
    /// Whether its notifications can have buttons.
    pub has_actions: bool,
}

impl std::fmt::Display for NotificationServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        self.version.as_ref().map_or(Ok(()), |version| write!(f, " {version}"))
    }
}
