//! The web interface in a real browser: the real daemon, Chromium, and what people do with them.

#![expect(clippy::unwrap_used, reason = "everything here is a test, helpers too")]

mod files;
mod harness;
mod live;
mod nasty;
mod pages;
