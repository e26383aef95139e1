//! `prestic-ctl -p`: restic in the caller's terminal and folder, as Python's PRestic ran it.
//!
//! The configuration is read here and not asked of the daemon, so that no secret crosses a socket, and so that it works
//! on the day when no daemon does.

use std::{
    env,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::Arc,
};

use prestic_proto::{
    error::ApiError,
    home::{Home, NoHome},
    profile::ConfigProblem,
};
use thiserror::Error;

use crate::{
    config::{self, Arguments, CommandError, Config, Loaded, Profile},
    keyring::password_command::{Unquotable, password_command},
    process, program,
};

/// Why restic did not run. The exit codes are those of the table in `prestic-ctl --help`.
#[derive(Debug, Error)]
pub enum ForegroundError {
    /// There is no home to look for a configuration in.
    #[error(transparent)]
    NoHome(#[from] NoHome),
    /// There is no configuration.
    #[error("there is no configuration yet: {} is missing; `prestic-ctl status` says how to begin", .0.display())]
    NoConfig(PathBuf),
    /// The profile has errors, or the whole file does.
    #[error("`{name}` cannot be used: its configuration has errors{}", listed(.errors))]
    BadConfig {
        /// The profile.
        name: String,
        /// What is wrong.
        errors: Vec<ConfigProblem>,
    },
    /// There is no such profile.
    #[error(transparent)]
    Unknown(ApiError),
    /// The profile has nothing to run, or what it has cannot be run.
    #[error(transparent)]
    NoCommand(#[from] CommandError),
    /// restic cannot be told how to ask the keyring.
    #[error(transparent)]
    Unquotable(#[from] Unquotable),
    /// The program cannot be started.
    #[error("cannot start `{program}`")]
    NotStarted {
        /// The program.
        program: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl ForegroundError {
    /// Returns the exit code: none of restic's own.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unknown(_) | Self::NoCommand(_) => 65,
            Self::NoConfig(_) => 66,
            Self::NoHome(_) => 69,
            Self::NotStarted { .. } => 70,
            Self::BadConfig { .. } | Self::Unquotable(_) => 78,
        }
    }
}

/// Runs restic for a profile of the home's configuration, or of another one, with these arguments, or the profile's own if there
/// are none.
///
/// Returns only if restic could not take this process's place.
pub fn run(config: Option<PathBuf>, name: &str, args: Vec<String>) -> Result<ExitCode, ForegroundError> {
    let Found { profile, note, .. } = find_profile(config, name)?;
    if let Some(note) = note {
        // A backup is not given up because nobody reads a warning.
        let _ = writeln!(io::stderr(), "warning: {note}");
    }
    let (mut command, program) = prepare(&profile, without_mark(args))?;
    program::replace_by(&mut command).map_err(|source| not_started(&program, source))
}

/// Makes a profile's restic ready for a terminal, with these arguments, or the profile's own if there are none.
///
/// Returns the name of the program too. The priorities of this process become those of the profile.
pub fn prepare(profile: &Profile, arguments: Vec<String>) -> Result<(Command, String), ForegroundError> {
    let restic = profile.restic_command(Arguments::Instead(arguments))?;
    let words = restic.words();
    let (program, arguments) = words.split_first().expect("a command without an own executable has `restic`");
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(restic.environment(env::vars_os()));
    if let Some(entry) = &restic.keyring_entry {
        // restic asks by itself, when it needs the password, and whoever has to unlock the keyring sits here.
        let own_program = env::current_exe().map_err(|source| not_started("prestic-daemon", source))?;
        command.env("RESTIC_PASSWORD_COMMAND", password_command(&own_program, entry)?);
    }
    process::set_priorities(restic.cpu_priority, restic.io_priority);
    Ok((command, program.clone()))
}

/// Finds a profile of a configuration, or says why it is not there.
pub fn find(loaded: &Loaded, name: &str) -> Result<Arc<Profile>, ForegroundError> {
    let found = loaded.config.profile(name).cloned();
    found.ok_or_else(|| missing_profile(name, loaded.config.similar_profile(name), loaded.report.errors.clone()))
}

fn not_started(program: &str, source: io::Error) -> ForegroundError {
    ForegroundError::NotStarted { program: program.to_owned(), source }
}

/// Drops a `--` that only parts the profile from restic's words: restic itself would end there.
fn without_mark(mut args: Vec<String>) -> Vec<String> {
    if args.first().is_some_and(|word| word == "--") {
        args.remove(0);
    }
    args
}

/// Reads the configuration, and returns the profile with its file and a note of errors elsewhere.
pub fn find_profile(config: Option<PathBuf>, name: &str) -> Result<Found, ForegroundError> {
    let file = config.map_or_else(|| Home::from_environment().map(|home| home.config_file()), Ok)?;
    if !file.exists() {
        return Err(ForegroundError::NoConfig(file));
    }
    let loaded = config::load_for_one_run(&file);
    let profile = find(&loaded, name)?;
    let note = note_of_errors(&file, &loaded.report.errors);
    Ok(Found { profile, config: loaded.config, note })
}

/// A profile, and what goes with it.
#[derive(Debug)]
pub struct Found {
    /// The profile.
    pub profile: Arc<Profile>,
    /// The configuration that it is from.
    pub config: Config,
    /// Which errors there are elsewhere.
    pub note: Option<String>,
}

/// Says why a profile is not there: what is wrong with its section, or with all of the file, goes before a guess.
fn missing_profile(name: &str, similar: Option<String>, errors: Vec<ConfigProblem>) -> ForegroundError {
    let is_own = |problem: &ConfigProblem| problem.section.as_deref() == Some(name);
    let is_general = |problem: &ConfigProblem| problem.section.as_deref().is_none_or(|section| section == "DEFAULT");
    let (own, others): (Vec<_>, Vec<_>) = errors.into_iter().partition(is_own);
    let general: Vec<_> = others.into_iter().filter(is_general).collect();
    let errors = if own.is_empty() { general } else { own };
    if errors.is_empty() {
        ForegroundError::Unknown(ApiError::UnknownProfile { name: name.to_owned(), similar })
    } else {
        ForegroundError::BadConfig { name: name.to_owned(), errors }
    }
}

/// Says that there are errors in other sections than the one that is used, and in which.
fn note_of_errors(file: &Path, errors: &[ConfigProblem]) -> Option<String> {
    let number = match errors.len() {
        0 => return None,
        1 => "1 error".to_owned(),
        number => format!("{number} errors"),
    };
    let mut sections: Vec<_> =
        errors.iter().filter_map(|problem| problem.section.as_ref()).map(|name| format!("[{name}]")).collect();
    sections.dedup();
    let place = if sections.is_empty() { file.display().to_string() } else { sections.join(", ") };
    Some(format!("{number} elsewhere, in {place}: see `prestic-ctl check`"))
}

fn listed(errors: &[ConfigProblem]) -> String {
    errors.iter().map(|problem| format!("\n{problem}").replace('\n', "\n  ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_in(section: Option<&str>) -> ConfigProblem {
        ConfigProblem {
            file: PathBuf::from("config.ini"),
            line: Some(3),
            section: section.map(str::to_owned),
            key: None,
            message: "wrong".to_owned(),
            hint: None,
        }
    }

    #[track_caller]
    fn check_args(args: &[&str], expected: &[&str]) {
        assert_eq!(without_mark(args.iter().map(|word| (*word).to_owned()).collect()), expected);
    }

    #[test]
    fn one_mark_between_profile_and_arguments_is_dropped() {
        check_args(&["--", "ls", "--", "latest"], &["ls", "--", "latest"]);
        check_args(&["ls", "--", "x"], &["ls", "--", "x"]);
        check_args(&["--"], &[]);
    }

    #[track_caller]
    fn check_missing(errors: &[Option<&str>], expected_text: &str, expected_code: u8) {
        let error = missing_profile("home", None, errors.iter().map(|section| error_in(*section)).collect());
        assert_eq!((error.to_string().as_str(), error.exit_code()), (expected_text, expected_code));
    }

    #[test]
    fn profile_that_is_missing_for_its_errors_shows_them() {
        let broken = "`home` cannot be used: its configuration has errors\n  wrong";
        check_missing(&[Some("other"), Some("home"), None], &format!("{broken} in [home] at config.ini:3"), 78);
        check_missing(&[Some("other"), Some("DEFAULT")], &format!("{broken} in [DEFAULT] at config.ini:3"), 78);
        check_missing(&[Some("other")], "no profile is called `home`", 65);
    }

    #[track_caller]
    fn check_note(sections: &[&str], expected: Option<&str>) {
        let errors: Vec<_> = sections.iter().map(|section| error_in(Some(section))).collect();
        assert_eq!(note_of_errors(Path::new("config.ini"), &errors).as_deref(), expected);
    }

    #[test]
    fn errors_elsewhere_are_counted_and_placed() {
        check_note(&[], None);
        check_note(&["x"], Some("1 error elsewhere, in [x]: see `prestic-ctl check`"));
        check_note(&["x", "x", "y"], Some("3 errors elsewhere, in [x], [y]: see `prestic-ctl check`"));
    }
}
