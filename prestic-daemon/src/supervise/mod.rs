//! The supervisor: the process that runs one restic, writes its log and its record, and outlives the daemon.
//!
//! Threads and blocking calls only: a supervisor is small, and has nothing else to do than to wait for its restic.
//! [`run_supervisor`] makes the process ready, [`conduct`] leads the run, the rest are its parts.

pub mod feed;
pub mod spec;

pub mod conduct;
pub mod start;

mod attend;
mod lock_wait;

pub mod limits;
pub mod lock_rules;
pub mod repository_locks;
pub mod stop;
pub mod unlock;

pub mod feed_server;

pub mod frame;
pub mod lines;
pub mod log;
pub mod output;
pub mod readable;
pub mod text_progress;

mod pipes;

pub use start::{SuperviseError, run_supervisor};
