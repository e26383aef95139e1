//! The desktop beside the icon: whether something shows trays, what the panel looks like, and notifications.
//!
//! Each system's file has a `Session` with `connect`, `next`, `has_tray`, `panel` and `notifier`.

#[cfg(not(any(windows, target_os = "linux")))]
mod macos;
#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "other.rs"]
mod system;
#[cfg(windows)]
mod windows;

pub use system::{Notifier, Session};

use crate::icon::Panel;

/// What happens on the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DesktopEvent {
    /// Something shows trays now, or nothing does any more.
    Tray {
        /// Whether something does.
        is_there: bool,
    },
    /// The panel may be of another kind now.
    Panel(Panel),
    /// The session is over.
    Ended,
}
