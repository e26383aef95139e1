//! `service`: PRestic as a service of the user.

use clap::{Args, Subcommand};
use prestic_proto::home::Home;

use crate::{
    error::CtlError,
    exit::Exit,
    output::Output,
    service::{self, ServiceError, Wishes, perform},
    system,
};

/// What to do with the service.
#[derive(Debug, Subcommand)]
pub enum ServiceAction {
    /// Have the daemon started at each login, and now; and the tray at each login
    ///
    /// Asks nothing and says each step. A daemon that runs by itself makes way, and its runs go on. What is there already is
    /// not done again.
    Install(InstallOptions),
    /// Take back what `install` did, and nothing else
    ///
    /// The daemon stops its runs and itself. Configuration, history and logs stay.
    Uninstall {
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Show whether the service is installed and runs, and whether a daemon answers
    Status,
    /// Print the daemon's log: the journal where there is one, else its file
    Logs {
        /// Go on with what comes
        #[arg(short, long)]
        follow: bool,
        /// How many lines
        #[arg(short = 'n', long = "lines", value_name = "N", default_value_t = 100)]
        lines: u32,
    },
}

/// What to install.
#[derive(Debug, Clone, Copy, Args)]
pub struct InstallOptions {
    /// Only say what would be done: show files and commands
    #[arg(long)]
    pub dry_run: bool,
    /// Do not have it started at login, and start it now only with --now
    #[arg(long)]
    pub no_enable: bool,
    /// Start it now, also with --no-enable; --no-start does not start it before the next login
    #[arg(long)]
    pub now: bool,
    /// Leave the tray out
    #[arg(long)]
    pub no_tray: bool,
}

/// Does what the user wants with the service.
pub async fn service(home: &Home, action: ServiceAction, no_start: bool, output: &mut Output) -> Result<Exit, CtlError> {
    match action {
        ServiceAction::Install(options) => install(home, options, no_start, output).await,
        ServiceAction::Uninstall { dry_run } => uninstall(home, dry_run, output).await,
        ServiceAction::Status => status(home, output).await,
        ServiceAction::Logs { follow, lines } => {
            let mut command = service::log_reader(home, lines, follow).await?;
            let program = command.get_program().to_string_lossy().into_owned();
            system::replace_by(&mut command)
                .map_err(|error| ServiceError::Program { program, reason: format!("cannot be run: {error}") }.into())
        }
    }
}

async fn install(home: &Home, options: InstallOptions, no_start: bool, output: &mut Output) -> Result<Exit, CtlError> {
    let wishes = wishes(options, no_start);
    let steps = service::installation(home, wishes).await?;
    if options.dry_run {
        perform::rehearse(&steps, output)?;
    } else {
        perform::perform(&steps, home, output).await?;
    }
    if steps.is_empty() {
        output.say("all is there already");
    }
    if wishes.starts_now && !home.config_file().exists() {
        output.warn(&format!("there is no configuration yet: the daemon waits for {}", home.config_file().display()));
    }
    if !options.dry_run {
        output.say("`prestic-ctl service status` shows how it is");
    }
    Ok(Exit::OK)
}

fn wishes(options: InstallOptions, no_start: bool) -> Wishes {
    Wishes {
        is_enabled: !options.no_enable,
        starts_now: !no_start && (options.now || !options.no_enable),
        has_tray: !options.no_tray,
    }
}

async fn uninstall(home: &Home, dry_run: bool, output: &mut Output) -> Result<Exit, CtlError> {
    let steps = service::removal(home).await?;
    if dry_run {
        perform::rehearse(&steps, output)?;
    } else {
        perform::perform(&steps, home, output).await?;
    }
    if steps.is_empty() {
        output.say("the service is not installed");
    }
    Ok(Exit::OK)
}

async fn status(home: &Home, output: &mut Output) -> Result<Exit, CtlError> {
    let report = service::report(home).await?;
    if output.is_json {
        output.json(&report)?;
    } else {
        for line in report.lines(&output.data_look) {
            output.line(&line)?;
        }
    }
    Ok(if report.daemon.is_some() { Exit::OK } else { Exit::UNAVAILABLE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(no_enable: bool, now: bool, no_start: bool, is_enabled: bool, starts_now: bool) {
        let options = InstallOptions { dry_run: false, no_enable, now, no_tray: false };
        assert_eq!(wishes(options, no_start), Wishes { is_enabled, starts_now, has_tray: true });
    }

    #[test]
    fn service_starts_now_unless_it_is_not_to_start_at_all() {
        check(false, false, false, true, true);
        check(true, false, false, false, false);
        check(true, true, false, false, true);
        check(false, false, true, true, false);
    }
}
