//! The exit codes of `prestic-tray`, with the meaning that they have for `prestic-ctl`.

use std::process::ExitCode;

/// The table of the exit codes, as `--help` shows it.
pub const TABLE: &str = "\
Exit codes:
  0     done: somebody has ended it, or the desktop session is over
  64    the command line is wrong
  65    refused: a tray already runs for this home
  69    there is no desktop session that could show an icon
  74    its lock file, or another thing of its own, cannot be used";

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(pub u8);

impl Exit {
    /// All went well.
    pub const OK: Self = Self(0);
    /// The command line is wrong.
    pub const USAGE: Self = Self(64);
    /// A tray runs already.
    pub const REFUSED: Self = Self(65);
    /// Nothing here could show an icon.
    pub const NO_DESKTOP: Self = Self(69);
    /// Something of its own cannot be used.
    pub const PROBLEMS: Self = Self(74);
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}
