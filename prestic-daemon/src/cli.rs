//! The daemon's command line: `prestic-daemon` serves, the subcommands answer and end.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, CommandFactory, Parser, Subcommand};
use prestic_proto::{
    home::{Home, NoHome},
    profile::ConfigReport,
};

use crate::{
    clock::{self, ClockKind},
    config,
    doctor::{self, Scope},
    explain,
    export::{self, ExportOptions},
    first_process, foreground,
    keyring::command::{self as keyring_command, KeyringCommand},
    options, serve,
    setup::{
        init::{self, InitOptions},
        new,
    },
    supervise,
    takeover::{self, TakeoverOptions},
};

/// Schedule and supervise restic backups.
#[derive(Debug, Parser)]
#[command(name = "prestic-daemon", version, about = "Schedule and supervise restic backups")]
struct Cli {
    /// Leave the terminal, say `ready` on standard output when clients can connect, and log to <home>/logs/daemon.log
    #[arg(long)]
    detached: bool,
    /// How to know when a task is due, and when the clock was set: by the system's timer where it has one, unless told
    #[arg(long, value_enum, value_name = "KIND", env = "PRESTIC_CLOCK", hide_env_values = true)]
    clock: Option<ClockKind>,
    /// Check the configuration (or FILE) and exit: the same as `prestic-daemon check`
    #[arg(long, value_name = "FILE", num_args = 0..=1, conflicts_with = "detached")]
    check: Option<Option<PathBuf>>,
    /// The descriptor with the lock of the home; a daemon passes it on to the upgraded program that takes its place
    #[arg(long, value_name = "DESCRIPTOR", hide = true)]
    inherited_lock: Option<i32>,
    #[command(subcommand)]
    command: Option<CliCommand>,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    /// Check the configuration (or FILE) without running anything
    Check {
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
        /// The file to check, instead of the home's config.ini
        file: Option<PathBuf>,
    },
    /// List every option that a profile can have
    Options {
        /// Print the list as JSON
        #[arg(long)]
        json: bool,
    },
    /// Explain a schedule in words and with its next times, or what is wrong with it
    Explain(ExplainOptions),
    /// List the profiles as JSON; `prestic-ctl` asks so for names to complete where no daemon answers
    #[command(hide = true)]
    Profiles,
    /// Look at everything that backups depend on; `prestic-ctl doctor` starts this by itself
    #[command(hide = true)]
    Doctor {
        /// Do not look at repositories
        #[arg(long)]
        offline: bool,
    },
    /// Make the repository of a profile; `prestic-ctl init` starts this by itself
    #[command(hide = true)]
    Init(InitOptions),
    /// Add a profile; `prestic-ctl new` starts this by itself
    #[command(hide = true)]
    New,
    /// Supervise one run; the daemon starts this by itself
    #[command(hide = true)]
    Supervise,
    /// Ask the keyring; `prestic-ctl keyring` and the daemon start this by themselves
    #[command(hide = true, subcommand)]
    Keyring(KeyringCommand),
    /// Print a shell script that does the same as a profile; `prestic-ctl export` starts this by itself
    #[command(hide = true)]
    Export(ExportOptions),
    /// Take over a home of Python's PRestic; `prestic-ctl import prestic` starts this by itself
    #[command(hide = true)]
    Takeover(TakeoverOptions),
    /// Run restic for a profile in this terminal; `prestic-ctl -p` starts this by itself
    #[command(hide = true)]
    Foreground {
        /// The configuration, if not the home's config.ini
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// The profile
        profile: String,
        /// restic's arguments, instead of the profile's own
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

#[derive(Debug, Args)]
struct ExplainOptions {
    /// The schedule; several words are taken for one
    #[arg(required_unless_present = "batch")]
    schedule: Vec<String>,
    /// Tell the times after this instant, as `2026-03-29T02:00:00+01:00` [default: now]
    #[arg(long, value_name = "RFC3339")]
    from: Option<String>,
    /// How many times to tell [default: 5]
    #[arg(short = 'n', value_name = "N")]
    n: Option<usize>,
    /// The time zone that the schedule is for, as `Europe/Berlin` [default: the machine's]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
    /// Answer requests on standard input: one as JSON a line, with `schedule`, `from`, `timezone` and `n`
    #[arg(long, conflicts_with_all = ["schedule", "from", "n", "timezone"])]
    batch: bool,
}

/// Returns the definition of the command line.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the program and returns its exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match (cli.check, cli.command) {
        (Some(file), _) => check(file, false),
        (None, Some(CliCommand::Check { json, file })) => check(file, json),
        (None, Some(CliCommand::Options { json })) => print_options(json).map_err(Into::into),
        (None, Some(CliCommand::Profiles)) => print_profiles(),
        (None, Some(CliCommand::Explain(options))) => explain_schedule(options),
        (None, Some(CliCommand::Doctor { offline })) => look_after(offline),
        (None, Some(CliCommand::Init(options))) => Ok(init_repository(&options)),
        (None, Some(CliCommand::New)) => Ok(add_profile()),
        (None, Some(CliCommand::Supervise)) => supervise::run_supervisor().map(|()| ExitCode::SUCCESS).map_err(Into::into),
        (None, Some(CliCommand::Keyring(command))) => keyring_command::run(command).map_err(Into::into),
        (None, Some(CliCommand::Export(options))) => Ok(export_profile(options)),
        (None, Some(CliCommand::Takeover(options))) => Ok(take_over(options)),
        (None, Some(CliCommand::Foreground { config, profile, args })) => Ok(run_in_foreground(config, &profile, args)),
        (None, None) => serve_home(cli.detached, cli.clock, cli.inherited_lock),
    };
    done.unwrap_or_else(|error| {
        report(error.as_ref());
        ExitCode::FAILURE
    })
}

