//! The web interface: a client of the API, over a transport in memory.
//!
//! It uses nothing of the daemon but `prestic_proto`, decides nothing about backups, and keeps nothing but sessions. What is asked
//! of it goes through [`guard`] before anything else, then through [`routes`] to a page, which asks the daemon and writes HTML.
//! [`crate::web_service`] starts and stops it.

pub mod settings;
pub mod state;

pub mod guard;
pub mod routes;
pub mod serve;

pub mod browsing;
pub mod layout;
pub mod pages;

pub mod api;
pub mod downloads;
pub mod events;
pub mod health;
pub mod login;

pub mod assets;
pub mod failure;
pub mod forms;
pub mod sessions;
pub mod words;

#[cfg(test)]
mod rig;

pub use serve::serve;
pub use settings::{Auth, Listen, WebSettings};
pub use state::Web;
