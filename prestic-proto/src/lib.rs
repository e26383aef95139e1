//! What PRestic's daemon and its clients say to each other: the types, the API and the way to reach it.
//!
//! Clients (`prestic-ctl`, the tray, the web interface) know nothing of the daemon but this crate.

pub mod endpoint;
pub mod home;
pub mod service;

pub mod change;
pub mod condition;
pub mod doctor;
pub mod event;
pub mod limit;
pub mod lock;
pub mod log;
pub mod new_profile;
pub mod notification;
pub mod outcome;
pub mod profile;
pub mod progress;
pub mod restic;
pub mod run;
pub mod status;
pub mod system;

pub mod content;
pub mod difference;
pub mod file_path;
pub mod history;
pub mod job;
pub mod repository_lock;
pub mod search;
pub mod snapshot;

pub mod client;
pub mod daemon_program;
pub mod error;
pub mod fingerprint;
pub mod opener;
pub mod private_file;
pub mod transport;
pub mod user_service;

pub mod moment;
pub mod overview;
pub mod pause_length;
pub mod standing;
pub mod text;
pub mod words;

mod platform;
