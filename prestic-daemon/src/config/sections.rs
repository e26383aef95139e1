//! Turns the sections of a file into drafts of profiles: `%` replaced, values understood, keys known.
//!
//! A child's own values include those of `[DEFAULT]`, as in Python; inheritance comes later, in `inherit.rs`.

use std::{
    borrow::Cow,
    cell::OnceCell,
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
};

use prestic_proto::profile::Origin;

use super::{
    Settings, checks,
    inherit::{Draft, SlotNumbers},
    ini::{DEFAULT_SECTION, Document, Entry, Place, Section},
    interpolate,
    keys::{self, Key, Scope, Slot},
    notifications::Notifications,
    problems::{Problem, Problems, similar},
    profile::Setting,
    value::{self, Kind, Value},
    web_section::WebSection,
};

/// The section with the daemon's own settings.
pub const SETTINGS_SECTION: &str = "prestic";
/// The key in it that names more files, and that each of them may have.
pub const INCLUDE: &str = "include";

/// Reads all sections. `files` are the document's, by their numbers.
pub fn read(document: &Document, files: &[PathBuf], problems: &mut Problems) -> (Settings, Vec<Draft>) {
    let mut reader = Reader {
        files,
        problems,
        defaults: &document.defaults,
        default_settings: HashMap::new(),
        referenced: HashSet::new(),
        slot_numbers: SlotNumbers::default(),
    };
    let mut settings = Settings::default();
    let mut drafts = Vec::with_capacity(document.sections.len());
    for section in &document.sections {
        if section.name == SETTINGS_SECTION {
            reader.read_settings(section, &mut settings);
            if !is_profile(section) {
                continue;
            }
        }
        let mut draft = reader.read_section(section);
        draft.is_valid &= !document.defaults.is_broken;
        drafts.push(draft);
    }
    reader.report_unknown_defaults();
    (settings, drafts)
}

/// Whether the section of the settings is a profile, too. `notifications` alone does not make it one.
fn is_profile(section: &Section) -> bool {
    let is_profile_key = |key: &str| keys::slot(key).is_some_and(|(slot, _)| !is_daemon_slot(&slot));
    section.entries.iter().any(|entry| is_profile_key(&entry.key) && entry.key != Key::Notifications.name())
}

fn is_daemon_slot(slot: &Slot) -> bool {
    matches!(slot, Slot::Known(key) if key.row().scope == Scope::Daemon)
}

struct Reader<'document, 'problems> {
    files: &'document [PathBuf],
    problems: &'problems mut Problems,
    defaults: &'document Section,
    /// Values of `[DEFAULT]` that are the same for all sections, by their place; none where they are wrong.
    default_settings: HashMap<Place, Option<Arc<Setting>>>,
    /// The keys of `[DEFAULT]` that some `%(name)s` names: those need not be options.
    referenced: HashSet<String>,
    slot_numbers: SlotNumbers,
}

