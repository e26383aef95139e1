//! Listens to the kernel and to NetworkManager.

use std::{fs::File, io, os::fd::OwnedFd, path::Path};

use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SocketFlags, SocketType, bind,
    netlink::{KOBJECT_UEVENT, SocketAddrNetlink},
    recv, socket_with,
};
use tokio::io::{Interest, unix::AsyncFd};

use crate::conditions::{Conditions, Places, metered};

/// The group of the messages that come from the kernel itself.
const KERNEL: u32 = 1;

/// The groups of what changes when a network comes or goes: the addresses and the routes, of IPv4 and of IPv6.
const ADDRESSES_AND_ROUTES: u32 = 0x10 | 0x40 | 0x100 | 0x400;

/// What a message about a battery or a charger has in it.
const POWER_SUPPLY: &[u8] = b"SUBSYSTEM=power_supply\0";

/// The kernel's own limit for one message about a device.
const LONGEST_MESSAGE: usize = 8192;

/// Returns when one of the conditions may have changed.
pub(crate) async fn wait(places: &Places, conditions: &Conditions) {
    tokio::select! {
        () = or_never(power_changed()), if conditions.wants_power() => {}
        () = or_never(metered::wait_for_change(places.system_bus.as_deref())), if conditions.not_metered => {}
        () = or_never(mounts_changed(&places.mountinfo)), if !conditions.require_paths.is_empty() => {}
        () = or_never(network_changed()), if conditions.route || !conditions.require_hosts.is_empty() => {}
        else => std::future::pending().await,
    }
}

/// Waits for ever after an error: who cannot be listened to tells of no change.
async fn or_never<E: std::fmt::Display>(change: impl Future<Output = Result<(), E>>) {
    if let Err(error) = change.await {
        tracing::debug!("a change will not be noticed at once: {error}");
        std::future::pending::<()>().await;
    }
}

async fn power_changed() -> io::Result<()> {
    let mut messages = listen(Some(KOBJECT_UEVENT), KERNEL)?;
    loop {
        if is_about_power(&next(&mut messages).await?) {
            return Ok(());
        }
    }
}

async fn network_changed() -> io::Result<()> {
    let mut messages = listen(None, ADDRESSES_AND_ROUTES)?;
    next(&mut messages).await.map(drop)
}

async fn mounts_changed(mountinfo: &Path) -> io::Result<()> {
    watch_mounts(mountinfo)?.ready(Interest::PRIORITY).await.map(drop)
}

/// Opens the list of mounts, which becomes ready when anything was mounted or unmounted since.
fn watch_mounts(mountinfo: &Path) -> io::Result<AsyncFd<OwnedFd>> {
    register(File::open(mountinfo)?.into(), Interest::PRIORITY)
}

/// Opens a netlink socket; the usual protocol is the one for routes.
fn listen(protocol: Option<Protocol>, groups: u32) -> io::Result<AsyncFd<OwnedFd>> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, protocol)?;
    bind(&socket, &SocketAddrNetlink::new(0, groups))?;
    register(socket, Interest::READABLE)
}

fn register(descriptor: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an owned descriptor stays open and the same for as long as its owner lives, which is the `AsyncFd` from here on.
    Ok(unsafe { AsyncFd::register_with_interest(descriptor, interest) }?)
}

async fn next(messages: &mut AsyncFd<OwnedFd>) -> io::Result<Vec<u8>> {
    messages
        .async_io(Interest::READABLE, |socket| {
            let mut message = vec![0; LONGEST_MESSAGE];
            let (length, _) = recv(socket, &mut message, RecvFlags::empty())?;
            message.truncate(length);
            Ok(message)
        })
        .await
}

fn is_about_power(message: &[u8]) -> bool {
    message.windows(POWER_SUPPLY.len()).any(|window| window == POWER_SUPPLY)
}

#[cfg(test)]
mod tests;
