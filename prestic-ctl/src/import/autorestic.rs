//! autorestic's YAML: backends become profiles, locations become tasks for all their backends. Pure.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    ConvertError, NO_HOOKS, Origin,
    draft::{Draft, Section, after},
    flag_words, flags,
    node::Node,
    paths::Places,
    set_missing_password,
};

/// A backend with its section.
struct Backend {
    name: String,
    section: Section,
    /// What it has for single commands.
    options: Node,
}

/// Commands that come from locations, and have the options of their backends.
const OF_LOCATIONS: [&str; 3] = ["backup", "forget", "copy"];

/// Keys of a backend.
const OF_BACKENDS: [&str; 6] = ["type", "path", "key", "env", "rest", "options"];

/// What means something of its own in an address.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What tells restic the password of the repository that it copies from.
const PASSWORDS_OF_ORIGIN: [(&str, &str); 3] = [
    ("password", "env.RESTIC_FROM_PASSWORD"),
    ("password-file", "env.RESTIC_FROM_PASSWORD_FILE"),
    ("password-command", "env.RESTIC_FROM_PASSWORD_COMMAND"),
];

/// Makes an INI of a configuration.
pub fn convert(config: &Node, places: &Places<'_>) -> Result<Draft, ConvertError> {
    let (Some(backends), Some(locations)) = (config.get("backends"), config.get("locations")) else {
        return Err(Origin::Autorestic.refuses("it has no `backends` and `locations`"));
    };
    let global = config.get("global").cloned().unwrap_or_default();
    let mut draft = Draft::default();
    let mut defaults = Section::defaults();
    set_flags_of_all(&mut defaults, &global, "global", places);
    if !defaults.is_empty() {
        draft.add(defaults);
    }
    // A location may be called as a backend is.
    let mut sections = Vec::new();
    for (name, backend) in backends.entries() {
        let section = section_of(backend, draft.free_name(name), &format!("backends.{name}"), places);
        let options = backend.get("options").cloned().unwrap_or_default();
        sections.push(Backend { name: name.clone(), section: section.clone(), options });
        draft.add(section);
    }
    for (name, location) in locations.entries() {
        add_location(&mut draft, name, location, &global, &sections, places);
    }
    Ok(draft)
}

fn section_of(backend: &Node, name: String, place: &str, places: &Places<'_>) -> Section {
    let mut section = Section::new(name);
    let path = backend.text_of("path").unwrap_or_default();
    let repository = match backend.text_of("type").as_deref() {
        Some("local") | None => places.file(&path),
        Some("rest") => format!("rest:{}", with_credentials(&path, backend.get("rest"))),
        Some(kind) => format!("{kind}:{path}"),
    };
    flags::set_repository(&mut section, &repository, &format!("{place}.path"));
    let variables = backend.get("env").map(Node::entries).unwrap_or_default();
    for (name, value) in variables {
        // Names are folded to small letters by the reader that autorestic uses.
        let name = &name.to_ascii_uppercase();
        flags::set_variable(&mut section, name, &value.text().unwrap_or_default(), &format!("{place}.env.{name}"));
    }
    for (key, value) in backend.entries().iter().filter(|(key, _)| !OF_BACKENDS.contains(&key.as_str())) {
        let place = format!("{place}.{key}");
        // Before there was `env`, variables stood beside the others.
        if key.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_') {
            flags::set_variable(&mut section, key, &value.text().unwrap_or_default(), &place);
        } else {
            section.note(&place, "has no equal: see `prestic-ctl options`");
        }
    }
    match backend.text_of("key").filter(|key| !key.is_empty()) {
        Some(key) => flags::set_variable(&mut section, "RESTIC_PASSWORD", &key, &format!("{place}.key")),
        None if ["password", "password-file", "password-command"].iter().any(|key| section.has(key)) => {}
        None => set_missing_password(&mut section, &format!("{place}.key")),
    }
    set_flags_of_all(&mut section, backend.get("options").unwrap_or(&Node::Empty), &format!("{place}.options"), places);
    let of_commands = backend.get("options").map(Node::entries).unwrap_or_default().iter();
    for (command, _) in of_commands.filter(|(command, _)| command != "all" && !OF_LOCATIONS.contains(&command.as_str())) {
        let message = format!("flags of `{command}` are given by hand: prestic-ctl -p '{}' {command} …", section.name());
        section.note(&format!("{place}.options.{command}"), message);
    }
    section
}

