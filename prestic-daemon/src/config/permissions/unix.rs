//! Permissions as bits of a file's mode.

use std::{os::unix::fs::MetadataExt, path::Path};

/// Read permission for the group and for all others.
const READABLE_BY_OTHERS: u32 = 0o044;

pub(super) fn is_readable_by_others(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.mode() & READABLE_BY_OTHERS != 0)
}
