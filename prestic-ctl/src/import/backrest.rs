//! Backrest's `config.json`: repositories become profiles, plans become tasks, policies become tasks of their own. Pure.

use super::{
    ConvertError, NO_HOOKS, Origin,
    draft::{Draft, Section, after},
    flags,
    node::Node,
    paths::Places,
    set_missing_password,
};

/// Keys of a repository of which all is taken over that there is, or which only Backrest needs.
const OF_REPOSITORIES: [&str; 15] = [
    "id",
    "uri",
    "guid",
    "password",
    "env",
    "flags",
    "prunePolicy",
    "checkPolicy",
    "forgetPolicy",
    "hooks",
    "autoUnlock",
    "autoInitialize",
    "commandPrefix",
    "originInstanceId",
    "allowedPeerInstanceIds",
];

/// Keys of a plan.
const OF_PLANS: [&str; 13] = [
    "id",
    "repo",
    "disabled",
    "paths",
    "excludes",
    "iexcludes",
    "cron",
    "schedule",
    "retention",
    "hooks",
    "backup_flags",
    "backupFlags",
    "skipIfUnchanged",
];

/// Makes an INI of a configuration.
pub fn convert(config: &Node, places: &Places<'_>) -> Result<Draft, ConvertError> {
    let Some(Node::List(repos)) = config.get("repos") else {
        return Err(Origin::Backrest.refuses("it has no `repos`"));
    };
    let mut draft = Draft::default();
    for (key, message) in [
        ("auth", "users and passwords of its web interface have no equal: ours is for your own programs only (`web-auth`)"),
        ("multihost", "machines are not managed from one another: import there, too"),
    ] {
        if config.get(key).is_some() {
            draft.note(key, message);
        }
    }
    let instance = config.text_of("instance").unwrap_or_default();
    // A plan names its repository by its id, which may be no name of a section.
    let mut names = Vec::new();
    for (number, repo) in repos.iter().enumerate() {
        let id = repo.text_of("id").unwrap_or_default();
        let place = format!("repos[{number}]");
        let section = repository(repo, draft.free_name(&id), &place, places);
        names.push((id, section.name().to_owned()));
        let tasks = maintenance(repo, section.name(), &place);
        draft.add(section);
        for (wanted, task) in tasks {
            let name = draft.free_name(&wanted);
            draft.add(task(name));
        }
    }
    let plans = if let Some(Node::List(plans)) = config.get("plans") { plans.as_slice() } else { &[] };
    for (number, plan) in plans.iter().enumerate() {
        add_plan(&mut draft, plan, &instance, &names, &format!("plans[{number}]"), places);
    }
    Ok(draft)
}

fn repository(repo: &Node, name: String, place: &str, places: &Places<'_>) -> Section {
    let mut section = Section::new(name);
    if let Some(uri) = repo.text_of("uri") {
        flags::set_repository(&mut section, &places.expand(&uri), &format!("{place}.uri"));
    }
    if let Some(password) = repo.text_of("password").filter(|password| !password.is_empty()) {
        flags::set_variable(&mut section, "RESTIC_PASSWORD", &password, &format!("{place}.password"));
    }
    for text in repo.texts_of("env") {
        match text.split_once('=') {
            Some((name, value)) => {
                flags::set_variable(&mut section, name, &places.expand(value), &format!("{place}.env.{name}"));
            }
            None => section.note(&format!("{place}.env"), format!("`{text}` has no value: write `env.{text} = …`")),
        }
    }
    let words = split_all(&repo.texts_of("flags"), &mut section, &format!("{place}.flags"));
    let has_password = ["password", "password-file", "password-command"].iter().any(|key| section.has(key));
    if !has_password && !words.iter().any(|word| word.contains("password")) {
        set_missing_password(&mut section, &format!("{place}.password"));
    }
    if !words.is_empty() {
        section.set_words("executable", [vec!["restic".to_owned()], words].concat());
    }
    let prefix = repo.get("commandPrefix");
    match prefix.and_then(|prefix| prefix.text_of("ioNice")).as_deref() {
        Some("IO_BEST_EFFORT_LOW") => section.set("io-priority", "low"),
        Some("IO_BEST_EFFORT_HIGH") => section.set("io-priority", "high"),
        Some("IO_IDLE") => section.set("io-priority", "idle"),
        _ => {}
    }
    match prefix.and_then(|prefix| prefix.text_of("cpuNice")).as_deref() {
        Some("CPU_LOW") => section.set("cpu-priority", "low"),
        Some("CPU_HIGH") => section.set("cpu-priority", "high"),
        _ => {}
    }
    if repo.get("autoUnlock").is_some_and(Node::is_true) {
        section.set("wait-for-lock", "30m");
        let message = "a lock is removed only if nobody can hold it any more; others are waited for (`wait-for-lock`)";
        section.note(&format!("{place}.autoUnlock"), message);
    }
    note_hooks(&mut section, repo, place);
    if repo.get("autoInitialize").is_some_and(Node::is_true) {
        let command = format!("prestic-ctl init '{}'", section.name());
        section.note(&format!("{place}.autoInitialize"), format!("a repository is not made by itself: `{command}`, once"));
    }
    if repo.get("forgetPolicy").is_some() {
        let message = "rules for all snapshots of a repository have no equal: write a task with `command = forget`";
        section.note(&format!("{place}.forgetPolicy"), message);
    }
    note_unknown(&mut section, repo, &OF_REPOSITORIES, place);
    section
}

