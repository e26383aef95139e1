//! Writes a file so that a crash at any moment leaves the old content or the new, never a part. Platform code stands in `unix.rs` and `windows.rs` only.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

/// How many symbolic links may lead from one to the next, as with the system itself.
const MAX_LINKS: usize = 40;

/// Replaces a file: temporary file (readable by its owner only), fsync, rename, fsync of the folder.
///
/// A symbolic link stays one: what it points to is replaced. The temporary file always has the same name, so that what a
/// crash left behind goes the next time; a file has one writer at a time.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let path = &follow_links(path)?;
    let mut temporary_name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    temporary_name.push(".tmp");
    let temporary = path.with_file_name(temporary_name);
    let written = write_new(&temporary, content).and_then(|()| platform::rename(&temporary, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    platform::sync_folder(path)
}

/// Returns the file that a path stands for in the end; there need not be one yet.
fn follow_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => {
                let target = fs::read_link(&path)?;
                path = path.parent().map_or_else(|| target.clone(), |folder| folder.join(&target));
            }
            _ => return Ok(path),
        }
    }
    Err(io::Error::other(format!("{} leads from link to link without an end", path.display())))
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut file = owner_only(OpenOptions::new().write(true).create_new(true)).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Makes a file that these options create readable and writable by its owner only.
pub fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    platform::owner_only(options)
}

/// Makes a folder and those above it; the last one can be entered by its owner only.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match platform::create_own_folder(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        result => result,
    }
}

/// Makes a folder of ours as [`create_private_folder`] does; if it is there, and others may enter it, they no longer may.
pub fn open_private_folder(path: &Path) -> io::Result<()> {
    create_private_folder(path)?;
    platform::close_to_others(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.ini");
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    #[cfg(unix)]
    fn file_belongs_to_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.ini");
        replace(&path, b"x").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    #[cfg(unix)]
    fn link_stays_a_link_and_its_file_is_replaced() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("elsewhere")).unwrap();
        let (link, file) = (folder.path().join("status.ini"), folder.path().join("elsewhere/status"));
        symlink("second", &link).unwrap();
        symlink("elsewhere/status", folder.path().join("second")).unwrap();
        for content in [b"old", b"new"] {
            replace(&link, content).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read(&file).unwrap(), content);
        }
        symlink("circle", folder.path().join("circle")).unwrap();
        assert!(replace(&folder.path().join("circle"), b"x").is_err());
    }

    #[test]
    fn what_a_crash_left_behind_goes_with_the_next_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.ini");
        fs::File::create(folder.path().join("status.ini.tmp")).unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn failed_write_leaves_the_old_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("there");
        fs::create_dir(&path).unwrap();
        assert!(replace(&path, b"x").is_err());
        assert!(path.is_dir());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
