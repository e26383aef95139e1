//! Writes the configuration: only if it has no errors, only if nobody else has changed it meanwhile, and at once.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use prestic_proto::home::Home;

use super::NewError;
use crate::{
    atomic_write,
    config::{self, permissions},
};

/// Beside the configuration, so that it includes the same files. No pattern of an `include` ends so.
const CANDIDATE: &str = "config.ini.candidate";

/// Checks a text as if it were the configuration, with all that it includes.
pub(super) fn check(home: &Home, text: &str) -> Result<(), NewError> {
    let file = home.config_file();
    atomic_write::create_private_folder(home.root())
        .map_err(|source| NewError::Unwritable { file: home.root().to_owned(), source })?;
    let candidate = file.with_file_name(CANDIDATE);
    write_private(&candidate, text).map_err(|source| NewError::Unwritable { file: candidate.clone(), source })?;
    let report = config::load(&candidate).report;
    // What stays behind is in nobody's way, and the next one replaces it.
    let _ = fs::remove_file(&candidate);
    if report.errors.is_empty() {
        return Ok(());
    }
    let mut errors = report.errors;
    for problem in errors.iter_mut().filter(|problem| problem.file == candidate) {
        problem.file.clone_from(&file);
    }
    Err(NewError::Check { file, errors })
}

fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let _ = fs::remove_file(file);
    let mut opened = atomic_write::owner_only(OpenOptions::new().write(true).create_new(true)).open(file)?;
    opened.write_all(text.as_bytes())
}

/// Replaces the configuration, which had this text. Who may read it stays as it was.
pub(super) fn replace(file: &PathBuf, before: &str, text: &str) -> Result<(), NewError> {
    let failed = |source| NewError::Unwritable { file: file.clone(), source };
    let metadata = fs::metadata(file).ok();
    let is_as_it_was = match fs::read_to_string(file) {
        Ok(now) => now == before,
        Err(error) => error.kind() == io::ErrorKind::NotFound && before.is_empty(),
    };
    if !is_as_it_was {
        return Err(NewError::Changed(file.clone()));
    }
    atomic_write::replace(file, text.as_bytes()).map_err(failed)?;
    match metadata {
        Some(metadata) => permissions::restore(file, &metadata).map_err(failed),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home_with(text: &str) -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        write_private(&home.config_file(), text).unwrap();
        (folder, home)
    }

    #[test]
    fn text_with_errors_is_refused_and_leaves_nothing_behind() {
        let (folder, home) = home_with("[a]\n");
        assert!(matches!(check(&home, "[a]\n[a]\n"), Err(NewError::Check { .. })));
        check(&home, "[a]\n[b]\n").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_somebody_else_has_changed_meanwhile_is_left_alone() {
        let (_folder, home) = home_with("[theirs]\n");
        let file = home.config_file();
        assert!(matches!(replace(&file, "[old]\n", "[new]\n"), Err(NewError::Changed(_))));
        assert_eq!(fs::read_to_string(&file).unwrap(), "[theirs]\n");
    }

    #[test]
    #[cfg(unix)]
    fn whoever_could_read_the_configuration_still_can() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, home) = home_with("[a]\n");
        let file = home.config_file();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        replace(&file, "[a]\n", "[b]\n").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "[b]\n");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
