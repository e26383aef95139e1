//! What the operating system does for a client, behind one interface: terminals, Ctrl-C, other programs, private files.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::*;
#[cfg(windows)]
pub use windows::*;
