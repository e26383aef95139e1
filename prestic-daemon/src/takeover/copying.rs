//! Copies a home's files to another one. Originals stay as they are, and nothing is ever overwritten.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use prestic_proto::home::Home;

use super::TakeoverError;
use crate::atomic_write;

/// Copies logs, status and configuration, in this order: a home without a configuration is none yet, if this breaks off.
///
/// Returns what was copied, by its name in the home.
pub fn copy(from: &Home, into: &Home) -> Result<Vec<PathBuf>, TakeoverError> {
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |source| TakeoverError::NotCopied { file, source }
    };
    atomic_write::create_private_folder(&into.logs_dir()).map_err(failed(&into.logs_dir()))?;
    let mut files = logs(&from.logs_dir()).map_err(failed(&from.logs_dir()))?;
    files.extend([from.status_file(), from.config_file()]);
    let mut copied = Vec::new();
    for file in files {
        let Ok(name) = file.strip_prefix(from.root()) else { continue };
        if copy_file(&file, &into.root().join(name)).map_err(failed(&file))? {
            copied.push(name.to_owned());
        }
    }
    Ok(copied)
}

fn logs(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut logs = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() && entry.path().extension().is_some_and(|extension| extension == "txt") {
            logs.push(entry.path());
        }
    }
    logs.sort();
    Ok(logs)
}

/// Returns whether there was something to copy, and no file in its place.
///
/// A copy has its name once it is whole: one that breaks off would be a home with some of its tasks.
fn copy_file(from: &Path, into: &Path) -> io::Result<bool> {
    let mut source = match File::open(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        source => source?,
    };
    if fs::symlink_metadata(into).is_ok() {
        return Ok(false);
    }
    let mut part = into.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let copied = write_copy(&mut source, &part).and_then(|()| fs::rename(&part, into));
    if copied.is_err() {
        // It may not even have been made.
        let _ = fs::remove_file(&part);
    }
    copied.map(|()| true)
}

fn write_copy(source: &mut File, into: &Path) -> io::Result<()> {
    let mut copy = atomic_write::owner_only(OpenOptions::new().write(true).create(true).truncate(true)).open(into)?;
    io::copy(source, &mut copy)?;
    // Old logs go by their age.
    copy.set_modified(source.metadata()?.modified()?)?;
    copy.sync_all()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn everything_is_copied_and_nothing_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let [from, into] = ["from", "into"].map(|name| Home::at(folder.path().join(name)));
        fs::create_dir_all(from.logs_dir()).unwrap();
        let log = from.logs_dir().join("2024.01.02_03.04-home.txt");
        for (path, text) in [(from.config_file(), "[a]\n"), (from.status_file(), "[a]\npid = 0\n"), (log.clone(), "old")] {
            File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
        }
        let written_at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        File::options().write(true).open(&log).unwrap().set_modified(written_at).unwrap();
        fs::create_dir_all(into.root()).unwrap();
        File::create(into.status_file()).unwrap().write_all(b"newer").unwrap();
        let copied = copy(&from, &into).unwrap();
        assert_eq!(copied, [Path::new("logs").join("2024.01.02_03.04-home.txt"), "config.ini".into()]);
        assert_eq!(fs::read_to_string(into.status_file()).unwrap(), "newer");
        let copy = into.logs_dir().join("2024.01.02_03.04-home.txt");
        assert_eq!(fs::metadata(copy).unwrap().modified().unwrap(), written_at);
        assert_eq!(fs::read_to_string(from.config_file()).unwrap(), "[a]\n");
    }

    #[test]
    fn copy_that_breaks_off_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let [from, into] = ["from", "into"].map(|name| folder.path().join(name));
        // It can be opened, and not be read.
        fs::create_dir(&from).unwrap();
        copy_file(&from, &into).unwrap_err();
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["from"]);
    }
}
