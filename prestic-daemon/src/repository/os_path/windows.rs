//! Windows: a path is text.

use std::ffi::{OsStr, OsString};

use prestic_proto::file_path::FilePath;

/// Returns a path as restic takes it; none where this system cannot say it.
pub fn os_path(path: &FilePath) -> Option<OsString> {
    str::from_utf8(path.as_bytes()).ok().map(|text| OsStr::new(text).to_owned())
}
