//! What is told of a takeover, in words. Pure.

use chrono::{DateTime, Local, Utc};
use prestic_proto::profile::ConfigProblem;

use super::{python_service::PythonService, survey::Survey};

/// Returns the report.
pub fn readable(survey: &Survey) -> String {
    let mut lines = Vec::new();
    lines.extend(what_was_done(survey));
    if let Some(service) = &survey.python_service {
        lines.push(String::new());
        lines.extend(two_schedulers(*service));
    }
    lines.extend(tasks(survey));
    lines.extend(changes(&survey.changes));
    lines.extend(also_different(survey));
    lines.extend(errors(survey));
    lines.extend(what_next(survey));
    lines.join("\n") + "\n"
}

fn what_was_done(survey: &Survey) -> Vec<String> {
    let (from, into) = (survey.from.display(), survey.into.display());
    let mut lines = Vec::new();
    match (survey.is_in_place, survey.is_dry_run) {
        (true, _) => lines.push(format!("{from} is the home of both: its files are used as they are, and none was changed.")),
        (false, true) => lines.push(format!("{from} would be copied to {into}. This is a dry run: nothing was done.")),
        (false, false) => lines.push(format!(
            "{from} was copied to {into}: {}. The originals are as they were.",
            counted(survey.copied.len(), "file")
        )),
    }
    if !survey.runs.is_empty() {
        let verb = if survey.is_dry_run { "would begin" } else { "begins" };
        lines.push(format!("The history {verb} with {} that the old logs tell of.", counted(survey.runs.len(), "run")));
    }
    if let Some(damage) = &survey.status_damage {
        lines.push(format!("`status.ini` cannot be used ({damage}): every task counts as one that has never run."));
    }
    lines
}

fn two_schedulers(service: PythonService) -> Vec<String> {
    let mut signs = Vec::new();
    signs.extend(service.pid.map(|pid| format!("as process {pid}")));
    signs.extend(service.port.map(|port| format!("it answers at port {port}")));
    let mut lines =
        vec![format!("warning: Python's PRestic still runs ({}). Two schedulers back up everything twice.", signs.join("; "))];
    lines.push(match service.pid {
        Some(pid) if cfg!(unix) => format!("  hint: end it with `kill {pid}`, and take it out of what your session starts:"),
        _ => "  hint: quit it in its tray menu, and take it out of what your session starts:".to_owned(),
    });
    lines.push("        startup applications (`prestic --gui`, `prestic-gui`), systemd units, crontab".to_owned());
    lines
}

fn tasks(survey: &Survey) -> Vec<String> {
    if survey.tasks.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), "Tasks with a schedule:".to_owned()];
    for task in &survey.tasks {
        let last = match (task.last_run_at, task.exit_code) {
            (None, _) => "has never run".to_owned(),
            (Some(at), Some(0)) => format!("ran {}", shown(at)),
            (Some(at), Some(code)) => format!("ran {} (exit code {code})", shown(at)),
            (Some(at), None) => format!("ran {} (how it ended is not known)", shown(at)),
        };
        let next = task.next_at.map_or_else(|| "never again".to_owned(), |at| format!("next {}", shown(at)));
        lines.push(format!("  {}: {last}, {next}", task.name));
        if let Some(pid) = task.running_as {
            lines.push(format!(
                "    its restic may still run (process {pid}): let it end before the daemon starts, or it runs twice at once"
            ));
        }
        if let Some(missed_at) = task.catches_up {
            let missed_at = shown(missed_at);
            lines.push(format!("    missed {missed_at}: it runs about a minute after the daemon has started"));
        }
        if let Some(missed_at) = task.lets_go {
            let missed_at = shown(missed_at);
            lines.push(format!(
                "    missed {missed_at}, and waits for its next time: `prestic-ctl run '{}'` runs it now",
                task.name
            ));
        }
    }
    if survey.due_at_once().next().is_some() {
        lines.push("  hint: write `catch-up = no` into a task that is to wait for its next time".to_owned());
    }
    lines
}

