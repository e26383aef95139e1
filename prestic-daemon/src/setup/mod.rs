//! What a user does once: makes a repository, and adds a profile to the configuration.
//!
//! `prestic-ctl init` and `prestic-ctl new` start this program for it, because the configuration is understood here only.

pub mod init;
pub mod new;

mod questions;