/// Serves, in a process of its own where this one has the duties of an init.
fn serve_home(is_detached: bool, clock: Option<ClockKind>, inherited_lock: Option<i32>) -> Done {
    match first_process::attend()? {
        Some(code) => Ok(code),
        None => serve::serve(is_detached, clock, inherited_lock).map(|()| ExitCode::SUCCESS),
    }
}

/// Runs restic here. What keeps it from running has exit codes of its own, which restic has not.
fn run_in_foreground(config: Option<PathBuf>, profile: &str, args: Vec<String>) -> ExitCode {
    foreground::run(config, profile, args).unwrap_or_else(|error| {
        report(&error);
        error.exit_code().into()
    })
}

/// Prints a script. What keeps it from that has the exit codes of `foreground`.
fn export_profile(options: ExportOptions) -> ExitCode {
    export::run(options).unwrap_or_else(|error| {
        report(&error);
        error.exit_code().into()
    })
}

/// Takes a home over. What keeps it from that has exit codes of its own.
fn take_over(options: TakeoverOptions) -> ExitCode {
    takeover::run(options).unwrap_or_else(|error| {
        report(&error);
        error.exit_code().into()
    })
}

/// Makes a repository. What keeps it from being made has the exit codes of the foreground.
fn init_repository(options: &InitOptions) -> ExitCode {
    init::run(options).unwrap_or_else(|error| {
        report(&error);
        error.exit_code().into()
    })
}

/// Adds a profile, and prints what became of it as JSON.
fn add_profile() -> ExitCode {
    let added = new::run().and_then(|added| {
        let text = serde_json::to_string(&added).map_err(io::Error::from)? + "\n";
        Ok(print(&text)?)
    });
    added.map_or_else(
        |error| {
            report(&error);
            error.exit_code().into()
        },
        |()| ExitCode::SUCCESS,
    )
}

/// Prints an error and what caused it. Nobody may be listening any more.
fn report(error: &dyn std::error::Error) {
    let mut text = format!("error: {error}\n");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("  caused by: {error}\n"));
        cause = error.source();
    }
    let _ = io::stderr().write_all(text.as_bytes());
}

type Done = Result<ExitCode, Box<dyn std::error::Error>>;

fn check(file: Option<PathBuf>, json: bool) -> Done {
    let file = file.map_or_else(|| Home::from_environment().map(|home| home.config_file()), Ok::<_, NoHome>)?;
    let report = config::load(&file).report;
    let text = if json { serde_json::to_string_pretty(&report)? + "\n" } else { readable(&file, &report) };
    print(&text)?;
    Ok(if report.errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn readable(file: &Path, report: &ConfigReport) -> String {
    let mut text = String::new();
    for error in &report.errors {
        text.push_str(&format!("error: {error}\n"));
    }
    for warning in &report.warnings {
        text.push_str(&format!("warning: {warning}\n"));
    }
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    text.push_str(&format!(
        "{}: {}, {}; {}, {}\n",
        file.display(),
        count(report.profiles, "profile"),
        count(report.tasks, "task"),
        count(report.errors.len(), "error"),
        count(report.warnings.len(), "warning"),
    ));
    text
}

/// Prints what was found as JSON: `prestic-ctl doctor` makes text of it.
fn look_after(offline: bool) -> Done {
    let checkup = doctor::examine(if offline { Scope::Offline } else { Scope::Everything })?;
    print(&(serde_json::to_string(&checkup)? + "\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn print_options(json: bool) -> io::Result<ExitCode> {
    print(&if json { options::as_json() } else { options::as_text() })?;
    Ok(ExitCode::SUCCESS)
}

fn print_profiles() -> Done {
    let loaded = config::load_for_one_run(&Home::from_environment()?.config_file());
    let profiles: Vec<_> = loaded.config.profiles().map(|profile| profile.summary()).collect();
    print(&(serde_json::to_string(&profiles)? + "\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn explain_schedule(options: ExplainOptions) -> Done {
    let machine_zone = explain::machine_zone::name();
    if options.batch {
        return match explain::batch::answer_lines(io::stdin().lock(), io::stdout().lock(), machine_zone, clock::now) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(ExitCode::SUCCESS),
        };
    }
    let ExplainOptions { schedule, from, n, timezone, json, .. } = options;
    let request = explain::Request { schedule: schedule.join(" "), from, timezone, n };
    let answer = explain::explain(&request, &explain::Surroundings { now: clock::now(), machine_zone });
    match &answer {
        _ if json => print(&(explain::as_json(&answer) + "\n"))?,
        Ok(explanation) => print(&explain::text::readable(explanation))?,
        Err(refusal) => io::stderr().write_all(refusal.as_text().as_bytes())?,
    }
    Ok(if answer.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints data. A reader that has gone has seen enough.
fn print(text: &str) -> io::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
