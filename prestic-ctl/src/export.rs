//! The command line of `prestic-ctl export`.

use std::ffi::OsString;

use clap::Args;

/// What to export, and how.
#[derive(Debug, Args)]
pub struct ExportOptions {
    /// The profile: a task, a group of tasks, or one that only has a repository
    pub profile: OsString,
    /// Write the secrets that stand in the configuration into the script
    #[arg(long)]
    pub with_secrets: bool,
}
