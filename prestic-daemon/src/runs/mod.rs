//! The daemon's side of a run: starts its supervisor, follows it, and finds the runs of an earlier daemon.

pub mod driver;
pub mod found;
pub mod job;
pub mod link;
pub mod recording;
pub mod restic_versions;
pub mod supervisor;

mod follow;
mod lost;

pub use driver::Driver;
pub use found::Found;
pub use job::Job;
pub use restic_versions::ResticVersions;
