//! The harness of the end-to-end tests: a home of its own, the real binaries, real restic, and a scripted double of it.
//!
//! Nothing here sleeps, but for the soak, which lets days pass: every wait is for an event (the daemon's `watch`, a process's end, a pipe), with a limit after
//! which the test fails. The harness is for Linux: it looks into `/proc` and waits for processes by descriptor.

pub mod browser;
pub mod home;
pub mod programs;
pub mod restic;

pub mod big_history;
pub mod counted;
pub mod desktop;
pub mod fake;
pub mod files;
pub mod markdown;
pub mod missed;
pub mod nasty_repository;
pub mod notify_socket;
pub mod processes;
pub mod runs;
pub mod shell;
pub mod terminal;
pub mod user_manager;
pub mod web_client;
pub mod web_home;

pub mod faked_clock;
pub mod soak;
pub mod web;

pub use prestic_double::LIMIT;
