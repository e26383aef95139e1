//! Removes the lock that a killed restic left behind, when it is certain whose lock it is.
//!
//! `restic unlock` takes a lock of this host for stale when it cannot signal the process, which is also so for a living
//! process of another user, and it does signal a process that got the number later. So it is run only when a lock names
//! exactly the process that we saw end, and no other lock can be misjudged: neither that of a living process, nor that of
//! another machine with the same name. `--remove-all` is never used.

use std::{process::Command, thread, time::Duration};

use chrono::{DateTime, Utc};

use crate::{
    clock, process,
    restic::lock::Lock,
    supervise::{
        lock_rules::LockRules,
        repository_locks::{LockError, RepositoryLocks},
    },
};

/// How often `unlock` is run, and the pause in between.
pub(super) const MAX_TRIES: u32 = 8;
pub(super) const REAPING_PAUSE: Duration = Duration::from_millis(500);

/// Whether to unlock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A lock is certainly that of the process that ended.
    Unlock,
    /// No lock is that of the process that ended.
    NothingToDo,
    /// It cannot be done safely, and why.
    Leave(String),
}

/// Decides from all locks of a repository. `is_ours` tells whether a restic that PRestic has started made a lock.
pub fn decide(
    locks: &[Lock],
    hostname: &str,
    ended_pid: u32,
    is_pid_in_use: impl Fn(u32) -> bool,
    is_ours: impl Fn(&Lock) -> bool,
    now: DateTime<Utc>,
) -> Decision {
    let of_this_host = locks.iter().filter(|lock| lock.hostname == hostname);
    if !of_this_host.clone().any(|lock| lock.pid == ended_pid) {
        return Decision::NothingToDo;
    }
    // restic would remove that one, too, and its holder may live on a machine whose clock is wrong.
    let looks_old = |lock: &&Lock| lock.hostname != hostname && now - lock.time > LockRules::default().old_after;
    if let Some(lock) = locks.iter().find(looks_old) {
        return Decision::Leave(format!("{} has a lock that looks so old that unlocking would remove it", lock.hostname));
    }
    match of_this_host.clone().find(|lock| is_pid_in_use(lock.pid)) {
        Some(lock) if lock.pid == ended_pid => {
            Decision::Leave(format!("another process has got the number {ended_pid}, and unlocking would signal it"))
        }
        Some(lock) => Decision::Leave(format!("process {} of this machine has a lock, too", lock.pid)),
        None => match of_this_host.clone().find(|lock| lock.pid != ended_pid && !is_ours(lock)) {
            Some(lock) => Decision::Leave(format!(
                "process {} of a machine with this name has a lock, too, and was not started by PRestic",
                lock.pid
            )),
            None => Decision::Unlock,
        },
    }
}

/// Removes the lock of a restic of this machine that has certainly ended. Returns a line for the log on what was done.
///
/// `restic` is the program with the flags that lead to the repository; `is_ours` tells whether a restic that PRestic has
/// started made a lock; `prepare` gives each of its commands the environment
/// of the run, where the caller's own is another one.
pub fn unlock_after(
    restic: &[String],
    ended_pid: u32,
    is_ours: impl Fn(&Lock) -> bool,
    prepare: impl Fn(&mut Command),
) -> Result<String, LockError> {
    let locks = RepositoryLocks::new(restic, prepare);
    let mut tries = 0;
    loop {
        match decide(&locks.read(&[])?, &process::hostname(), ended_pid, process::is_pid_in_use, &is_ours, clock::now()) {
            Decision::Unlock if tries == MAX_TRIES => {
                return Ok(format!("restic does not remove the lock that its process {ended_pid} had left."));
            }
            Decision::Unlock => {
                if tries > 0 {
                    wait_for_reaping();
                }
                locks.unlock()?;
                tries += 1;
            }
            Decision::NothingToDo if tries > 0 => {
                return Ok(format!("Removed the lock that restic's process {ended_pid} had left."));
            }
            Decision::NothingToDo => return Ok(format!("restic's process {ended_pid} has left no lock.")),
            Decision::Leave(reason) => {
                return Ok(format!("Left the lock of restic's process {ended_pid} in place: {reason}."));
            }
        }
    }
}

/// restic takes a process that has ended, but that its parent has not waited for yet, for a living one, and leaves its lock.
/// Where the parent is the system's first process, nobody is told when it has done so.
#[expect(clippy::disallowed_methods, reason = "there is no event to wait for")]
pub(super) fn wait_for_reaping() {
    thread::sleep(REAPING_PAUSE);
}

#[cfg(test)]
mod tests {
    use super::*;

    const KILLED: u32 = 100;
    const ALIVE: u32 = 200;
    const OURS: u32 = 300;
    const UNKNOWN: u32 = 400;

    fn lock(hostname: &str, pid: u32) -> Lock {
        let answer = format!("{{\"time\":\"2026-01-01T00:00:00Z\",\"hostname\":\"{hostname}\",\"pid\":{pid}}}");
        Lock::parse("", &answer).unwrap()
    }

