//! Passwords in the desktop's keyring, under the names that Python's PRestic used.
//!
//! The keyring is only ever touched by a process that lives as long as one question: its library waits without limit on a bus
//! that does not answer and while the desktop asks the user to unlock it, and nothing but a process can be ended then. Such a
//! process is `prestic-daemon keyring get NAME` and the like (`command.rs`); the daemon starts it in `reader.rs`.

pub mod command;
pub mod new_password;
pub mod password_command;

mod error;
mod reader;

#[cfg(target_os = "macos")]
mod macos;
#[cfg(all(unix, not(target_os = "macos")))]
mod secret_service;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "macos")]
use macos::Store;
#[cfg(all(unix, not(target_os = "macos")))]
use secret_service::Store;
#[cfg(windows)]
use windows::Store;

pub use error::{HINT, KeyringError, Refusal};
pub use reader::{DEFAULT_LIMIT, Keyring};

/// The name of the service under which all our entries are, as in Python's PRestic.
const SERVICE: &str = "prestic";
