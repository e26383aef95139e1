//! Names and ages of log files.
