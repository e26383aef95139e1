//! `prestic-ctl import prestic`: takes over a home of Python's PRestic, and says what changes its meaning.
//!
//! Both use the same files. Where the home stays where it is, nothing of it is changed, and only the history is begun from the
//! old logs; another home gets copies. What is found out comes first (`survey.rs`), then what is done (here), then what is
//! said (`text.rs`).

mod copying;
mod meanings;
mod old_logs;
mod python_schedule;
mod python_service;
mod survey;
mod text;

use std::{
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use prestic_proto::home::{Home, NoHome};
use thiserror::Error;

use self::survey::Survey;
use crate::{
    clock,
    history::{self, DatabaseError},
    instance::{Instance, InstanceError},
};

/// Where Python's PRestic had its web interface, always.
const PYTHON_WEB: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8711);

/// What to take over, and how.
#[derive(Debug, Args)]
pub struct TakeoverOptions {
    /// The home of Python's PRestic [default: the user's own]
    pub home: Option<PathBuf>,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

/// Why nothing was taken over.
#[derive(Debug, Error)]
pub enum TakeoverError {
    /// There is no home to take over, or to take it to.
    #[error(transparent)]
    NoHome(#[from] NoHome),
    /// There is no configuration.
    #[error("there is nothing to import: {} is missing\nhint: name the folder that has Python's `config.ini`", .0.display())]
    NoConfig(PathBuf),
    /// The new home is in use already.
    #[error(
        "{} is there already, and nothing is ever overwritten\n\
         hint: name another home with PRESTIC_HOME, or move that file away", .0.display()
    )]
    Occupied(PathBuf),
    /// A daemon serves the new home.
    #[error("a daemon must not run meanwhile: {0}\nhint: `prestic-ctl shutdown` ends it")]
    DaemonRuns(#[from] InstanceError),
    /// A file cannot be copied.
    #[error("cannot copy {}", .file.display())]
    NotCopied {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The old logs cannot be read.
    #[error("cannot read the logs in {}", .folder.display())]
    Logs {
        /// Their folder.
        folder: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The history cannot be begun.
    #[error("cannot begin the history")]
    History(#[from] DatabaseError),
    /// The report cannot be printed.
    #[error("cannot write the output")]
    Output(#[source] io::Error),
}

impl TakeoverError {
    /// Returns the exit code, as the table of `prestic-ctl --help` has it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Occupied(_) | Self::DaemonRuns(_) => 65,
            Self::NoConfig(_) => 66,
            Self::NoHome(_) => 69,
            Self::NotCopied { .. } | Self::Logs { .. } | Self::History(_) | Self::Output(_) => 74,
        }
    }
}

/// Takes a home over, or says what that would do. Ends with 1 if the configuration has errors.
pub fn run(options: TakeoverOptions) -> Result<ExitCode, TakeoverError> {
    let into = Home::from_environment()?;
    let from = match &options.home {
        Some(root) => Home::at(std::path::absolute(root).unwrap_or_else(|_| root.clone())),
        None => Home::usual()?,
    };
    if !from.config_file().exists() {
        return Err(TakeoverError::NoConfig(from.config_file()));
    }
    let is_in_place = same_file::is_same_file(from.root(), into.root()).unwrap_or(false);
    if !is_in_place && into.config_file().exists() {
        return Err(TakeoverError::Occupied(into.config_file()));
    }
    let mut survey = Survey::of(&from, &into, is_in_place, clock::now(), PYTHON_WEB)?;
    survey.is_dry_run = options.dry_run;
    if !options.dry_run {
        take_over(&from, &into, &mut survey)?;
    }
    let text = if options.json { survey.to_json() } else { text::readable(&survey) };
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(TakeoverError::Output(error)),
        _ => {}
    }
    Ok(if survey.errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn take_over(from: &Home, into: &Home, survey: &mut Survey) -> Result<(), TakeoverError> {
    // Nobody else may write into a home that is being made; one that is in use already is only looked at.
    let lock = Instance::acquire(into);
    if survey.is_in_place && lock.is_err() {
        survey.runs.clear();
        return Ok(());
    }
    let _lock = lock?;
    if !survey.is_in_place {
        survey.copied = copying::copy(from, into)?;
    }
    if !survey.runs.is_empty() {
        history::begin_with(&into.history_file(), &survey.runs)?;
    }
    Ok(())
}
