//! The commands, one a file. Each asks the daemon and prints the answer; none decides anything about backups.

pub mod doctor;
pub mod explain;
pub mod export;
pub mod history;
pub mod import;
pub mod init;
pub mod instant;
pub mod keyring;
pub mod log;
pub mod new;
pub mod next;
pub mod notify_test;
pub mod old_name;
pub mod pause;
pub mod profiles;
pub mod reload;
pub mod run;
pub mod selector;
pub mod service;
pub mod show;
pub mod shutdown;
pub mod status;
pub mod stop;
pub mod version;
pub mod web;

#[cfg(test)]
mod tests;

use std::ffi::OsString;

use prestic_proto::{client::Client, error::ApiError, history::RunQuery, home::Home};

use crate::{
    cli::{Command, GlobalOptions},
    completion::scripts,
    connect::{Session, Start},
    daemon_program,
    error::CtlError,
    exit::Exit,
    output::Output,
};

/// Runs restic in the foreground: a matter of the daemon's program, which knows the configuration.
pub fn foreground(profile: OsString, args: Vec<OsString>) -> Result<Exit, CtlError> {
    let words = ["foreground".into(), "--".into(), profile].into_iter().chain(args);
    Ok(daemon_program::become_daemon_program(words)?)
}

/// Carries out a command.
pub fn execute(command: Command, global: GlobalOptions, output: &mut Output) -> Result<Exit, CtlError> {
    let json = || global.json.then(|| OsString::from("--json"));
    match command {
        Command::Check { file } => {
            let words = std::iter::once("check".into()).chain(json()).chain(file);
            Ok(daemon_program::become_daemon_program(words)?)
        }
        Command::Options => {
            let words = std::iter::once("options".into()).chain(json());
            Ok(daemon_program::become_daemon_program(words)?)
        }
        Command::Doctor(options) => doctor::doctor(&options, output),
        Command::Init(options) => Ok(daemon_program::become_daemon_program(init::words(options, json()))?),
        Command::Explain(options) => Ok(daemon_program::become_daemon_program(explain::words(options, json()))?),
        Command::Keyring { action } => Ok(daemon_program::become_daemon_program(keyring::words(action, json()))?),
        Command::Import { source } => import::import(source, json(), output),
        Command::Export(_) if global.json => Err(CtlError::NoJson { command: "export", format: "a shell script" }),
        Command::Export(options) => export::export(options),
        Command::Completions { .. } if global.json => {
            Err(CtlError::NoJson { command: "completions", format: "a shell script" })
        }
        Command::Completions { shell } => {
            output.data(&scripts::script(shell))?;
            Ok(Exit::OK)
        }
        command => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CtlError::Runtime)?;
            runtime.block_on(with_daemon(command, global, output))
        }
    }
}

async fn with_daemon(command: Command, global: GlobalOptions, output: &mut Output) -> Result<Exit, CtlError> {
    let home = Home::from_environment()?;
    let start = if global.no_start { Start::Never } else { Start::IfNeeded };
    // These go without a daemon, or as far as they can.
    match command {
        Command::New(options) => return new::new(home, options, start, output).await,
        Command::Shutdown => return shutdown::shutdown(&home, output).await,
        Command::Version => return version::version(&home, output).await,
        Command::Service { action } => return service::service(&home, action, global.no_start, output).await,
        _ => {}
    }
    let mut session = Session::open(home, start, output).await?;
    let client = session.client().clone();
    let done = carry_out(command, &mut session, &client, output).await;
    match done {
        Err(error) => Err(explain_unknown(error, &client).await),
        done => done,
    }
}

/// Replaces "no such name" by the errors of the section that has it: they are why the daemon does not know it.
async fn explain_unknown(error: CtlError, client: &Client) -> CtlError {
    let CtlError::Api(
        ApiError::UnknownTask { name, .. } | ApiError::UnknownProfile { name, .. } | ApiError::NotATask { name, .. },
    ) = &error
    else {
        return error;
    };
    let Ok(status) = client.status().await else { return error };
    let mut errors = status.config.errors;
    errors.retain(|problem| problem.section.as_ref() == Some(name));
    if errors.is_empty() { error } else { CtlError::BrokenSection { name: name.clone(), errors } }
}

async fn carry_out(command: Command, session: &mut Session, client: &Client, output: &mut Output) -> Result<Exit, CtlError> {
    match command {
        Command::Run(options) => run::run(session, options, output).await,
        Command::Status => status::status(client, output).await,
        Command::Profiles => profiles::profiles(client, output).await,
        Command::Show { profile } => show::show(client, &profile, output).await,
        Command::Log { run, follow } => {
            let extent = if follow { log::Extent::ToTheEndOfTheRun } else { log::Extent::WhatThereIs };
            log::log(client, run.as_deref(), extent, output).await
        }
        Command::History { task, limit, outcomes, before } => {
            history::history(client, RunQuery { task, outcomes, before, limit }, output).await
        }
        Command::Stop { run } => stop::stop(client, &run, output).await,
        Command::Pause(options) => pause::pause(client, options, output).await,
        Command::Resume { task } => pause::resume(client, task, output).await,
        Command::Next { task, limit, from } => next::next(client, task, limit, from, output).await,
        Command::Web { print } => {
            let way = if print { web::Way::Print } else { web::Way::Open(session.home()) };
            web::web(client, way, output).await
        }
        Command::NotifyTest => notify_test::notify_test(client, output).await,
        Command::Reload => reload::reload(client, output).await,
        Command::Shutdown
        | Command::Version
        | Command::Service { .. }
        | Command::Check { .. }
        | Command::Options
        | Command::Doctor(_)
        | Command::Init(_)
        | Command::New(_)
        | Command::Keyring { .. }
        | Command::Explain(_)
        | Command::Import { .. }
        | Command::Export(_)
        | Command::Completions { .. } => {
            unreachable!("carried out without a session")
        }
    }
}
