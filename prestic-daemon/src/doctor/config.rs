//! The configuration: its errors and warnings, and those of the files that it names.

use std::{path::PathBuf, time::Duration};

use prestic_proto::{
    doctor::{Check, Finding},
    profile::{ConfigProblem, ConfigReport},
    words::counted_usize,
};

use super::{shown, within};
use crate::config::{self, Loaded};

/// How long it may take to read. Looks at the files that it names have a limit of their own, within this one.
const LIMIT: Duration = Duration::from_secs(6);

/// So many errors and warnings are told, and how many more there are.
const MOST: usize = 8;

/// Reads the configuration, and tells what is wrong with it.
pub(super) async fn read(file: PathBuf) -> (Loaded, Vec<Finding>) {
    if !file.exists() {
        let message = format!("there is no configuration yet: {} is missing", shown(&file));
        let hint = "`prestic-ctl new` makes one";
        return (Loaded::default(), vec![Finding::warning(Check::Config, message, hint)]);
    }
    let path = file.clone();
    let Some((loaded, with_files)) = within(LIMIT, move || (config::load_for_one_run(&path), config::load(&path).report)).await
    else {
        let message = format!("{} cannot be read: its disk does not answer", shown(&file));
        return (Loaded::default(), vec![Finding::error(Check::Config, message, "look after the disk")]);
    };
    let findings = judge(&loaded.report, &with_files, &shown(&file));
    (loaded, findings)
}

/// `with_files` is what is wrong when the files are looked at that the configuration names.
fn judge(alone: &ConfigReport, with_files: &ConfigReport, file: &str) -> Vec<Finding> {
    let hint = |problem: &ConfigProblem| problem.hint.clone().unwrap_or_else(|| format!("correct it in {file}"));
    let errors = alone.errors.iter().map(|problem| Finding::error(Check::Config, place(problem), hint(problem)));
    let warnings = alone.warnings.iter().map(|problem| Finding::warning(Check::Config, place(problem), hint(problem)));
    let mut of_config: Vec<Finding> = errors.chain(warnings).collect();
    if of_config.is_empty() {
        let [profiles, tasks] = [(alone.profiles, "profile"), (alone.tasks, "task")].map(|(n, noun)| counted_usize(n, noun));
        of_config.push(Finding::ok(Check::Config, format!("{file}: {profiles}, {tasks}")));
    }
    let is_of_files = |problem: &&ConfigProblem| !alone.warnings.contains(problem);
    let mut of_files: Vec<Finding> = with_files
        .warnings
        .iter()
        .filter(is_of_files)
        .map(|problem| Finding::warning(Check::Files, place(problem), hint(problem)))
        .collect();
    if of_files.is_empty() && alone.errors.is_empty() {
        of_files.push(Finding::ok(Check::Files, "the files that it names are there, and nobody else reads secret ones"));
    }
    [shortened(of_config), shortened(of_files)].concat()
}

/// Returns what is wrong, and where, without what to do.
fn place(problem: &ConfigProblem) -> String {
    ConfigProblem { hint: None, ..problem.clone() }.to_string().replace('\n', " ")
}

fn shortened(mut findings: Vec<Finding>) -> Vec<Finding> {
    let more = findings.len().saturating_sub(MOST);
    if more > 0 {
        findings.truncate(MOST);
        if let Some(last) = findings.last().cloned() {
            let message = format!("and {more} more");
            findings.push(Finding { message, hint: Some("see `prestic-ctl check`".to_owned()), ..last });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use prestic_proto::doctor::Level;

    use super::*;

    fn problem(message: &str) -> ConfigProblem {
        ConfigProblem {
            file: "config.ini".into(),
            line: Some(3),
            section: Some("home".to_owned()),
            key: None,
            message: message.to_owned(),
            hint: Some("mend it".to_owned()),
        }
    }

    fn report(errors: &[&str], warnings: &[&str]) -> ConfigReport {
        let problems = |messages: &[&str]| messages.iter().map(|message| problem(message)).collect();
        ConfigReport { errors: problems(errors), warnings: problems(warnings), profiles: 2, tasks: 1 }
    }

    #[track_caller]
    fn check(alone: &ConfigReport, with_files: &ConfigReport, expected: &[(Check, Level, &str)]) {
        let findings = judge(alone, with_files, "config.ini");
        let found: Vec<_> = findings.iter().map(|found| (found.check, found.level, found.message.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn good_configuration_is_counted() {
        let files = "the files that it names are there, and nobody else reads secret ones";
        let expected = [(Check::Config, Level::Ok, "config.ini: 2 profiles, 1 task"), (Check::Files, Level::Ok, files)];
        check(&report(&[], &[]), &report(&[], &[]), &expected);
    }

    #[test]
    fn errors_and_warnings_are_told_with_their_places() {
        let expected = [
            (Check::Config, Level::Error, "bad in [home] at config.ini:3"),
            (Check::Config, Level::Warning, "odd in [home] at config.ini:3"),
        ];
        check(&report(&["bad"], &["odd"]), &report(&["bad"], &["odd"]), &expected);
    }

    #[test]
    fn what_is_wrong_with_files_is_told_apart() {
        let expected = [
            (Check::Config, Level::Warning, "odd in [home] at config.ini:3"),
            (Check::Files, Level::Warning, "others can read in [home] at config.ini:3"),
        ];
        check(&report(&[], &["odd"]), &report(&[], &["odd", "others can read"]), &expected);
    }

    #[test]
    fn nobody_reads_a_hundred_errors() {
        let many: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let findings = judge(&report(&many, &[]), &report(&many, &[]), "config.ini");
        assert_eq!(findings.last().unwrap().message, "and 92 more");
    }
}
