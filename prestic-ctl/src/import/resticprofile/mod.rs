//! resticprofile's configuration, version 1 and 2: profiles become profiles, and each of their commands with work a task. Pure.

mod inherit;
mod tasks;

use super::{
    ConvertError, NO_HOOKS, Origin,
    draft::{Draft, Section},
    flags,
    node::Node,
    paths::Places,
};

/// Sections at the top of version 1 that are no profiles.
const NO_PROFILES: [&str; 7] = ["global", "groups", "includes", "version", "mixins", "schedules", "profiles"];

/// Commands whose flags become tasks.
const TASKS: [&str; 6] = ["backup", "retention", "forget", "prune", "check", "copy"];

/// What is said of a template that is left.
const TEMPLATE: &str = "it has a template that is not evaluated here: write down what it makes";

/// A configuration with its profiles, each with all that it inherits.
struct Config {
    global: Node,
    groups: Node,
    profiles: Vec<Profile>,
}

/// A profile.
struct Profile {
    name: String,
    /// Its place in the file.
    place: String,
    parent: Option<String>,
    /// Whether others inherit from it.
    is_parent: bool,
    /// Whether the file is of version 2, which adds values by itself.
    is_second: bool,
    /// Its own values, without what it inherits.
    own: Node,
    /// With what it inherits.
    all: Node,
}

/// Makes an INI of a configuration.
pub fn convert(root: &Node, places: &Places<'_>) -> Result<Draft, ConvertError> {
    let config = read(root)?;
    let mut draft = Draft::default();
    if root.get("includes").is_some() {
        draft
            .note("includes", "other files were not read: import each of them, and name the results in `include` of [prestic]");
    }
    let mut defaults = Section::defaults();
    set_global(&mut defaults, &config.global, places);
    if !defaults.is_empty() {
        draft.add(defaults);
    }
    // A task of one profile may be called as another profile is, which is what others inherit from.
    let names: Vec<String> = config.profiles.iter().map(|profile| draft.reserve(&profile.name)).collect();
    for (profile, name) in config.profiles.iter().zip(&names) {
        let position = config.profiles.iter().position(|other| Some(&other.name) == profile.parent.as_ref());
        draft.add(base(profile, name, position.map(|position| names[position].as_str()), places));
        tasks::add(&mut draft, profile, name, places);
    }
    note_groups(&mut draft, &config.groups);
    Ok(draft)
}

fn read(root: &Node) -> Result<Config, ConvertError> {
    let is_second = root.text_of("version").is_some_and(|version| version.trim() == "2");
    let (places, written): (&str, Vec<(String, Node)>) = match root.get("profiles") {
        Some(profiles) if is_second => ("profiles.", joined(profiles).entries().to_vec()),
        _ => {
            let is_profile = |(name, _): &&(String, Node)| !NO_PROFILES.contains(&name.as_str());
            ("", root.entries().iter().filter(is_profile).cloned().collect())
        }
    };
    let written: Vec<(String, Node)> =
        written.into_iter().map(|(name, node)| (name, with_joined_tasks(&node))).filter(|(_, node)| node.is_map()).collect();
    if written.is_empty() {
        return Err(Origin::Resticprofile.refuses("it has no profile"));
    }
    let mixins = root.get("mixins").cloned().unwrap_or_default();
    for (name, node) in &written {
        let place = format!("{places}{name}");
        if let Some(name) = inherit::unknown_mixin(node, &mixins, 0) {
            return Err(ConvertError::UnknownMixin { name, place });
        }
        if let Some(name) = node.text_of("inherit").filter(|parent| !written.iter().any(|(known, _)| known == parent)) {
            return Err(ConvertError::UnknownParent { name, place });
        }
    }
    let expanded: Vec<(String, Node)> =
        written.into_iter().map(|(name, node)| (name, inherit::with_mixins(node, &mixins, 0))).collect();
    let profiles = expanded
        .iter()
        .map(|(name, own)| Profile {
            name: name.clone(),
            place: format!("{places}{name}"),
            parent: own.text_of("inherit"),
            is_parent: expanded.iter().any(|(_, other)| other.text_of("inherit").as_ref() == Some(name)),
            is_second,
            own: own.clone(),
            all: inherit::resolved(name, &expanded, is_second, 0),
        })
        .collect();
    let node = |key: &str| root.get(key).cloned().unwrap_or_default();
    Ok(Config { global: node("global"), groups: node("groups"), profiles })
}

