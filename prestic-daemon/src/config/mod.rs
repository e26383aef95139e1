//! Reads `config.ini` and resolves its profiles.
//!
//! Text becomes sections ([`ini`]), sections become drafts of profiles with understood values (`sections.rs`), drafts
//! inherit (`inherit.rs`) and become [`Profile`]s, which say how restic is run ([`command`]). What is wrong on the way
//! is collected, and told all at once. Only [`load`] touches files, and nothing here changes one.

pub mod ini;
pub mod interpolate;
pub mod words;

pub mod keys;
pub mod value;

mod checks;
mod file_checks;
mod inherit;
mod problems;
mod sections;
mod task_checks;

pub mod command;
pub mod profile;
pub mod redact;
mod ssh;

mod permissions;

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

pub use command::{Arguments, CommandError, ResticCommand};
use inherit::DEFAULT_PROFILE;
use ini::{Fault, FaultKind};
pub use keys::options_table;
use prestic_proto::profile::ConfigReport;
use problems::{Problem, Problems};
pub use profile::Profile;

/// The daemon's own settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How many runs there may be at a time.
    pub max_parallel: usize,
    /// How long restic may take to stop before it is killed.
    pub stop_grace: Duration,
}

/// After an interrupt restic finishes the packs that it is uploading, and may take a minute to remove its lock.
const STOP_GRACE: Duration = Duration::from_secs(75);

impl Default for Settings {
    fn default() -> Self {
        Self { max_parallel: 4, stop_grace: STOP_GRACE }
    }
}

/// The valid profiles of a file.
#[derive(Debug, Default)]
pub struct Config {
    /// The daemon's own settings.
    pub settings: Settings,
    /// In file order.
    profiles: Vec<Arc<Profile>>,
    by_name: HashMap<String, Arc<Profile>>,
}

/// What a file holds, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The profiles without errors; none if the file cannot be read.
    pub config: Config,
    /// All errors and warnings.
    pub report: ConfigReport,
}

/// Reads a file, and looks whether the other files that it names are as they should be.
pub fn load(path: &Path) -> Loaded {
    let mut problems = Problems::new(path.to_owned());
    let Some(config) = read_file(path, &mut problems) else { return finish(Config::default(), problems) };
    file_checks::of_config(path, &config, &mut problems);
    if !problems.has_errors() {
        task_checks::no_task(&config, &mut problems);
    }
    finish(config, problems)
}

/// Reads a file for a restic that somebody waits for and watches: looks at no other file.
pub fn load_for_one_run(path: &Path) -> Loaded {
    let mut problems = Problems::new(path.to_owned());
    let config = read_file(path, &mut problems).unwrap_or_default();
    finish(config, problems)
}

fn read_file(path: &Path, problems: &mut Problems) -> Option<Config> {
    let text = match std::fs::read(path) {
        Ok(bytes) => decode(bytes, problems)?,
        Err(error) => {
            problems.error(unreadable(&error));
            return None;
        }
    };
    Some(resolve(&text, path, problems))
}

/// Reads a text as if it stood in a file. Looks at no file.
pub fn read(text: &str, path: &Path) -> Loaded {
    let mut problems = Problems::new(path.to_owned());
    let config = resolve(text, path, &mut problems);
    finish(config, problems)
}

impl Config {
    /// Returns the profile of that name. `default` is always there, unless its section has errors.
    pub fn profile(&self, name: &str) -> Option<&Arc<Profile>> {
        self.by_name.get(name)
    }

    /// Returns the profiles that have a section, in file order.
    pub fn profiles(&self) -> impl Iterator<Item = &Arc<Profile>> {
        self.profiles.iter()
    }

    /// Returns the profiles that can be run, in file order.
    pub fn tasks(&self) -> impl Iterator<Item = &Arc<Profile>> {
        self.profiles().filter(|profile| profile.is_task())
    }

    /// Returns the profile that was probably meant.
    pub fn similar_profile(&self, name: &str) -> Option<String> {
        problems::similar(name, self.profiles().map(|profile| profile.name())).map(str::to_owned)
    }

    /// Returns the task that was probably meant.
    pub fn similar_task(&self, name: &str) -> Option<String> {
        problems::similar(name, self.tasks().map(|profile| profile.name())).map(str::to_owned)
    }
}

fn resolve(text: &str, path: &Path, problems: &mut Problems) -> Config {
    let document = ini::parse(text);
    for fault in &document.faults {
        problems.error(describe_fault(fault));
    }
    let (settings, drafts) = sections::read(&document, path, problems);
    checks::plain_passwords(&drafts, problems);
    let has_default = drafts.iter().any(|draft| draft.name == DEFAULT_PROFILE);
    let profiles: Vec<_> = inherit::resolve(drafts, problems).into_iter().flatten().collect();
    let mut by_name: HashMap<_, _> = profiles.iter().map(|profile| (profile.name().to_owned(), Arc::clone(profile))).collect();
    if !has_default {
        let default = Profile::new(DEFAULT_PROFILE.to_owned(), Vec::new(), Vec::new());
        by_name.insert(DEFAULT_PROFILE.to_owned(), Arc::new(default));
    }
    let config = Config { settings, profiles, by_name };
    checks::twins(config.tasks(), problems);
    task_checks::of_config(&config, problems);
    config
}

fn finish(config: Config, problems: Problems) -> Loaded {
    let (errors, warnings) = problems.into_lists();
    let report = ConfigReport { errors, warnings, profiles: config.profiles.len(), tasks: config.tasks().count() };
    Loaded { config, report }
}

fn decode(bytes: Vec<u8>, problems: &mut Problems) -> Option<String> {
    String::from_utf8(bytes)
        .map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let lines_before = valid.iter().filter(|byte| **byte == b'\n').count();
            problems.error(Problem {
                line: Some(lines_before + 1),
                message: "the file is not UTF-8".to_owned(),
                hint: Some("save it as UTF-8 in your editor".to_owned()),
                ..Problem::default()
            });
        })
        .ok()
}

fn unreadable(error: &std::io::Error) -> Problem<'static> {
    let (message, hint) = if error.kind() == std::io::ErrorKind::NotFound {
        let hint = "create it with a section such as [my-backup] that sets `repository`, `password-file`, `command` and `args`";
        ("there is no configuration".to_owned(), hint)
    } else {
        (format!("the configuration cannot be read: {error}"), "it must be a file that you may read")
    };
    Problem { message, hint: Some(hint.to_owned()), ..Problem::default() }
}

/// Says what is wrong with a line, and how to put it right.
pub fn describe_fault(fault: &Fault) -> Problem<'_> {
    let (key, message, hint) = match &fault.kind {
        FaultKind::NoSection => {
            (None, "a value stands before the first section".to_owned(), "begin with a line such as [my-backup]".to_owned())
        }
        FaultKind::DuplicateSection(first) => {
            (None, "this section was there before".to_owned(), format!("join it with the one at line {first}, or rename it"))
        }
        FaultKind::DuplicateKey(key, first) => {
            (Some(key.as_str()), format!("`{key}` is set twice"), format!("remove this line or line {first}"))
        }
        FaultKind::NoSeparator => {
            let hint = "write `key = value`, or indent the line if it belongs to the value above";
            (None, "the line has no `=`".to_owned(), hint.to_owned())
        }
        FaultKind::NoKey => (None, "a value has no key".to_owned(), "write `key = value`".to_owned()),
        FaultKind::UnclosedHeader => (None, "the name of a section is not closed".to_owned(), "add a `]`".to_owned()),
    };
    Problem { line: Some(fault.line), section: fault.section.as_deref(), key, message, hint: Some(hint) }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
