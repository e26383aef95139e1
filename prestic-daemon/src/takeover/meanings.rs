//! Which lines of a configuration mean something else here than they did for Python's PRestic, and why. Pure.

use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, Utc};
use prestic_proto::profile::ConfigProblem;

use super::python_schedule::{Breakdown, Difference, difference};
use crate::config::ini::{Document, Entry, Section};

/// What is known beside the text.
#[derive(Debug)]
pub struct Surroundings {
    /// The file.
    pub file: PathBuf,
    /// The time.
    pub now: DateTime<Utc>,
}

/// Options of the first Python version that have another name here, and that name.
const RENAMED: [(&str, &str); 6] = [
    ("restic-path", "executable"),
    ("repository-file", "env.RESTIC_REPOSITORY_FILE"),
    ("no-cache", "flag.no-cache"),
    ("no-lock", "flag.no-lock"),
    ("json", "flag.json"),
    ("global-flags", "executable"),
];

/// Returns what means something else, in file order.
pub fn changed_meanings(document: &Document, surroundings: &Surroundings) -> Vec<ConfigProblem> {
    let sections = || std::iter::once(&document.defaults).chain(&document.sections);
    let mut found = Vec::new();
    for section in sections() {
        found.extend(section.entries.iter().filter_map(|entry| changed_meaning(section, entry, surroundings)));
    }
    let is_task = |section: &Section| section.entries.iter().any(|entry| entry.key == "schedule");
    let tells = |section: &Section| section.entries.iter().any(|entry| entry.key == "notifications");
    if sections().any(is_task) && !sections().any(tells) {
        found.push(of_file(
            &surroundings.file,
            "`notifications` is not set: Python's PRestic told every start and end, and now you hear of problems and of their end",
            "write `notifications = on` in [DEFAULT] to hear of everything",
        ));
    }
    if document.sections.iter().any(|section| section.name == "prestic") {
        found.push(of_file(
            &surroundings.file,
            "[prestic] is the section of the daemon's own settings now; it still is a profile, too",
            "give that profile another name, so that the two are not mixed up",
        ));
    }
    found
}

fn of_file(file: &Path, message: &str, hint: &str) -> ConfigProblem {
    ConfigProblem {
        file: file.to_owned(),
        line: None,
        section: None,
        key: None,
        message: message.to_owned(),
        hint: Some(hint.to_owned()),
    }
}

fn changed_meaning(section: &Section, entry: &Entry, surroundings: &Surroundings) -> Option<ConfigProblem> {
    let (message, hint) = explain(entry, surroundings.now)?;
    Some(ConfigProblem {
        file: surroundings.file.clone(),
        line: Some(entry.place.line),
        section: Some(section.name.clone()),
        key: Some(entry.key.clone()),
        message,
        hint: Some(hint),
    })
}

fn explain(entry: &Entry, now: DateTime<Utc>) -> Option<(String, String)> {
    let value = entry.value.as_str();
    let told = |message: &str, hint: &str| Some((message.to_owned(), hint.to_owned()));
    match entry.key.as_str() {
        "schedule" => explain_schedule(value, now),
        "notifications" => explain_notifications(value),
        "wait-for-lock" if !value.is_empty() => told(
            "`wait-for-lock` did nothing in Python's PRestic; a run waits that long for somebody else's lock now",
            "remove the line to have a run end at once, as before",
        ),
        "log-filter" if !value.is_empty() => told(
            "`log-filter` did nothing in Python's PRestic; lines that match are left out of the log now",
            "remove the line to keep to the default, which drops `unchanged` lines of backups",
        ),
        "cpu-priority" if !is_usual(value) && cfg!(unix) => told(
            "`cpu-priority` did nothing but on Windows; restic runs with that share of the processors now",
            "remove the line if a run must not become slower",
        ),
        "io-priority" if !is_usual(value) => told(
            "`io-priority` did nothing in Python's PRestic; restic runs with that share of the disks now",
            "remove the line if a run must not become slower",
        ),
        "limit-upload" | "limit-download" if !value.is_empty() && !value.bytes().all(|byte| byte.is_ascii_digit()) => {
            let message = format!(
                "`{} = {value}` reached restic as a number with a point, which it refuses; it is in whole KiB a second now",
                entry.key
            );
            Some((message, "nothing has to be done".to_owned()))
        }
        key => {
            let (old, new) = RENAMED.iter().find(|(old, _)| *old == key)?;
            let hint = match *old {
                "global-flags" => "put the flags behind the program, as `executable = restic --no-cache`".to_owned(),
                "repository-file" => format!("write `{new}`, and `repository` too, which makes the profile a task"),
                _ => format!("write `{new}`"),
            };
            Some((format!("`{old}` is no option any more, and does nothing"), hint))
        }
    }
}

