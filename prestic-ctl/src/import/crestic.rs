//! crestic's INI: presets become profiles, and each of their commands a task. Pure.

use std::path::PathBuf;

use configparser::ini::Ini;

use super::{
    ConvertError, Origin,
    draft::{Draft, Section},
    flags,
    node::Node,
    paths::Places,
};

/// What every preset has.
const GLOBAL: &str = "global";

/// Flags to which an empty value means something.
const TAKES_NOTHING: [&str; 3] = ["group-by", "host", "tag"];

/// One section: the options in order. One without a value is a switch.
type Options = Vec<(String, Option<String>)>;

struct Config {
    sections: Vec<(String, Options)>,
}

/// Makes an INI of a configuration.
pub fn convert(text: &str, places: &Places<'_>) -> Result<Draft, ConvertError> {
    let config = Config::read(text)?;
    let presets = config.presets();
    if presets.is_empty() {
        return Err(Origin::Crestic.refuses("it has no section of a preset, as [home] or [home.backup]"));
    }
    let mut draft = Draft::default();
    draft.note("schedules", "crestic has none: write one into each task, as `schedule = daily at 12:30`");
    for preset in presets {
        add_preset(&mut draft, &config, &preset, places);
    }
    Ok(draft)
}

impl Config {
    fn read(text: &str) -> Result<Self, ConvertError> {
        let mut ini = Ini::new_cs();
        ini.set_multiline(true);
        ini.set_inline_comment_symbols(Some(&[]));
        ini.set_default_section("DEFAULT");
        let map = ini.read(text.to_owned()).map_err(ConvertError::Ini)?;
        Ok(Self { sections: map.into_iter().map(|(name, options)| (name, options.into_iter().collect())).collect() })
    }

    fn options(&self, name: &str) -> &[(String, Option<String>)] {
        self.sections.iter().find(|(known, _)| known == name).map_or(&[], |(_, options)| options)
    }

    /// Returns the presets that can be run: those with a name of their own, and each prefix with each suffix.
    fn presets(&self) -> Vec<String> {
        let mut parts: Vec<&str> = Vec::new();
        for (name, _) in &self.sections {
            let (preset, _) = parted(name);
            if preset != GLOBAL && preset != "DEFAULT" && !parts.contains(&preset) {
                parts.push(preset);
            }
        }
        let prefixes = parts.iter().filter(|part| part.ends_with('@'));
        let suffixes: Vec<_> = parts.iter().filter(|part| part.starts_with('@')).collect();
        let combined = prefixes.flat_map(|prefix| suffixes.iter().map(move |suffix| format!("{prefix}{}", &suffix[1..])));
        let mut presets: Vec<String> =
            parts.iter().filter(|part| !part.starts_with('@') && !part.ends_with('@')).map(|part| (*part).to_owned()).collect();
        for preset in combined {
            if !presets.contains(&preset) {
                presets.push(preset);
            }
        }
        presets
    }

    /// Returns the commands of a preset. Of what all presets have, a backup needs something to back up.
    fn commands(&self, preset: &str) -> Vec<String> {
        let parts = parts_of(preset);
        let mut commands: Vec<String> = Vec::new();
        for (name, options) in &self.sections {
            let (section, command) = parted(name);
            let Some(command) = command.filter(|_| !name.ends_with(".environ")) else { continue };
            let is_own = parts.iter().any(|part| part == section);
            let has_arguments = options.iter().any(|(key, _)| is_arguments(key));
            let is_shared = section == GLOBAL && (command != "backup" || has_arguments);
            if (is_own || is_shared) && !commands.iter().any(|known| known == command) {
                commands.push(command.to_owned());
            }
        }
        commands
    }

    /// Returns the options that count, of all sections that a call reads, in ascending importance.
    fn merged(&self, preset: &str, command: Option<&str>, ending: &str) -> Options {
        let mut merged: Options = Vec::new();
        for part in std::iter::once(GLOBAL.to_owned()).chain(parts_of(preset)) {
            for section in std::iter::once(part.clone()).chain(command.map(|command| format!("{part}.{command}"))) {
                for (key, value) in self.options(&format!("{section}{ending}")) {
                    let value = value.as_ref().map(|value| self.interpolated(value, &section));
                    match merged.iter_mut().find(|(known, _)| known == key) {
                        Some((_, known)) => *known = value,
                        None => merged.push((key.clone(), value)),
                    }
                }
            }
        }
        merged
    }

    /// Replaces `${key}` and `${section:key}`, and `$$` by one.
    fn interpolated(&self, value: &str, section: &str) -> String {
        let mut text = String::new();
        let mut rest = value;
        while let Some(position) = rest.find('$') {
            text.push_str(&rest[..position]);
            let after = &rest[position + 1..];
            let named = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let found = named.and_then(|(name, following)| {
                let (section, key) = name.split_once(':').unwrap_or((section, name));
                let (_, value) = self.options(section).iter().find(|(known, _)| known == key)?;
                Some((value.clone().unwrap_or_default(), following))
            });
            match found {
                Some((value, following)) => {
                    text.push_str(&value);
                    rest = following;
                }
                None => {
                    text.push('$');
                    rest = after.strip_prefix('$').unwrap_or(after);
                }
            }
        }
        text + rest
    }
}

/// Parts the name of a section into preset and command.
fn parted(name: &str) -> (&str, Option<&str>) {
    let name = name.strip_suffix(".environ").unwrap_or(name);
    name.rsplit_once('.').map_or((name, None), |(preset, command)| (preset, Some(command)))
}

