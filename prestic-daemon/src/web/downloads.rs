//! Downloads.
pub mod file_names;