    fn now() -> DateTime<Utc> {
        "2026-01-01T00:10:00Z".parse().unwrap()
    }

    #[test]
    fn lock_of_another_machine_that_looks_old_would_be_removed_with_it() {
        let locks = [lock("here", KILLED), lock("there", 7)];
        let later = now() + chrono::TimeDelta::minutes(21);
        let decision = decide(&locks, "here", KILLED, |_| false, |_| true, later);
        assert!(matches!(decision, Decision::Leave(reason) if reason.starts_with("there has a lock")));
        assert_eq!(decide(&locks[..1], "here", KILLED, |_| false, |_| true, later), Decision::Unlock);
    }

    #[track_caller]
    fn check(locks: &[(&str, u32)], expected: Decision) {
        let locks: Vec<Lock> = locks.iter().map(|(hostname, pid)| lock(hostname, *pid)).collect();
        assert_eq!(decide(&locks, "here", KILLED, |pid| pid == ALIVE, |lock| lock.pid == OURS, now()), expected, "{locks:?}");
    }

    #[test]
    fn only_the_lock_of_the_killed_process_is_a_reason_to_unlock() {
        check(&[("here", KILLED)], Decision::Unlock);
        check(&[("here", KILLED), ("there", ALIVE), ("there", UNKNOWN), ("here", OURS)], Decision::Unlock);
        check(&[], Decision::NothingToDo);
        check(&[("there", KILLED)], Decision::NothingToDo);
        check(&[("here", OURS), ("here", ALIVE)], Decision::NothingToDo);
        check(&[("here", UNKNOWN)], Decision::NothingToDo);
    }

    #[test]
    fn living_holder_on_this_host_is_left_alone() {
        let reason = "process 200 of this machine has a lock, too".to_owned();
        check(&[("here", KILLED), ("here", ALIVE)], Decision::Leave(reason.clone()));
        check(&[("here", ALIVE), ("here", KILLED)], Decision::Leave(reason));
    }

    #[test]
    fn lock_that_another_machine_of_this_name_may_use_is_left_alone() {
        let reason = "process 400 of a machine with this name has a lock, too, and was not started by PRestic".to_owned();
        check(&[("here", KILLED), ("here", UNKNOWN)], Decision::Leave(reason.clone()));
        check(&[("here", UNKNOWN), ("here", OURS), ("here", KILLED)], Decision::Leave(reason));
    }

    #[test]
    fn process_that_got_the_number_later_is_not_signalled() {
        let decision = decide(&[lock("here", KILLED)], "here", KILLED, |_| true, |_| true, now());
        assert!(matches!(decision, Decision::Leave(reason) if reason.contains("number 100")));
    }

    #[cfg(unix)]
    fn shell(script: &str) -> Vec<String> {
        // The words after the script become `$0`, `$1`, ….
        ["sh", "-c", script, "restic"].map(str::to_owned).to_vec()
    }

    /// Returns a restic with one lock of a process, which goes with the `unlock` of this number.
    #[cfg(unix)]
    fn locked_until(unlocks: u32, pid: u32, folder: &std::path::Path) -> Vec<String> {
        let (id, host, mark) = ("0".repeat(64), process::hostname(), folder.join("unlocks").display().to_string());
        shell(&format!(
            "touch '{mark}'; case $1 in \
             list) echo opened; if [ $(wc -l <'{mark}') -lt {unlocks} ]; then echo {id}; fi;; \
             cat) echo '{{\"time\":\"2026-01-01T00:00:00Z\",\"hostname\":\"{host}\",\"pid\":{pid}}}';; \
             unlock) echo $# >>'{mark}';; esac"
        ))
    }

    #[test]
    #[cfg(unix)]
    fn unlock_is_run_when_the_lock_is_certain() {
        let folder = tempfile::tempdir().unwrap();
        // No process has a number this high.
        let restic = locked_until(1, 1 << 30, folder.path());
        let line = unlock_after(&restic, (1 << 30) + 1, |_| false, |_| {}).unwrap();
        assert!(line.ends_with("has left no lock."), "{line}");
        let line = unlock_after(&restic, 1 << 30, |_| false, |_| {}).unwrap();
        assert!(line.starts_with("Removed the lock"), "{line}");
        assert_eq!(std::fs::read_to_string(folder.path().join("unlocks")).unwrap(), "1\n");
    }

    #[test]
    #[cfg(unix)]
    fn unlock_is_tried_again_while_the_system_still_knows_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let line = unlock_after(&locked_until(2, 1 << 30, folder.path()), 1 << 30, |_| false, |_| {}).unwrap();
        assert!(line.starts_with("Removed the lock"), "{line}");
        assert_eq!(std::fs::read_to_string(folder.path().join("unlocks")).unwrap(), "1\n1\n");
    }
}
