//! Linux: inotify sees what this machine does, and nothing of what a server or a host does.

use std::path::Path;

/// The numbers of file systems whose files others can change, from `linux/magic.h`.
const NETWORK: [(u64, &str); 7] = [
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB"),
    (0x5346_414F, "AFS"),
    (0x00C3_6400, "Ceph"),
    (0x0102_1997, "a folder of the host (9p)"),
];

/// Returns the kind of a folder's file system, if it is one that others can change too.
pub(super) fn network_file_system(folder: &Path) -> Option<&'static str> {
    // The type's number is signed on some processors and short on others.
    let number = rustix::fs::statfs(folder).ok()?.f_type as u64 & 0xFFFF_FFFF;
    NETWORK.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_disk_is_on_no_network() {
        assert_eq!(network_file_system(Path::new("/proc")), None);
        assert_eq!(network_file_system(Path::new("/not/there")), None);
    }
}
