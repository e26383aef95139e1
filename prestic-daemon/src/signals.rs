//! Signals to the daemon.
