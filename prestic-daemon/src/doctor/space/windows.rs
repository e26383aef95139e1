//! Windows.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::windows::ffi::OsStrExt,
    path::Path,
};

use windows_sys::Win32::Storage::FileSystem::GetDiskFreeSpaceExW;

use super::Space;

/// Returns the space of the disk that a folder is on.
pub(in crate::doctor) fn of(folder: &Path) -> io::Result<Space> {
    let name: Vec<u16> = folder.as_os_str().encode_wide().chain([0]).collect();
    let mut free = 0;
    // SAFETY: the name ends with a zero, the number lives as long as the call, and the other two are not asked for.
    let is_done = unsafe { GetDiskFreeSpaceExW(name.as_ptr(), &raw mut free, std::ptr::null_mut(), std::ptr::null_mut()) };
    if is_done == 0 {
        return Err(io::Error::last_os_error());
    }
    let mut hasher = DefaultHasher::new();
    folder.components().next().hash(&mut hasher);
    Ok(Space { disk: hasher.finish(), free })
}
