//! The records of runs: what is on disk of each run, so that no daemon needs to remember it.
//!
//! The daemon writes a record before it starts the supervisor; from then on only the supervisor writes it.

pub mod folder;
pub mod own_restics;
pub mod record;

pub use folder::RecordFolder;
pub use own_restics::OwnRestic;
pub use record::{Record, RepositoryUse, Stage, newest_lines};