fn also_different(survey: &Survey) -> Vec<String> {
    let mut lines = vec![String::new(), "Also different:".to_owned()];
    if !survey.variables.is_empty() {
        let names = survey.variables.join(", ");
        lines.push(format!("  restic no longer inherits {names} from the environment: write `env.NAME = …` into the profile"));
    }
    if !survey.keyring.is_empty() {
        let names = survey.keyring.join(", ");
        lines.push(format!("  passwords in the keyring are the same entries ({names}): see `prestic-ctl keyring list`"));
    }
    lines.extend(
        [
            "  tasks run beside each other, four at most (`max-parallel`); those of one repository wait for each other",
            "  a lock is removed only if its process is known to be dead; Python's PRestic ran `restic unlock` at once",
            "  the web interface at port 8711 answers your own programs only (`web-auth`), and has other addresses",
        ]
        .map(str::to_owned),
    );
    lines
}

/// Tells what means the same in several places once.
fn changes(changes: &[ConfigProblem]) -> Vec<String> {
    let mut groups: Vec<(&ConfigProblem, Vec<String>)> = Vec::new();
    for change in changes {
        let place = match (&change.section, change.line) {
            (Some(section), Some(line)) => format!("[{section}] line {line}"),
            _ => change.file.display().to_string(),
        };
        match groups.iter_mut().find(|(known, _)| known.message == change.message && known.hint == change.hint) {
            Some((_, places)) => places.push(place),
            None => groups.push((change, vec![place])),
        }
    }
    let mut lines = Vec::new();
    if !groups.is_empty() {
        lines.extend([String::new(), "What means something else now:".to_owned()]);
    }
    for (change, places) in groups {
        lines.push(format!("  {}", change.message));
        lines.push(format!("    in {}", places.join(", ")));
        lines.extend(change.hint.as_ref().map(|hint| format!("    hint: {hint}")));
    }
    lines
}

fn errors(survey: &Survey) -> Vec<String> {
    let mut lines = Vec::new();
    if !survey.errors.is_empty() {
        lines.extend([String::new(), "Errors, with which nothing of these sections runs:".to_owned()]);
        lines.extend(survey.errors.iter().map(|problem| format!("  {}", problem.to_string().replace('\n', "\n  "))));
    }
    if !survey.warnings.is_empty() {
        lines.extend([String::new(), format!("{}: see `prestic-ctl check`.", counted(survey.warnings.len(), "warning"))]);
    }
    lines
}

fn what_next(survey: &Survey) -> Vec<String> {
    let end = if survey.is_dry_run && !survey.is_in_place {
        "Do it without `--dry-run`."
    } else {
        "See `prestic-ctl check` and `prestic-ctl status`; the latter starts the daemon."
    };
    vec![String::new(), end.to_owned()]
}

fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Returns an instant as the machine's clock shows it.
fn shown(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(section: &str, line: usize, message: &str) -> ConfigProblem {
        ConfigProblem {
            file: "config.ini".into(),
            line: Some(line),
            section: Some(section.to_owned()),
            key: None,
            message: message.to_owned(),
            hint: Some("mend it".to_owned()),
        }
    }

    #[test]
    fn same_change_in_several_places_is_told_once() {
        let told = changes(&[change("a", 2, "one"), change("b", 5, "other"), change("c", 9, "one")]);
        let expected = ["", "What means something else now:", "  one", "    in [a] line 2, [c] line 9", "    hint: mend it"];
        assert_eq!(told[..5], expected);
        assert_eq!(told[5..], ["  other", "    in [b] line 5", "    hint: mend it"]);
    }

    #[test]
    fn service_that_runs_comes_with_the_way_to_end_it() {
        let told = two_schedulers(PythonService { pid: Some(12), port: Some(8711) });
        assert_eq!(
            told[0],
            "warning: Python's PRestic still runs (as process 12; it answers at port 8711). Two schedulers back up everything twice."
        );
        assert!(cfg!(windows) || told[1].contains("`kill 12`"));
    }
}
