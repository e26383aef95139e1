//! Reads `config.ini` and resolves its profiles.
//!
//! Files become one document of sections ([`ini`], `files.rs`), sections become drafts of profiles with understood values (`sections.rs`), drafts
//! inherit (`inherit.rs`) and become [`Profile`]s, which say how restic is run ([`command`]). What is wrong on the way
//! is collected, and told all at once. Only [`load`] touches files, and nothing here changes one.

pub mod ini;
pub mod interpolate;
pub mod words;

mod files;
mod join;
pub mod watch_list;

pub mod keys;
pub mod value;

pub mod changes;
mod checks;
mod file_checks;
mod groups;
mod inherit;
mod problems;
mod sections;
mod task_checks;
mod task_links;
mod web_section;

pub mod command;
pub mod notifications;
pub mod profile;
pub mod redact;
pub mod repository_access;
pub mod repository_identity;
pub mod scheduling;
pub mod snapshot_index;
mod ssh;

pub mod permissions;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

pub use command::{Arguments, CommandError, PASSWORD_VARIABLE, ResticCommand};
use files::Files;
use inherit::DEFAULT_PROFILE;
use ini::{Document, Fault, FaultKind, Place};
pub use keys::options_table;
use prestic_proto::profile::ConfigReport;
use problems::{Problem, Problems};
pub use profile::Profile;
use repository_identity::RealPaths;
pub use watch_list::WatchList;

use crate::{keyring, web::WebSettings};

/// The daemon's own settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How many runs there may be at a time.
    pub max_parallel: usize,
    /// How long restic may take to stop before it is killed.
    pub stop_grace: Duration,
    /// How long what was missed waits after the start of the machine or of the daemon.
    pub startup_delay: Duration,
    /// How long the keyring may take to give a password.
    pub keyring_timeout: Duration,
    /// Where the web interface is, and for whom.
    pub web: WebSettings,
    /// How many runs that have ended are kept in the history.
    pub history_runs: u64,
    /// Whether the desktop hears nothing at all.
    pub is_silent: bool,
}

/// After an interrupt restic finishes the packs that it is uploading, and may take a minute to remove its lock.
const STOP_GRACE: Duration = Duration::from_secs(75);

/// A machine that has just started has enough to do, and its disks and networks may be still on their way.
const STARTUP_DELAY: Duration = Duration::from_secs(60);

/// Those of ten tasks every half an hour for a year and more. They take less than 250 MB.
const HISTORY_RUNS: u64 = 250_000;

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_parallel: 4,
            stop_grace: STOP_GRACE,
            startup_delay: STARTUP_DELAY,
            keyring_timeout: keyring::DEFAULT_LIMIT,
            web: WebSettings::default(),
            history_runs: HISTORY_RUNS,
            is_silent: false,
        }
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
    /// Shared with the profiles.
    real_paths: Arc<RealPaths>,
}

/// What a file holds, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The profiles without errors; none if the file cannot be read.
    pub config: Config,
    /// All errors and warnings.
    pub report: ConfigReport,
    /// What to watch for changes.
    pub watch: WatchList,
    /// Changes with every change of what was read.
    pub fingerprint: u64,
}

/// What came of reading a file again.
#[derive(Debug)]
pub enum Reading {
    /// It is what it was.
    Same(WatchList),
    /// It is another.
    New(Box<Loaded>),
}

/// Reads a file with all that it includes, and looks whether the other files that it names are as they should be.
pub fn load(path: &Path) -> Loaded {
    let mut problems = Problems::new(path.to_owned());
    let read = files::read(path, &mut problems);
    load_from(read, problems)
}

/// Reads a file unless all of it has this fingerprint.
pub fn load_if_changed(path: &Path, known: Option<u64>) -> Reading {
    let mut problems = Problems::new(path.to_owned());
    let read = files::read(path, &mut problems);
    if known == Some(read.fingerprint) { Reading::Same(read.watch) } else { Reading::New(Box::new(load_from(read, problems))) }
}

fn load_from(read: Files, mut problems: Problems) -> Loaded {
    let config = match &read.document {
        Some(document) => {
            let config = resolve(document, &mut problems);
            config.real_paths.look(&config);
            file_checks::of_config(&config, &mut problems);
            if !problems.has_errors() {
                task_checks::no_task(&config, &mut problems);
            }
            config
        }
        None => Config::default(),
    };
    Loaded { watch: read.watch, fingerprint: read.fingerprint, ..finish(config, problems) }
}

/// Reads a file for a restic that somebody waits for and watches: looks only at what it includes.
pub fn load_for_one_run(path: &Path) -> Loaded {
    let mut problems = Problems::new(path.to_owned());
    let read = files::read(path, &mut problems);
    let config = read.document.map(|document| resolve(&document, &mut problems)).unwrap_or_default();
    finish(config, problems)
}

