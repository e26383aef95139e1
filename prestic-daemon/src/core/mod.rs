//! The owner of all state: one task with one inbox.
//!
//! [`planner`] decides and is pure; [`handle`] does what it decided. Everybody else holds a [`CoreHandle`], sends a
//! [`command`], and is answered after the effect.

pub mod action;
pub mod command;
pub mod glance;
pub mod memory;
pub mod news;
pub mod phase;
pub mod planner;
pub mod state;

mod clock_changes;
mod due;
mod overdue;
mod pauses;
mod turns;
mod upcoming;

pub mod handle;

mod announcements;
mod answers;
mod configuration;
mod daemon_log;
mod ending;
mod errands;
mod leaving;

pub mod events;
pub mod saver;
pub mod view;

#[cfg(test)]
mod rig;

pub use command::CoreHandle;
pub use handle::Core;
