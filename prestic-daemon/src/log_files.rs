//! Names and ages of log files.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

use chrono::{DateTime, Local};

/// How the line of a log's footer begins that tells restic's exit code.
pub const EXIT_CODE_LABEL: &str = "Restic exit code: ";

/// How the line of a log's footer begins that tells the outcome in words.
pub const OUTCOME_LABEL: &str = "Outcome: ";

/// Creates a log file.
pub fn create(logs_dir: &Path, task: &str, at: &DateTime<Local>) -> io::Result<(File, String)> {
    crate::atomic_write::create_private_folder(logs_dir)?;
    let name = format!("{}-{task}.txt", at.format("%Y.%m.%d_%H.%M"));
    let file = crate::atomic_write::owner_only(OpenOptions::new().write(true).create_new(true)).open(logs_dir.join(&name))?;
    Ok((file, name))
}
