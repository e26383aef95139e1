//! Windows.

use std::{
    fs::{DirBuilder, OpenOptions},
    os::windows::process::CommandExt,
    process::Command,
};

use windows_sys::Win32::{
    Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation},
    System::{
        Console::{GetStdHandle, STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE},
        Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW},
    },
};

/// Lets a daemon that will be started live on when the console of its starter is closed: it gets one without a window.
///
/// Our streams stay ours: else whoever reads them would wait for the daemon's end.
pub(crate) fn detach(command: &mut Command) {
    for stream in [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
        // SAFETY: the calls take integers, and a handle that is none is refused.
        unsafe { SetHandleInformation(GetStdHandle(stream), HANDLE_FLAG_INHERIT, 0) };
    }
    command.creation_flags(CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW);
}

/// Keeps a Ctrl-C here from a program that will be started.
pub(crate) fn keep_interrupts_from(command: &mut tokio::process::Command) {
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
}

/// Returns what opens a file in the user's browser.
pub(crate) fn opener() -> Option<&'static [&'static str]> {
    // Not `cmd /C start`, for which some letters of a path have a meaning, and not `explorer`, which always fails in the end.
    Some(&["rundll32", "url.dll,FileProtocolHandler"])
}

/// What the folder gives it.
pub(crate) fn owner_only_file(_options: &mut OpenOptions) {}

/// What the folder above gives it: the daemon has made the home for its user alone.
pub(crate) fn owner_only_folder(_builder: &mut DirBuilder) {}
