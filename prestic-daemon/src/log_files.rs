//! The log files in `<home>/logs`: their names, how a new one is made, and which old ones go.
//!
//! A name is `YYYY.MM.DD_HH.MM-task.txt` in local time, as Python's PRestic has it. A second run in the same minute gets
//! `YYYY.MM.DD_HH.MM-2-task.txt`: the number stands before the task so that the name still ends in `-task.txt`, by which
//! Python's PRestic finds the logs of a task, and so that `home` run twice cannot be mistaken for the task `home-2`.
//! What is in a log is the supervisor's business.

mod names;
mod shown;
#[cfg(test)]
mod tests;

use std::{
    fmt::Display,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};

pub use self::{
    names::{escape, parts, unescape},
    shown::shown_line,
};
use prestic_proto::outcome::Outcome;

use crate::atomic_write;

/// How the line of a log's footer begins that tells restic's exit code.
pub const EXIT_CODE_LABEL: &str = "Restic exit code: ";

/// How the line of a log's footer begins that tells the outcome in words.
pub const OUTCOME_LABEL: &str = "Outcome: ";

/// The footer of a log is no longer than this.
const FOOTER_BYTES: u64 = 4096;

/// Returns the name of a task's log for a run at that time, one that is not taken.
pub fn file_name<Zone>(task: &str, at: &DateTime<Zone>, taken: impl Fn(&str) -> bool) -> String
where
    Zone: TimeZone<Offset: Display>,
{
    let mut number = 1;
    loop {
        let name = names::numbered(task, at, number);
        if !taken(&name) {
            return name;
        }
        number += 1;
    }
}

/// Makes a new log that its owner alone can read, and the folder if there is none. Returns it with its name.
pub fn create<Zone>(logs_dir: &Path, task: &str, at: &DateTime<Zone>) -> io::Result<(File, String)>
where
    Zone: TimeZone<Offset: Display>,
{
    atomic_write::open_private_folder(logs_dir)?;
    let mut number = 1;
    loop {
        let name = names::numbered(task, at, number);
        match atomic_write::owner_only(OpenOptions::new().write(true).create_new(true)).open(logs_dir.join(&name)) {
            Ok(file) => return Ok((file, name)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Removes the logs of one task that were last written more than `days` before `now`, but for those that `keep` wants kept
/// by their name. Returns what it removed. A log that cannot be removed does not keep it from the others.
pub fn prune(
    logs_dir: &Path,
    task: &str,
    days: u32,
    now: DateTime<Utc>,
    keep: impl Fn(&str) -> bool,
) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(logs_dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let limit = now - TimeDelta::days(days.into());
    let mut removed = Vec::new();
    let mut failure = None;
    for entry in entries {
        let entry = entry?;
        let file_name = entry.file_name();
        let Some(name) = file_name.to_str().filter(|name| names::belongs_to(name, task)) else { continue };
        match is_old_file(&entry, limit) {
            Ok(true) if !keep(name) => match fs::remove_file(entry.path()) {
                Ok(()) => removed.push(entry.path()),
                Err(error) => failure = Some(error),
            },
            Ok(_) => {}
            Err(error) => failure = Some(error),
        }
    }
    removed.sort();
    match failure.filter(|error| error.kind() != ErrorKind::NotFound) {
        Some(error) => Err(error),
        None => Ok(removed),
    }
}

fn is_old_file(entry: &fs::DirEntry, limit: DateTime<Utc>) -> io::Result<bool> {
    let metadata = entry.metadata()?;
    Ok(metadata.is_file() && DateTime::<Utc>::from(metadata.modified()?) < limit)
}

/// Whether a log is that of a run that failed, as its footer tells.
///
/// A log without a footer counts as one, since its run did not come to its end. One that Python's PRestic wrote has the
/// exit code at most.
pub fn is_failed_log(path: &Path) -> io::Result<bool> {
    Ok(!tells_success(&footer(path)?))
}

/// Returns restic's exit code, as the footer of a log tells it.
pub fn exit_code(path: &Path) -> io::Result<Option<i32>> {
    Ok(last_of(&footer(path)?, EXIT_CODE_LABEL).and_then(|code| code.parse().ok()))
}

fn footer(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(FOOTER_BYTES)))?;
    let mut footer = Vec::new();
    file.take(FOOTER_BYTES).read_to_end(&mut footer)?;
    Ok(String::from_utf8_lossy(&footer).into_owned())
}

fn last_of<'footer>(footer: &'footer str, label: &str) -> Option<&'footer str> {
    footer.lines().rev().find_map(|line| line.strip_prefix(label)).map(str::trim)
}

fn tells_success(footer: &str) -> bool {
    match (last_of(footer, OUTCOME_LABEL), last_of(footer, EXIT_CODE_LABEL)) {
        (Some(outcome), _) => [Outcome::Succeeded, Outcome::Warnings].iter().any(|success| success.to_string() == outcome),
        (None, Some(code)) => matches!(code, "0" | "3"),
        (None, None) => false,
    }
}
