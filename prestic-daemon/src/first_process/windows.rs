//! Windows: no process has such duties.

use std::{io, process::ExitCode};

/// Returns none: this is an ordinary process.
pub fn attend() -> io::Result<Option<ExitCode>> {
    Ok(None)
}
