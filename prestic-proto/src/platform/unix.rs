//! Unix.

use std::{
    env,
    fs::{DirBuilder, OpenOptions},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    process::Command,
};

/// Lets a daemon that will be started live on when the terminal of its starter is closed: it sees to that itself.
pub(crate) fn detach(_command: &mut Command) {}

/// Keeps a Ctrl-C here from a program that will be started.
pub(crate) fn keep_interrupts_from(command: &mut tokio::process::Command) {
    command.process_group(0);
}

/// Returns what opens a file in the user's browser.
pub(crate) fn opener() -> Option<&'static [&'static str]> {
    if cfg!(target_os = "macos") {
        return Some(&["open"]);
    }
    // Without a desktop it would open a browser in this terminal, or none.
    let has_desktop =
        ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    has_desktop.then_some(&["xdg-open"])
}

/// Makes a file that these options create its owner's alone.
pub(crate) fn owner_only_file(options: &mut OpenOptions) {
    options.mode(0o600);
}

/// Makes a folder that these options create its owner's alone.
pub(crate) fn owner_only_folder(builder: &mut DirBuilder) {
    builder.mode(0o700);
}
