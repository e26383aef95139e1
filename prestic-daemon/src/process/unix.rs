//! What every Unix does for a supervisor: its session, its signals, its socket, and the child that it prepares.

use std::{
    fs::{self, OpenOptions},
    io,
    os::{
        fd::AsRawFd,
        unix::{
            fs::{FileTypeExt, MetadataExt},
            process::{CommandExt, ExitStatusExt},
        },
    },
    path::Path,
    process::{Command, ExitStatus, Stdio},
    thread,
};

use interprocess::{
    local_socket::{
        GenericFilePath, Listener, ListenerOptions, ToFsName, tokio::Listener as AsyncListener, traits::StreamCommon,
    },
    os::unix::local_socket::ListenerOptionsExt as _,
};
use rustix::process::{geteuid, setsid};

use crate::{
    atomic_write::create_private_folder,
    process::{CpuPriority, IoPriority, Started, restore_descriptor_limit},
};

/// What a child's pipe holds. Its child never waits while the supervisor is busy, and can still write when it is dead.
#[cfg(target_os = "linux")]
const PIPE_SIZE: usize = 1024 * 1024;

/// The name of a supervisor's program in lists of processes, where it would be that of the link that it was started from.
const PROGRAM: &str = "prestic-daemon";

/// Gives a supervisor that will be started its name. It separates itself, by [`leave_session`].
pub fn detach(command: &mut Command) {
    command.arg0(PROGRAM);
}

/// Leaves the session and the terminal of whoever started this process.
pub fn leave_session() {
    // A process without the right name is still the right process.
    #[cfg(target_os = "linux")]
    let _ = std::ffi::CString::new(PROGRAM).map(|name| rustix::thread::set_name(&name));
    // It fails only for a process that leads its session already, and then there is nothing to leave.
    let _ = setsid();
}

/// Returns what tells this machine from others; something else than nothing, if the system has nothing better.
pub fn machine_id() -> String {
    let files = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
    let mut found = files.iter().filter_map(|file| fs::read_to_string(file).ok()).map(|id| id.trim().to_owned());
    found.find(|id| !id.is_empty()).unwrap_or_else(|| rustix::system::uname().nodename().to_string_lossy().into_owned())
}

/// Points standard input and standard error at the null device, so that nobody else's death is felt through them.
pub fn let_go_of_starter() -> io::Result<()> {
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(())
}

/// Calls `act` for each signal that asks this process to end, in place of ending, and ignores the hang-up signal.
///
/// To be called before any other thread is there, because threads inherit what is set here.
pub fn on_termination(act: impl Fn() + Send + 'static) -> io::Result<()> {
    let signals = termination_signals();
    // SAFETY: `signals` is initialized, and the old mask is not asked for. Ignoring a signal sets no handler.
    let error = unsafe {
        libc::signal(libc::SIGHUP, libc::SIG_IGN);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const signals, std::ptr::null_mut())
    };
    if error != 0 {
        return Err(io::Error::from_raw_os_error(error));
    }
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let mut signal = 0;
        // SAFETY: both point to initialized values that live as long as the call.
        while unsafe { libc::sigwait(&raw const signals, &raw mut signal) } == 0 {
            act();
        }
    })?;
    Ok(())
}

fn termination_signals() -> libc::sigset_t {
    // SAFETY: a set of signals is plain data, and `sigemptyset` initializes it before anything reads it.
    unsafe {
        let mut signals = std::mem::zeroed();
        libc::sigemptyset(&raw mut signals);
        libc::sigaddset(&raw mut signals, libc::SIGTERM);
        libc::sigaddset(&raw mut signals, libc::SIGINT);
        signals
    }
}

/// Fails for a path that is too long for a socket, with what to do about it: the system's own words tell neither.
pub fn check_socket_path(path: &Path) -> io::Result<()> {
    // SAFETY: the address of a socket is plain data, for which zeros are valid.
    let address: libc::sockaddr_un = unsafe { std::mem::zeroed() };
    // The last byte ends the path.
    let limit = address.sun_path.len() - 1;
    if path.as_os_str().len() <= limit {
        return Ok(());
    }
    let text =
        format!("a socket's path has {limit} bytes at most, so {} is too long: use a shorter PRESTIC_HOME", path.display());
    Err(io::Error::new(io::ErrorKind::InvalidFilename, text))
}

