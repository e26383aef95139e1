//! Whether there is any way out of this machine.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
pub use linux::has_route;
#[cfg(not(target_os = "linux"))]
pub use other::has_route;
