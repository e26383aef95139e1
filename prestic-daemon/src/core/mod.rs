//! The owner of all state: one task with one inbox.
//!
//! [`planner`] decides and is pure; [`handle`] does what it decided. Everybody else holds a [`CoreHandle`], sends a
//! [`command`], and is answered after the effect.

pub mod action;
pub mod command;
pub mod memory;
pub mod news;
pub mod planner;
pub mod state;

pub mod handle;

mod answers;
mod configuration;

pub mod events;
pub mod saver;
pub mod view;

pub use command::CoreHandle;
pub use handle::Core;