/// Reads a text as if it stood in a file. Looks at no file.
pub fn read(text: &str, path: &Path) -> Loaded {
    let mut problems = Problems::new(path.to_owned());
    let config = resolve(&ini::parse(text, 0), &mut problems);
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

    /// Returns the tasks of a group in order; none if there is no such group.
    pub fn group(&self, name: &str) -> Option<Vec<&str>> {
        let members = self.profile(name)?.members();
        (!members.is_empty()).then(|| members.iter().map(String::as_str).collect())
    }

    /// Returns the tasks that a name stands for: itself, or those of the group; none if nothing that runs is called so.
    pub fn tasks_called(&self, name: &str) -> Vec<&str> {
        let own = self.profile(name).filter(|profile| profile.is_task()).map(|profile| vec![profile.name()]);
        own.or_else(|| self.group(name)).unwrap_or_default()
    }

    /// Returns the tasks that must have succeeded since a task's last run, groups replaced by their tasks.
    pub fn needs_of(&self, task: &Profile) -> Vec<&str> {
        let mut needed: Vec<&str> = Vec::new();
        for name in task.needs().iter().flat_map(|name| self.tasks_called(name)) {
            if !needed.contains(&name) {
                needed.push(name);
            }
        }
        needed
    }

    /// Takes profiles out that cannot be used after all, groups with their tasks.
    fn remove(&mut self, names: &BTreeSet<String>) {
        let is_left =
            |profile: &Profile| !names.contains(profile.name()) && !profile.group().is_some_and(|group| names.contains(group));
        self.profiles.retain(|profile| is_left(profile));
        self.by_name.retain(|_, profile| is_left(profile));
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

fn resolve(document: &Document, problems: &mut Problems) -> Config {
    let files = problems.files().to_owned();
    for fault in &document.faults {
        problems.error(describe_fault(fault, &files));
    }
    let (settings, drafts) = sections::read(document, &files, problems);
    checks::plain_passwords(&drafts, problems);
    let sections: HashSet<String> = drafts.iter().map(|draft| draft.name.clone()).collect();
    let has_default = drafts.iter().any(|draft| draft.name == DEFAULT_PROFILE);
    let real_paths = Arc::<RealPaths>::default();
    let profiles = inherit::resolve(drafts, &real_paths, problems).into_iter().flatten().collect();
    let profiles = groups::expand(profiles, &sections, problems);
    let mut by_name: HashMap<_, _> = profiles.iter().map(|profile| (profile.name().to_owned(), Arc::clone(profile))).collect();
    if !has_default {
        let default = Profile::new(DEFAULT_PROFILE.to_owned(), Vec::new(), Vec::new(), Arc::clone(&real_paths));
        by_name.insert(DEFAULT_PROFILE.to_owned(), Arc::new(default));
    }
    let mut config = Config { settings, profiles, by_name, real_paths };
    let invalid = task_links::check(&config, &sections, problems);
    config.remove(&invalid);
    checks::twins(config.tasks(), problems);
    task_checks::of_config(&config, problems);
    config
}

fn finish(config: Config, problems: Problems) -> Loaded {
    let (errors, warnings) = problems.into_lists();
    let report = ConfigReport { errors, warnings, profiles: config.profiles.len(), tasks: config.tasks().count() };
    Loaded { config, report, ..Loaded::default() }
}

/// Says what is wrong with a line, and how to put it right. `files` are those that were read, by their numbers.
pub fn describe_fault<'text>(fault: &'text Fault, files: &'text [PathBuf]) -> Problem<'text> {
    let other = |place: &Place| match files.get(place.file) {
        Some(file) if place.file != fault.place.file => format!("{}:{}", file.display(), place.line),
        _ => format!("line {}", place.line),
    };
    let (key, message, hint) = match &fault.kind {
        FaultKind::NoSection => {
            (None, "a value stands before the first section".to_owned(), "begin with a line such as [my-backup]".to_owned())
        }
        FaultKind::DuplicateSection(first) => {
            let hint = format!("join it with the one at {}, or rename it", other(first));
            (None, "this section was there before".to_owned(), hint)
        }
        FaultKind::DuplicateKey(key, first) => {
            (Some(key.as_str()), format!("`{key}` is set twice"), format!("remove this line or {}", other(first)))
        }
        FaultKind::NoSeparator => {
            let hint = "write `key = value`, or indent the line if it belongs to the value above";
            (None, "the line has no `=`".to_owned(), hint.to_owned())
        }
        FaultKind::NoKey => (None, "a value has no key".to_owned(), "write `key = value`".to_owned()),
        FaultKind::UnclosedHeader => (None, "the name of a section is not closed".to_owned(), "add a `]`".to_owned()),
    };
    Problem {
        file: files.get(fault.place.file).map(PathBuf::as_path),
        line: Some(fault.place.line),
        section: fault.section.as_deref(),
        key,
        message,
        hint: Some(hint),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
