//! Reads `config.ini` and resolves its profiles.

pub mod ini;
pub mod interpolate;
pub mod words;