impl<'document> Reader<'document, '_> {
    fn read_section(&mut self, section: &'document Section) -> Draft {
        let mut draft = Draft {
            name: section.name.clone(),
            own: Vec::with_capacity(section.entries.len()),
            parents: Vec::new(),
            is_valid: !section.is_broken,
        };
        let mut names = Names::new(section, self.defaults);
        for entry in &section.entries {
            match self.read_entry(entry, &section.name, &mut names) {
                Ok(Some(setting)) => self.add_own(&mut draft, setting),
                Ok(None) => {}
                Err(Refused) => draft.is_valid = false,
            }
        }
        for entry in &self.defaults.entries {
            if names.of_section(&entry.key).is_none() {
                self.add_default(&mut draft, entry, &mut names);
            }
        }
        self.report_unknown_keys(section, &names.referenced);
        self.referenced.extend(names.referenced);
        checks::password_sources(&draft, self.problems);
        let parents = draft.own.iter().find(|setting| setting.slot == Slot::Known(Key::Inherit));
        if let Some(Value::Words(parents)) = parents.map(|setting| &setting.value) {
            draft.parents = parents.clone();
        }
        draft
    }

    /// Returns no setting for a key that is no option, and an error where one has been told of.
    fn read_entry(&mut self, entry: &Entry, section: &str, names: &mut Names<'_>) -> Result<Option<Setting>, Refused> {
        let origin = self.origin(entry, section);
        let text = self.expand(entry, &origin, names)?;
        let Some((slot, kind)) = keys::slot(&entry.key).filter(|(slot, _)| !is_daemon_slot(slot)) else { return Ok(None) };
        checks::comment_in_value(&entry.value, &origin, &entry.key, self.problems);
        let value = self.parse(kind, &text, &origin, &entry.key)?;
        let slot_number = self.slot_numbers.of(&slot);
        let setting = Setting { slot, slot_number, key: entry.key.clone(), value, origin, place: entry.place };
        checks::setting(&setting, self.problems);
        Ok(Some(setting))
    }

    fn expand<'entry>(
        &mut self,
        entry: &'entry Entry,
        origin: &Origin,
        names: &mut Names<'_>,
    ) -> Result<Cow<'entry, str>, Refused> {
        names.expand(&entry.value).map_err(|error| {
            let hint = "write `%%` for a percent sign that stands for itself";
            self.problems.error(Problem::at(origin, &entry.key, error.to_string(), hint));
            Refused
        })
    }

    fn parse(&mut self, kind: Kind, text: &str, origin: &Origin, key: &str) -> Result<Value, Refused> {
        if text.contains('\0') {
            let hint = "no program can be given a value with one: remove it";
            self.problems.error(Problem::at(origin, key, "the value holds a NUL character", hint));
            return Err(Refused);
        }
        value::parse(kind, text).map_err(|bad| {
            self.problems.error(Problem::at(origin, key, format!("`{key}`: {}", bad.message), bad.hint));
            Refused
        })
    }

    fn add_own(&mut self, draft: &mut Draft, setting: Setting) {
        if let Some(before) = draft.own.iter_mut().find(|before| before.slot == setting.slot) {
            let message = format!("`{}` and `{}` are the same option, and this later line counts", before.key, setting.key);
            self.problems.warn(Problem::at(
                &setting.origin,
                &setting.key,
                message,
                format!("remove line {}", before.origin.line),
            ));
            *before = Arc::new(setting);
        } else {
            draft.own.push(Arc::new(setting));
        }
    }

    fn add_default(&mut self, draft: &mut Draft, entry: &'document Entry, names: &mut Names<'_>) {
        let shared = self.default_settings.get(&entry.place).cloned();
        let setting = match shared {
            Some(setting) => setting,
            None => match self.read_entry(entry, DEFAULT_SECTION, names) {
                Ok(None) => return,
                Ok(Some(setting)) => Some(Arc::new(setting)),
                Err(Refused) => None,
            },
        };
        if !entry.value.contains('%') {
            self.default_settings.entry(entry.place).or_insert_with(|| setting.clone());
        }
        match setting {
            // The section may have the same option under its other name.
            Some(setting) if draft.own.iter().any(|own| own.slot == setting.slot) => {}
            Some(setting) => draft.own.push(setting),
            None => draft.is_valid = false,
        }
    }

    fn read_settings(&mut self, section: &'document Section, settings: &mut Settings) {
        let mut names = Names::new(section, self.defaults);
        let mut web = WebSection::default();
        let is_profile = is_profile(section);
        for entry in &section.entries {
            let origin = self.origin(entry, &section.name);
            let Ok(text) = self.expand(entry, &origin, &mut names) else { continue };
            let is_setting = |slot: &Slot| is_daemon_slot(slot) || (!is_profile && *slot == Slot::Known(Key::Notifications));
            let Some((slot, kind)) = keys::slot(&entry.key).filter(|(slot, _)| is_setting(slot)) else { continue };
            let value = self.parse(kind, &text, &origin, &entry.key);
            if let Slot::Known(key) = slot
                && WebSection::has(key)
            {
                web.take(key, value.ok(), origin);
                continue;
            }
            match (slot, value) {
                (Slot::Known(Key::MaxParallel), Ok(Value::Int(number))) => {
                    settings.max_parallel = usize::try_from(number).unwrap_or(usize::MAX);
                }
                (Slot::Known(Key::StopGrace), Ok(Value::Duration(Some(grace)))) => settings.stop_grace = grace,
                (Slot::Known(Key::StartupDelay), Ok(Value::Duration(Some(delay)))) => settings.startup_delay = delay,
                (Slot::Known(Key::KeyringTimeout), Ok(Value::Duration(Some(limit)))) if limit.is_zero() => {
                    let seconds = settings.keyring_timeout.as_secs();
                    let message = format!("no keyring answers within 0 s, so it has {seconds} s as if nothing were set");
                    self.problems.warn(Problem::at(&origin, &entry.key, message, "write how long it may take, as `2m`"));
                }
                (Slot::Known(Key::KeyringTimeout), Ok(Value::Duration(Some(limit)))) => settings.keyring_timeout = limit,
                (Slot::Known(Key::HistoryRuns), Ok(Value::Int(number))) => {
                    settings.history_runs = u64::try_from(number).unwrap_or(u64::MAX);
                }
                (Slot::Known(Key::Notifications), Ok(Value::Notifications(Notifications::Off))) => settings.is_silent = true,
                (Slot::Known(Key::Notifications), Ok(_)) => {
                    let message = format!("`{}` can only be off here", entry.key);
                    let hint = "write it in [DEFAULT] to set it for every profile";
                    self.problems.warn(Problem::at(&origin, &entry.key, message, hint));
                }
                _ => {}
            }
        }
        settings.web = web.finish(self.problems);
        if !is_profile {
            self.report_unknown_keys(section, &names.referenced);
        }
    }

    fn report_unknown_keys(&mut self, section: &Section, referenced: &HashSet<String>) {
        let is_settings = section.name == SETTINGS_SECTION;
        for entry in section.entries.iter().filter(|entry| !referenced.contains(&entry.key)) {
            match keys::slot(&entry.key) {
                None => self.report_unknown_key(entry, &section.name),
                Some((slot, _)) if is_daemon_slot(&slot) && !is_settings => {
                    let origin = self.origin(entry, &section.name);
                    let message = format!("`{}` is a setting of the daemon, not of a profile", entry.key);
                    self.problems.warn(Problem::at(&origin, &entry.key, message, format!("move it to [{SETTINGS_SECTION}]")));
                }
                Some(_) => {}
            }
        }
    }

    fn report_unknown_defaults(&mut self) {
        let referenced = std::mem::take(&mut self.referenced);
        self.report_unknown_keys(self.defaults, &referenced);
    }

    fn report_unknown_key(&mut self, entry: &Entry, section: &str) {
        let known = keys::options_table().map(|row| row.name);
        let hint = match similar(&entry.key, known) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("for a flag of restic write `flag.{0}`, for a variable `env.{0}`", entry.key),
        };
        let origin = self.origin(entry, section);
        self.problems.warn(Problem::at(&origin, &entry.key, format!("unknown key `{}`", entry.key), hint));
    }

    fn origin(&self, entry: &Entry, section: &str) -> Origin {
        Origin { file: self.files[entry.place.file].clone(), line: entry.place.line, section: section.to_owned() }
    }
}

