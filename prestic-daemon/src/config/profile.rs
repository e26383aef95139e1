//! A profile with all that it inherits, and what it says about itself.
//!
//! Owns the meaning of options as other modules ask for it. Building restic's command line is `command.rs`.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use prestic_proto::profile::{OptionValue, Origin, ProfileDetails, ProfileSummary};

use super::{
    command::Arguments,
    ini::Place,
    keys::{self, DEFAULT_BACKUP_LOG_FILTER, Key, NO_DESCRIPTION, Slot},
    redact,
    repository_identity::{Location, RealPaths},
    value::Value,
    words,
};
use crate::{restic::access::Access, schedule::Schedule};

/// One value that a line of the configuration sets.
#[derive(Clone)]
pub struct Setting {
    /// What it sets.
    pub slot: Slot,
    /// The slot's number among all slots of the configuration.
    pub(super) slot_number: usize,
    /// The key as it was written, its case folded.
    pub key: String,
    /// To what.
    pub value: Value,
    /// Where.
    pub origin: Origin,
    /// The same, for comparing.
    pub(super) place: Place,
}

/// A section of the configuration, resolved.
#[derive(Debug)]
pub struct Profile {
    name: String,
    parents: Vec<String>,
    /// Own values first, then what is inherited; no slot comes twice.
    settings: Vec<Arc<Setting>>,
    real_paths: Arc<RealPaths>,
    /// See [`Profile::own_locations`].
    locations: OnceLock<Vec<(Location, Option<Access>)>>,
    /// The group that it is a task of.
    group: Option<String>,
    /// The tasks that it is the group of.
    members: Vec<String>,
}

impl Profile {
    /// Makes a profile. No two of the settings may have the same slot.
    pub(super) fn new(name: String, parents: Vec<String>, settings: Vec<Arc<Setting>>, real_paths: Arc<RealPaths>) -> Self {
        Self { name, parents, settings, real_paths, locations: OnceLock::new(), group: None, members: Vec::new() }
    }

    /// Makes it a task of a group.
    pub(super) fn in_group(self, group: String) -> Self {
        Self { group: Some(group), ..self }
    }

    /// Makes it the group of these tasks.
    pub(super) fn with_members(self, members: Vec<String>) -> Self {
        Self { members, ..self }
    }

    /// Returns its section's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the group that it is a task of.
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// Returns the tasks that it is the group of, in order.
    pub fn members(&self) -> &[String] {
        &self.members
    }

    /// Returns the names of the profiles that it builds on directly.
    pub(super) fn parents(&self) -> impl Iterator<Item = &str> {
        self.parents.iter().map(String::as_str)
    }

    /// Returns what the user says it is for.
    pub fn description(&self) -> &str {
        self.text(Key::Description).unwrap_or(NO_DESCRIPTION)
    }

    /// Tells whether it can be run: it has a command and a repository.
    pub fn is_task(&self) -> bool {
        self.missing_for_task().is_none()
    }