/// Listens on a socket that its owner alone can reach, in place of a dead one that may be there.
///
/// Whether the old one is dead is the caller's to know: it holds the lock that says so.
pub fn listen(path: &Path) -> io::Result<Listener> {
    check_socket_path(path)?;
    if let Some(folder) = path.parent() {
        create_private_folder(folder)?;
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let options = || Ok::<_, io::Error>(ListenerOptions::new().name(path.to_fs_name::<GenericFilePath>()?));
    match options()?.mode(0o600).create_sync() {
        // Where a socket cannot be given a mode, its folder keeps others out.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => options()?.create_sync(),
        result => result,
    }
}

/// Makes the folder for a socket. One that is there has to be this user's alone.
pub fn prepare_socket_folder(folder: &Path) -> io::Result<()> {
    create_private_folder(folder)?;
    let metadata = fs::metadata(folder)?;
    if metadata.mode() & 0o077 == 0 && metadata.uid() == geteuid().as_raw() {
        return Ok(());
    }
    Err(io::Error::other(format!("{} must belong to this user alone (mode 0700)", folder.display())))
}

/// Listens on a socket that its owner alone can reach, for a program that waits for its clients without a thread each.
pub fn listen_for_clients(path: &Path) -> io::Result<AsyncListener> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(io::Error::other(format!("{} is in the way: it is no socket", path.display())));
        }
        _ => {}
    }
    ListenerOptions::new().name(path.to_fs_name::<GenericFilePath>()?).mode(0o600).try_overwrite(true).create_tokio()
}

/// Whether the process at the other end belongs to the same user.
pub fn is_own_peer(stream: &impl StreamCommon) -> bool {
    stream.peer_creds().ok().and_then(|peer| peer.euid()) == Some(geteuid().as_raw())
}

/// Returns the name of this machine, as restic writes it into its locks.
pub fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Returns the signal that ended a process, if one did.
pub fn ending_signal(status: ExitStatus) -> Option<i32> {
    status.signal()
}

/// Starts a child with its standard input from the null device, and two pipes.
///
/// When the calling thread ends, and so also when this process is killed, Linux interrupts the child. For that moment the
/// child holds the reading ends of its own pipes: what it still writes then goes nowhere, but does not kill it, and so it
/// can remove its lock.
pub fn start(mut command: Command, cpu: Option<CpuPriority>, io_share: Option<IoPriority>) -> io::Result<Started> {
    let (output, output_end) = io::pipe()?;
    let (errors, errors_end) = io::pipe()?;
    #[cfg(target_os = "linux")]
    for pipe in [&output, &errors] {
        // A user may have so many pipes that no more large ones are given: then a smaller one has to do.
        let _ = rustix::pipe::fcntl_setpipe_size(pipe, PIPE_SIZE);
    }
    let kept = [output.as_raw_fd(), errors.as_raw_fd()];
    let parent = rustix::process::getpid();
    command.stdin(Stdio::null()).stdout(output_end).stderr(errors_end);
    // SAFETY: between fork and exec only system calls are made; nothing allocates and no lock is taken.
    unsafe {
        command.pre_exec(move || {
            follow_parent(parent, &kept)?;
            reset_signals()?;
            set_priorities(cpu, io_share);
            Ok(())
        });
    }
    let child = command.spawn()?;
    let warnings = missing_priorities(child.id(), cpu, io_share);
    Ok(Started { child, output, errors, warnings })
}

/// Prepares a child of the daemon that only reads. It leaves the daemon's session, so that nothing that it starts can ask on
/// a terminal, and Linux interrupts it when the daemon dies.
pub fn prepare_reader(command: &mut Command, cpu: Option<CpuPriority>, io_share: Option<IoPriority>) {
    restore_descriptor_limit(command);
    let parent = rustix::process::getpid();
    // SAFETY: between fork and exec only system calls are made; nothing allocates and no lock is taken.
    unsafe {
        command.pre_exec(move || {
            setsid()?;
            follow_parent(parent, &[])?;
            reset_signals()?;
            set_priorities(cpu, io_share);
            Ok(())
        });
    }
}

/// Lets a child's pipe hold more, so that fewer switches between the two are needed.
pub fn widen_pipe(pipe: &tokio::process::ChildStdout) {
    #[cfg(target_os = "linux")]
    // A user may have so many pipes that no more large ones are given: then a smaller one has to do.
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, PIPE_SIZE);
    #[cfg(not(target_os = "linux"))]
    let _ = pipe;
}

