//! Tells whether something may be made at a path: its disk has to be mounted, and the folder above it has to be there.
//!
//! A repository that is made at the place of a disk that is away fills the disk below, and the real one is never seen again
//! under the disk that is mounted later.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::conditions::{
    Places, mounts, no_answer,
    paths::{self, Seen, is_empty, is_like_parent},
};

/// How long a disk may take to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// The folders in which people and desktops mount disks.
const FOLDERS_OF_DISKS: [&str; 4] = ["/mnt", "/media", "/run/media", "/Volumes"];

/// What a place for something new is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewPlace {
    /// It can be made there.
    Good,
    /// The folder that it would lie in is not there.
    NoFolder(PathBuf),
    /// This is the place of a disk, and nothing is mounted there.
    NotMounted(PathBuf),
    /// Nobody can tell, and why.
    Hidden(String),
}

/// What matters of a place.
#[derive(Debug)]
struct Facts {
    /// The path, without symbolic links as far as it exists.
    path: PathBuf,
    /// Whether something is there already.
    is_there: bool,
    /// Whether the folder above it exists.
    has_parent: bool,
    /// Of the path and the folder above it those that are empty folders in the file system of the folder above them.
    empty: Vec<PathBuf>,
}

/// Looks at the place of something that is to be made. Where it is there already the place is good if its disk is mounted.
///
/// `required` are the paths that runs wait for: those at or above the place have to be there, as for a run.
pub fn look(path: &Path, required: &[PathBuf]) -> NewPlace {
    let (sender, answer) = mpsc::sync_channel(1);
    let wanted = path.to_owned();
    let required: Vec<PathBuf> = required.iter().filter(|required| path.starts_with(required)).cloned().collect();
    let look = move || {
        let places = Places::default();
        let away = required.iter().find(|required| paths::look(required, &places) == Seen::NotMounted);
        away.map_or_else(|| look_at(&wanted, &places), |point| NewPlace::NotMounted(point.clone()))
    };
    // If the look never comes back, its thread is left behind: there is no way to call it off.
    thread::spawn(move || sender.send(look()));
    answer.recv_timeout(LIMIT).unwrap_or_else(|_| NewPlace::Hidden(no_answer(LIMIT)))
}

fn look_at(path: &Path, places: &Places) -> NewPlace {
    match facts(path) {
        // What is mounted is asked last: the look itself can have mounted it.
        Ok(facts) => judge(&facts, &mounts::to_be_mounted(places), mounts::mounted(&places.mountinfo).as_deref()),
        Err(error) => NewPlace::Hidden(error.to_string()),
    }
}

fn facts(path: &Path) -> io::Result<Facts> {
    let absent = |error: &io::Error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    let mut found = None;
    for above in path.ancestors() {
        match fs::canonicalize(above) {
            Ok(real) => {
                found = Some((real, path.strip_prefix(above).unwrap_or(Path::new("")).to_owned()));
                break;
            }
            Err(error) if absent(&error) => {}
            Err(error) => return Err(error),
        }
    }
    let (real, rest) = found.ok_or(io::ErrorKind::NotFound)?;
    let missing = rest.components().count();
    let (is_there, has_parent) = (missing == 0, missing <= 1);
    let path = if is_there { real } else { real.join(rest) };
    let mut empty = Vec::new();
    for folder in path.ancestors().take(2) {
        match fs::metadata(folder) {
            Ok(metadata) if metadata.is_dir() && is_empty(folder)? && is_like_parent(folder, &metadata) => {
                empty.push(folder.to_owned());
            }
            Err(error) if !absent(&error) => return Err(error),
            _ => {}
        }
    }
    Ok(Facts { path, is_there, has_parent, empty })
}

fn judge(facts: &Facts, to_be_mounted: &[PathBuf], mounted: Option<&[PathBuf]>) -> NewPlace {
    let is_mounted = |point: &Path| mounted.is_none_or(|mounted| mounted.iter().any(|mounted| mounted == point));
    if let Some(point) = innermost(to_be_mounted, &facts.path).filter(|point| !is_mounted(point)) {
        return NewPlace::NotMounted(point.to_owned());
    }
    // On a disk that is mounted by custom, folders are folders, whatever they are called.
    let is_on_disk = mounted.and_then(|mounted| innermost(mounted, &facts.path)).is_some_and(is_customary_place_of_disk);
    let is_idle = |folder: &&PathBuf| !is_on_disk && is_customary_place_of_disk(folder);
    // Desktops make the folder for a disk when they mount it, and take it away afterwards.
    let gone = Some(&facts.path).filter(|_| !facts.is_there);
    if let Some(point) = gone.into_iter().chain(&facts.empty).find(is_idle) {
        return NewPlace::NotMounted(point.clone());
    }
    match facts.path.parent() {
        Some(parent) if !facts.has_parent => NewPlace::NoFolder(parent.to_owned()),
        _ => NewPlace::Good,
    }
}

/// Returns the place that a path lies at or below, the nearest one.
fn innermost<'points>(points: &'points [PathBuf], path: &Path) -> Option<&'points Path> {
    points.iter().filter(|point| path.starts_with(point)).max_by_key(|point| point.as_os_str().len()).map(PathBuf::as_path)
}

