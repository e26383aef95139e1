//! The end-to-end tests for Windows: the real programs, and a double of restic. Elsewhere there is nothing here.
//!
//! `make windows` runs them under Wine, which has no Ctrl-Break: there interrupts arrive as Ctrl-C, to which the double
//! listens, too. Every wait is for an event where there is one, with a limit after which the test fails.

#![cfg(windows)]
#![cfg_attr(windows, expect(clippy::unwrap_used, reason = "all of this is tests, which fail by it"))]

mod home;
mod processes;

mod config;
mod daemon;
mod files;
mod keyring;
mod notifications;
mod runs;
mod tray;
mod web;