#[cfg(target_os = "linux")]
fn follow_parent(parent: rustix::process::Pid, kept: &[i32]) -> io::Result<()> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::INT))?;
    if getppid() != Some(parent) {
        // The parent died before the line above, so no signal will come.
        return Err(io::ErrorKind::Interrupted.into());
    }
    for descriptor in kept.iter().copied() {
        // SAFETY: the pipes are open in the parent until the child has been spawned.
        let pipe = unsafe { std::os::fd::BorrowedFd::borrow_raw(descriptor) };
        rustix::io::fcntl_setfd(pipe, rustix::io::FdFlags::empty())?;
    }
    Ok(())
}

/// Without a signal at the parent's death, a child that could write on for ever would hang when its pipe is full.
#[cfg(not(target_os = "linux"))]
fn follow_parent(_parent: rustix::process::Pid, _kept: &[i32]) -> io::Result<()> {
    Ok(())
}

/// Returns the number of the user whose rights this process has.
pub fn own_user_number() -> Option<u32> {
    Some(geteuid().as_raw())
}

/// Reads from a terminal that is not in its usual mode, and lets a Ctrl-C there end this process only when it is again.
pub fn read_terminal<T>(read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    // SAFETY: a plain system call, which installs no handler.
    let before = unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
    let result = read();
    // SAFETY: as above; what is put back was there.
    unsafe { libc::signal(libc::SIGINT, before) };
    if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::INT)?;
    }
    result
}

/// Gives the child the signals of a fresh process: what this one ignores or blocks is its own affair.
fn reset_signals() -> io::Result<()> {
    // SAFETY: plain system calls on initialized values.
    unsafe {
        for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM, libc::SIGPIPE] {
            libc::signal(signal, libc::SIG_DFL);
        }
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        match libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut()) {
            0 => Ok(()),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }
}

/// Sets what can be set: a priority that is not permitted must not cost a backup. [`start`] looks at the result.
pub fn set_priorities(cpu: Option<CpuPriority>, io_share: Option<IoPriority>) {
    if let Some(cpu) = cpu {
        let _ = rustix::process::setpriority_process(None, nice(cpu));
    }
    #[cfg(target_os = "linux")]
    if let Some(io_share) = io_share {
        // SAFETY: the call takes three integers.
        unsafe { libc::syscall(libc::SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, ioprio(io_share)) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = io_share;
}

/// Says which priorities the child has not got. It asks the child, since the child cannot say why something failed.
fn missing_priorities(pid: u32, cpu: Option<CpuPriority>, io_share: Option<IoPriority>) -> Vec<String> {
    let mut warnings = Vec::new();
    let process = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(cpu) = cpu
        && rustix::process::getpriority_process(process).is_ok_and(|now| now != nice(cpu))
    {
        warnings.push(format!("warning: no permission to set the CPU priority to nice {}", nice(cpu)));
    }
    #[cfg(target_os = "linux")]
    if let Some(io_share) = io_share {
        // SAFETY: the call takes two integers.
        let now = unsafe { libc::syscall(libc::SYS_ioprio_get, IOPRIO_WHO_PROCESS, pid) };
        if now >= 0 && now != libc::c_long::from(ioprio(io_share)) {
            warnings.push("warning: the I/O priority could not be set".to_owned());
        }
    }
    #[cfg(not(target_os = "linux"))]
    if io_share.is_some() {
        warnings.push("warning: this system has no I/O priorities".to_owned());
    }
    warnings
}

fn nice(priority: CpuPriority) -> i32 {
    match priority {
        CpuPriority::Idle => 19,
        CpuPriority::Low => 10,
        CpuPriority::Normal => 0,
        CpuPriority::High => -5,
    }
}

#[cfg(target_os = "linux")]
const IOPRIO_WHO_PROCESS: libc::c_int = 1;

/// Returns class and level as the kernel packs them: class 2 is best effort, class 3 idle.
#[cfg(target_os = "linux")]
fn ioprio(priority: IoPriority) -> libc::c_int {
    const CLASS_SHIFT: libc::c_int = 13;
    match priority {
        IoPriority::Idle => 3 << CLASS_SHIFT,
        IoPriority::Low => 2 << CLASS_SHIFT | 7,
        IoPriority::Normal => 2 << CLASS_SHIFT | 4,
        IoPriority::High => 2 << CLASS_SHIFT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_that_is_too_long_for_a_socket_is_told_with_the_way_out() {
        let path = Path::new("/tmp").join("x".repeat(120));
        let error = listen(&path).unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()) && error.contains(" bytes at most"), "{error}");
        assert!(error.ends_with("use a shorter PRESTIC_HOME"), "{error}");
        assert!(check_socket_path(Path::new("/tmp/daemon.sock")).is_ok());
    }
}
