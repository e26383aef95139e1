//! Looks at the files that a configuration names: are they there, and does nobody else read the secret ones?
//!
//! What it finds are warnings only: a disk that is away now may be back when the backup is due.

use std::{
    collections::HashSet,
    env,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{
    Config,
    keys::Key,
    permissions,
    problems::{Problem, Problems},
    profile::Setting,
    task_checks::backup_sources,
};

/// How long all looks together may take. A folder of a server that is away may not answer for minutes.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(2);
/// How many files are looked at. Nobody reads more warnings.
const MAX_FILES: usize = 1000;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Role {
    Configuration,
    Password,
    Program,
    Source,
}

/// A file to look at, and the line that names it.
struct Named<'config> {
    role: Role,
    path: PathBuf,
    setting: Option<&'config Setting>,
}

/// What a look showed.
#[derive(Debug, Clone, Copy)]
struct Seen {
    is_missing: bool,
    is_readable_by_others: bool,
}

/// Warns of files that are missing, and of secret ones that others can read: of each file once.
pub(super) fn of_config(config: &Config, problems: &mut Problems) {
    let files = problems.files().to_owned();
    let named = named_files(&files, config);
    let seen = look_at(named.iter().map(|named| named.path.clone()).collect(), TIME_LIMIT, look);
    for (named, seen) in named.iter().zip(&seen) {
        named.report(*seen, problems);
    }
    if let Some(slow) = named.get(seen.len()) {
        let message = format!("it takes too long to look at `{}`: its disk or its server may be away", slow.path.display());
        slow.warn(message, "the files that are named after it were not looked at".to_owned(), problems);
    }
}

fn named_files<'config>(files: &[PathBuf], config: &'config Config) -> Vec<Named<'config>> {
    let own = |file: &PathBuf| Named { role: Role::Configuration, path: file.clone(), setting: None };
    let mut named: Vec<_> = files.iter().map(own).collect();
    let mut told = HashSet::new();
    let mut add = |role: Role, text: &str, setting: Option<&'config Setting>| {
        // A relative path would be looked up in the folder of whoever starts restic.
        let path = PathBuf::from(text);
        let can_be_found = path.is_absolute() || (role == Role::Program && path.components().count() == 1);
        if can_be_found && named.len() < MAX_FILES && told.insert((role, path.clone())) {
            named.push(Named { role, path, setting });
        }
    };
    for setting in config.profiles().filter_map(|profile| profile.find(Key::PasswordFile)) {
        add(Role::Password, &setting.value.plain_text(), Some(setting));
    }
    for task in config.tasks() {
        let program = task.words(Key::Executable).and_then(|words| words.first());
        add(Role::Program, program.map_or("restic", String::as_str), task.find(Key::Executable).filter(|_| program.is_some()));
        for source in backup_sources(task).into_iter().flat_map(|sources| sources.paths) {
            add(Role::Source, source, task.find(Key::Args).or_else(|| task.find(Key::Command)));
        }
    }
    named
}

/// Looks at files one after the other until the time is over; returns what was seen by then.
pub(super) fn look_at<Found: Send + 'static>(
    paths: Vec<PathBuf>,
    limit: Duration,
    look: impl Fn(&Path) -> Found + Send + 'static,
) -> Vec<Found> {
    let end = Instant::now() + limit;
    let (sender, receiver) = mpsc::sync_channel(paths.len());
    // If a look never comes back, its thread is left behind: there is no way to call it off.
    thread::spawn(move || paths.iter().map(|path| look(path)).try_for_each(|found| sender.send(found)));
    let next = || receiver.recv_timeout(end.saturating_duration_since(Instant::now())).ok();
    std::iter::from_fn(next).collect()
}

fn look(path: &Path) -> Seen {
    let is_missing = |path: &Path| matches!(path.try_exists(), Ok(false));
    if path.is_absolute() {
        return Seen { is_missing: is_missing(path), is_readable_by_others: permissions::is_readable_by_others(path) };
    }
    let file_name = if path.extension().is_some() { path.to_owned() } else { path.with_extension(env::consts::EXE_EXTENSION) };
    let is_there = env::split_paths(&env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(&file_name).is_file());
    Seen { is_missing: !is_there, is_readable_by_others: false }
}

impl Named<'_> {
    fn report(&self, seen: Seen, problems: &mut Problems) {
        let path = self.path.display();
        let close = || permissions::closing_command(&self.path);
        match self.role {
            Role::Configuration if seen.is_readable_by_others => {
                self.warn("other users can read the configuration".to_owned(), close(), problems);
            }
            Role::Password if seen.is_readable_by_others => {
                self.warn("other users can read the file with the password".to_owned(), close(), problems);
            }
            Role::Configuration => {}
            _ if !seen.is_missing => {}
            Role::Password => {
                let hint = "create it, or correct the path".to_owned();
                self.warn(format!("the file with the password does not exist: `{path}`"), hint, problems);
            }
            Role::Program => {
                let place = if self.path.is_absolute() { "does not exist" } else { "is not on PATH" };
                let hint = "install restic, or set `executable` to the whole path of its program".to_owned();
                self.warn(format!("the program `{path}` {place}"), hint, problems);
            }
            Role::Source => {
                let hint = "correct the path; if it is on a disk that is not mounted now, mount that before the backup runs";
                self.warn(format!("`{path}` is to be backed up, but does not exist"), hint.to_owned(), problems);
            }
        }
    }

    fn warn(&self, message: String, hint: String, problems: &mut Problems) {
        problems.warn(match self.setting {
            Some(setting) => Problem::at(&setting.origin, &setting.key, message, hint),
            None => Problem { file: Some(&self.path), message, hint: Some(hint), ..Problem::default() },
        });
    }
}

#[cfg(test)]
#[path = "file_checks_tests.rs"]
mod tests;
