//! Who the user is, and who may do what with a file or a pipe.

use std::{
    ffi::c_void,
    io,
    os::windows::{
        ffi::OsStrExt,
        io::{AsRawHandle, FromRawHandle, OwnedHandle},
    },
    path::Path,
    ptr,
};

use windows_sys::{
    Win32::{
        Foundation::{ERROR_SUCCESS, FALSE, GENERIC_ALL, GENERIC_READ, LocalFree},
        Security::{
            ACCESS_ALLOWED_ACE, ACL,
            Authorization::{
                ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, GetNamedSecurityInfoW,
                SDDL_REVISION_1, SE_FILE_OBJECT, SetNamedSecurityInfoW,
            },
            DACL_SECURITY_INFORMATION, GetAce, GetSecurityDescriptorDacl, GetTokenInformation,
            PROTECTED_DACL_SECURITY_INFORMATION, PSID, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER, TokenUser,
        },
        Storage::FileSystem::{CreateDirectoryW, FILE_READ_DATA},
        System::{
            SystemServices::ACCESS_ALLOWED_ACE_TYPE,
            Threading::{GetCurrentProcess, OpenProcessToken},
        },
    },
    core::PWSTR,
};

use super::check;
use crate::long_path;

/// The words of 8 bytes that hold a user: a `TOKEN_USER`, and behind it the longest identifier, of 68 bytes.
const USER_WORDS: usize = 16;
/// Whoever may read everything anyway: the system, the administrators, and those who stand for the owner.
const TRUSTED: [&str; 4] = ["S-1-5-18", "S-1-5-32-544", "S-1-3-0", "S-1-3-4"];
/// Identifiers of packaged programs, not of users.
const PACKAGES: &str = "S-1-15-";

/// Who may do what, as the system wants it told.
pub(crate) struct Descriptor(SystemMemory);

impl Descriptor {
    /// Reads it from the system's own language for it (SDDL).
    pub(crate) fn parse(rule: &str) -> io::Result<Self> {
        let rule: Vec<u16> = rule.encode_utf16().chain([0]).collect();
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
        Ok(Self(SystemMemory(descriptor)))
    }

    /// Returns where it is, as long as this lives.
    pub(crate) fn as_ptr(&self) -> *mut c_void {
        self.0.0
    }
}

/// Returns what lets the user, the system and the administrators use a folder and what is in it, and nobody else.
fn own_folder() -> io::Result<Descriptor> {
    Descriptor::parse(&format!("D:P(A;OICI;FA;;;{})(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)", own_user()?))
}

/// Makes a folder that the user, the system and the administrators can use, and nobody else; nor what will be in it.
pub fn create_own_folder(path: &Path) -> io::Result<()> {
    let descriptor = own_folder()?;
    let attributes = SECURITY_ATTRIBUTES {
        nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).expect("it is small"),
        lpSecurityDescriptor: descriptor.as_ptr(),
        bInheritHandle: 0,
    };
    // SAFETY: the path ends with a zero, and the descriptor lives until the end of this function.
    check(unsafe { CreateDirectoryW(wide(path).as_ptr(), &raw const attributes) })
}

/// Gives a folder, and what inherits from it, the rules of one that [`create_own_folder`] makes.
pub fn close_folder(path: &Path) -> io::Result<()> {
    set_rules(path, &own_folder()?)
}

