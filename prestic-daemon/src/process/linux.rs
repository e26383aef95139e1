//! What only Linux tells of processes: `/proc` and process descriptors.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    fs, io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal, test_kill_process},
};

use crate::process::{Activity, ProcessId};

/// The unit of times in `/proc`: Linux shows them in hundredths of a second wherever restic runs.
const TICK_MS: u64 = 10;

/// The part of `/proc/<pid>/stat` that matters here.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    state: u8,
    parent: u32,
    session: u32,
    cpu_ticks: u64,
    started: u64,
}

/// Returns what tells a process from every other one.
pub fn identify(pid: u32) -> io::Result<ProcessId> {
    Ok(ProcessId { pid, started: stat(pid)?.started, boot_id: boot_id()? })
}

/// Whether a process still runs. One that has ended, but whose parent has not asked how, does not.
pub fn is_alive(process: &ProcessId) -> bool {
    stat(process.pid).is_ok_and(|stat| stat.started == process.started && !matches!(stat.state, b'Z' | b'X' | b'x'))
        && boot_id().is_ok_and(|boot_id| boot_id == process.boot_id)
}

/// Whether any process has this number, whoever it is, in this namespace of processes or, as far as can be seen, in one below.
pub fn is_pid_in_use(pid: u32) -> bool {
    match stat(pid) {
        Ok(stat) => !matches!(stat.state, b'Z' | b'X' | b'x') || is_in_use_below(pid),
        // Where users do not see each other's processes, the kernel still says that there is one.
        Err(_) => {
            raw_pid(pid).is_some_and(|raw| test_kill_process(raw) != Err(rustix::io::Errno::SRCH)) || is_in_use_below(pid)
        }
    }
}

/// A container can share this machine's name, and its processes have numbers of their own.
fn is_in_use_below(pid: u32) -> bool {
    all().any(|outer| {
        fs::read_to_string(format!("/proc/{outer}/status"))
            .is_ok_and(|status| innermost_pid(&status) == Some(pid) && outer != pid)
    })
}

/// Returns the number that a process has in its own namespace, from its `status`.
fn innermost_pid(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("NSpid:"))?.split_whitespace().next_back()?.parse().ok()
}

/// Returns what a process and all that descend from it have used, those that have ended and were waited for included.
pub fn activity(root: u32) -> Option<Activity> {
    let own = stat(root).ok()?;
    let others: HashMap<u32, Stat> = all().filter_map(|pid| Some((pid, stat(pid).ok()?))).collect();
    let mut used = used_by(root, &own);
    for (pid, stat) in &others {
        // A process is older than its children, so the way up has an end; the count is for the moment of a change.
        let mut ancestors = std::iter::successors(Some(stat.parent), |parent| others.get(parent).map(|stat| stat.parent));
        if *pid != root && ancestors.by_ref().take(others.len()).any(|ancestor| ancestor == root) {
            let more = used_by(*pid, stat);
            used.cpu_ms += more.cpu_ms;
            used.io_bytes += more.io_bytes;
        }
    }
    Some(used)
}

fn used_by(pid: u32, stat: &Stat) -> Activity {
    let io = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
    let of = |name: &str| io.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok()).unwrap_or_default();
    Activity { cpu_ms: stat.cpu_ticks * TICK_MS, io_bytes: of("rchar:") + of("wchar:") }
}

fn all() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// Returns the children of this process.
pub fn children() -> Vec<u32> {
    let own = std::process::id();
    all().filter(|pid| stat(*pid).is_ok_and(|stat| stat.parent == own)).collect()
}

/// Returns the environment that this process was started with, whatever has been taken out of it since.
pub fn initial_environment() -> Option<Vec<(OsString, OsString)>> {
    let content = fs::read("/proc/self/environ").ok()?;
    Some(content.split(|byte| *byte == 0).filter_map(parse_variable).collect())
}

fn parse_variable(text: &[u8]) -> Option<(OsString, OsString)> {
    let end_of_name = text.iter().position(|byte| *byte == b'=')?;
    let word = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    Some((word(&text[..end_of_name]), word(&text[end_of_name + 1..])))
}

/// Asks a process to stop. Does nothing if it has ended.
pub fn interrupt(process: &ProcessId) -> io::Result<()> {
    signal(process, Signal::INT)
}

/// Kills a process. Does nothing if it has ended.
pub fn kill(process: &ProcessId) -> io::Result<()> {
    signal(process, Signal::KILL)
}