/// Joins the blocks of one name, which HCL may have several of.
fn joined(node: &Node) -> Node {
    match node {
        Node::List(blocks) if !blocks.is_empty() && blocks.iter().all(Node::is_map) => {
            let mut whole = Node::Map(Vec::new());
            for (key, value) in blocks.iter().flat_map(Node::entries) {
                whole.set(key, value.clone());
            }
            whole
        }
        node => node.clone(),
    }
}

fn with_joined_tasks(profile: &Node) -> Node {
    let mut profile = joined(profile);
    for command in TASKS {
        if let Some(node) = profile.get(command).map(joined) {
            profile.set(command, node);
        }
    }
    profile
}

/// Sets what holds for all profiles.
fn set_global(section: &mut Section, global: &Node, places: &Places<'_>) {
    for (key, node) in global.entries() {
        let place = format!("global.{key}");
        let value = node.text().unwrap_or_default();
        match key.as_str() {
            "restic-binary" => section.set_words("executable", vec![places.expand(&value)]),
            "priority" => section.set("cpu-priority", cpu_priority(&value)),
            "nice" => section.set("cpu-priority", priority_of_nice(&value)),
            "ionice" => {
                if node.is_true() && !section.has("io-priority") {
                    section.set("io-priority", "low");
                }
            }
            "ionice-class" if value == "3" => section.set("io-priority", "idle"),
            "default-command"
            | "log"
            | "systemd-unit-template"
            | "systemd-timer-template"
            | "scheduler"
            | "ionice-class"
            | "ionice-level"
            | "legacy-arguments"
            | "restic-arguments-filter" => {}
            "restic-lock-retry-after" | "restic-stale-lock-age" => {
                section.note(&place, "locks are waited for with `wait-for-lock`, and removed only if nobody can hold them");
            }
            "initialize" if !node.is_true() => {}
            "initialize" => section.note(&place, "a repository is not made by itself: `prestic-ctl init PROFILE`, once"),
            "min-memory" => section.note(&place, "has no equal: the system decides on memory"),
            _ => section.note(&place, "has no equal: see `prestic-ctl options`"),
        }
    }
}

fn cpu_priority(word: &str) -> &'static str {
    match word.to_ascii_lowercase().as_str() {
        "idle" => "idle",
        "background" | "low" => "low",
        "high" | "highest" => "high",
        _ => "normal",
    }
}

fn priority_of_nice(nice: &str) -> &'static str {
    match nice.parse::<i32>() {
        Ok(15..) => "idle",
        Ok(1..) => "low",
        Ok(..=-1) => "high",
        _ => "normal",
    }
}

/// Makes the section that has the repository: the profile itself, for whatever is asked of it by hand.
fn base(profile: &Profile, name: &str, parent: Option<&str>, places: &Places<'_>) -> Section {
    let mut section = Section::new(name);
    if let Some(parent) = parent {
        section.set_parent(parent);
    }
    let directory = profile.all.text_of("base-dir");
    // What it inherits stands in the parent's section, but for what has the name of whoever inherits it.
    let is_own = |key: &str| profile.own.get(key).is_some();
    let entries = profile.all.entries().iter().filter(|(key, node)| is_own(key) || inherit::names_its_profile(node));
    for (key, inherited) in entries {
        let own = profile.own.get(key).filter(|_| !inherit::names_its_profile(inherited)).unwrap_or(inherited);
        let place = format!("{}.{key}", profile.place);
        match (key.as_str(), own) {
            (key, _) if TASKS.contains(&key) => {}
            ("env" | "environment", _) => set_environment(&mut section, own, profile, &place, places),
            (_, Node::Map(_)) if !is_own(key) => {}
            _ => match inherit::without_templates(own, &profile.name, places) {
                Some(node) => set_of_profile(&mut section, key, &node, &place, directory.as_deref(), places),
                None => section.note(&place, TEMPLATE),
            },
        }
    }
    section
}

