//! Whose process is at the other end of a connection of this machine.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

use std::net::SocketAddr;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use other as system;

/// Whether the process at the other end belongs to the daemon's user, or to root, who may read everything anyway.
///
/// `local` and `remote` are the ends of the connection as we see them. What cannot be found out is a no.
pub async fn is_own_user(local: SocketAddr, remote: SocketAddr) -> bool {
    let looked = tokio::task::spawn_blocking(move || system::is_own_user(local, remote)).await;
    looked.unwrap_or_else(|error| Err(std::io::Error::other(error))).unwrap_or_else(|error| {
        tracing::warn!("nobody can tell whose a connection to the web interface is: {error}");
        false
    })
}
