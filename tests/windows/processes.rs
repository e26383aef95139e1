//! Looks at processes from the outside.

use windows_sys::Win32::{
    Foundation::{CloseHandle, FALSE, INVALID_HANDLE_VALUE},
    System::Diagnostics::ToolHelp::{
        CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
    },
};

/// Returns the process that has started another one.
#[track_caller]
pub(crate) fn parent(pid: u32) -> u32 {
    // SAFETY: the call takes integers.
    let snapshot = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    assert_ne!(snapshot, INVALID_HANDLE_VALUE);
    let length = u32::try_from(size_of::<PROCESSENTRY32W>()).unwrap();
    let mut entry = PROCESSENTRY32W { dwSize: length, ..PROCESSENTRY32W::default() };
    // SAFETY: the handle is open, and the entry can be written and tells its length.
    let mut is_filled = unsafe { Process32FirstW(snapshot, &raw mut entry) };
    while is_filled != FALSE && entry.th32ProcessID != pid {
        // SAFETY: as above.
        is_filled = unsafe { Process32NextW(snapshot, &raw mut entry) };
    }
    // SAFETY: the handle was opened above, and is used no more.
    unsafe { CloseHandle(snapshot) };
    assert_ne!(is_filled, FALSE, "there is no process {pid}");
    entry.th32ParentProcessID
}