type NamedTask = (String, Box<dyn FnOnce(String) -> Section>);

/// Returns the tasks that keep a repository in shape.
fn maintenance(repo: &Node, name: &str, place: &str) -> Vec<NamedTask> {
    let mut tasks: Vec<NamedTask> = Vec::new();
    for (command, policy) in [("prune", "prunePolicy"), ("check", "checkPolicy")] {
        let Some(policy_node) = repo.get(policy).cloned() else { continue };
        let (parent, place) = (name.to_owned(), format!("{place}.{policy}"));
        let task = move |task_name: String| {
            let mut task = Section::new(task_name);
            task.set_parent(&parent);
            set_schedule(&mut task, policy_node.get("schedule"), &format!("{place}.schedule"));
            if let Some(days) = policy_node.text_of("maxFrequencyDays").filter(|_| policy_node.get("schedule").is_none()) {
                task.set("schedule", every(&days, "day"));
            }
            task.set("command", command);
            task.set_words("args", policy_words(&policy_node));
            task
        };
        tasks.push((format!("{name}-{command}"), Box::new(task)));
    }
    tasks
}

fn policy_words(policy: &Node) -> Vec<String> {
    let number = |key: &str| policy.text_of(key).filter(|text| !matches!(text.as_str(), "0" | "0.0" | ""));
    let mut words = Vec::new();
    words.extend(number("maxUnusedPercent").map(|percent| format!("--max-unused={percent}%")));
    words.extend(number("maxUnusedBytes").map(|bytes| format!("--max-unused={bytes}")));
    words.extend(number("readDataSubsetPercent").map(|percent| format!("--read-data-subset={percent}%")));
    words
}

fn add_plan(draft: &mut Draft, plan: &Node, instance: &str, repos: &[(String, String)], place: &str, places: &Places<'_>) {
    let id = plan.text_of("id").unwrap_or_default();
    let repo = plan.text_of("repo").unwrap_or_default();
    let Some((_, parent)) = repos.iter().find(|(known, _)| *known == repo) else {
        draft.note(format!("{place}.repo"), format!("there is no repository `{repo}`: the plan `{id}` was left out"));
        return;
    };
    let mut task = Section::new(draft.free_name(&id));
    task.set_parent(parent);
    let schedule = plan.get("schedule");
    set_schedule(&mut task, schedule, &format!("{place}.schedule"));
    if let Some(cron) = plan.text_of("cron").filter(|_| schedule.is_none()) {
        task.set("schedule", format!("cron:{cron}"));
    }
    if plan.get("disabled").is_some_and(Node::is_true) {
        task.set("schedule", "");
        task.note(&format!("{place}.disabled"), "it runs only when asked to: give it a schedule");
    }
    task.set("command", "backup");
    // Snapshots that Backrest has made have these tags, and its retention goes by them.
    let mut tags = vec![format!("plan:{id}")];
    tags.extend((!instance.is_empty()).then(|| format!("created-by:{instance}")));
    let mut args: Vec<String> = plan.texts_of("paths").iter().map(|path| places.expand(path)).collect();
    args.extend(plan.texts_of("excludes").iter().map(|pattern| format!("--exclude={pattern}")));
    args.extend(plan.texts_of("iexcludes").iter().map(|pattern| format!("--iexclude={pattern}")));
    // Backrest always says so.
    args.push("--exclude-caches".to_owned());
    args.extend(tags.iter().map(|tag| format!("--tag={tag}")));
    if plan.get("skipIfUnchanged").is_some_and(Node::is_true) {
        args.push("--skip-if-unchanged".to_owned());
    }
    for key in ["backup_flags", "backupFlags"] {
        args.extend(split_all(&plan.texts_of(key), &mut task, &format!("{place}.{key}")));
    }
    task.set_words("args", args);
    note_hooks(&mut task, plan, place);
    note_unknown(&mut task, plan, &OF_PLANS, place);
    let (task_name, parent) = (task.name().to_owned(), parent.clone());
    draft.add(task);
    let retention = plan.get("retention").filter(|retention| !retention.get("policyKeepAll").is_some_and(Node::is_true));
    let keep = retention.map(keep_words).unwrap_or_default();
    if !keep.is_empty() {
        let mut forget = Section::new(draft.free_name(&format!("{task_name}-forget")));
        forget.set_parent(parent);
        forget.set("schedule", after(&task_name));
        forget.set("command", "forget");
        for key in retention.map(unknown_rules).unwrap_or_default() {
            forget.note_gap(&format!("{place}.retention.{key}"), "has no equal: see `restic forget --help`");
        }
        // All paths that the plan ever had count as one.
        forget.set_words("args", [vec![format!("--tag={}", tags.join(",")), "--group-by=".to_owned()], keep].concat());
        draft.add(forget);
    }
}

