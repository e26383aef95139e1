//! The runs that the logs of Python's PRestic tell of, so that the history begins with them.

use std::{fs, io, path::Path};

use chrono::{DateTime, Local, NaiveDateTime, TimeDelta, TimeZone, Utc};
use prestic_proto::{
    outcome::{Failure, Outcome},
    run::{Finished, Run, RunId, RunState, Trigger},
};

use crate::log_files;

/// A log that was last written later than that after its name's time was touched by something else.
const LONGEST_RUN: TimeDelta = TimeDelta::days(14);

/// A log with what it tells.
struct OldLog {
    name: String,
    task: String,
    started_at: DateTime<Utc>,
    ended_at: DateTime<Utc>,
    exit_code: Option<i32>,
}

/// Returns the runs of a folder's logs, oldest first, numbered from 1. What is no log is left out.
pub fn runs(logs_dir: &Path) -> io::Result<Vec<Run>> {
    let entries = match fs::read_dir(logs_dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut logs = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let Some(name) = name.to_str() else { continue };
        // A log that cannot be read tells of no run, and keeps no other one from telling.
        logs.extend(read(logs_dir, name).ok().flatten());
    }
    logs.sort_by(|one, other| (one.started_at, &one.name).cmp(&(other.started_at, &other.name)));
    Ok(logs.into_iter().zip(1..).map(|(log, number)| run(log, RunId(number))).collect())
}

fn read(logs_dir: &Path, name: &str) -> io::Result<Option<OldLog>> {
    let Some((stamp, task)) = log_files::parts(name) else { return Ok(None) };
    let Some(started_at) = NaiveDateTime::parse_from_str(stamp, "%Y.%m.%d_%H.%M").ok().and_then(instant) else {
        return Ok(None);
    };
    let path = logs_dir.join(name);
    let metadata = fs::metadata(&path)?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let written_at = DateTime::<Utc>::from(metadata.modified()?);
    let is_plausible = written_at >= started_at && written_at - started_at <= LONGEST_RUN;
    Ok(Some(OldLog {
        name: name.to_owned(),
        task: task.to_owned(),
        started_at,
        ended_at: if is_plausible { written_at } else { started_at },
        exit_code: log_files::exit_code(&path)?,
    }))
}

/// Returns the instant that a local clock showed; the first one, if it showed it twice.
fn instant(shown: NaiveDateTime) -> Option<DateTime<Utc>> {
    Local.from_local_datetime(&shown).earliest().map(|at| at.to_utc())
}

fn run(log: OldLog, id: RunId) -> Run {
    let length = (log.ended_at - log.started_at).num_milliseconds();
    let finished = Finished {
        at: log.ended_at,
        duration_ms: length.try_into().unwrap_or_default(),
        exit_code: log.exit_code,
        outcome: outcome(log.exit_code),
    };
    Run {
        id,
        task: log.task,
        // It kept no note of who wanted a run: nearly all come from a schedule.
        trigger: Trigger::Scheduled,
        due_at: None,
        missed: 0,
        attempt: 0,
        created_at: log.started_at,
        started_at: Some(log.started_at),
        log_file: Some(log.name),
        state: RunState::Finished(finished),
        progress: None,
        limit_near: None,
        summary: None,
        last_lines: Vec::new(),
    }
}

/// The log of a run that did not come to its end has no exit code.
fn outcome(exit_code: Option<i32>) -> Outcome {
    match exit_code {
        None => Outcome::Interrupted,
        Some(0) => Outcome::Succeeded,
        Some(3) => Outcome::Warnings,
        Some(10) => Outcome::Failed(Failure::NoRepository),
        Some(11) => Outcome::RepositoryLocked,
        Some(12) => Outcome::Failed(Failure::WrongPassword),
        Some(_) => Outcome::Failed(Failure::Other),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        fs::File::create(folder.join(name)).unwrap().write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn logs_become_runs_in_the_order_of_their_times() {
        let folder = tempfile::tempdir().unwrap();
        let end = |code: i32| format!("Repository: /r\nRestic output:\n \nsaved\n \nRestic exit code: {code}\n \n");
        write(folder.path(), "2024.01.02_03.04-home.txt", &end(0));
        write(folder.path(), "2024.01.01_03.04-my photos.txt", &end(3));
        write(folder.path(), "2024.01.03_03.04-home.txt", &(end(1) + &end(11)));
        write(folder.path(), "2024.01.04_03.04-2-home.txt", "Repository: /r\n");
        write(folder.path(), "2024.13.04_03.04-home.txt", &end(0));
        write(folder.path(), "daemon.log", "");
        fs::create_dir(folder.path().join("2024.01.05_03.04-home.txt")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/nowhere", folder.path().join("2024.01.06_03.04-home.txt")).unwrap();
        let found: Vec<_> = runs(folder.path())
            .unwrap()
            .iter()
            .map(|run| (run.id.0, run.task.clone(), run.finished().unwrap().outcome.word(), run.finished().unwrap().exit_code))
            .collect();
        assert_eq!(
            found,
            [
                (1, "my photos".to_owned(), "warnings", Some(3)),
                (2, "home".to_owned(), "succeeded", Some(0)),
                (3, "home".to_owned(), "repository-locked", Some(11)),
                (4, "2-home".to_owned(), "interrupted", None),
            ]
        );
    }

    #[test]
    fn no_folder_has_no_runs() {
        let folder = tempfile::tempdir().unwrap();
        assert!(runs(&folder.path().join("logs")).unwrap().is_empty());
    }

    #[test]
    fn log_that_was_touched_later_tells_no_duration() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "2001.01.02_03.04-home.txt", "");
        let found = runs(folder.path()).unwrap();
        assert_eq!(found[0].finished().unwrap().duration_ms, 0);
        assert_eq!(Some(found[0].finished().unwrap().at), found[0].started_at);
    }
}