fn set_environment(section: &mut Section, variables: &Node, profile: &Profile, place: &str, places: &Places<'_>) {
    let maps = if let Node::List(maps) = variables { maps.as_slice() } else { std::slice::from_ref(variables) };
    for (name, value) in maps.iter().flat_map(Node::entries) {
        // Names are folded to small letters by the reader that resticprofile uses.
        let name = name.to_ascii_uppercase();
        let place = format!("{place}.{name}");
        match inherit::without_templates(value, &profile.name, places) {
            Some(value) => flags::set_variable(section, &name, &value.text().unwrap_or_default(), &place),
            None => section.note(&place, TEMPLATE),
        }
    }
}

fn set_of_profile(section: &mut Section, key: &str, node: &Node, place: &str, directory: Option<&str>, places: &Places<'_>) {
    let value = node.text().unwrap_or_default();
    match key {
        "inherit" | "use" | "base-dir" | "lock" | "theme" => {}
        "repository" => flags::set_repository(section, &repository(&value, directory, places), place),
        "description" => section.set("description", value),
        "password-file" => section.set("password-file", places.file(&value)),
        "password-command" => section.set("password-command", value),
        "env-file" => section.note(place, "the file was not read: write its lines as `env.NAME = …`"),
        "repository-file" => {
            section.set("env.RESTIC_REPOSITORY_FILE", places.file(&value));
            section.note(place, "write `repository`, too: a profile without one is no task");
        }
        "initialize" if node.is_true() => {
            let command = format!("prestic-ctl init '{}'", section.name());
            section.note(place, format!("a repository is not made by itself: `{command}`, once"));
        }
        "force-inactive-lock" if node.is_true() => {
            section.note(place, "a lock is removed only if nobody can hold it any more, and without being told to");
        }
        "priority" => section.set("cpu-priority", cpu_priority(&value)),
        key if is_hook(key) => section.note(place, NO_HOOKS),
        key if is_report(key) => {
            section.note(place, "`prestic-ctl --json status` and `/healthz` of the web interface tell programs");
        }
        key if node.is_map() => {
            section.note(place, format!("flags of `{key}` are given by hand: prestic-ctl -p '{}' {key} …", section.name()));
        }
        key if flags::is_global(key) => flags::set_global(section, key, node, places, place),
        _ if matches!(node, Node::Bool(false)) => {}
        _ => section.note(place, "has no equal: see `prestic-ctl options`"),
    }
}

/// Returns the repository. A folder may be relative to `base-dir`, and carries a word that restic knows, too.
fn repository(text: &str, directory: Option<&str>, places: &Places<'_>) -> String {
    let text = places.expand(text);
    let (prefix, path) = text.strip_prefix("local:").map_or(("", text.as_str()), |path| ("local:", path));
    let is_local = !path.contains(':');
    match directory {
        Some(directory) if is_local && std::path::Path::new(path).is_relative() => {
            format!("{prefix}{}", std::path::Path::new(&places.expand(directory)).join(path).display())
        }
        // The daemon's own folder is another one.
        _ if is_local => format!("{prefix}{}", places.file(path)),
        _ => text,
    }
}

/// Whether resticprofile runs or sends something by this key.
fn is_hook(key: &str) -> bool {
    key.starts_with("run-") || key.starts_with("send-") || key == "stream-error"
}

/// Whether resticprofile writes something about a run by this key.
fn is_report(key: &str) -> bool {
    key.starts_with("prometheus-") || matches!(key, "status-file" | "extended-status")
}

fn note_groups(draft: &mut Draft, groups: &Node) {
    for (name, group) in groups.entries() {
        let profiles = if group.is_map() { group.texts_of("profiles") } else { group.texts() };
        let message = format!(
            "groups of tasks have no equal: each of {} has a schedule of its own; to run one after another, write `schedule = after TASK`",
            profiles.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        );
        draft.note(format!("groups.{name}"), message);
        for (command, schedule) in group.get("schedules").map(Node::entries).unwrap_or_default() {
            let times = schedule.get("at").unwrap_or(schedule).texts().join("; ");
            let message = format!("the group's schedule was `{times}`: write it into the `{command}` tasks of its profiles");
            draft.note(format!("groups.{name}.schedules.{command}"), message);
        }
    }
}