fn set_rules(path: &Path, descriptor: &Descriptor) -> io::Result<()> {
    let (mut rules, mut is_there, mut is_default): (*mut ACL, _, _) = (ptr::null_mut(), FALSE, FALSE);
    // SAFETY: the caller's descriptor is there, and all three answers can be written.
    check(unsafe { GetSecurityDescriptorDacl(descriptor.as_ptr(), &raw mut is_there, &raw mut rules, &raw mut is_default) })?;
    // SAFETY: the path ends with a zero, and the rules live as long as the descriptor.
    let error = unsafe {
        SetNamedSecurityInfoW(
            wide(path).as_ptr(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
            ptr::null_mut(),
            ptr::null_mut(),
            rules,
            ptr::null(),
        )
    };
    if error == ERROR_SUCCESS { Ok(()) } else { Err(io::Error::from_raw_os_error(error.cast_signed())) }
}

/// Whether somebody may read a file who is neither the user nor trusted with everything.
pub fn is_readable_by_others(path: &Path) -> io::Result<bool> {
    let own = own_user()?;
    let (mut rules, mut descriptor): (*mut ACL, *mut c_void) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the path ends with a zero, and both answers can be written.
    let error = unsafe {
        GetNamedSecurityInfoW(
            wide(path).as_ptr(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION,
            ptr::null_mut(),
            ptr::null_mut(),
            &raw mut rules,
            ptr::null_mut(),
            &raw mut descriptor,
        )
    };
    if error != ERROR_SUCCESS {
        return Err(io::Error::from_raw_os_error(error.cast_signed()));
    }
    let _descriptor = SystemMemory(descriptor);
    if rules.is_null() {
        // Without rules everybody may do everything.
        return Ok(true);
    }
    // SAFETY: the system has written rules there, which live as long as the descriptor.
    let count = unsafe { (*rules).AceCount };
    for index in 0..u32::from(count) {
        let mut rule = ptr::null_mut();
        // SAFETY: there are as many rules, and the answer can be written.
        check(unsafe { GetAce(rules, index, &raw mut rule) })?;
        // SAFETY: every kind of rule begins with the same header, and this kind goes on with its mask and identifier.
        let (mask, identifier) = unsafe {
            let rule = rule.cast::<ACCESS_ALLOWED_ACE>();
            if u32::from((*rule).Header.AceType) != ACCESS_ALLOWED_ACE_TYPE {
                continue;
            }
            ((*rule).Mask, identifier_text((&raw mut (*rule).SidStart).cast())?)
        };
        let is_known = identifier == own || TRUSTED.contains(&identifier.as_str()) || identifier.starts_with(PACKAGES);
        if mask & (FILE_READ_DATA | GENERIC_READ | GENERIC_ALL) != 0 && !is_known {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns a path as the system wants it.
fn wide(path: &Path) -> Vec<u16> {
    long_path::usable(path).as_os_str().encode_wide().chain([0]).collect()
}

/// Returns the identifier of the current user, as the system writes it.
pub(crate) fn own_user() -> io::Result<String> {
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
    // SAFETY: the identifier points into `user`, which lives on.
    unsafe { identifier_text(identifier) }
}

/// Writes an identifier as the system does.
///
/// # Safety
/// It must point to an identifier.
unsafe fn identifier_text(identifier: PSID) -> io::Result<String> {
    let mut text: PWSTR = ptr::null_mut();
    // SAFETY: the caller says what it points to, and the answer can be written.
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
    use std::fs;

    use super::*;

    #[test]
    fn user_has_an_identifier() {
        assert!(own_user().unwrap().starts_with("S-1-"));
    }

    #[test]
    fn folder_of_the_user_and_what_is_in_it_is_closed_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("own");
        create_own_folder(&own).unwrap();
        assert!(!is_readable_by_others(&own).unwrap());
        fs::File::create(own.join("file")).unwrap();
        assert!(!is_readable_by_others(&own.join("file")).unwrap());
        assert_eq!(create_own_folder(&own).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn folder_that_was_open_to_others_can_be_closed() {
        let folder = tempfile::tempdir().unwrap();
        let open = folder.path().join("open");
        create_own_folder(&open).unwrap();
        set_rules(&open, &Descriptor::parse("D:P(A;OICI;FA;;;WD)").unwrap()).unwrap();
        assert!(is_readable_by_others(&open).unwrap());
        close_folder(&open).unwrap();
        assert!(!is_readable_by_others(&open).unwrap());
    }
}