    /// Returns the first option that it lacks for being a task.
    pub fn missing_for_task(&self) -> Option<&'static str> {
        if self.command().is_empty() {
            Some(Key::Command.name())
        } else if self.repository().is_none() {
            Some(Key::Repository.name())
        } else {
            None
        }
    }

    /// Returns its schedule as written; an empty one is none, so that an alias can take back an inherited one.
    pub fn schedule(&self) -> Option<&str> {
        self.text(Key::Schedule)
    }

    /// Returns where the schedule was written.
    pub fn schedule_origin(&self) -> Option<&Origin> {
        self.find(Key::Schedule).filter(|setting| !setting.value.is_empty()).map(|setting| &setting.origin)
    }

    /// Returns the repository, credentials included: not for showing.
    pub fn repository(&self) -> Option<&str> {
        self.text(Key::Repository)
    }

    /// Returns the repository as it may be seen.
    pub fn shown_repository(&self) -> Option<String> {
        self.repository().map(redact::url)
    }

    /// Returns the words of its command, without `args`.
    pub fn command(&self) -> &[String] {
        self.words(Key::Command).unwrap_or_default()
    }

    /// Returns how many days its logs are kept; none is for ever.
    pub fn prune_logs_after(&self) -> Option<u32> {
        if let Some(Value::Int(days)) = self.value(Key::PruneLogsAfter) { u32::try_from(*days).ok() } else { None }
    }

    /// Returns the regular expression of the lines that its logs do without.
    pub fn log_filter(&self) -> Option<&str> {
        if self.find(Key::LogFilter).is_some() {
            self.text(Key::LogFilter)
        } else {
            self.command().first().filter(|command| *command == "backup").map(|_| DEFAULT_BACKUP_LOG_FILTER)
        }
    }

    /// Returns how long it waits for a lock; none is not at all.
    pub fn wait_for_lock(&self) -> Option<Duration> {
        self.duration(Key::WaitForLock)
    }

    /// Returns what the list of profiles tells.
    pub fn summary(&self) -> ProfileSummary {
        ProfileSummary {
            name: self.name.clone(),
            description: self.description().to_owned(),
            repository: self.shown_repository(),
            command: Some(self.command()).filter(|command| !command.is_empty()).map(words::join),
            is_task: self.is_task(),
            inherits: self.parents.clone(),
        }
    }

    /// Returns every option with its origin, secrets hidden.
    pub fn details(&self) -> ProfileDetails {
        let command = self.command_to_show();
        ProfileDetails {
            summary: self.summary(),
            options: self.shown_options(),
            command_line: command.shown(),
            variables: command.env.iter().map(|(name, _)| name.clone()).collect(),
            schedule_words: self.schedule().and_then(|text| Some(Schedule::parse(text).ok()?.words())),
            members: self.members.clone(),
        }
    }

    fn shown_options(&self) -> Vec<OptionValue> {
        let mut settings: Vec<_> = self.settings.iter().collect();
        settings.sort_by(|one, other| order(&one.slot).cmp(&order(&other.slot)));
        let mut shown: Vec<_> = settings.iter().map(|setting| (order(&setting.slot).0, setting.shown())).collect();
        for (position, row) in keys::options_table().enumerate().filter(|(_, row)| row.scope == keys::Scope::Profile) {
            let default = if row.name == Key::LogFilter.name() { self.log_filter() } else { row.default };
            let is_set =
                self.settings.iter().any(|setting| matches!(&setting.slot, Slot::Known(key) if key.name() == row.name));
            if let Some(value) = default.filter(|_| !is_set) {
                shown.push((position, OptionValue { key: row.name.to_owned(), value: value.to_owned(), origin: None }));
            }
        }
        shown.sort_by_key(|(position, _)| *position);
        shown.into_iter().map(|(_, option)| option).collect()
    }

    /// Returns where local repositories really are.
    pub(super) fn real_paths(&self) -> &Arc<RealPaths> {
        &self.real_paths
    }

    /// Returns the repositories of its own command, worked out once.
    pub(super) fn own_locations(&self) -> &[(Location, Option<Access>)] {
        self.locations.get_or_init(|| self.locations(Arguments::Own))
    }

    /// Returns all that is set, own values first.
    pub(super) fn settings(&self) -> &[Arc<Setting>] {
        &self.settings
    }

    /// Returns where an option was set.
    pub(super) fn find(&self, key: Key) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.slot == Slot::Known(key)).map(AsRef::as_ref)
    }

    /// Returns an option's value.
    pub(super) fn value(&self, key: Key) -> Option<&Value> {
        self.find(key).map(|setting| &setting.value)
    }

    /// Returns the text of an option, if it is not empty.
    pub(super) fn text(&self, key: Key) -> Option<&str> {
        match self.value(key) {
            Some(Value::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// Returns the duration of an option, if it is not zero.
    pub(super) fn duration(&self, key: Key) -> Option<Duration> {
        if let Some(Value::Duration(length)) = self.value(key) { length.filter(|length| !length.is_zero()) } else { None }
    }

    /// Returns the words of an option, if it is set.
    pub(super) fn words(&self, key: Key) -> Option<&[String]> {
        if let Some(Value::Words(list)) = self.value(key) { Some(list) } else { None }
    }
}

impl Setting {
    /// Returns the setting with its secrets hidden.
    pub(super) fn shown(&self) -> OptionValue {
        OptionValue { key: self.key.clone(), value: self.shown_value(), origin: Some(self.origin.clone()) }
    }

    fn shown_value(&self) -> String {
        match (&self.slot, &self.value) {
            (_, Value::Secret(secret)) => redact::variable("PASSWORD", secret.reveal()),
            (Slot::Known(Key::Option), value) => {
                let shown: Vec<_> = value.flag_texts().iter().map(|text| redact::flag("option", text)).collect();
                if let Value::Words(_) = value { words::join(&shown) } else { shown.concat() }
            }
            (Slot::Known(Key::PasswordCommand), value) => redact::program_of(&value.plain_text()),
            (_, Value::Words(list)) => words::join(&redact::command_line(list)),
            (Slot::Variable(name), value) => redact::variable(name, &value.plain_text()),
            (Slot::Flag(name), value) => redact::flag(name, &value.plain_text()),
            (Slot::Known(_), value) => redact::url(&value.plain_text()),
        }
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} {}", self.key, self.shown_value(), self.origin)
    }
}

/// Options in the table's order, then variables, then flags.
fn order(slot: &Slot) -> (usize, &str) {
    // Daemon settings stand last in the table, and no profile has one.
    const VARIABLES: usize = Key::MaxParallel as usize;
    match slot {
        Slot::Known(key) => (*key as usize, ""),
        Slot::Variable(name) => (VARIABLES, name),
        Slot::Flag(name) => (VARIABLES + 1, name),
    }
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
