//! Finds out whether the network costs by volume. Windows and macOS are not asked: a network counts as not metered there.

#[cfg(target_os = "linux")]
mod network_manager;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
pub(super) use network_manager::{is_metered, wait_for_change};
#[cfg(not(target_os = "linux"))]
pub(super) use other::is_metered;

#[cfg(all(test, target_os = "linux"))]
pub(super) use network_manager::tests;
