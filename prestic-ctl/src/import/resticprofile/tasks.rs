//! The commands of a profile: each with work becomes a task.

use super::{Profile, TASKS, TEMPLATE, inherit, is_hook, is_report, repository};
use crate::import::{
    NO_HOOKS,
    draft::{Draft, Section, after},
    flags,
    node::Node,
    paths::{Places, as_in_snapshots},
};

/// Commands that remove snapshots, by flags that say which of them stay.
const FORGETTING: [&str; 2] = ["retention", "forget"];

/// Adds the tasks of a profile, whose section has this name.
pub(super) fn add(draft: &mut Draft, profile: &Profile, base: &str, places: &Places<'_>) {
    let mut backup = None;
    for command in TASKS {
        let Some(node) = profile.all.get(command).filter(|node| node.is_map()) else { continue };
        // A profile that only others build on has no repository, and its flags are theirs.
        if !has_repository(profile) {
            if !profile.is_parent {
                let place = format!("{}.{command}", profile.place);
                draft.note(
                    place,
                    "it was left out, because its profile names no repository: write `repository`, and import again",
                );
            }
            continue;
        }
        let mut task = Task::new(draft, profile, base, command, places);
        for (key, value) in values(profile, command, node) {
            match inherit::without_templates(&value, &profile.name, places) {
                Some(value) => task.take(&key, &value, backup.as_deref()),
                None => {
                    task.note_gap(&key, TEMPLATE);
                    // restic fails with a list that is not there. Without it, less would be backed up.
                    if key.starts_with("files-from") {
                        task.take(&key, &value, backup.as_deref());
                    }
                }
            }
        }
        if command == "backup" {
            backup = Some(task.section.name().to_owned());
        }
        task.finish(draft);
    }
}

/// Returns the values of a command, and those that resticprofile adds to what says which snapshots stay.
fn values(profile: &Profile, command: &str, node: &Node) -> Vec<(String, Node)> {
    let mut values = node.entries().to_vec();
    if !FORGETTING.contains(&command) {
        return values;
    }
    let yes = |key: &str| (key.to_owned(), Node::Bool(true));
    let mut implied = Vec::new();
    if command == "retention" {
        let backup = profile.all.get("backup").filter(|backup| backup.is_map());
        implied.extend(backup.map(|_| yes("path")));
        if profile.is_second {
            implied.extend(backup.and_then(|backup| backup.get("tag")).map(|_| yes("tag")));
            let host = backup.and_then(|backup| backup.get("host")).or_else(|| profile.all.get("host")).cloned();
            implied.push(("host".to_owned(), host.unwrap_or(Node::Bool(true))));
            let has_turn = ["before-backup", "after-backup"].iter().any(|key| node.get(key).is_some());
            let keeps = node.entries().iter().any(|(key, _)| key.starts_with("keep-"));
            implied.extend((keeps && !has_turn).then(|| yes("after-backup")));
        }
    }
    let says_what_stays = |key: &str| key.starts_with("keep-") || matches!(key, "path" | "tag" | "host" | "group-by");
    implied.extend(profile.all.entries().iter().filter(|(key, _)| says_what_stays(key)).cloned());
    for (key, value) in implied {
        if !values.iter().any(|(known, _)| *known == key) {
            values.push((key, value));
        }
    }
    values
}

fn has_repository(profile: &Profile) -> bool {
    let variables = profile.all.get("env").map(Node::entries).unwrap_or_default();
    let is_repository = |name: &str| name.to_ascii_uppercase().starts_with("RESTIC_REPOSITORY");
    profile.all.get("repository").is_some()
        || profile.all.get("repository-file").is_some()
        || variables.iter().any(|(name, _)| is_repository(name))
}

struct Task<'a> {
    profile: &'a Profile,
    base: &'a str,
    command: &'static str,
    places: &'a Places<'a>,
    section: Section,
    args: Vec<String>,
    schedules: Vec<String>,
    /// The keys that ask for a check beside it.
    checks: Vec<String>,
}

impl<'a> Task<'a> {
    fn new(draft: &Draft, profile: &'a Profile, base: &'a str, command: &'static str, places: &'a Places<'a>) -> Self {
        let wanted = format!("{base}-{command}");
        let mut section = Section::new(draft.free_name(&wanted));
        section.set_parent(base);
        Self { profile, base, command, places, section, args: Vec::new(), schedules: Vec::new(), checks: Vec::new() }
    }

