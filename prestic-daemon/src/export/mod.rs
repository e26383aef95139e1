//! `prestic-ctl export`: a shell script that does with plain restic what a profile does, so that nobody depends on PRestic.

mod script;
#[cfg(test)]
mod tests;

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use thiserror::Error;

use self::script::Script;
use crate::{
    config::{Arguments, CommandError, Config, Profile},
    foreground::{self, ForegroundError, Found},
};

/// What to export, and how.
#[derive(Debug, Args)]
pub struct ExportOptions {
    /// The profile
    pub profile: String,
    /// Write the secrets that stand in the configuration into the script
    #[arg(long)]
    pub with_secrets: bool,
}

/// Why there is no script.
#[derive(Debug, Error)]
pub enum ExportError {
    /// There is no such profile, or it cannot be used.
    #[error(transparent)]
    Profile(#[from] ForegroundError),
    /// It cannot be printed.
    #[error("cannot write the output")]
    Output(#[from] io::Error),
}

impl ExportError {
    /// Returns the exit code, as the table of `prestic-ctl --help` has it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Profile(error) => error.exit_code(),
            Self::Output(_) => 74,
        }
    }
}

impl From<CommandError> for ExportError {
    fn from(error: CommandError) -> Self {
        Self::Profile(error.into())
    }
}

/// Prints the script of a profile.
pub fn run(options: ExportOptions) -> Result<ExitCode, ExportError> {
    let Found { profile, config, note } = foreground::find_profile(None, &options.profile)?;
    if let Some(note) = note {
        writeln!(io::stderr(), "warning: {note}")?;
    }
    let script = script_of(&profile, &config, options.with_secrets)?;
    match io::stdout().write_all(script.text().as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
        _ => {}
    }
    let omitted = script.omitted();
    if !omitted.is_empty() {
        let names = omitted.join(", ");
        writeln!(io::stderr(), "note: secrets are left out ({names}): `--with-secrets` writes them into the script")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the script: of a task, of the tasks of a group, or of a repository for any command.
fn script_of(profile: &Arc<Profile>, config: &Config, with_secrets: bool) -> Result<Script, ExportError> {
    let members = config.group(profile.name()).unwrap_or_default();
    let tasks: Vec<&Profile> = members.iter().filter_map(|name| config.profile(name)).map(AsRef::as_ref).collect();
    let mut script = Script::new(profile.name(), with_secrets);
    if tasks.is_empty() {
        script.add_only(profile, command_of(profile)?);
    } else {
        for task in tasks {
            script.add_one_of_many(task, command_of(task)?);
        }
    }
    Ok(script)
}

fn command_of(profile: &Profile) -> Result<crate::config::ResticCommand, CommandError> {
    // Without a command of its own, the script's words are restic's: those of nobody stand for them.
    let is_task = !profile.command().is_empty();
    let mut command = profile.restic_command(if is_task { Arguments::Own } else { Arguments::Instead(vec![String::new()]) })?;
    if !is_task {
        command.arguments.clear();
    }
    Ok(command)
}
