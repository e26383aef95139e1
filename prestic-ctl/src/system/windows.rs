//! Windows.

use std::{
    ffi::OsStr,
    fs::{DirBuilder, OpenOptions},
    io,
    os::windows::process::CommandExt,
    process::Command,
};

use console::Term;
use indicatif::ProgressDrawTarget;
use tokio::signal::windows::{CtrlC, ctrl_c};
use windows_sys::Win32::{
    Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation},
    System::{
        Console::{GetStdHandle, STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE},
        Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW},
    },
};

use crate::exit::Exit;

/// Ctrl-C as something to wait for.
pub type Interrupts = CtrlC;

/// Begins to listen to Ctrl-C.
pub fn interrupts() -> io::Result<Interrupts> {
    ctrl_c()
}

/// Returns how many columns the console of standard output has.
pub fn output_columns() -> Option<usize> {
    columns(&Term::stdout())
}

/// Returns how many columns the console of standard error has.
pub fn error_columns() -> Option<usize> {
    columns(&Term::stderr())
}

/// Returns the console to draw bars on.
pub fn bar_target() -> ProgressDrawTarget {
    ProgressDrawTarget::stderr()
}

/// Returns how many columns bars can use: the user may resize the window at any time.
pub fn bar_columns() -> Option<usize> {
    // A line that fills the last column can go on in the next line.
    error_columns().map(|columns| columns.saturating_sub(1).max(1))
}

fn columns(terminal: &Term) -> Option<usize> {
    terminal.size_checked().map(|(_, columns)| usize::from(columns)).filter(|columns| *columns > 0)
}

/// Whether more than ASCII can be shown: a console takes text, whatever its code page.
pub fn shows_unicode<V: AsRef<OsStr>>(_variable: impl Fn(&str) -> Option<V>) -> bool {
    true
}

/// Lets a daemon that will be started live on when the console of its starter is closed: it gets one without a window.
///
/// Our streams stay ours: else whoever reads them would wait for the daemon's end.
pub fn detach(command: &mut Command) {
    for stream in [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
        // SAFETY: the calls take integers, and a handle that is none is refused.
        unsafe { SetHandleInformation(GetStdHandle(stream), HANDLE_FLAG_INHERIT, 0) };
    }
    command.creation_flags(CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW);
}

/// Runs a program in this process's place, and returns its exit code.
pub fn replace_by(command: &mut Command) -> io::Result<Exit> {
    // Once somebody listens to Ctrl-C it no longer ends this process: how restic ends because of it has to be passed on.
    let _interrupts = ctrl_c()?;
    let code = command.status()?.code();
    Ok(code.map_or(Exit::PROBLEMS, |code| Exit(u8::try_from(code).unwrap_or(Exit::PROBLEMS.0))))
}

/// Keeps a Ctrl-C here from a program that will be started.
pub fn keep_interrupts_from(command: &mut tokio::process::Command) {
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
}

/// Returns what opens a file in the user's browser.
pub fn opener() -> Option<&'static [&'static str]> {
    // Not `cmd /C start`, for which some letters of a path have a meaning, and not `explorer`, which always fails in the end.
    Some(&["rundll32", "url.dll,FileProtocolHandler"])
}

/// What the folder gives it.
pub fn owner_only_file(_options: &mut OpenOptions) {}

/// What the folder above gives it: the daemon has made the home for its user alone.
pub fn owner_only_folder(_builder: &mut DirBuilder) {}
