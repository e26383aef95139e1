//! The JSON messages of restic.