    fn place(&self, key: &str) -> String {
        format!("{}.{}.{key}", self.profile.place, self.command)
    }

    fn note(&mut self, key: &str, message: impl Into<String>) {
        let place = self.place(key);
        self.section.note(&place, message);
    }

    /// Says that something is missing. Where snapshots are removed, it may be what keeps some of them.
    fn note_gap(&mut self, key: &str, message: impl Into<String>) {
        let place = self.place(key);
        if FORGETTING.contains(&self.command) {
            self.section.note_gap(&place, message);
        } else {
            self.section.note(&place, message);
        }
    }

    fn take(&mut self, key: &str, node: &Node, backup: Option<&str>) {
        let value = node.text().unwrap_or_default();
        match key {
            "source"
            | "source-base"
            | "source-relative"
            | "initialize"
            | "initialize-copy-chunker-params"
            | "no-error-on-warning" => {}
            "schedule" if node.is_map() => {
                for (key, value) in node.entries() {
                    let key = if key == "at" { "schedule".to_owned() } else { format!("schedule-{key}") };
                    self.take(&key, value, backup);
                }
            }
            "schedule" => self.schedules.extend(node.texts()),
            key if key.starts_with("schedule-") => self.take_schedule_option(key, node),
            "check-before" | "check-after" if node.is_true() => self.checks.push(key.to_owned()),
            "check-before" | "check-after" => {}
            "before-backup" | "after-backup" if self.command == "retention" => self.take_turn(key, node, backup),
            "path" if self.command != "backup" => self.take_paths(node),
            "tag" | "host" if self.command != "backup" => self.take_filter(key, node),
            "tag" if self.command == "backup" => self.args.extend(flags::words(key, &without_switch(node), self.places)),
            "host" if self.command == "backup" => self.args.extend(flags::words(key, &without_switch(node), self.places)),
            "exclude" | "iexclude" => {
                let patterns = node.texts().iter().map(|pattern| Node::Text(self.places.expand(pattern))).collect();
                self.args.extend(flags::words(key, &Node::List(patterns), self.places));
            }
            "snapshot" if self.command == "copy" => self.args.extend(node.texts()),
            "stdin" if !node.is_true() => {}
            "stdin" | "stdin-command" => {
                self.note(key, "a task has no standard input: write the dump into a file first, from a script of your own");
            }
            key if is_hook(key) => self.note(key, NO_HOOKS),
            key if is_report(key) => {
                self.note(key, "`prestic-ctl --json status` and `/healthz` of the web interface tell programs");
            }
            key if self.command == "copy" && self.take_target(key, &value) => {}
            key if flags::is_global(key) => {
                let place = self.place(key);
                flags::set_global(&mut self.section, key, node, self.places, &place);
            }
            _ if node.is_map() => self.note_gap(key, "has no equal: see `prestic-ctl options`"),
            key => self.args.extend(flags::words(key, node, self.places)),
        }
    }

    fn take_schedule_option(&mut self, key: &str, node: &Node) {
        let value = node.text().unwrap_or_default();
        match key {
            "schedule-lock-wait" if is_duration(&value) => self.section.set("wait-for-lock", value),
            "schedule-lock-wait" => self.note(key, "it is no duration here: write `wait-for-lock = 15m`"),
            "schedule-priority" if value == "background" => {
                self.section.set("cpu-priority", "low");
                self.section.set("io-priority", "low");
            }
            "schedule-ignore-on-battery" if node.is_true() => self.section.set("only-on-ac", "yes"),
            "schedule-ignore-on-battery-less-than" => self.section.set("min-battery", value),
            "schedule-start-when-available" if node.is_true() => self.section.set("catch-up", "yes"),
            "schedule-permission" if value == "system" => {
                self.note(
                    key,
                    "this daemon runs as you: files of others need a daemon that runs as root, with a home of its own",
                );
            }
            "schedule-log" => self.note(key, "each run has a log in the folder `logs`: see `prestic-ctl log`"),
            "schedule-after-network-online" if node.is_true() => {
                self.note(key, "it does not wait for a network: write `require-host = SERVER:PORT`");
            }
            "schedule-capture-environment" => self.note(key, "name those variables in the profile, as `env.NAME = …`"),
            _ => {}
        }
    }

