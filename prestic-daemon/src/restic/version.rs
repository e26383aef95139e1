//! Versions of restic and what they can do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The version of a restic. A development version counts as the release that it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResticVersion {
    /// 0, so far.
    pub major: u32,
    /// Counts the releases with new features.
    pub minor: u32,
    /// Counts the releases with repairs only.
    pub patch: u32,
}

/// A text in which there is no version of restic.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no version of restic in `{0}`")]
pub struct NoVersion(String);

impl ResticVersion {
    /// Puts a version together.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// Finds the version in what `restic version` wrote, which other lines may precede.
    pub fn from_output(output: &str) -> Result<Self, NoVersion> {
        let versions = output.lines().filter_map(|line| line.trim().strip_prefix("restic ")?.split_whitespace().next());
        versions.filter_map(|word| word.parse().ok()).next().ok_or_else(|| NoVersion(output.trim().to_owned()))
    }

    /// Whether `--json` makes this command write how far it has come.
    ///
    /// `check` is none of them in any release: its JSON is one line at the end, while its text has the progress.
    pub fn json_progress(self, subcommand: &str) -> bool {
        match subcommand {
            "backup" => true,
            "restore" => self >= Self::new(0, 16, 0),
            _ => false,
        }
    }

    /// Whether a missing repository and a lock have exit codes of their own (10 and 11).
    pub fn has_exit_codes(self) -> bool {
        self >= Self::new(0, 17, 0)
    }
}

impl fmt::Display for ResticVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl FromStr for ResticVersion {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let release = text.split(['-', '+']).next().unwrap_or_default();
        let mut numbers = release.split('.').map(|number| number.parse().ok());
        match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
            (Some(Some(major)), Some(Some(minor)), Some(Some(patch)), None) => Ok(Self { major, minor, patch }),
            _ => Err(NoVersion(text.to_owned())),
        }
    }
}

impl TryFrom<String> for ResticVersion {
    type Error = NoVersion;

    fn try_from(text: String) -> Result<Self, NoVersion> {
        text.parse()
    }
}

impl From<ResticVersion> for String {
    fn from(version: ResticVersion) -> Self {
        version.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(output: &str, expected: &str) {
        assert_eq!(ResticVersion::from_output(output).unwrap().to_string(), expected);
    }

    #[test]
    fn version_is_found_in_what_restic_writes() {
        check("restic 0.14.0 compiled with go1.19.8 on linux/amd64\n", "0.14.0");
        check("restic 0.18.0-dev (v0.18.0-12-gabcdef) compiled with go1.24.4 on linux/amd64", "0.18.0");
        check("a wrapper says hello\r\nrestic 0.19.1 compiled with go1.26.4 on windows/amd64\r\n", "0.19.1");
    }

    #[test]
    fn text_without_a_version_is_refused() {
        for output in ["", "restic", "restic zero", "rustic 0.9.5", "restic 1.2"] {
            assert_eq!(ResticVersion::from_output(output), Err(NoVersion(output.to_owned())));
        }
    }

    #[test]
    fn versions_are_ordered_by_number() {
        let versions =
            ["0.9.6", "0.14.0", "0.16.0", "0.16.4", "0.17.1", "1.0.0"].map(|text| text.parse::<ResticVersion>().unwrap());
        assert!(versions.is_sorted());
    }

    #[test]
    fn abilities_follow_the_version() {
        let old = ResticVersion::new(0, 14, 0);
        let new = ResticVersion::new(0, 18, 0);
        let abilities = |version: ResticVersion| {
            let progress = ["backup", "restore", "check"].map(|subcommand| version.json_progress(subcommand));
            (progress, version.has_exit_codes())
        };
        assert_eq!(abilities(old), ([true, false, false], false));
        assert_eq!(abilities(new), ([true, true, false], true));
    }

    #[test]
    fn version_is_a_text_in_json() {
        let json = serde_json::to_string(&ResticVersion::new(0, 18, 0)).unwrap();
        assert_eq!(json, "\"0.18.0\"");
        assert_eq!(serde_json::from_str::<ResticVersion>(&json).unwrap(), ResticVersion::new(0, 18, 0));
    }
}
