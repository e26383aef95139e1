//! Unix.

mod bars;

use std::{
    ffi::OsStr,
    fs::{File, OpenOptions},
    io,
    os::{
        fd::AsFd,
        unix::{fs::OpenOptionsExt, process::CommandExt},
    },
    path::Path,
    process::Command,
};

use tokio::signal::unix::{Signal, SignalKind, signal};

pub use bars::{bar_columns, bar_target};

use crate::exit::Exit;

/// Ctrl-C as something to wait for.
pub type Interrupts = Signal;

/// Begins to listen to Ctrl-C.
pub fn interrupts() -> io::Result<Interrupts> {
    signal(SignalKind::interrupt())
}

/// Returns how many columns the terminal of standard output has.
pub fn output_columns() -> Option<usize> {
    columns(io::stdout())
}

/// Returns how many columns the terminal of standard error has.
pub fn error_columns() -> Option<usize> {
    columns(io::stderr())
}

fn columns(stream: impl AsFd) -> Option<usize> {
    rustix::termios::tcgetwinsize(stream).ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Whether the locale shows more than ASCII: the first of its variables that is set decides.
pub fn shows_unicode<V: AsRef<OsStr>>(variable: impl Fn(&str) -> Option<V>) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.as_ref().is_empty())
        .is_some_and(|value| value.as_ref().to_string_lossy().to_lowercase().replace('-', "").contains("utf8"))
}

/// Returns the name of this machine.
pub fn host_name() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}

/// Lets a program take this process's place. Returns only if that fails.
pub fn replace_by(command: &mut Command) -> io::Result<Exit> {
    Err(command.exec())
}

/// Waits until nobody holds a lock. What keeps it from waiting is no reason to stop: whoever wants the lock will see.
pub fn wait_for_lock(path: &Path) {
    if let Ok(file) = File::open(path) {
        let _ = file.lock_shared();
    }
}

/// Returns what prints the last lines of a file, and goes on if somebody wants to follow it.
pub fn tail(path: &Path, lines: u32, follows: bool) -> Command {
    let mut command = Command::new("tail");
    command.arg("-n").arg(lines.to_string());
    if follows {
        // By name: the daemon puts an old log away and begins a new one.
        command.arg("-F");
    }
    command.arg(path);
    command
}

/// Makes a file that these options create readable and writable by its owner only.
pub fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<&'static str> {
        move |name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    #[test]
    fn the_first_locale_variable_decides_what_can_be_shown() {
        assert!(shows_unicode(environment(&[("LANG", "de_DE.UTF-8")])));
        assert!(shows_unicode(environment(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")])));
        assert!(!shows_unicode(environment(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")])));
        assert!(!shows_unicode(environment(&[])));
    }
}