    /// A retention beside a backup is a task after it.
    fn take_turn(&mut self, key: &str, node: &Node, backup: Option<&str>) {
        if !node.is_true() {
            return;
        }
        let Some(backup) = backup else {
            self.note(key, "there is no backup that it could come after: write a schedule");
            return;
        };
        if key == "before-backup" {
            self.note(key, "it comes after the backup here: what is to be forgotten first costs a backup nothing");
        }
        self.schedules.push(after(backup));
    }

    /// `true` stands for the folders that are backed up.
    fn take_paths(&mut self, node: &Node) {
        let paths = match node {
            Node::Bool(false) => return,
            node if node.is_true() => backup_sources(self.profile, self.places),
            node => node.texts().iter().map(|path| as_in_snapshots(&self.places.file(path))).collect(),
        };
        if paths.is_empty() || paths.iter().any(|path| path.contains("{{")) {
            self.note_gap("path", "it is not known what is backed up: write each folder, as `--path=…`");
        }
        self.args.extend(paths.iter().map(|path| format!("--path={path}")));
    }

    /// `true` stands for the tags that a backup sets, or for this machine.
    fn take_filter(&mut self, key: &str, node: &Node) {
        let is_switch = matches!(node, Node::Bool(_));
        match (key, is_switch && node.is_true()) {
            ("tag", true) => {
                let tags = self.profile.all.get("backup").and_then(|backup| backup.get("tag")).cloned().unwrap_or_default();
                match inherit::without_templates(&tags, &self.profile.name, self.places)
                    .map(|tags| without_switch(&tags).texts())
                {
                    Some(tags) if tags.iter().all(|tag| tag == "false") => {}
                    Some(tags) => self.args.push(format!("--tag={}", tags.join(","))),
                    None => self.note_gap(key, "a tag has a template that is not evaluated here: write `--tag=…`"),
                }
            }
            ("host", true) => match &self.places.host_name {
                Some(name) => self.args.push(format!("--host={name}")),
                None => self.note_gap(key, "write this machine's name, as `--host=…`"),
            },
            (_, false) if is_switch => {}
            _ => self.args.extend(flags::words(key, node, self.places)),
        }
    }

    /// A copy has two repositories: that of the profile is where it comes from.
    fn take_target(&mut self, key: &str, value: &str) -> bool {
        let place = self.place(key);
        match key {
            "repository" => flags::set_repository(&mut self.section, &self.places.expand(value), &place),
            "password-file" => self.section.set("password-file", self.places.file(value)),
            "password-command" => self.section.set("password-command", value),
            "repository-file" => self.section.set("env.RESTIC_REPOSITORY_FILE", self.places.file(value)),
            "from-repository" => {
                flags::set_variable(&mut self.section, "RESTIC_FROM_REPOSITORY", &self.places.expand(value), &place);
            }
            "from-repository-file" => self.section.set("env.RESTIC_FROM_REPOSITORY_FILE", self.places.file(value)),
            "from-password-file" => self.section.set("env.RESTIC_FROM_PASSWORD_FILE", self.places.file(value)),
            "from-password-command" => self.section.set("env.RESTIC_FROM_PASSWORD_COMMAND", value),
            "from-key-hint" => self.section.set("env.RESTIC_FROM_KEY_HINT", value),
            _ => return false,
        }
        true
    }

