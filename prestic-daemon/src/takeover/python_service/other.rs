//! Systems that are not asked with which words a process was started: one that is alive may be it.

use crate::process;

/// Whether a process may be Python's PRestic.
pub(super) fn is_python_prestic(pid: u32) -> bool {
    process::is_pid_in_use(pid)
}
