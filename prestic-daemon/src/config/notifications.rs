//! Which news of a profile's runs the desktop gets to hear.

use std::{borrow::Cow, cmp::Reverse, fmt, sync::Arc};

use super::{
    keys::Slot,
    profile::{Profile, Setting},
    redact,
    value::Value,
};

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Notifications {
    /// Failures only.
    Off,
    /// What somebody may have to do something about, and when it is over.
    #[default]
    Problems,
    /// Every start and every end.
    On,
}

/// A secret that is shorter is no secret, and hiding it would spoil words that it is a part of.
const SHORTEST_SECRET: usize = 4;

impl Notifications {
    /// Reads the word; those of Python's PRestic are yes and no.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "on" | "true" | "yes" | "1" => Some(Self::On),
            "problems" => Some(Self::Problems),
            "off" | "false" | "no" | "0" => Some(Self::Off),
            _ => None,
        }
    }
}

impl fmt::Display for Notifications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::On => "on",
            Self::Problems => "problems",
            Self::Off => "off",
        })
    }
}

impl Profile {
    /// Returns what the desktop gets to hear of its runs.
    pub fn notifications(&self) -> Notifications {
        let value = self.value(super::keys::Key::Notifications);
        if let Some(Value::Notifications(notifications)) = value { *notifications } else { Notifications::default() }
    }

    /// Returns a text without the secrets that stand in the configuration, for where others may look on.
    pub fn without_secrets(&self, text: &str) -> String {
        let is_secret = |setting: &&Arc<Setting>| match (&setting.slot, &setting.value) {
            (_, Value::Secret(_)) => true,
            (Slot::Variable(name), _) => redact::is_secret_variable(name),
            _ => false,
        };
        let mut secrets: Vec<_> = self.settings().iter().filter(is_secret).map(|setting| setting.value.plain_text()).collect();
        secrets.retain(|secret| secret.len() >= SHORTEST_SECRET);
        // One can be a part of another, of which the rest would be left.
        secrets.sort_unstable_by_key(|secret| Reverse(secret.len()));
        let mut text = Cow::Borrowed(text);
        for secret in &secrets {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), "[hidden]"));
            }
        }
        redact::url(&text)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config;

    fn profile(lines: &str) -> Arc<Profile> {
        let text = format!("[home]\nrepository = /r\n{lines}\n");
        config::read(&text, Path::new("config.ini")).config.profile("home").unwrap().clone()
    }

    #[track_caller]
    fn check(line: &str, expected: Notifications) {
        assert_eq!(profile(line).notifications(), expected, "{line}");
    }

    #[test]
    fn problems_are_told_unless_the_profile_says_otherwise() {
        check("", Notifications::Problems);
        check("notifications = problems", Notifications::Problems);
    }

    #[test]
    fn words_of_the_original_are_understood() {
        for word in ["True", "on", "YES", "1"] {
            check(&format!("notifications = {word}"), Notifications::On);
        }
        for word in ["False", "off", "no", "0"] {
            check(&format!("notifications = {word}"), Notifications::Off);
        }
    }

    #[test]
    fn off_in_the_settings_silences_everything_and_is_no_profile() {
        let reading = config::read("[prestic]\nnotifications = off\n[home]\nrepository = /r\n", Path::new("config.ini"));
        assert!(reading.config.settings.is_silent);
        assert!(reading.config.profile("prestic").is_none());
        assert_eq!(reading.config.profile("home").map(|profile| profile.notifications()), Some(Notifications::Problems));
    }

    #[test]
    fn anything_else_in_the_settings_is_warned_of() {
        let reading = config::read("[prestic]\nnotifications = on\n[home]\nrepository = /r\n", Path::new("config.ini"));
        assert!(!reading.config.settings.is_silent);
        let warnings: Vec<String> = reading.report.warnings.iter().map(ToString::to_string).collect();
        let expected = "`notifications` can only be off here in [prestic] at config.ini:2\n  hint: write it in [DEFAULT] to set it for every profile";
        assert!(warnings.iter().any(|warning| warning == expected), "{warnings:?}");
    }

    #[test]
    fn secrets_of_the_profile_are_hidden() {
        let profile =
            profile("password = hunter2\nenv.AWS_SECRET_ACCESS_KEY = wJalr\nenv.LANG = plain\nenv.API_TOKEN = hunter2-more");
        let text = "hunter2 at wJalr in plain from https://me:other@host/ or hunter2-more";
        assert_eq!(profile.without_secrets(text), "[hidden] at [hidden] in plain from https://[hidden]@host/ or [hidden]");
    }
}
