//! What the kernel tells, some of it in namespaces of the tests' own, which only root can make.

use std::{thread, time::Duration};

use rustix::{
    mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, unmount},
    net::{SendFlags, send},
    thread::{UnshareFlags, unshare_unsafe},
};
use tempfile::TempDir;
use tokio::{runtime::Builder, time::timeout};

use super::*;
use crate::conditions::{
    paths::{Seen, look},
    tests::say_not_tested,
};

/// How long anything may take here before a test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a test in a thread with namespaces of its own, or says loudly that it does not.
fn in_own_namespaces(name: &'static str, flags: UnshareFlags, test: impl AsyncFnOnce() + Send + 'static) {
    let test = move || {
        // SAFETY: no file descriptor table is unshared, which is the danger that the function is marked for.
        match unsafe { unshare_unsafe(flags) } {
            Ok(()) => Builder::new_current_thread().enable_all().build().unwrap().block_on(test()),
            Err(error) => say_not_tested(name, &error.into()),
        }
    };
    thread::spawn(test).join().unwrap();
}

#[test]
fn only_messages_about_power_supplies_are_about_power() {
    let unplugged = b"change@/devices/pci/AC\0ACTION=change\0SUBSYSTEM=power_supply\0POWER_SUPPLY_ONLINE=0\0";
    assert!(is_about_power(unplugged));
    assert!(!is_about_power(b"add@/devices/usb\0ACTION=add\0SUBSYSTEM=usb\0"));
    assert!(!is_about_power(b"SUBSYSTEM=power_supply_of_a_mouse\0"));
    assert!(!is_about_power(b""));
}

#[tokio::test]
async fn everybody_may_listen_to_the_kernel() {
    listen(Some(KOBJECT_UEVENT), KERNEL).unwrap();
    listen(None, ADDRESSES_AND_ROUTES).unwrap();
}

#[test]
fn network_that_comes_up_is_heard() {
    in_own_namespaces("a network that comes up", UnshareFlags::NEWNET, async || {
        let mut messages = listen(None, ADDRESSES_AND_ROUTES).unwrap();
        bring_loopback_up();
        assert!(!timeout(PATIENCE, next(&mut messages)).await.expect("nothing is heard").unwrap().is_empty());
    });
}

/// Sends the kernel an `RTM_NEWLINK` that says: interface 1, flag `IFF_UP`.
fn bring_loopback_up() {
    const LENGTH: u32 = 32;
    const RTM_NEWLINK: u16 = 16;
    const NLM_F_REQUEST: u16 = 1;
    const IFF_UP: u32 = 1;
    let mut message = Vec::new();
    message.extend(LENGTH.to_ne_bytes());
    message.extend(RTM_NEWLINK.to_ne_bytes());
    message.extend(NLM_F_REQUEST.to_ne_bytes());
    message.extend([0; 12]);
    message.extend(1_u32.to_ne_bytes());
    message.extend(IFF_UP.to_ne_bytes());
    message.extend(IFF_UP.to_ne_bytes());
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None).unwrap();
    send(&socket, &message, SendFlags::empty()).unwrap();
}

/// The list of mounts of this thread's own namespace.
const OWN_MOUNTS: &str = "/proc/thread-self/mountinfo";

#[test]
fn disk_that_is_mounted_is_heard_and_seen() {
    in_own_namespaces("a disk that is mounted", UnshareFlags::NEWNS, async || {
        mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).unwrap();
        let folder = TempDir::new().unwrap();
        let disk = folder.path().join("a disk");
        std::fs::create_dir(&disk).unwrap();
        let places = Places { fstab: folder.path().join("no fstab"), mountinfo: OWN_MOUNTS.into(), ..Places::default() };

        let mounts = watch_mounts(&places.mountinfo).unwrap();
        assert_eq!(look(&disk, &places), Seen::NotMounted);
        mount("tmpfs", &disk, "tmpfs", MountFlags::empty(), None).unwrap();
        timeout(PATIENCE, mounts.ready(Interest::PRIORITY)).await.expect("the mount is not heard").unwrap().clear_ready();
        assert_eq!(look(&disk, &places), Seen::There);

        unmount(&disk, UnmountFlags::empty()).unwrap();
        timeout(PATIENCE, mounts.ready(Interest::PRIORITY)).await.expect("the unmount is not heard").unwrap().clear_ready();
        assert_eq!(look(&disk, &places), Seen::NotMounted);
    });
}