/// Whether a folder is one where disks are mounted by custom: `/mnt`, `/mnt/DISK`, `/media/DISK`, `/media/USER/DISK`.
fn is_customary_place_of_disk(folder: &Path) -> bool {
    let is_in = |place: &str| {
        let below = folder.strip_prefix(place).ok().map(|rest| rest.components().count());
        match place {
            "/mnt" => below.is_some_and(|depth| depth <= 1),
            "/Volumes" => below == Some(1),
            _ => below.is_some_and(|depth| (1..=2).contains(&depth)),
        }
    };
    FOLDERS_OF_DISKS.into_iter().any(is_in)
}

/// Returns the place of a disk that a path lies below, if something is mounted there: what a run has to wait for.
pub fn removable_disk_of(path: &Path) -> Option<PathBuf> {
    let mounted = mounts::mounted(&Places::default().mountinfo)?;
    let real = path.ancestors().find_map(|above| Some(fs::canonicalize(above).ok()?.join(path.strip_prefix(above).ok()?)))?;
    innermost(&mounted, &real).filter(|point| is_customary_place_of_disk(point)).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(texts: &[&str]) -> Vec<PathBuf> {
        texts.iter().map(PathBuf::from).collect()
    }

    #[track_caller]
    fn check(path: &str, empty: &[&str], to_be_mounted: &[&str], expected: NewPlace) {
        let facts = Facts { path: path.into(), is_there: true, has_parent: true, empty: paths(empty) };
        assert_eq!(judge(&facts, &paths(to_be_mounted), Some(&paths(&["/", "/mnt/there"]))), expected);
    }

    #[test]
    fn place_below_a_disk_of_fstab_that_is_away_is_refused() {
        let away = || NewPlace::NotMounted("/backup".into());
        check("/backup/restic", &[], &["/", "/backup"], away());
        check("/backup", &[], &["/backup"], away());
        check("/backup2/restic", &[], &["/", "/backup"], NewPlace::Good);
        check("/mnt/there/restic", &[], &["/mnt/there"], NewPlace::Good);
    }

    #[test]
    fn empty_folder_where_disks_are_mounted_by_custom_is_refused() {
        let away = |point: &str| NewPlace::NotMounted(point.into());
        check("/mnt/usb/restic", &["/mnt/usb"], &[], away("/mnt/usb"));
        check("/mnt/restic", &["/mnt"], &[], away("/mnt"));
        check("/media/me/usb", &["/media/me/usb"], &[], away("/media/me/usb"));
        check("/mnt/there/restic", &["/mnt/there"], &[], NewPlace::Good);
    }

    #[test]
    fn empty_folder_elsewhere_is_good() {
        check("/home/me/backups/restic", &["/home/me/backups"], &["/"], NewPlace::Good);
        check("/mnt/usb/restic", &[], &[], NewPlace::Good);
        check("/mnt/usb/a/restic", &["/mnt/usb/a"], &[], NewPlace::Good);
    }

    #[test]
    fn folder_above_has_to_be_there() {
        let facts = |path: &str| Facts { path: path.into(), is_there: false, has_parent: false, empty: Vec::new() };
        assert_eq!(judge(&facts("/home/me/a/restic"), &[], None), NewPlace::NoFolder("/home/me/a".into()));
        assert_eq!(judge(&facts("/media/me/disk/restic"), &[], None), NewPlace::NoFolder("/media/me/disk".into()));
    }

    #[test]
    fn folder_that_a_desktop_makes_for_a_disk_is_not_made_for_a_repository() {
        let facts = |path: &str| Facts { path: path.into(), is_there: false, has_parent: true, empty: Vec::new() };
        assert_eq!(judge(&facts("/media/me/disk"), &[], None), NewPlace::NotMounted("/media/me/disk".into()));
        let mounted = paths(&["/", "/mnt"]);
        assert_eq!(judge(&facts("/mnt/restic"), &[], Some(&mounted)), NewPlace::Good);
    }

    #[test]
    fn what_is_really_there_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(look(&folder.path().join("restic"), &[]), NewPlace::Good);
        let deep = folder.path().join("none").join("restic");
        let real = fs::canonicalize(folder.path()).unwrap();
        assert_eq!(look(&deep, &[]), NewPlace::NoFolder(real.join("none")));
    }

    #[cfg(unix)]
    #[test]
    fn empty_folder_that_runs_wait_for_is_the_place_of_a_disk() {
        let folder = tempfile::tempdir().unwrap();
        let disk = folder.path().join("disk");
        fs::create_dir(&disk).unwrap();
        let place = disk.join("restic");
        assert_eq!(look(&place, std::slice::from_ref(&disk)), NewPlace::NotMounted(disk.clone()));
        assert_eq!(look(&place, &[folder.path().join("other")]), NewPlace::Good);
        fs::create_dir(disk.join("more")).unwrap();
        assert_eq!(look(&place, &[disk]), NewPlace::Good);
    }
}