/// Waits until a process has ended, for no longer than `limit`. Returns whether it has.
///
/// It need not be a child, and a child is not reaped.
pub fn wait_for_end(process: &ProcessId, limit: Option<Duration>) -> io::Result<bool> {
    let Some(handle) = open(process)? else { return Ok(true) };
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    loop {
        match poll(&mut [PollFd::new(&handle, PollFlags::IN)], limit.as_ref()) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Kills what is left of the caller's own session, apart from the caller. Returns how many processes that were.
///
/// A caller that does not lead its session has not made it, and so nothing in it is the caller's to kill.
pub fn kill_rest_of_session() -> io::Result<usize> {
    let own_pid = std::process::id();
    // Not `getsid`: in a container whose session began outside it, that gives 0, which rustix takes for impossible.
    if stat(own_pid)?.session != own_pid {
        return Ok(0);
    }
    let mut killed = 0;
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if pid != own_pid && is_member(pid, own_pid) {
            killed += usize::from(kill_member(pid, own_pid));
        }
    }
    Ok(killed)
}

fn is_member(pid: u32, session: u32) -> bool {
    stat(pid).is_ok_and(|stat| stat.session == session && !matches!(stat.state, b'Z' | b'X' | b'x'))
}

/// Kills a process that is a member still when it can no longer be mistaken for another one.
fn kill_member(pid: u32, session: u32) -> bool {
    let Some(raw) = raw_pid(pid) else { return false };
    pidfd_open(raw, PidfdFlags::empty())
        .is_ok_and(|handle| is_member(pid, session) && pidfd_send_signal(handle.as_fd(), Signal::KILL).is_ok())
}

fn signal(process: &ProcessId, signal: Signal) -> io::Result<()> {
    let Some(handle) = open(process)? else { return Ok(()) };
    match pidfd_send_signal(handle.as_fd(), signal) {
        Err(rustix::io::Errno::SRCH) => Ok(()),
        result => Ok(result?),
    }
}

/// Opens a process, unless it has ended. The check comes second, so that it is the opened one that was checked.
fn open(process: &ProcessId) -> io::Result<Option<OwnedFd>> {
    let Some(pid) = raw_pid(process.pid) else { return Ok(None) };
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(handle) => Ok(is_alive(process).then_some(handle)),
        Err(rustix::io::Errno::SRCH) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn raw_pid(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim_end().to_owned())
}

fn stat(pid: u32) -> io::Result<Stat> {
    let content = fs::read(format!("/proc/{pid}/stat"))?;
    parse_stat(&content).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "cannot read the state of a process"))
}

/// Reads the fields that come after the program's name. The name can contain anything, a `)` too.
fn parse_stat(content: &[u8]) -> Option<Stat> {
    let end_of_name = content.iter().rposition(|byte| *byte == b')')?;
    let rest = str::from_utf8(&content[end_of_name + 1..]).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    Some(Stat {
        state: *fields.first()?.as_bytes().first()?,
        parent: fields.get(1)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        cpu_ticks: fields.get(11..15)?.iter().map(|ticks| ticks.parse::<u64>().unwrap_or_default()).sum(),
        started: fields.get(19)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn cat() -> std::process::Child {
        Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
    }

    #[test]
    fn program_name_cannot_confuse_the_fields() {
        let line = b"7 (a) S 1 (x)) S 1 7 5 0 -1 1 2 3 4 5 6 7 8 9 20 0 1 0 4711 1 2";
        assert_eq!(
            parse_stat(line),
            Some(Stat { state: b'S', parent: 1, session: 5, cpu_ticks: 6 + 7 + 8 + 9, started: 4711 })
        );
        assert_eq!(parse_stat(b"7 (a"), None);
    }

    #[test]
    fn variable_ends_its_name_at_the_first_sign() {
        let variable = |name: &str, value: &str| Some((OsString::from(name), OsString::from(value)));
        assert_eq!(parse_variable(b"A=b=c"), variable("A", "b=c"));
        assert_eq!(parse_variable(b"A="), variable("A", ""));
        assert_eq!(parse_variable(b""), None);
    }

    #[test]
    fn child_is_among_the_children() {
        let mut child = cat();
        assert!(children().contains(&child.id()));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!children().contains(&child.id()));
    }

    #[test]
    fn number_in_the_own_namespace_is_the_last_one() {
        assert_eq!(innermost_pid("Name:\tx\nNSpid:\t4711\t12\t7\nNSsid:\t1\n"), Some(7));
        assert_eq!(innermost_pid("Name:\tx\nNSpid:\t4711\n"), Some(4711));
        assert_eq!(innermost_pid("Name:\tx\n"), None);
    }

    #[test]
    fn what_a_child_of_a_child_uses_counts() {
        let mut shell = Command::new("sh")
            .args(["-c", "sh -c 'head -c 3000000 /dev/zero | cat >/dev/null; echo done; read -r line'; :"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        io::BufRead::read_line(&mut io::BufReader::new(shell.stdout.take().unwrap()), &mut line).unwrap();
        let used = activity(shell.id()).unwrap();
        assert!(used.io_bytes >= 3_000_000, "{used:?}");
        drop(shell.stdin.take());
        shell.wait().unwrap();
        assert_eq!(activity(shell.id()), None);
    }

    #[test]
    fn process_that_was_killed_is_not_alive_even_before_it_is_reaped() {
        let mut child = cat();
        let process = identify(child.id()).unwrap();
        assert!(is_alive(&process));
        assert!(!wait_for_end(&process, Some(Duration::from_millis(1))).unwrap());
        kill(&process).unwrap();
        assert!(wait_for_end(&process, None).unwrap());
        assert!(!is_alive(&process));
        child.wait().unwrap();
    }

    #[test]
    fn later_process_with_the_same_number_is_left_alone() {
        let mut child = cat();
        let mut process = identify(child.id()).unwrap();
        process.started -= 1;
        assert!(!is_alive(&process));
        kill(&process).unwrap();
        assert!(wait_for_end(&process, None).unwrap());
        assert!(is_pid_in_use(child.id()));
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
    }

    #[test]
    fn process_of_an_earlier_boot_is_not_alive() {
        let mut process = identify(std::process::id()).unwrap();
        assert!(is_alive(&process));
        process.boot_id = "earlier".to_owned();
        assert!(!is_alive(&process));
    }

    #[test]
    fn session_of_somebody_else_is_left_alone() {
        let mut child = cat();
        assert_eq!(kill_rest_of_session().unwrap(), 0);
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
    }
}
