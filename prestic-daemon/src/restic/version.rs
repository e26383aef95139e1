//! Versions of restic and what they can do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A version of restic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResticVersion {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number.
    pub patch: u32,
}

impl fmt::Display for ResticVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl TryFrom<String> for ResticVersion {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let numbers: Vec<u32> = text.split('.').map_while(|number| number.parse().ok()).collect();
        let [major, minor, patch] = numbers[..] else { return Err(text) };
        Ok(Self { major, minor, patch })
    }
}

impl From<ResticVersion> for String {
    fn from(version: ResticVersion) -> Self {
        version.to_string()
    }
}
