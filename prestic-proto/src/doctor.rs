//! What a look at everything that backups depend on has found.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// All findings, in the order in which they are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkup {
    /// The version of the program that looked.
    pub version: String,
    /// The home that was looked at.
    pub home: PathBuf,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at: always the same word for the same thing.
    pub check: Check,
    /// Which of several: a profile, a task, a file.
    pub subject: Option<String>,
    /// How it is.
    pub level: Level,
    /// What was found, in one sentence.
    pub message: String,
    /// What to do about it; none where nothing needs to be done.
    pub hint: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Backups go on, but something is not as it should be.
    Warning,
    /// Backups do not work, or will not.
    Error,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The program that makes the backups.
    Restic,
    /// The configuration.
    Config,
    /// The files that it names, and who can read them.
    Files,
    /// The home, and the space on its disk.
    Home,
    /// The daemon.
    Daemon,
    /// Whether the daemon starts by itself.
    Service,
    /// The clock.
    Clock,
    /// The passwords in the keyring.
    Keyring,
    /// The repositories.
    Repository,
    /// Whether the tasks run.
    Task,
    /// What crashes have left behind.
    Leftovers,
    /// Desktop notifications.
    Notifications,
    /// Whoever shows the icon of the tray.
    Tray,
    /// The web interface.
    Web,
}

impl Check {
    /// Returns its word, which is that of the JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Restic => "restic",
            Self::Config => "config",
            Self::Files => "files",
            Self::Home => "home",
            Self::Daemon => "daemon",
            Self::Service => "service",
            Self::Clock => "clock",
            Self::Keyring => "keyring",
            Self::Repository => "repository",
            Self::Task => "task",
            Self::Leftovers => "leftovers",
            Self::Notifications => "notifications",
            Self::Tray => "tray",
            Self::Web => "web",
        }
    }
}

impl Finding {
    /// Something is as it should be.
    pub fn ok(check: Check, message: impl Into<String>) -> Self {
        Self { check, subject: None, level: Level::Ok, message: message.into(), hint: None }
    }

    /// Something is not as it should be.
    pub fn warning(check: Check, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { level: Level::Warning, hint: Some(hint.into()), ..Self::ok(check, message) }
    }

    /// Something keeps backups from working.
    pub fn error(check: Check, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { level: Level::Error, ..Self::warning(check, message, hint) }
    }

    /// Says which of several it is about.
    pub fn about(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }
}

impl Checkup {
    /// Returns how many findings there are of a level.
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_json() {
        for check in [Check::Restic, Check::Leftovers, Check::Notifications, Check::Web] {
            assert_eq!(serde_json::to_value(check).unwrap(), check.word());
        }
    }
}