/// Returns the sections that a preset is made of: suffix, prefix, itself.
fn parts_of(preset: &str) -> Vec<String> {
    match preset.split_once('@') {
        Some((prefix, suffix)) => vec![format!("@{suffix}"), format!("{prefix}@"), preset.to_owned()],
        None => vec![preset.to_owned()],
    }
}

/// The word has changed over time. No command of restic has a flag of any of these names.
fn is_arguments(key: &str) -> bool {
    matches!(key, "_arguments" | "arguments" | "params")
}

fn add_preset(draft: &mut Draft, config: &Config, preset: &str, places: &Places<'_>) {
    let mut base = Section::new(draft.free_name(&preset.replace('@', "-")));
    let shared = config.merged(preset, None, "");
    for (key, value) in shared.iter().filter(|(key, _)| is_of_all_commands(key)) {
        set_shared(&mut base, key, value.as_deref(), places, &format!("[{preset}] {key}"));
    }
    for (name, value) in config.merged(preset, None, ".environ") {
        let value = places.expand(&value.unwrap_or_default());
        flags::set_variable(&mut base, &name, &value, &format!("[{preset}.environ] {name}"));
    }
    let base_name = base.name().to_owned();
    draft.add(base);
    for command in config.commands(preset) {
        let mut task = Section::new(draft.free_name(&format!("{base_name}-{command}")));
        task.set_parent(&base_name);
        let options = config.merged(preset, Some(&command), "");
        set_task(&mut task, &command, &options, &shared, places, preset);
        for (name, value) in config.merged(preset, Some(&command), ".environ") {
            if !config.merged(preset, None, ".environ").contains(&(name.clone(), value.clone())) {
                let place = format!("[{preset}.{command}.environ] {name}");
                flags::set_variable(&mut task, &name, &places.expand(&value.unwrap_or_default()), &place);
            }
        }
        draft.add(task);
    }
}

fn is_of_all_commands(key: &str) -> bool {
    matches!(key, "repo" | "r" | "password-file" | "p" | "password-command" | "repository-file" | "o") || flags::is_global(key)
}

fn set_shared(section: &mut Section, key: &str, value: Option<&str>, places: &Places<'_>, place: &str) {
    let text = places.expand(value.unwrap_or_default().trim());
    match key {
        "repo" | "r" => flags::set_repository(section, &text, place),
        "password-file" | "p" => section.set("password-file", text),
        "password-command" => section.set("password-command", text),
        "repository-file" => {
            section.set("env.RESTIC_REPOSITORY_FILE", text);
            section.note(place, "write `repository`, too: a profile without one is no task");
        }
        _ => {
            let lines = if text.is_empty() { "true" } else { &text };
            let values = lines.lines().filter(|line| !line.is_empty()).map(|line| Node::Text(line.to_owned())).collect();
            flags::set_global(section, if key == "o" { "option" } else { key }, &Node::List(values), places, place);
        }
    }
}

fn set_task(task: &mut Section, command: &str, options: &Options, shared: &Options, places: &Places<'_>, preset: &str) {
    let mut args = Vec::new();
    let mut positional = Vec::new();
    let folder = options.iter().find(|(key, _)| key == "_workdir").and_then(|(_, value)| value.clone());
    let folder = folder.map(|folder| places.expand(&folder));
    // Relative files are those of the folder that restic runs in: the user's home where nothing is said of it.
    let files = folder.clone().map(PathBuf::from).or_else(|| places.user_home.clone());
    let places = &Places {
        folder: files.unwrap_or_else(|| places.folder.clone()),
        user_home: places.user_home.clone(),
        host_name: places.host_name.clone(),
        variable: places.variable,
    };
    let real_command = options.iter().find(|(key, _)| key == "_command").and_then(|(_, value)| value.clone());
    task.set("command", real_command.unwrap_or_else(|| command.to_owned()));
    for (key, value) in options {
        let lines: Vec<String> = value.iter().flat_map(|value| value.lines()).map(|line| places.expand(line.trim())).collect();
        match key.as_str() {
            "_workdir" | "_command" => {}
            key if is_arguments(key) => positional.extend(lines.into_iter().filter(|line| !line.is_empty())),
            key if is_of_all_commands(key) => {
                if !shared.contains(&(key.to_owned(), value.clone())) {
                    set_shared(task, key, value.as_deref(), places, &format!("[{preset}.{command}] {key}"));
                }
            }
            key => {
                let lines: Vec<String> = lines.into_iter().filter(|line| !line.is_empty()).collect();
                let node = match value {
                    Some(_) if lines.is_empty() && TAKES_NOTHING.contains(&key) => Node::Text(String::new()),
                    // crestic leaves out what is empty, so a switch may be written with or without a `:`.
                    _ if lines.is_empty() => Node::Bool(true),
                    _ => Node::List(lines.into_iter().map(Node::Text).collect()),
                };
                args.extend(flags::words(key, &node, places));
            }
        }
    }
    let in_folder = |path: String| match &folder {
        Some(folder) if !path.starts_with('-') => std::path::Path::new(folder).join(path).display().to_string(),
        _ => path,
    };
    if let Some(folder) = &folder {
        let message = format!("its paths and files were made absolute in {folder}; patterns are as they were");
        task.note(&format!("[{preset}.{command}] _workdir"), message);
    }
    task.set_words("args", positional.into_iter().map(in_folder).chain(args).collect());
}
