//! Notices that an upgrade has put another program in the place of this one, and lets that take over.
//!
//! The process stays the same, so that whoever looks after it, as systemd or a container, sees no end: the new program is
//! executed in it, and inherits the lock of the home. Runs go on under their supervisors, and the new program adopts them.
//! Nothing polls: the folder of the program is watched. Until then supervisors are started from the old program, which the
//! system keeps for as long as it runs (`program::own_program`).

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

mod watch;

use std::path::PathBuf;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

pub use system::{inherit, reap_inherited, replace};
pub use watch::make_way;

/// The program that waits to take over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor(pub PathBuf);
