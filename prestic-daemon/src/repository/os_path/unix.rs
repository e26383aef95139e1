//! Unix: any bytes are a path.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
};

use prestic_proto::file_path::FilePath;

/// Returns a path as restic takes it; none where this system cannot say it.
pub fn os_path(path: &FilePath) -> Option<OsString> {
    Some(OsStr::from_bytes(path.as_bytes()).to_owned())
}
