//! The daemon's side of a run.
