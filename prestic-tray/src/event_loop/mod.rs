//! What brings messages to the main thread, which owns icon and menu.
//!
//! Each system's file has an `EventLoop` with `new`, `sender` and `run`, which calls back for each message, the first being
//! [`Message::Started`](crate::message::Message::Started), until it is told the end; and a `Sender`, which never waits and tells
//! whether the message will arrive.

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "other.rs"]
mod system;

pub use system::{EventLoop, Sender};
