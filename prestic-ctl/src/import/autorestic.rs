//! autorestic's YAML: backends become profiles, locations become tasks for all their backends. Pure.

use super::{
    ConvertError, NO_HOOKS, Origin,
    draft::{Draft, Section},
    flag_words, flags,
    node::Node,
    paths::Places,
    set_missing_password,
};

/// The sections of the backends, by the backends' names.
type Backends = [(String, Section)];

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
        let section = self::backend(backend, draft.free_name(name), &format!("backends.{name}"), places);
        sections.push((name.clone(), section.clone()));
        draft.add(section);
    }
    for (name, location) in locations.entries() {
        add_location(&mut draft, name, location, &global, &sections, places);
    }
    Ok(draft)
}

fn backend(backend: &Node, name: String, place: &str, places: &Places<'_>) -> Section {
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
        flags::set_variable(&mut section, name, &value.text().unwrap_or_default(), &format!("{place}.env.{name}"));
    }
    match backend.text_of("key").filter(|key| !key.is_empty()) {
        Some(key) => section.set_secret("password", key, &format!("{place}.key")),
        None if ["password", "password-file", "password-command"].iter().any(|key| section.has(key)) => {}
        None => set_missing_password(&mut section, &format!("{place}.key")),
    }
    set_flags_of_all(&mut section, backend.get("options").unwrap_or(&Node::Empty), &format!("{place}.options"), places);
    let of_commands = backend.get("options").map(Node::entries).unwrap_or_default().iter();
    for (command, _) in of_commands.filter(|(command, _)| command != "all") {
        let message =
            "options of one command for one backend have no equal: give the location's task for it a section of its own";
        section.note(&format!("{place}.options.{command}"), message);
    }
    section
}

fn with_credentials(path: &str, rest: Option<&Node>) -> String {
    let (scheme, address) = path.split_once("://").unwrap_or(("https", path));
    let of = |key: &str| rest.and_then(|rest| rest.text_of(key));
    match (of("user"), of("password")) {
        (Some(user), Some(password)) => format!("{scheme}://{user}:{password}@{address}"),
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

/// Returns the options of a command, those of the location last: they count.
fn options(command: &str, global: &Node, location: &Node, places: &Places<'_>) -> Vec<String> {
    let own = location.get("options").and_then(|options| options.get(command));
    let is_own = |name: &str| own.is_some_and(|own| own.get(name).is_some());
    let mut words = flag_words(global.get(command).unwrap_or(&Node::Empty), places, |name| !is_own(name));
    words.extend(flag_words(own.unwrap_or(&Node::Empty), places, |_| true));
    words
}

fn add_location(draft: &mut Draft, name: &str, location: &Node, global: &Node, backends: &Backends, places: &Places<'_>) {
    let place = format!("locations.{name}");
    if location.text_of("type").is_some_and(|kind| kind == "volume") {
        draft.note(format!("{place}.type"), "volumes of Docker have no equal: back up the folder that has them");
        return;
    }
    let mut targets = Vec::new();
    for to in location.texts_of("to") {
        match section_of(backends, &to) {
            Some(target) => targets.push(target),
            None => draft.note(format!("{place}.to"), format!("there is no backend `{to}`: it was left out")),
        }
    }
    if targets.is_empty() {
        draft.note(&place, "it has no backend, and was left out");
        return;
    }
    let with_targets = |section: &mut Section| match targets.as_slice() {
        [target] => section.set("inherit", target),
        _ => section.set_words("repositories", targets.clone()),
    };
    let mut task = Section::new(draft.free_name(name));
    with_targets(&mut task);
    if let Some(cron) = location.text_of("cron") {
        task.set("schedule", format!("cron:{cron}"));
    }
    task.set("command", "backup");
    let mut args: Vec<String> = location.texts_of("from").iter().map(|from| places.file(from)).collect();
    // Its snapshots have this tag, and forgetting goes by it.
    let tag = format!("ar:location:{name}");
    args.push(format!("--tag={tag}"));
    args.extend(options("backup", global, location, places));
    task.set_words("args", args);
    set_flags_of_all(&mut task, location.get("options").unwrap_or(&Node::Empty), &format!("{place}.options"), places);
    for hook in location.get("hooks").map(Node::entries).unwrap_or_default() {
        task.note(&format!("{place}.hooks.{}", hook.0), NO_HOOKS);
    }
    let task_name = task.name().to_owned();
    draft.add(task);
    let forget = location.text_of("forget").or_else(|| global.text_of("forget")).unwrap_or_default();
    let keeps = options("forget", global, location, places);
    if matches!(forget.as_str(), "prune" | "yes" | "true") && !keeps.is_empty() {
        let mut section = Section::new(draft.free_name(&format!("{task_name}-forget")));
        with_targets(&mut section);
        section.set("schedule", format!("after {task_name}"));
        section.set("command", "forget");
        let prune = (forget == "prune").then(|| "--prune".to_owned());
        section.set_words("args", std::iter::once(format!("--tag={tag}")).chain(prune).chain(keeps).collect());
        draft.add(section);
    }
    for (from, copies) in location.get("copy").map(Node::entries).unwrap_or_default() {
        add_copy(draft, &task_name, from, copies, backends, &tag, &format!("{place}.copy.{from}"));
    }
}

fn add_copy(draft: &mut Draft, task: &str, from: &str, copies: &Node, backends: &Backends, tag: &str, place: &str) {
    for to in copies.texts() {
        let Some(target) = section_of(backends, &to) else {
            draft.note(place, format!("there is no backend `{to}`: it was left out"));
            continue;
        };
        let mut section = Section::new(draft.free_name(&format!("{task}-copy-{to}")));
        section.set("inherit", target);
        section.set("schedule", format!("after {task}"));
        section.set("command", "copy");
        section.set_words("args", vec![format!("--tag={tag}")]);
        set_origin(&mut section, find(backends, from), place);
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

/// Returns the name of a backend's section.
fn section_of(backends: &Backends, backend: &str) -> Option<String> {
    find(backends, backend).map(|section| section.name().to_owned())
}

fn find<'a>(backends: &'a Backends, backend: &str) -> Option<&'a Section> {
    backends.iter().find(|(known, _)| known == backend).map(|(_, section)| section)
}
