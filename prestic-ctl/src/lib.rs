//! The command line of PRestic: a client of the daemon, which it starts where none runs.
//!
//! It knows nothing of the daemon but `prestic-proto`. All that it decides is what to ask for and how to show the answer; backups
//! belong to the daemon and go on without it.

use std::{
    env,
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

pub mod cli;
pub mod commands;
pub mod completion;
pub mod export;
pub mod import;
pub mod old_name;

pub mod connect;
pub mod daemon_program;
pub mod follow;
pub mod service;

pub mod error;
pub mod exit;

pub mod clock;
pub mod output;
pub mod system;
pub mod table;
pub mod words;

#[cfg(test)]
mod scripted;
#[cfg(test)]
mod tests;

use cli::{ColorChoice, Invocation};
use exit::Exit;
use old_name::OldInvocation;
use output::Output;
use prestic_proto::text;

/// Does what the command line says.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = env::args_os().collect();
    match completion::answer(words.clone()) {
        Ok(true) => return Exit::OK.into(),
        Ok(false) => {}
        Err(error) => return explain(&error).into(),
    }
    let invocation = match old_name::parse(&words) {
        None => cli::parse(words),
        Some(OldInvocation::New(rest)) => cli::parse(std::iter::once(old_name::NAME.into()).chain(rest)),
        Some(old) => Ok(Invocation::Old(old)),
    };
    let invocation = match invocation {
        Ok(invocation) => invocation,
        Err(error) => return explain(&error).into(),
    };
    let (mut output, result) = match invocation {
        Invocation::Old(old) => {
            let mut output = Output::standard(ColorChoice::Auto, false);
            let result = commands::old_name::execute(old, &mut output);
            (output, result)
        }
        Invocation::Foreground { profile, args } => {
            (Output::standard(ColorChoice::Auto, false), commands::foreground(profile, args))
        }
        Invocation::Command(global, command) => {
            let mut output = Output::standard(global.color, global.json);
            let result = commands::execute(command, global, &mut output);
            (output, result)
        }
    };
    let result = result.and_then(|exit| output.flush().map(|()| exit).map_err(Into::into));
    match result {
        Ok(exit) => exit,
        Err(error) if error.is_broken_pipe() => Exit::OK,
        Err(error) => {
            // What was asked for comes before what went wrong with the rest.
            let _ = output.flush();
            output.complain(&error.report());
            Exit::of_error(&error)
        }
    }
    .into()
}

/// Prints help, the version or what is wrong with the command line.
fn explain(error: &clap::Error) -> Exit {
    let exit = if error.use_stderr() { Exit::USAGE } else { Exit::OK };
    match error.print().and_then(|()| io::stdout().flush()) {
        // A pager that was closed has shown enough.
        Ok(()) => exit,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit,
        Err(_) => Exit::OUTPUT,
    }
}
