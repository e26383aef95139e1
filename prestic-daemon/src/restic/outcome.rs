//! What an exit code means.
