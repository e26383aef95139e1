//! Finds out whether a path is there, and whether its disk is.
//!
//! A mount point without its disk is a folder like any other, and a backup into it would fill the disk below. So a path does
//! not count
//!
//! - when the innermost place of `/etc/fstab` at or above it is one where nothing is mounted, or
//! - when it is an empty folder in a folder of the same file system, and nothing is mounted there. That is how the place of a
//!   disk looks that is not in `/etc/fstab`.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::conditions::{Places, mounts, no_answer, questions::Questions};

#[cfg(unix)]
pub(super) use unix::is_like_parent;
#[cfg(windows)]
pub(super) use windows::is_like_parent;

/// How long a disk may take to answer: one that has to spin up, or that is mounted by the first look, takes its time.
const LIMIT: Duration = Duration::from_secs(5);

/// What a look at a path has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// It is there.
    There,
    /// It is not there.
    Missing,
    /// There is a folder, but its disk is not mounted.
    NotMounted,
    /// It cannot be looked at, and why.
    Hidden(String),
}

/// Looks at paths, with one thread at a time for each.
#[derive(Debug, Clone, Default)]
pub(super) struct Paths {
    looks: Questions<PathBuf, Seen>,
}

impl Paths {
    /// Returns what is at a path.
    pub(super) async fn look(&self, path: &Path, places: &Places) -> Seen {
        let places = places.clone();
        let seen = self.looks.ask(path.to_owned(), LIMIT, move |path| look(path, &places)).await;
        seen.unwrap_or_else(|| Seen::Hidden(no_answer(LIMIT)))
    }
}

/// What matters of a path that exists.
#[derive(Debug)]
struct Facts {
    /// The path without symbolic links.
    path: PathBuf,
    /// Whether it is a folder with nothing in it, in a folder of the same file system.
    is_empty_like_its_parent: bool,
}

/// Looks at a path, which on the disk of a lost server can take for ever.
pub(super) fn look(path: &Path, places: &Places) -> Seen {
    match facts(path) {
        // What is mounted is asked last: the look itself can have mounted it.
        Ok(facts) => judge(&facts, &mounts::to_be_mounted(places), mounts::mounted(&places.mountinfo).as_deref()),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Seen::Missing,
        Err(error) => Seen::Hidden(error.to_string()),
    }
}

fn facts(path: &Path) -> io::Result<Facts> {
    let path = fs::canonicalize(path)?;
    let metadata = fs::metadata(&path)?;
    let is_empty_like_its_parent = metadata.is_dir() && is_empty(&path)? && is_like_parent(&path, &metadata);
    Ok(Facts { path, is_empty_like_its_parent })
}

/// Whether a folder is empty. One whose content is hidden from this user has some.
pub(super) fn is_empty(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().transpose()?.is_none()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
        Err(error) => Err(error),
    }
}

fn judge(facts: &Facts, to_be_mounted: &[PathBuf], mounted: Option<&[PathBuf]>) -> Seen {
    let is_mounted = |point: &Path| mounted.is_none_or(|mounted| mounted.iter().any(|mounted| mounted == point));
    let wanted = to_be_mounted.iter().filter(|point| facts.path.starts_with(point)).max_by_key(|point| point.as_os_str().len());
    let lacks_wanted = wanted.is_some_and(|point| !is_mounted(point));
    let is_place_of_a_disk = facts.is_empty_like_its_parent && !(mounted.is_some() && is_mounted(&facts.path));
    if lacks_wanted || is_place_of_a_disk { Seen::NotMounted } else { Seen::There }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, is_empty_like_its_parent: bool, to_be_mounted: &[&str], mounted: Option<&[&str]>, expected: Seen) {
        let facts = Facts { path: path.into(), is_empty_like_its_parent };
        let list = |points: &[&str]| points.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(judge(&facts, &list(to_be_mounted), mounted.map(list).as_deref()), expected);
    }

    #[test]
    fn place_of_fstab_needs_its_disk() {
        check("/mnt/usb", false, &["/", "/mnt/usb"], Some(&["/"]), Seen::NotMounted);
        check("/mnt/usb", false, &["/", "/mnt/usb"], Some(&["/", "/mnt/usb"]), Seen::There);
        check("/mnt/usb", true, &["/mnt/usb"], Some(&["/", "/mnt/usb"]), Seen::There);
    }

    #[test]
    fn folder_below_a_place_of_fstab_needs_the_disk_too() {
        check("/mnt/usb/backup", false, &["/", "/mnt/usb"], Some(&["/"]), Seen::NotMounted);
        check("/mnt/usb/backup", false, &["/", "/mnt/usb"], Some(&["/", "/mnt/usb"]), Seen::There);
        check("/mnt/usb2", false, &["/", "/mnt/usb"], Some(&["/"]), Seen::There);
    }

    #[test]
    fn innermost_place_of_fstab_decides() {
        check("/a/b/c", false, &["/a", "/a/b"], Some(&["/", "/a"]), Seen::NotMounted);
        check("/a/b/c", false, &["/a/b", "/a"], Some(&["/", "/a/b"]), Seen::There);
    }

    #[test]
    fn empty_folder_needs_a_disk() {
        check("/mnt/usb", true, &["/"], Some(&["/"]), Seen::NotMounted);
        check("/mnt/usb", false, &["/"], Some(&["/"]), Seen::There);
    }

    #[test]
    fn empty_folder_that_is_mounted_from_the_same_disk_counts() {
        check("/mnt/bound", true, &["/"], Some(&["/", "/mnt/bound"]), Seen::There);
    }

    #[test]
    fn system_without_a_list_of_mounts_goes_by_the_folder_alone() {
        check("/mnt/usb", false, &["/mnt/usb"], None, Seen::There);
        check("/mnt/usb", true, &["/mnt/usb"], None, Seen::NotMounted);
    }
}
