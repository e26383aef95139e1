//! Windows: a program that runs cannot be replaced, so there is never a successor.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use super::Successor;

/// There is no other way to the program that runs.
pub(super) const RUNNING_PROGRAM: Option<&str> = None;

/// There can be no successor.
pub(super) fn replaceable_program() -> Option<io::Result<PathBuf>> {
    None
}

/// No process can become another one.
pub fn replace(_successor: &Successor, _lock: File) -> io::Error {
    io::ErrorKind::Unsupported.into()
}

/// Nothing is inherited.
pub fn inherit(_descriptor: i32, _path: &Path) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is no predecessor.
pub fn reap_inherited() {}
