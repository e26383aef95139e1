//! `prestic-ctl -p`: restic in the caller's terminal and folder, as Python's PRestic ran it.
//!
//! The configuration is read here and not asked of the daemon, so that no secret crosses a socket, and so that it works
//! on the day when no daemon does.

use std::{
    env,
    io::{self, Write},
    process::{Command, ExitCode},
};

use prestic_proto::{error::ApiError, home::Home};

use crate::{
    config::{self, Arguments},
    process, program,
};

/// Runs restic for a profile with these arguments, or the profile's own if there are none.
///
/// Returns only if restic could not take this process's place.
pub fn run(name: &str, args: Vec<String>) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let home = Home::from_environment()?;
    let loaded = config::load(&home.config_file());
    let Some(profile) = loaded.config.profile(name) else {
        // What is wrong with the file may be why the profile is not there.
        tell(loaded.report.errors.iter().map(|error| format!("error: {error}")))?;
        let similar = loaded.config.similar_profile(name);
        return Err(ApiError::UnknownProfile { name: name.to_owned(), similar }.into());
    };
    let errors = loaded.report.errors.len();
    if errors > 0 {
        tell([format!("warning: {} has {errors} errors elsewhere: see `prestic-ctl check`", home.config_file().display())])?;
    }
    let restic = profile.restic_command(Arguments::Instead(args))?;
    let words = restic.words();
    let (program, arguments) = words.split_first().ok_or("the profile's `executable` is empty")?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(restic.environment(env::vars_os()));
    process::set_priorities(restic.cpu_priority, restic.io_priority);
    let error = match program::replace_by(&mut command) {
        Ok(code) => return Ok(code),
        Err(error) => error,
    };
    Err(io::Error::new(error.kind(), format!("cannot start `{program}`: {error}")).into())
}

fn tell(lines: impl IntoIterator<Item = String>) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    lines.into_iter().try_for_each(|line| writeln!(stderr, "{line}"))
}
