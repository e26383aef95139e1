//! What holds a run back.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

/// A condition of a profile that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "condition", rename_all = "kebab-case")]
pub enum Unmet {
    /// The run wants a machine on mains power.
    OnBattery,
    /// The battery has less than the run wants.
    BatteryLow {
        /// What the battery has.
        percent: u8,
        /// What the run wants.
        wanted: u8,
    },
    /// The network costs by volume.
    Metered,
    /// A path is not there, or its disk is not mounted.
    PathMissing {
        /// The path.
        path: PathBuf,
        /// Whether there is something, but it looks like the place where a disk would be mounted.
        not_mounted: bool,
    },
    /// A host does not take connections.
    HostUnreachable {
        /// Host and port, as in the configuration.
        host: String,
        /// Why not, in words.
        reason: String,
    },
    /// No network leads to other machines.
    NoRoute,
}

impl fmt::Display for Unmet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnBattery => formatter.write_str("the machine runs on battery"),
            Self::BatteryLow { percent, wanted } => {
                write!(formatter, "the battery is at {percent} % ({wanted} % wanted)")
            }
            Self::Metered => formatter.write_str("the network is metered"),
            Self::PathMissing { path, not_mounted: false } => write!(formatter, "`{}` is not there", path.display()),
            Self::PathMissing { path, not_mounted: true } => {
                write!(formatter, "`{}` is an empty folder: is its disk mounted?", path.display())
            }
            Self::HostUnreachable { host, reason } => write!(formatter, "`{host}` cannot be reached: {reason}"),
            Self::NoRoute => formatter.write_str("there is no network yet"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(unmet: &Unmet, words: &str, json: &str) {
        assert_eq!(unmet.to_string(), words);
        assert_eq!(serde_json::to_string(unmet).unwrap(), json);
        assert_eq!(serde_json::from_str::<Unmet>(json).unwrap(), *unmet);
    }

    #[test]
    fn power_is_told_in_words_and_in_json() {
        check(&Unmet::NoRoute, "there is no network yet", r#"{"condition":"no-route"}"#);
        check(&Unmet::OnBattery, "the machine runs on battery", r#"{"condition":"on-battery"}"#);
        check(
            &Unmet::BatteryLow { percent: 17, wanted: 30 },
            "the battery is at 17 % (30 % wanted)",
            r#"{"condition":"battery-low","percent":17,"wanted":30}"#,
        );
    }

    #[test]
    fn network_is_told_in_words_and_in_json() {
        check(&Unmet::Metered, "the network is metered", r#"{"condition":"metered"}"#);
        check(
            &Unmet::HostUnreachable { host: "nas:22".to_owned(), reason: "connection refused".to_owned() },
            "`nas:22` cannot be reached: connection refused",
            r#"{"condition":"host-unreachable","host":"nas:22","reason":"connection refused"}"#,
        );
    }

    #[test]
    fn path_is_told_in_words_and_in_json() {
        check(
            &Unmet::PathMissing { path: "/mnt/usb".into(), not_mounted: false },
            "`/mnt/usb` is not there",
            r#"{"condition":"path-missing","path":"/mnt/usb","not_mounted":false}"#,
        );
        check(
            &Unmet::PathMissing { path: "/mnt/usb".into(), not_mounted: true },
            "`/mnt/usb` is an empty folder: is its disk mounted?",
            r#"{"condition":"path-missing","path":"/mnt/usb","not_mounted":true}"#,
        );
    }
}
