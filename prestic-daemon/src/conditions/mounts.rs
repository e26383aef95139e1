//! Reads the lists of what is to be mounted, and of what is mounted.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::conditions::Places;

/// The field of a line of `/etc/fstab` that has the mount point.
const FSTAB_FIELD: usize = 1;

/// The field of a line of `/proc/self/mountinfo` that has the mount point.
const MOUNTINFO_FIELD: usize = 4;

/// Returns the mount points of `/etc/fstab` and of systemd's own units. A file that cannot be read has none.
pub(super) fn to_be_mounted(places: &Places) -> Vec<PathBuf> {
    let mut wanted = points(&fs::read(&places.fstab).unwrap_or_default(), FSTAB_FIELD);
    for unit in fs::read_dir(&places.units).into_iter().flatten().flatten() {
        let is_of_disk = |name: &str| name.ends_with(".mount") || name.ends_with(".automount");
        if unit.file_name().to_str().is_some_and(is_of_disk) {
            wanted.extend(point_of_unit(&fs::read_to_string(unit.path()).unwrap_or_default()));
        }
    }
    wanted
}

/// Returns where a unit of systemd mounts its disk. A unit that has conditions may be meant for another machine.
fn point_of_unit(unit: &str) -> Option<PathBuf> {
    let has_condition = unit.lines().any(|line| line.trim_start().starts_with("Condition"));
    let point = unit.lines().find_map(|line| line.trim().strip_prefix("Where")?.trim_start().strip_prefix('='))?;
    Some(PathBuf::from(point.trim())).filter(|point| point.has_root() && !has_condition)
}

/// Returns the mount points of `/proc/self/mountinfo`, or `None` where the system has no such list.
pub(super) fn mounted(mountinfo: &Path) -> Option<Vec<PathBuf>> {
    Some(points(&fs::read(mountinfo).ok()?, MOUNTINFO_FIELD))
}

fn points(content: &[u8], field: usize) -> Vec<PathBuf> {
    String::from_utf8_lossy(content)
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| Some(PathBuf::from(unescape(line.split_ascii_whitespace().nth(field)?))))
        // Swap space has no mount point: it says `none` or `swap`.
        .filter(|point| point.has_root())
        .collect()
}

/// Resolves the escapes of blanks and backslashes: a backslash and three octal digits for a byte.
fn unescape(field: &str) -> String {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'\\').then(|| after.get(..3).and_then(octal)).flatten();
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[3..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn octal(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(str::from_utf8(digits).ok()?, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content: &str, field: usize, expected: &[&str]) {
        assert_eq!(points(content.as_bytes(), field), expected.iter().map(PathBuf::from).collect::<Vec<_>>());
    }

    #[test]
    fn fstab_tells_where_disks_are_to_be() {
        let fstab = "# <file system> <mount point>\n\nUUID=1 / ext4 defaults 0 1\n  # UUID=3 /old ext4\nUUID=2 none swap sw 0 0\n\
                     /dev/sdb1\t/mnt/usb\text4\tnoauto,user\nnas:/volume1 /mnt/my\\040nas nfs x-systemd.automount 0 0\n/dev/sdc1\n";
        check(fstab, FSTAB_FIELD, &["/", "/mnt/usb", "/mnt/my nas"]);
    }

    #[test]
    fn mountinfo_tells_where_disks_are() {
        let mountinfo = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
                         35 22 0:30 / /mnt/my\\040nas rw - nfs4 nas:/volume1 rw\n36 22 0:31 /sub /srv/b rw master:2 - btrfs x rw\n";
        check(mountinfo, MOUNTINFO_FIELD, &["/", "/mnt/my nas", "/srv/b"]);
    }

    #[track_caller]
    fn check_unit(unit: &str, expected: Option<&str>) {
        assert_eq!(point_of_unit(unit), expected.map(PathBuf::from));
    }

    #[test]
    fn units_of_systemd_tell_where_disks_are_to_be() {
        check_unit("[Unit]\nDescription=x\n[Mount]\nWhat=/dev/sdb1\nWhere = /srv/disk\n", Some("/srv/disk"));
        check_unit("[Unit]\nConditionVirtualization=no\n[Automount]\nWhere=/srv/disk\n", None);
        check_unit("[Mount]\nWhat=/dev/sdb1\n", None);
    }

    #[test]
    fn escapes_are_resolved() {
        for (escaped, expected) in [
            (r"/a\040b", "/a b"),
            (r"/a\134b", r"/a\b"),
            (r"/a\0", r"/a\0"),
            (r"/a\09x", r"/a\09x"),
            (r"/\303\274", "/ü"),
            ("", ""),
        ] {
            assert_eq!(unescape(escaped), expected);
        }
    }
}
