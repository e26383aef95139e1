//! Pipes that only the current user can open, whatever rights the user has at the moment.

use std::{io, path::Path};

use interprocess::{
    local_socket::{
        GenericFilePath, Listener, ListenerOptions, ToFsName, tokio::Listener as AsyncListener, traits::StreamCommon,
    },
    os::windows::{
        local_socket::ListenerOptionsExt,
        security_descriptor::{AsSecurityDescriptorExt, BorrowedSecurityDescriptor, SecurityDescriptor},
    },
};

use super::security::{Descriptor, own_user};
use crate::atomic_write;

/// Listens on a pipe that the current user alone can open. Another machine cannot.
pub fn listen(path: &Path) -> io::Result<Listener> {
    options(path)?.create_sync()
}

/// A pipe needs no folder, but what leads a browser to the web interface, and lets it in, lies in that one.
pub fn prepare_socket_folder(folder: &Path) -> io::Result<()> {
    atomic_write::open_private_folder(folder)
}

/// Listens on such a pipe for a program that waits for its clients without a thread each.
pub fn listen_for_clients(path: &Path) -> io::Result<AsyncListener> {
    options(path)?.create_tokio()
}

fn options(path: &Path) -> io::Result<ListenerOptions<'_>> {
    Ok(ListenerOptions::new().name(path.to_fs_name::<GenericFilePath>()?).security_descriptor(own_user_only()?))
}

/// Whether the process at the other end belongs to the same user: the pipe's descriptor has turned others away.
pub fn is_own_peer(_stream: &impl StreamCommon) -> bool {
    true
}

/// Returns what gives the current user all rights, and nobody else any.
///
/// It names the user: the owner of what an elevated process makes is the group of the administrators.
fn own_user_only() -> io::Result<SecurityDescriptor> {
    let descriptor = Descriptor::parse(&format!("D:P(A;;GA;;;{})", own_user()?))?;
    // SAFETY: the system has just made it, and it lives until the end of this function.
    unsafe { BorrowedSecurityDescriptor::from_ptr(descriptor.as_ptr()) }.to_owned_sd()
}

#[cfg(test)]
mod tests {
    use interprocess::local_socket::{
        Stream,
        traits::{Listener as _, Stream as _},
    };

    use super::*;

    #[test]
    fn own_process_can_connect() {
        let path = format!(r"\\.\pipe\prestic-test-{}", std::process::id());
        let listener = listen(path.as_ref()).unwrap();
        let _client = Stream::connect(path.to_fs_name::<GenericFilePath>().unwrap()).unwrap();
        assert!(is_own_peer(&listener.accept().unwrap()));
    }
}
