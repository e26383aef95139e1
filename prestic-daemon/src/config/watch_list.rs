//! Which files and folders a configuration depends on, so that its changes can be noticed.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// How many symbolic links may lead from one to the next, as with the system itself.
const MAX_LINKS: usize = 40;

/// What to look at, whether it is there now or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchList {
    files: BTreeSet<PathBuf>,
    folders: BTreeSet<PathBuf>,
}

impl WatchList {
    /// Adds a file, and what its links lead to: a link stays as it is while its target changes.
    pub(super) fn add_file(&mut self, file: &Path) {
        let mut file = file.to_owned();
        for _ in 0..MAX_LINKS {
            if !self.files.insert(file.clone()) {
                return;
            }
            match (fs::read_link(&file), file.parent()) {
                (Ok(target), Some(folder)) => file = folder.join(target),
                _ => break,
            }
        }
        // Some systems tell of changes by a file's own path, whatever links lead to its folder.
        self.files.extend(fs::canonicalize(&file));
    }

    /// Adds a folder in which every file counts.
    pub(super) fn add_folder(&mut self, folder: &Path) {
        self.folders.insert(folder.to_owned());
        self.folders.extend(fs::canonicalize(folder));
    }

    /// Returns the folders to watch, without those below them. For one that does not exist yet it is the nearest one above
    /// that does: editors replace files, and files come into being, so the files themselves are not watched.
    pub fn places(&self) -> BTreeSet<PathBuf> {
        let folders = self.files.iter().filter_map(|file| file.parent()).chain(self.folders.iter().map(PathBuf::as_path));
        folders.filter_map(|folder| folder.ancestors().find(|folder| folder.is_dir())).map(Path::to_owned).collect()
    }

    /// Tells whether a change of this file or folder may change the configuration.
    pub fn is_relevant(&self, changed: &Path) -> bool {
        let is_at_or_above = |path: &PathBuf| path.starts_with(changed);
        self.files.iter().chain(&self.folders).any(is_at_or_above)
            || changed.parent().is_some_and(|folder| self.folders.contains(folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(changed: &str, expected: bool) {
        let list = WatchList {
            files: [PathBuf::from("/home/me/.prestic/config.ini")].into(),
            folders: [PathBuf::from("/home/me/.prestic/conf.d")].into(),
        };
        assert_eq!(list.is_relevant(Path::new(changed)), expected, "{changed}");
    }

    #[test]
    fn files_and_what_stands_in_folders_are_relevant() {
        check("/home/me/.prestic/config.ini", true);
        check("/home/me/.prestic/conf.d/new.ini", true);
        check("/home/me/.prestic/conf.d", true);
        check("/home/me", true);
    }

    #[test]
    fn other_files_beside_them_are_not() {
        check("/home/me/.prestic/status.ini", false);
        check("/home/me/.prestic/logs/x.txt", false);
        check("/home/me/.prestic/conf.d/deeper/x.ini", false);
        check("/home/me/other", false);
    }

    #[test]
    fn folder_that_is_not_there_is_watched_from_above() {
        let folder = tempfile::tempdir().unwrap();
        let mut list = WatchList::default();
        list.add_folder(&folder.path().join("conf.d/deeper"));
        assert_eq!(list.places(), [folder.path().to_owned()].into());
        fs::create_dir(folder.path().join("conf.d")).unwrap();
        assert_eq!(list.places(), [folder.path().join("conf.d")].into());
    }

    #[cfg(unix)]
    #[test]
    fn targets_of_links_are_watched_too() {
        let folder = fs::canonicalize(tempfile::tempdir().unwrap().keep()).unwrap();
        let [real, link] = ["dotfiles/config.ini", "config.ini"].map(|name| folder.join(name));
        fs::create_dir(folder.join("dotfiles")).unwrap();
        std::os::unix::fs::symlink("dotfiles/config.ini", &link).unwrap();
        let mut list = WatchList::default();
        list.add_file(&link);
        fs::File::create(&real).unwrap();
        assert!(list.is_relevant(&real) && list.is_relevant(&link));
        assert_eq!(list.places(), [folder.clone(), folder.join("dotfiles")].into());
        fs::remove_dir_all(folder).unwrap();
    }
}
