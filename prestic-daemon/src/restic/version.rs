//! Versions of restic and what they can do.
