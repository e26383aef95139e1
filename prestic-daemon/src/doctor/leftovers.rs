//! What crashes have left behind: runs that were cut off, and files that could not be read and were set aside.

use std::{fs, path::Path};

use prestic_proto::{
    doctor::{Check, Finding},
    home::Home,
    run::RunId,
};

use super::shown;
use crate::records::folder::RecordFolder;

/// What is known of a run whose record has no end.
#[derive(Debug)]
struct Unfinished {
    run: RunId,
    task: String,
    is_supervised: bool,
}

/// Looks at the records of runs. A daemon that runs sees to them itself.
pub(super) fn look(home: &Home) -> Vec<Finding> {
    let folder = home.runs_dir();
    // Opening would make it.
    if !folder.is_dir() {
        return Vec::new();
    }
    let Ok(records) = RecordFolder::open(&folder) else { return Vec::new() };
    let unfinished = records.runs().unwrap_or_default().into_iter().filter_map(|run| {
        let record = records.read(run).ok().filter(|record| !record.is_finished())?;
        Some(Unfinished { run, task: record.task, is_supervised: records.is_supervised(run).unwrap_or(false) })
    });
    judge(&unfinished.collect::<Vec<_>>(), &folder, files_set_aside(&folder))
}

fn files_set_aside(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "bad")).count()
}

fn judge(unfinished: &[Unfinished], folder: &Path, set_aside: usize) -> Vec<Finding> {
    let mut findings: Vec<_> = unfinished
        .iter()
        .map(|Unfinished { run, task, is_supervised }| {
            if *is_supervised {
                Finding::ok(Check::Leftovers, format!("run {run} goes on without a daemon"))
            } else {
                let message = format!("run {run} was cut off: its record has no end");
                Finding::warning(
                    Check::Leftovers,
                    message,
                    "start the daemon, which sees to it and to the lock that it may have left",
                )
            }
            .about(task)
        })
        .collect();
    if set_aside > 0 {
        let message = format!("{set_aside} damaged records were set aside in {}", shown(folder));
        findings.push(Finding::warning(
            Check::Leftovers,
            message,
            "if the disk is healthy, remove the files that end in `.bad`",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use prestic_proto::doctor::Level;

    use super::*;

    #[test]
    fn run_without_a_supervisor_was_cut_off() {
        let unfinished =
            [true, false].map(|is_supervised| Unfinished { run: RunId(7), task: "home".to_owned(), is_supervised });
        let levels: Vec<_> = judge(&unfinished, Path::new("/r"), 1).iter().map(|finding| finding.level).collect();
        assert_eq!(levels, [Level::Ok, Level::Warning, Level::Warning]);
        assert_eq!(judge(&[], Path::new("/r"), 0), []);
    }
}
