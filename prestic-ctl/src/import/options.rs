//! The command line of `prestic-ctl import`.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Subcommand};

/// Where to import from.
#[derive(Debug, Subcommand)]
pub enum ImportSource {
    /// Take over a home of Python's PRestic: configuration, status, keyring and logs
    ///
    /// Says what means something else now, and why. The home of both is the same one unless PRESTIC_HOME names another: then
    /// the files are copied there, and never over others. The originals stay as they are.
    Prestic {
        /// The home of Python's PRestic [default: the user's own]
        home: Option<OsString>,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Write an INI from a configuration of resticprofile: TOML, YAML, JSON or HCL, version 1 or 2
    Resticprofile(ForeignFile),
    /// Write an INI from an .autorestic.yml
    Autorestic(ForeignFile),
    /// Write an INI from a configuration of crestic
    Crestic(ForeignFile),
    /// Write an INI from Backrest's config.json
    Backrest(ForeignFile),
}

/// A configuration of another program, and where ours goes.
#[derive(Debug, Args)]
pub struct ForeignFile {
    /// The file to read
    pub file: PathBuf,
    /// Write the INI into a new file, that only you can read, and not to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
