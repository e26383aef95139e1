//! Files and folders for their owner alone.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use crate::platform;

/// Writes a file that is new, so that nobody else has it open or has made it lead elsewhere.
pub fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        create_folder(folder)?;
    }
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::File::options();
    options.write(true).create_new(true);
    platform::owner_only_file(&mut options);
    options.open(file)?.write_all(text.as_bytes())
}

/// Makes a folder, and those above it that are missing.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    platform::owner_only_folder(&mut builder);
    builder.create(folder)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn file_is_for_its_owner_and_never_somebody_elses() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run/web.html");
        write(&file, "first").unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_file(&file).unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::File::create(&elsewhere).unwrap();
        symlink(&elsewhere, &file).unwrap();
        write(&file, "second").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "second");
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "");
    }
}
