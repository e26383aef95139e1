//! Shim: everything is in the library, where it can be tested.
#![cfg_attr(windows, windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    prestic_tray::main()
}