    fn finish(mut self, draft: &mut Draft) {
        // resticprofile forgets what a backup leaves over with flags of `forget`.
        self.section.set("command", if self.command == "retention" { "forget" } else { self.command });
        if self.command == "backup" {
            let sources = backup_sources(self.profile, self.places);
            if has_relative_source(self.profile, self.places) {
                let message = format!(
                    "relative folders were taken as those of {}: resticprofile takes the folder that it is started in",
                    self.places.folder.display()
                );
                self.note("source", message);
            }
            if sources.iter().any(|source| source.contains(['*', '?', '['])) {
                self.note(
                    "source",
                    "restic does not look for what a `*`, `?` or `[` in a folder's name stands for: write each folder",
                );
            }
            if sources.is_empty() && !self.args.iter().any(|word| word.starts_with("--files-from")) {
                self.note("source", "there is nothing to back up: write a folder into `args`");
            }
            self.args.splice(..0, sources);
        }
        if self.command == "copy" {
            self.set_origin_of_copy();
        }
        let is_event = |text: &str| text.starts_with("after ");
        let spell = |text: &String| if is_event(text) { text.clone() } else { format!("calendar:{text}") };
        let schedule = self.schedules.iter().map(spell).collect::<Vec<_>>().join("; ");
        if !schedule.is_empty() {
            self.section.set("schedule", schedule);
        }
        self.section.set_words("args", self.args);
        let name = self.section.name().to_owned();
        draft.add(self.section);
        if !self.checks.is_empty() {
            let mut check = Section::new(draft.free_name(&format!("{name}-check")));
            check.set_parent(self.base);
            check.set("schedule", after(&name));
            check.set("command", "check");
            for key in &self.checks {
                let place = format!("{}.{}.{key}", self.profile.place, self.command);
                let turn = if key == "check-before" { ", after the backup" } else { "" };
                check.note(&place, format!("it is a task of its own here{turn}"));
            }
            draft.add(check);
        }
    }

    fn set_origin_of_copy(&mut self) {
        // It may copy from another repository into the profile's own.
        if self.section.has("env.RESTIC_FROM_REPOSITORY") || self.section.has("env.RESTIC_FROM_REPOSITORY_FILE") {
            return;
        }
        let directory = self.profile.all.text_of("base-dir");
        if let Some(from) = self.of_profile("repository") {
            let from = repository(&from, directory.as_deref(), self.places);
            let place = self.place("repository");
            flags::set_variable(&mut self.section, "RESTIC_FROM_REPOSITORY", &from, &place);
        }
        if let Some(file) = self.of_profile("password-file") {
            self.section.set("env.RESTIC_FROM_PASSWORD_FILE", self.places.file(&file));
        } else if let Some(command) = self.of_profile("password-command") {
            self.section.set("env.RESTIC_FROM_PASSWORD_COMMAND", command);
        } else {
            self.note("password", "the password of the repository that is copied from: write `env.RESTIC_FROM_PASSWORD_FILE`");
        }
    }

    /// Returns a value of the profile, and says so where it has a template that is left.
    fn of_profile(&mut self, key: &str) -> Option<String> {
        let node = self.profile.all.get(key)?;
        let evaluated = inherit::without_templates(node, &self.profile.name, self.places);
        if evaluated.is_none() {
            self.note(key, TEMPLATE);
        }
        evaluated?.text()
    }
}

/// Whether the daemon takes a text for a duration.
fn is_duration(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.chars().all(|letter| letter.is_ascii_digit() || "smhd".contains(letter))
}

/// Of these a switch means nothing to restic.
fn without_switch(node: &Node) -> Node {
    if matches!(node, Node::Bool(_)) { Node::Bool(false) } else { node.clone() }
}

/// Whether a folder to back up depends on where resticprofile is started.
fn has_relative_source(profile: &Profile, places: &Places<'_>) -> bool {
    let backup = profile.all.get("backup");
    let has_base = profile.all.get("base-dir").is_some() || backup.is_some_and(|backup| backup.get("source-base").is_some());
    let is_relative = |source: &String| !source.contains("{{") && std::path::Path::new(&places.expand(source)).is_relative();
    !has_base && backup.is_some_and(|backup| backup.texts_of("source").iter().any(is_relative))
}

/// Returns what a profile backs up, as absolute paths where a base is named. What has a template that is left stays as it is:
/// restic says that there is no such folder, and backs up the others.
fn backup_sources(profile: &Profile, places: &Places<'_>) -> Vec<String> {
    let Some(backup) = profile.all.get("backup") else { return Vec::new() };
    let base = backup.text_of("source-base").or_else(|| profile.all.text_of("base-dir")).map(|base| places.expand(&base));
    let absolute = |source: &String| {
        let source = inherit::evaluated(source, &profile.name, places).unwrap_or_else(|| source.clone());
        let source = places.expand(&source);
        match &base {
            Some(base) => as_in_snapshots(&places.file(&std::path::Path::new(base).join(source).display().to_string())),
            None => as_in_snapshots(&places.file(&source)),
        }
    };
    backup.texts_of("source").iter().map(absolute).collect()
}