fn with_credentials(path: &str, rest: Option<&Node>) -> String {
    let (scheme, address) = path.split_once("://").unwrap_or(("https", path));
    let of = |key: &str| Some(utf8_percent_encode(&rest?.text_of(key)?, RESERVED).to_string());
    match (of("user"), of("password")) {
        (Some(user), Some(password)) => format!("{scheme}://{user}:{password}@{address}"),
        (Some(user), None) => format!("{scheme}://{user}@{address}"),
        _ => format!("{scheme}://{address}"),
    }
}

/// Sets the flags that `options.all` has for all commands.
fn set_flags_of_all(section: &mut Section, options: &Node, place: &str, places: &Places<'_>) {
    for (name, node) in options.get("all").map(Node::entries).unwrap_or_default() {
        let place = format!("{place}.all.{name}");
        if flags::is_global(name) {
            flags::set_global(section, name, node, places, &place);
        } else {
            section.note(&place, "not all commands of restic have this flag: write it into the `args` of those that do");
        }
    }
}

/// Where the options of a location's commands come from.
#[derive(Clone, Copy)]
struct Sources<'a> {
    global: &'a Node,
    location: &'a Node,
    targets: &'a [&'a Backend],
    /// The location's place.
    place: &'a str,
    places: &'a Places<'a>,
}

impl Sources<'_> {
    /// Returns the options of a command, those of the location last. All are given: of a flag with one value the last one counts.
    ///
    /// A task for several backends has the same words for all of them: what one of them has of its own is told instead.
    fn options(self, command: &str, section: &mut Section) -> Vec<String> {
        let of = |options: Option<&Node>| {
            let own = options.and_then(|options| options.get(command)).unwrap_or(&Node::Empty);
            flag_words(own, self.places, |_| true)
        };
        let mut words = of(Some(self.global));
        for target in self.targets {
            let own = of(Some(&target.options));
            if self.targets.len() == 1 {
                words.extend(own);
            } else if !own.is_empty() {
                let place = format!("backends.{}.options.{command}", target.name);
                let message =
                    "a task for several backends has the same words for all: give it a section of its own for this one";
                if command == "forget" { section.note_gap(&place, message) } else { section.note(&place, message) }
            }
        }
        words.extend(of(self.location.get("options")));
        set_flags_of_all(
            section,
            self.location.get("options").unwrap_or(&Node::Empty),
            &format!("{}.options", self.place),
            self.places,
        );
        words
    }
}

