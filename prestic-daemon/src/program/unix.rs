//! Unix.

use std::{
    fs::OpenOptions,
    io,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, ExitCode},
};

/// Returns the file to start a supervisor from.
///
/// On Linux that is the program that runs now, even if an upgrade has put another one in its place: the two must
/// understand each other.
pub fn own_program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

/// A child gets no stream of ours but those that it is given.
pub fn keep_streams_from_children() {}

/// Leaves the terminal's session, so that neither its end nor its Ctrl-C is felt here.
pub fn leave_terminal() {
    // It fails for the leader of a process group, which a child of `prestic-ctl` can be; then it is in no foreground group.
    let _ = rustix::process::setsid();
}

/// Points the three standard streams at the null device, so that whoever reads their other ends sees them end.
pub fn release_streams() -> io::Result<()> {
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(())
}

/// Lets a command take this process's place. Returns only if that fails.
pub fn replace_by(command: &mut Command) -> io::Result<ExitCode> {
    Err(command.exec())
}
