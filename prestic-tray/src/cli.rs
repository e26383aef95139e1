//! The command line.

use std::{ffi::OsString, time::Duration};

use clap::{Parser, ValueEnum, value_parser};

use crate::{exit, icon::Panel};

/// The longest wait for a tray, in seconds.
const DAY: u64 = 86_400;

/// What the command line says.
#[derive(Debug, Clone, Parser)]
#[command(name = "prestic-tray", version, about = "Show in the tray how the backups are", after_help = exit::TABLE)]
pub struct Options {
    /// The panel that the icon has to stand out from
    #[arg(long, value_enum, default_value_t = Theme::Auto, value_name = "PANEL")]
    pub theme: Theme,
    /// How many seconds to wait for a tray before a notification tells where the web interface is
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u64).range(..=DAY), value_name = "SECONDS")]
    pub tray_wait: u64,
}

/// The panel that the icon has to stand out from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    /// A light one.
    Light,
    /// A dark one.
    Dark,
    /// As the desktop says; a dark one where it says nothing.
    Auto,
}

impl Theme {
    /// Returns the panel that somebody has chosen; none if the desktop is to be asked.
    pub fn panel(self) -> Option<Panel> {
        match self {
            Self::Light => Some(Panel::Light),
            Self::Dark => Some(Panel::Dark),
            Self::Auto => None,
        }
    }
}

impl Options {
    /// Returns how long to wait for a tray.
    pub fn tray_wait(&self) -> Duration {
        Duration::from_secs(self.tray_wait)
    }
}

/// Reads the command line.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Options, clap::Error> {
    Options::try_parse_from(words)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_well_formed() {
        Options::command().debug_assert();
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let options = parse(["prestic-tray"].map(OsString::from)).unwrap();
        assert_eq!((options.theme, options.tray_wait()), (Theme::Auto, Duration::from_secs(20)));
    }

    #[test]
    fn wait_without_an_end_is_refused() {
        parse(["prestic-tray", "--tray-wait", "86400"].map(OsString::from)).unwrap();
        parse(["prestic-tray", "--tray-wait", "18446744073709551615"].map(OsString::from)).unwrap_err();
    }
}
