//! The web interface in a real browser: the real daemon, Chromium, and what people do with them.

mod harness;
