//! Shim: everything is in the library, where it can be tested.

use std::process::ExitCode;

fn main() -> ExitCode {
    prestic_generate::main()
}
