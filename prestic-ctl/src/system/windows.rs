//! Windows.

use std::{ffi::OsStr, fs::OpenOptions, io, path::Path, process::Command};

use crate::exit::Exit;
use console::Term;
use indicatif::ProgressDrawTarget;
use tokio::signal::windows::{CtrlC, ctrl_c};

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

/// Returns the name of this machine.
pub fn host_name() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

fn columns(terminal: &Term) -> Option<usize> {
    terminal.size_checked().map(|(_, columns)| usize::from(columns)).filter(|columns| *columns > 0)
}

/// Whether more than ASCII can be shown: a console takes text, whatever its code page.
pub fn shows_unicode<V: AsRef<OsStr>>(_variable: impl Fn(&str) -> Option<V>) -> bool {
    true
}

/// A lock cannot be waited for here: the Task Scheduler tries again in a minute.
pub fn wait_for_lock(_path: &Path) {}

/// Returns what prints the last lines of a file, and goes on if somebody wants to follow it.
pub fn tail(path: &Path, lines: u32, follows: bool) -> Command {
    let path = path.to_string_lossy().replace('\'', "''");
    let wait = if follows { " -Wait" } else { "" };
    let mut command = Command::new("powershell");
    command.args(["-NoProfile", "-Command"]);
    command.arg(format!("Get-Content -Encoding UTF8 -LiteralPath '{path}' -Tail {lines}{wait}"));
    command
}

/// Runs a program in this process's place, and returns its exit code.
pub fn replace_by(command: &mut Command) -> io::Result<Exit> {
    // Once somebody listens to Ctrl-C it no longer ends this process: how restic ends because of it has to be passed on.
    let _interrupts = ctrl_c()?;
    let code = command.status()?.code();
    Ok(code.map_or(Exit::PROBLEMS, |code| Exit(u8::try_from(code).unwrap_or(Exit::PROBLEMS.0))))
}

/// Leaves a file to the rules of its folder: those of a user's own let nobody else in.
pub fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}
