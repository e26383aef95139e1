//! The supervisor: the process that runs one restic.

pub mod feed;
pub mod spec;