/// Rules of a retention that are known, or of which is known that they keep nothing.
const RULES: [&str; 11] = [
    "maxUnusedLimit",
    "policyKeepLastN",
    "policyTimeBucketed",
    "policyKeepAll",
    "keepLastN",
    "keepHourly",
    "keepDaily",
    "keepWeekly",
    "keepMonthly",
    "keepYearly",
    "keepWithinDuration",
];

/// Returns the names of rules without which a snapshot might not be kept.
fn unknown_rules(retention: &Node) -> Vec<String> {
    let periods = ["hourly", "daily", "weekly", "monthly", "yearly", "keepLastN"];
    let of = |node: &Node, known: &[&str]| -> Vec<String> {
        node.entries().iter().map(|(key, _)| key.clone()).filter(|key| !known.contains(&key.as_str())).collect()
    };
    let mut unknown = of(retention, &RULES);
    unknown.extend(retention.get("policyTimeBucketed").map(|buckets| of(buckets, &periods)).unwrap_or_default());
    unknown
}

fn keep_words(retention: &Node) -> Vec<String> {
    let buckets = retention.get("policyTimeBucketed");
    let count = |old: &str, new: &str| {
        let number = buckets.and_then(|buckets| buckets.text_of(new)).or_else(|| retention.text_of(old));
        number.filter(|number| number != "0")
    };
    let last = retention.text_of("policyKeepLastN").or_else(|| count("keepLastN", "keepLastN"));
    let mut words: Vec<String> =
        last.filter(|number| number != "0").map(|number| format!("--keep-last={number}")).into_iter().collect();
    for (period, old) in [
        ("hourly", "keepHourly"),
        ("daily", "keepDaily"),
        ("weekly", "keepWeekly"),
        ("monthly", "keepMonthly"),
        ("yearly", "keepYearly"),
    ] {
        words.extend(count(old, period).map(|number| format!("--keep-{period}={number}")));
    }
    let within = retention.text_of("keepWithinDuration").filter(|length| !length.is_empty());
    words.extend(within.map(|length| format!("--keep-within={length}")));
    words
}

fn set_schedule(task: &mut Section, schedule: Option<&Node>, place: &str) {
    let Some(schedule) = schedule else { return };
    if let Some(cron) = schedule.text_of("cron") {
        task.set("schedule", format!("cron:{cron}"));
    } else if let Some(hours) = schedule.text_of("maxFrequencyHours") {
        task.set("schedule", every(&hours, "hour"));
    } else if let Some(days) = schedule.text_of("maxFrequencyDays") {
        task.set("schedule", every(&days, "day"));
    } else {
        task.note(place, "it is disabled: the task runs only when asked to");
        return;
    }
    match schedule.text_of("clock").as_deref() {
        Some("CLOCK_UTC") => task.set("timezone", "UTC"),
        Some("CLOCK_LAST_RUN_TIME") => task.note(place, "it counts by the clock here, and not from the last run"),
        _ => {}
    }
}

fn every(count: &str, unit: &str) -> String {
    match (count, unit) {
        ("1", "hour") => "hourly".to_owned(),
        ("1", _) => "daily".to_owned(),
        _ => format!("every {count} {unit}s"),
    }
}

fn note_hooks(section: &mut Section, node: &Node, place: &str) {
    if node.get("hooks").is_some_and(|hooks| *hooks != Node::List(Vec::new())) {
        section.note(&format!("{place}.hooks"), NO_HOOKS);
    }
}

fn note_unknown(section: &mut Section, node: &Node, known: &[&str], place: &str) {
    for (key, _) in node.entries().iter().filter(|(key, _)| !known.contains(&key.as_str())) {
        section.note(&format!("{place}.{key}"), "has no equal: see `prestic-ctl options`");
    }
}

/// Splits flags as a shell would: each may be several words.
fn split_all(texts: &[String], section: &mut Section, place: &str) -> Vec<String> {
    let mut words = Vec::new();
    for text in texts {
        match shlex::split(text) {
            Some(more) => words.extend(more),
            None => section.note(place, format!("`{text}` has a quote that is not closed: it was left out")),
        }
    }
    words
}
