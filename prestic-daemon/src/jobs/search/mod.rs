//! Searches names: in an index, in what restic lists, and over several snapshots at once.

mod glob;
mod merge;
mod pattern;

pub use merge::{MAX_MATCHES, Merged, Searched};
pub use pattern::Pattern;
