//! What is to be backed up: paths that exist.

use super::{NewError, text_of, whole_path};
use crate::config::words;

/// Reads an answer: several paths have a blank between, and quotes around those that hold blanks.
pub(super) fn split(answer: &str) -> Result<Vec<String>, NewError> {
    let words = words::split(answer).map_err(|error| NewError::BadAnswer(error.to_string()))?;
    check(&words)
}

/// Returns whole paths. Each must exist.
pub(super) fn check(paths: &[String]) -> Result<Vec<String>, NewError> {
    if paths.is_empty() {
        return Err(NewError::BadAnswer("name at least one file or folder".to_owned()));
    }
    let one = |text: &String| {
        let path = whole_path(text);
        match path.symlink_metadata() {
            Ok(_) => text_of(&path),
            Err(error) => Err(NewError::BadAnswer(format!("`{}` cannot be backed up: {error}", path.display()))),
        }
    };
    paths.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_whole_and_must_exist() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b");
        std::fs::create_dir(&path).unwrap();
        let shown = path.display().to_string();
        assert_eq!(split(&format!("'{shown}/' '{shown}'")).unwrap(), [shown.clone(), shown]);
        for answer in ["", "/no/such/folder", "'/etc"] {
            assert!(split(answer).is_err(), "{answer}");
        }
    }
}
