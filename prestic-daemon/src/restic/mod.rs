//! What is known of restic itself.

pub mod access;
pub mod dangers;
pub mod lock;
pub mod messages;
pub mod outcome;
pub mod version;