/// An error has been told of.
struct Refused;

/// What `%(name)s` can name in a section.
struct Names<'document> {
    section: &'document Section,
    /// The section's values by their keys; made when the first one is asked for, which is rare.
    own: OnceCell<HashMap<&'document str, &'document str>>,
    defaults: &'document Section,
    referenced: HashSet<String>,
}

impl<'document> Names<'document> {
    fn new(section: &'document Section, defaults: &'document Section) -> Self {
        Self { section, own: OnceCell::new(), defaults, referenced: HashSet::new() }
    }

    fn of_section(&self, key: &str) -> Option<&'document str> {
        let by_key = || self.section.entries.iter().map(|entry| (entry.key.as_str(), entry.value.as_str())).collect();
        self.own.get_or_init(by_key).get(key).copied()
    }

    fn expand<'value>(&mut self, raw: &'value str) -> Result<Cow<'value, str>, interpolate::InterpolationError> {
        let mut referenced = std::mem::take(&mut self.referenced);
        let expanded = interpolate::expand(raw, &mut |name| {
            let default = || self.defaults.entries.iter().find(|entry| entry.key == name).map(|entry| entry.value.as_str());
            let value = self.of_section(name).or_else(default)?;
            referenced.insert(name.to_owned());
            Some(value)
        });
        self.referenced = referenced;
        expanded
    }
}
