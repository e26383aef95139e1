//! The supervisor: the process that runs one restic, writes its log and its record, and outlives the daemon.

pub mod feed;
pub mod spec;

pub mod stop;
pub mod unlock;

pub mod feed_server;

pub mod lines;
pub mod log;
pub mod output;
pub mod readable;
pub mod text_progress;
