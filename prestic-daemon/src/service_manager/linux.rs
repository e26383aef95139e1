//! systemd, or whoever speaks its protocol: one datagram a message, to the socket that the environment names.
//!
//! The crate `sd-notify` looks into the environment for each message, and would send none once the variables are gone, which
//! they have to be for the sake of supervisors, restic and what users run with it.

use std::{
    env,
    ffi::OsStr,
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{self, SocketAddr},
        },
    },
    time::Duration,
};

use tokio::net::UnixDatagram;

pub(super) use crate::clock::monotonic;

const SOCKET: &str = "NOTIFY_SOCKET";
const WATCHDOG_LIMIT: &str = "WATCHDOG_USEC";
const WATCHDOG_PROCESS: &str = "WATCHDOG_PID";

#[derive(Debug)]
pub(super) struct ServiceManager {
    address: SocketAddr,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// # Safety
    ///
    /// No other thread of the process may run yet.
    pub(super) unsafe fn take_from_environment() -> Option<Self> {
        let [socket, limit, process] = [SOCKET, WATCHDOG_LIMIT, WATCHDOG_PROCESS].map(|name| {
            let value = env::var_os(name);
            // SAFETY: no other thread can look into the environment meanwhile: the caller promises that there is none.
            unsafe { env::remove_var(name) };
            value
        });
        let address = address(&socket?)?;
        Some(Self { address, watchdog: watchdog(limit.as_deref(), process.as_deref(), std::process::id()) })
    }

    #[cfg(test)]
    pub(super) fn at(socket: &std::path::Path, watchdog: Option<Duration>) -> Self {
        Self { address: SocketAddr::from_pathname(socket).unwrap(), watchdog }
    }

    /// Returns after how long a silence the manager takes the daemon for hung.
    pub(super) fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// Sends a message. A manager that has been started anew in the meantime has another socket at the same place.
    pub(super) async fn send(&self, message: &str) {
        let sent = async { connect(&self.address)?.send(message.as_bytes()).await };
        if let Err(error) = sent.await {
            tracing::warn!("the service manager was not told `{}`: {error}", message.replace('\n', "; "));
        }
    }
}

fn connect(address: &SocketAddr) -> io::Result<UnixDatagram> {
    let socket = net::UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect_addr(address)?;
    UnixDatagram::from_std(socket)
}

/// Reads a socket's name: a path, or `@` and a name without one. There are others, for machines within machines.
fn address(name: &OsStr) -> Option<SocketAddr> {
    match name.as_bytes() {
        [b'/', ..] => SocketAddr::from_pathname(name).ok(),
        [b'@', name @ ..] if !name.is_empty() => SocketAddr::from_abstract_name(name).ok(),
        _ => None,
    }
}

/// Reads the limit, if it is this process's.
fn watchdog(limit: Option<&OsStr>, process: Option<&OsStr>, own: u32) -> Option<Duration> {
    let number = |value: &OsStr| value.to_str()?.parse::<u64>().ok();
    let is_ours = process.is_none_or(|process| number(process) == Some(own.into()));
    limit.and_then(number).filter(|limit| is_ours && *limit > 0).map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_watchdog(limit: Option<&str>, process: Option<&str>, expected: Option<Duration>) {
        assert_eq!(watchdog(limit.map(OsStr::new), process.map(OsStr::new), 7), expected);
    }

    #[test]
    fn watchdog_is_for_the_process_that_it_names() {
        check_watchdog(Some("2000000"), Some("7"), Some(Duration::from_secs(2)));
        check_watchdog(Some("2000000"), None, Some(Duration::from_secs(2)));
        check_watchdog(Some("2000000"), Some("8"), None);
        check_watchdog(None, Some("7"), None);
    }

    #[test]
    fn limit_that_is_none_is_no_watchdog() {
        check_watchdog(Some("0"), None, None);
        check_watchdog(Some("soon"), None, None);
        check_watchdog(Some(""), None, None);
    }

    #[test]
    fn sockets_have_paths_or_names() {
        let of = |name: &str| address(OsStr::new(name));
        assert_eq!(of("/run/notify").unwrap().as_pathname(), Some(std::path::Path::new("/run/notify")));
        assert_eq!(of("@notify").unwrap().as_abstract_name(), Some(&b"notify"[..]));
        for name in ["", "@", "notify", "vsock:2:1234"] {
            assert!(of(name).is_none(), "{name}");
        }
    }
}
