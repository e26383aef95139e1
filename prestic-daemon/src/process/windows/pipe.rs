//! Pipes that only the current user can open, whatever rights the user has at the moment.

use std::{
    ffi::c_void,
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    path::Path,
    ptr,
};

use interprocess::{
    local_socket::{GenericFilePath, Listener, ListenerOptions, ToFsName, traits::StreamCommon},
    os::windows::{
        local_socket::ListenerOptionsExt,
        security_descriptor::{AsSecurityDescriptorExt, BorrowedSecurityDescriptor, SecurityDescriptor},
    },
};
use windows_sys::{
    Win32::{
        Foundation::LocalFree,
        Security::{
            Authorization::{ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1},
            GetTokenInformation, TOKEN_QUERY, TOKEN_USER, TokenUser,
        },
        System::Threading::{GetCurrentProcess, OpenProcessToken},
    },
    core::PWSTR,
};

use super::check;

/// The words of 8 bytes that hold a user: a `TOKEN_USER`, and behind it the longest identifier, of 68 bytes.
const USER_WORDS: usize = 16;

/// Listens on a pipe that the current user alone can open. Another machine cannot.
pub fn listen(path: &Path) -> io::Result<Listener> {
    ListenerOptions::new().name(path.to_fs_name::<GenericFilePath>()?).security_descriptor(own_user_only()?).create_sync()
}

/// Whether the process at the other end belongs to the same user: the pipe's descriptor has turned others away.
pub fn is_own_peer(_stream: &impl StreamCommon) -> bool {
    true
}

/// Returns what gives the current user all rights, and nobody else any.
///
/// It names the user: the owner of what an elevated process makes is the group of the administrators.
pub fn own_user_only() -> io::Result<SecurityDescriptor> {
    let rule: Vec<u16> = format!("D:P(A;;GA;;;{})\0", own_user()?).encode_utf16().collect();
    let mut descriptor: *mut c_void = ptr::null_mut();
    // SAFETY: the rule ends with a zero, the answer can be written, and nobody asks for its length.
    check(unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            rule.as_ptr(),
            SDDL_REVISION_1,
            &raw mut descriptor,
            ptr::null_mut(),
        )
    })?;
    let descriptor = SystemMemory(descriptor);
    // SAFETY: the system has just made it, and it lives until the end of this function.
    unsafe { BorrowedSecurityDescriptor::from_ptr(descriptor.0) }.to_owned_sd()
}

/// Returns the identifier of the current user, as the system writes it.
fn own_user() -> io::Result<String> {
    let mut token = ptr::null_mut();
    // SAFETY: the handle means the calling process and needs no closing, and the answer can be written.
    check(unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) })?;
    // SAFETY: the handle was opened above, and nobody else has it.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    let mut user = [0_u64; USER_WORDS];
    let mut length = 0;
    // SAFETY: the handle is open, and the answer has room for as many bytes as is told.
    check(unsafe {
        GetTokenInformation(
            token.as_raw_handle(),
            TokenUser,
            user.as_mut_ptr().cast(),
            u32::try_from(size_of_val(&user)).expect("it is small"),
            &raw mut length,
        )
    })?;
    // SAFETY: the system has written a `TOKEN_USER` there, and words of 8 bytes are aligned for it.
    let identifier = unsafe { (*user.as_ptr().cast::<TOKEN_USER>()).User.Sid };
    let mut text: PWSTR = ptr::null_mut();
    // SAFETY: the identifier points into `user`, which lives on, and the answer can be written.
    check(unsafe { ConvertSidToStringSidW(identifier, &raw mut text) })?;
    let text = SystemMemory(text.cast());
    // SAFETY: the system has written a text that ends with a zero, and it lives until the end of this function.
    let units: Vec<u16> = unsafe {
        let start = text.0.cast::<u16>().cast_const();
        (0..).map(|index| *start.add(index)).take_while(|unit| *unit != 0).collect()
    };
    String::from_utf16(&units).map_err(io::Error::other)
}

/// Memory that the system has given, and wants back.
struct SystemMemory(*mut c_void);

impl Drop for SystemMemory {
    fn drop(&mut self) {
        // SAFETY: it comes from a call whose answers are to be freed in this way, and is freed once.
        unsafe { LocalFree(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use interprocess::local_socket::{
        Stream,
        traits::{Listener as _, Stream as _},
    };

    use super::*;

    #[test]
    fn user_has_an_identifier() {
        assert!(own_user().unwrap().starts_with("S-1-"));
    }

    #[test]
    fn own_process_can_connect() {
        let path = format!(r"\\.\pipe\prestic-test-{}", std::process::id());
        let listener = listen(path.as_ref()).unwrap();
        let _client = Stream::connect(path.to_fs_name::<GenericFilePath>().unwrap()).unwrap();
        assert!(is_own_peer(&listener.accept().unwrap()));
    }
}
