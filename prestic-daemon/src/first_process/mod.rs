//! The first process of a container, which has the duties of an init: it waits for whoever has lost his parent, and passes signals
//! on. So the daemon is its child, and reaps no processes that are not its own.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::attend;
#[cfg(windows)]
pub use windows::attend;
