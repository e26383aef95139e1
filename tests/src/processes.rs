//! Looks at processes from the outside: waits for their end, and reads what every user of the machine can read of them.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
};

/// Returns the kernel's name for a process.
pub fn pid(number: u32) -> Pid {
    i32::try_from(number).ok().and_then(Pid::from_raw).expect("a process id is a positive number")
}

/// Sends a signal. A process that has gone is no error.
pub fn send(number: u32, signal: Signal) {
    match kill_process(pid(number), signal) {
        Ok(()) | Err(Errno::SRCH) => {}
        Err(error) => panic!("cannot signal {number}: {error}"),
    }
}

/// Waits until a process has ended, ours or not. Returns whether it did within the limit.
pub fn wait_for_exit(number: u32, limit: Duration) -> bool {
    let descriptor = match pidfd_open(pid(number), PidfdFlags::empty()) {
        Ok(descriptor) => descriptor,
        Err(Errno::SRCH) => return true,
        Err(error) => panic!("cannot wait for {number}: {error}"),
    };
    let timeout = Timespec::try_from(limit).expect("limits are short");
    let mut waited = [PollFd::new(&descriptor, PollFlags::IN)];
    loop {
        match poll(&mut waited, Some(&timeout)) {
            Ok(ready) => return ready > 0,
            Err(Errno::INTR) => {}
            Err(error) => panic!("cannot wait for {number}: {error}"),
        }
    }
}

/// Returns the parent of a process.
pub fn parent(number: u32) -> Option<u32> {
    stat_field(number, 1)
}

/// Returns the group of a process: what a terminal's Ctrl-C reaches as a whole.
pub fn group(number: u32) -> Option<u32> {
    stat_field(number, 2)
}

/// Returns the session of a process: the number of the process that leads it.
pub fn session(number: u32) -> Option<u32> {
    stat_field(number, 3)
}

/// Returns a field of a process's `stat`, counted from the state.
fn stat_field(number: u32, index: usize) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
    stat.rsplit_once(')')?.1.split_whitespace().nth(index)?.parse().ok()
}

/// Returns what a process reads as its standard input.
pub fn standard_input(number: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{number}/fd/0")).ok()
}

/// Returns the program that a process runs.
pub fn program(number: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{number}/exe")).ok()
}

/// Returns the words of a process's command line.
pub fn command_line(number: u32) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
    bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// Returns every process that runs now.
pub fn all() -> Vec<u32> {
    fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// Returns the processes whose environment names a home: its daemon, its supervisors and their restic.
pub fn of_home(home: &Path) -> Vec<u32> {
    let wanted = home.as_os_str().as_encoded_bytes();
    all()
        .into_iter()
        .filter(|number| {
            let environment = fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
            let command = fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
            [environment, command].iter().any(|text| text.windows(wanted.len()).any(|window| window == wanted))
        })
        .collect()
}

/// Returns the memory that a process has resident, in KiB.
pub fn resident_kib(number: u32) -> u64 {
    memory_kib(number, "VmRSS:")
}

/// Returns the most memory that a process ever had resident, in KiB.
pub fn peak_kib(number: u32) -> u64 {
    memory_kib(number, "VmHWM:")
}

/// Returns how often the threads of a process have gone to sleep by themselves, as long as they live.
pub fn voluntary_switches(number: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{number}/task")).expect("the process runs").flatten();
    let statuses = threads.filter_map(|thread| fs::read_to_string(thread.path().join("status")).ok());
    let count = |status: String| -> Option<u64> {
        status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")?.trim().parse().ok())
    };
    statuses.filter_map(count).sum()
}

fn memory_kib(number: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{number}/status")).expect("the process runs");
    let value = status.lines().find_map(|line| line.strip_prefix(field)?.split_whitespace().next()?.parse().ok());
    value.expect("Linux tells it for every process")
}
