//! Unix: every file tells on which file system it is.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::Path,
};

/// Whether a folder lies in the same file system as the one above it.
pub(in crate::conditions) fn is_like_parent(path: &Path, metadata: &Metadata) -> bool {
    path.parent().and_then(|parent| fs::metadata(parent).ok()).is_some_and(|parent| parent.dev() == metadata.dev())
}