fn add_location(draft: &mut Draft, name: &str, location: &Node, global: &Node, backends: &[Backend], places: &Places<'_>) {
    let place = format!("locations.{name}");
    let is_volume = location.text_of("type").is_some_and(|kind| kind == "volume");
    if is_volume || location.texts_of("from").iter().any(|from| from.starts_with("volume:")) {
        draft.note(format!("{place}.type"), "volumes of Docker have no equal: back up the folder that has them");
        return;
    }
    let mut targets = Vec::new();
    for to in location.texts_of("to") {
        match find(backends, &to) {
            Some(target) => targets.push(target),
            None => draft.note(format!("{place}.to"), format!("there is no backend `{to}`: it was left out")),
        }
    }
    if targets.is_empty() {
        draft.note(&place, "it has no backend, and was left out");
        return;
    }
    let with_targets = |section: &mut Section| match targets.as_slice() {
        [target] => section.set_parent(target.section.name()),
        _ => section.set_words("repositories", targets.iter().map(|target| target.section.name().to_owned()).collect()),
    };
    let mut task = Section::new(draft.free_name(name));
    with_targets(&mut task);
    if let Some(cron) = location.text_of("cron") {
        task.set("schedule", format!("cron:{cron}"));
    } else {
        task.note(&place, "it has no `cron`: write a schedule, as `schedule = daily at 12:30`");
    }
    task.set("command", "backup");
    let mut args: Vec<String> = location.texts_of("from").iter().map(|from| places.file(from)).collect();
    // Its snapshots have this tag, and forgetting goes by it. Its reader folds names to small letters.
    let tag = format!("ar:location:{}", name.to_lowercase());
    args.push(format!("--tag={tag}"));
    let sources = Sources { global, location, targets: &targets, place: &place, places };
    args.extend(sources.options("backup", &mut task));
    task.set_words("args", args);
    for hook in location.get("hooks").map(Node::entries).unwrap_or_default() {
        task.note(&format!("{place}.hooks.{}", hook.0), NO_HOOKS);
    }
    let task_name = task.name().to_owned();
    draft.add(task);
    let forget = location.text_of("forget").or_else(|| global.text_of("forget")).unwrap_or_default();
    let mut section = Section::new(draft.free_name(&format!("{task_name}-forget")));
    let keeps = sources.options("forget", &mut section);
    let is_automatic = matches!(forget.as_str(), "prune" | "yes" | "true");
    if !keeps.is_empty() || (is_automatic && !section.is_empty()) {
        with_targets(&mut section);
        if is_automatic {
            section.set("schedule", after(&task_name));
        } else {
            let message = "it ran only when asked to, as `autorestic forget`: write a schedule if something asked for it";
            section.note(&format!("{place}.options.forget"), message);
        }
        section.set("command", "forget");
        let prune = (forget == "prune").then(|| "--prune".to_owned());
        section.set_words("args", std::iter::once(format!("--tag={tag}")).chain(prune).chain(keeps).collect());
        draft.add(section);
    }
    for (from, copies) in location.get("copy").map(Node::entries).unwrap_or_default() {
        add_copy(draft, &task_name, from, copies, backends, &tag, sources);
    }
}

fn add_copy(draft: &mut Draft, task: &str, from: &str, copies: &Node, backends: &[Backend], tag: &str, sources: Sources<'_>) {
    let place = &format!("{}.copy.{from}", sources.place);
    for to in copies.texts() {
        let Some(target) = find(backends, &to) else {
            draft.note(place, format!("there is no backend `{to}`: it was left out"));
            continue;
        };
        let mut section = Section::new(draft.free_name(&format!("{task}-copy-{to}")));
        section.set_parent(target.section.name());
        section.set("schedule", after(task));
        section.set("command", "copy");
        let options = Sources { targets: &[target], ..sources }.options("copy", &mut section);
        section.set_words("args", [vec![format!("--tag={tag}")], options].concat());
        set_origin(&mut section, find(backends, from).map(|backend| &backend.section), place);
        draft.add(section);
    }
}

/// Says where a copy comes from: restic has variables of its own for that.
fn set_origin(section: &mut Section, origin: Option<&Section>, place: &str) {
    let value = |key: &str| origin.and_then(|origin| origin.text(key)).map(str::to_owned);
    if let Some(repository) = value("repository") {
        section.set("env.RESTIC_FROM_REPOSITORY", repository);
    }
    for (key, variable) in PASSWORDS_OF_ORIGIN {
        match value(key) {
            Some(password) if key == "password" => section.set_secret(variable, password, place),
            Some(reference) => section.set(variable, reference),
            None => {}
        }
    }
    if !PASSWORDS_OF_ORIGIN.iter().any(|(_, variable)| section.has(variable)) {
        section.note(place, "the password of the repository that it copies from: write `env.RESTIC_FROM_PASSWORD_FILE`");
    }
}

fn find<'a>(backends: &'a [Backend], name: &str) -> Option<&'a Backend> {
    backends.iter().find(|backend| backend.name == name)
}