/// Whether a priority changes nothing.
fn is_usual(priority: &str) -> bool {
    priority.is_empty() || priority.eq_ignore_ascii_case("normal")
}

/// Only these very words meant yes to Python, in lower case. The tray had to run for anything to be shown.
fn explain_notifications(value: &str) -> Option<(String, String)> {
    let was_on = matches!(value, "true" | "on" | "yes" | "1");
    let is_on = matches!(value.to_lowercase().as_str(), "true" | "on" | "yes" | "1");
    let is_off = matches!(value.to_lowercase().as_str(), "false" | "off" | "no" | "0");
    if is_on && !was_on {
        return Some((
            format!(
                "`notifications = {value}` counted as off, because only `true` in small letters was on; it tells every start and end now"
            ),
            "write `problems` to hear of what needs you, and of its end".to_owned(),
        ));
    }
    is_off.then(|| {
        (
            format!("`notifications = {value}` told nothing at all; failures are told now"),
            "write `notifications = off` in [prestic] to silence all".to_owned(),
        )
    })
}

fn explain_schedule(schedule: &str, now: DateTime<Utc>) -> Option<(String, String)> {
    match difference(schedule, now)? {
        Difference::BrokeOff(Breakdown::HourAfterLast) => Some((
            format!(
                "`schedule = {schedule}` came to nothing after 23 o'clock, until Python's PRestic was started again; it goes on now"
            ),
            "nothing has to be done".to_owned(),
        )),
        Difference::BrokeOff(Breakdown::NoTime) => Some((
            format!("`schedule = {schedule}` made Python's PRestic break off; it is due now"),
            "look at it with `prestic-ctl explain`".to_owned(),
        )),
        Difference::OtherTimes { then, now } => Some((
            format!("`schedule = {schedule}` ran {}, and comes {} now", shown(&then), shown(&now)),
            format!("look at it with `prestic-ctl explain '{schedule}'`, and write what you mean"),
        )),
    }
}

/// Says in a few words when something comes.
fn shown(times: &[NaiveDateTime]) -> String {
    if times.is_empty() {
        return "never".to_owned();
    }
    let times: Vec<_> = times.iter().map(|at| at.format("%a %d %b %H:%M").to_string()).collect();
    format!("{}, …", times.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ini;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let surroundings = Surroundings { file: "config.ini".into(), now: "2026-11-23T10:30:00Z".parse().unwrap() };
        let found = changed_meanings(&ini::parse(text, 0), &surroundings);
        assert_eq!(found.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_means_the_same_is_not_told() {
        check(
            "[nas]\nrepository = /r\npassword-keyring = nas\nlimit-upload = 512\nnotifications = true\nexecutable = restic\n\
             [home]\ninherit = nas\nschedule = daily at 12:30\ncommand = backup\nwait-for-lock =\n",
            &[],
        );
    }

    #[test]
    fn options_that_did_nothing_do_something() {
        let on_unix = "`cpu-priority` did nothing but on Windows; restic runs with that share of the processors now";
        let mut expected = vec![
            "`wait-for-lock` did nothing in Python's PRestic; a run waits that long for somebody else's lock now",
            "`log-filter` did nothing in Python's PRestic; lines that match are left out of the log now",
        ];
        expected.extend(cfg!(unix).then_some(on_unix));
        expected.push("`io-priority` did nothing in Python's PRestic; restic runs with that share of the disks now");
        check("[a]\nwait-for-lock = 300\nlog-filter = x\ncpu-priority = low\nio-priority = idle\n", &expected);
    }

    #[test]
    fn a_capital_letter_was_off() {
        check(
            "[a]\nnotifications = True\n[b]\nnotifications = False\n",
            &[
                "`notifications = True` counted as off, because only `true` in small letters was on; it tells every start and end now",
                "`notifications = False` told nothing at all; failures are told now",
            ],
        );
    }

    #[test]
    fn other_times_are_told_with_both() {
        check(
            "[DEFAULT]\nnotifications = on\n[a]\nschedule = every 6 hours\n[b]\nschedule = hourly\n",
            &[
                "`schedule = every 6 hours` ran Tue 24 Nov 00:00, Wed 25 Nov 00:00, Thu 26 Nov 00:00, …, and comes Mon 23 Nov 12:00, \
                 Mon 23 Nov 18:00, Tue 24 Nov 00:00, … now",
                "`schedule = hourly` came to nothing after 23 o'clock, until Python's PRestic was started again; it goes on now",
            ],
        );
    }

    #[test]
    fn options_of_the_first_version_are_renamed() {
        check(
            "[a]\nrestic-path = /opt/restic\nglobal-flags = -q\n",
            &[
                "`restic-path` is no option any more, and does nothing",
                "`global-flags` is no option any more, and does nothing",
            ],
        );
    }
}
