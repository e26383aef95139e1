//! Removes the lock that a killed restic left behind, when it is certain whose lock it is.
//!
//! `restic unlock` takes a lock of this host for stale when it cannot signal the process, which is also so for a living
//! process of another user, and it does signal a process that got the number later. So it is run only when a lock names
//! exactly the process that we saw end, and no other lock can be misjudged. `--remove-all` is never used.

use std::{
    io::{self, Read},
    process::{Command, Stdio},
    sync::mpsc::{RecvTimeoutError, sync_channel},
    thread,
    time::Duration,
};

use serde::Deserialize;
use thiserror::Error;

use crate::process;

/// How long one of restic's own commands may take here.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// The most bytes that are read of what such a command writes.
const ANSWER_LIMIT: u64 = 1024 * 1024;

/// The most locks that are looked at. A healthy repository has a few.
const MAX_LOCKS: usize = 100;

/// How often `unlock` is run, and the pause in between.
const MAX_TRIES: u32 = 8;
const REAPING_PAUSE: Duration = Duration::from_millis(500);

/// A lock, as `restic cat lock` shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Lock {
    /// The machine of its holder.
    pub hostname: String,
    /// The holder's process id.
    pub pid: u32,
}

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

/// Looking at the locks, or removing them, did not work.
#[derive(Debug, Error)]
pub enum UnlockError {
    /// The command did not start, or its answer could not be read.
    #[error("cannot run `{command}`")]
    Run {
        /// restic's command.
        command: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The command took too long.
    #[error("`{0}` did not end within {limit} seconds", limit = COMMAND_LIMIT.as_secs())]
    TooSlow(String),
    /// The command failed.
    #[error("`{command}` failed: {answer}")]
    Refused {
        /// restic's command.
        command: String,
        /// The last line that it wrote.
        answer: String,
    },
    /// There is no telling what all these locks are.
    #[error("the repository has more than {MAX_LOCKS} locks")]
    TooMany,
}

/// Decides from all locks of a repository.
pub fn decide(locks: &[Lock], hostname: &str, ended_pid: u32, is_pid_in_use: impl Fn(u32) -> bool) -> Decision {
    let mut of_this_host = locks.iter().filter(|lock| lock.hostname == hostname);
    if !of_this_host.clone().any(|lock| lock.pid == ended_pid) {
        return Decision::NothingToDo;
    }
    match of_this_host.find(|lock| is_pid_in_use(lock.pid)) {
        Some(lock) if lock.pid == ended_pid => {
            Decision::Leave(format!("another process has got the number {ended_pid}, and unlocking would signal it"))
        }
        Some(lock) => Decision::Leave(format!("process {} of this machine has a lock, too", lock.pid)),
        None => Decision::Unlock,
    }
}

/// Removes the lock of a restic of this machine that has certainly ended. Returns a line for the log on what was done.
///
/// `restic` is the program with the flags that lead to the repository; `prepare` gives each of its commands the environment
/// of the run, where the caller's own is another one.
pub fn unlock_after(restic: &[String], ended_pid: u32, prepare: impl Fn(&mut Command)) -> Result<String, UnlockError> {
    let ask = |arguments: &[&str]| ask(restic, arguments, &prepare);
    let mut tries = 0;
    loop {
        match decide(&locks(&ask)?, &process::hostname(), ended_pid, process::is_pid_in_use) {
            Decision::Unlock if tries == MAX_TRIES => {
                return Ok(format!("restic does not remove the lock that its process {ended_pid} had left."));
            }
            Decision::Unlock => {
                if tries > 0 {
                    wait_for_reaping();
                }
                ask(&["unlock"])?;
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

fn locks(ask: &impl Fn(&[&str]) -> Result<String, UnlockError>) -> Result<Vec<Lock>, UnlockError> {
    let list = ask(&["list", "locks", "--no-lock"])?;
    let ids: Vec<&str> = list.split_whitespace().filter(|word| is_lock_id(word)).collect();
    if ids.len() > MAX_LOCKS {
        return Err(UnlockError::TooMany);
    }
    let mut locks = Vec::with_capacity(ids.len());
    for id in ids {
        match ask(&["cat", "lock", id, "--no-lock"]) {
            Ok(answer) => locks.push(parse_lock(&answer)?),
            // A lock that its holder has removed or refreshed in the meantime is not the one of a dead process.
            Err(UnlockError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(locks)
}

/// restic takes a process that has ended, but that its parent has not waited for yet, for a living one, and leaves its lock.
/// Where the parent is the system's first process, nobody is told when it has done so.
#[expect(clippy::disallowed_methods, reason = "there is no event to wait for")]
fn wait_for_reaping() {
    thread::sleep(REAPING_PAUSE);
}

fn is_lock_id(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn parse_lock(answer: &str) -> Result<Lock, UnlockError> {
    // A message of restic's can precede the document.
    let document = answer.find('{').map_or(answer, |start| &answer[start..]);
    serde_json::from_str(document)
        .map_err(|error| UnlockError::Run { command: "restic cat lock".to_owned(), source: error.into() })
}

/// Runs one command of restic and returns what it wrote on its standard output.
fn ask(restic: &[String], arguments: &[&str], prepare: impl Fn(&mut Command)) -> Result<String, UnlockError> {
    let command = format!("restic {}", arguments.join(" "));
    let failed = |source| UnlockError::Run { command: command.clone(), source };
    let (program, flags) = restic.split_first().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
    let mut command_line = Command::new(program);
    command_line.args(flags).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    prepare(&mut command_line);
    let mut child = command_line.spawn().map_err(failed)?;
    let (sender, answers) = sync_channel(2);
    let output = child.stdout.take().expect("a pipe was asked for");
    let errors = child.stderr.take().expect("a pipe was asked for");
    let readers = read_all(output, true, sender.clone()).and_then(|()| read_all(errors, false, sender));
    let mut result = readers.map_err(failed);
    let (mut answer, mut complaint) = (String::new(), String::new());
    while result.is_ok() {
        match answers.recv_timeout(COMMAND_LIMIT) {
            Ok((true, text)) => answer = text,
            Ok((false, text)) => complaint = text,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => result = Err(UnlockError::TooSlow(command.clone())),
        }
    }
    if result.is_err() {
        // It may have ended by itself already.
        let _ = child.kill();
    }
    let status = child.wait().map_err(failed)?;
    result?;
    if status.success() {
        return Ok(answer);
    }
    let answer = complaint.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it gave no reason").to_owned();
    Err(UnlockError::Refused { command, answer })
}

/// Reads a stream to its end on a thread of its own, so that a hanging command cannot hold us up.
fn read_all(
    stream: impl Read + Send + 'static,
    is_output: bool,
    sender: std::sync::mpsc::SyncSender<(bool, String)>,
) -> io::Result<()> {
    thread::Builder::new().name("answer".to_owned()).spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.take(ANSWER_LIMIT).read_to_end(&mut bytes);
        let _ = sender.send((is_output, String::from_utf8_lossy(&bytes).into_owned()));
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KILLED: u32 = 100;
    const ALIVE: u32 = 200;
    const DEAD: u32 = 300;

    #[track_caller]
    fn check(locks: &[(&str, u32)], expected: Decision) {
        let locks: Vec<Lock> =
            locks.iter().map(|(hostname, pid)| Lock { hostname: (*hostname).to_owned(), pid: *pid }).collect();
        assert_eq!(decide(&locks, "here", KILLED, |pid| pid == ALIVE), expected, "{locks:?}");
    }

    #[test]
    fn only_the_lock_of_the_killed_process_is_a_reason_to_unlock() {
        check(&[("here", KILLED)], Decision::Unlock);
        check(&[("here", KILLED), ("there", ALIVE), ("here", DEAD)], Decision::Unlock);
        check(&[], Decision::NothingToDo);
        check(&[("there", KILLED)], Decision::NothingToDo);
        check(&[("here", DEAD), ("here", ALIVE)], Decision::NothingToDo);
    }

    #[test]
    fn living_holder_on_this_host_is_left_alone() {
        let reason = "process 200 of this machine has a lock, too".to_owned();
        check(&[("here", KILLED), ("here", ALIVE)], Decision::Leave(reason.clone()));
        check(&[("here", ALIVE), ("here", KILLED)], Decision::Leave(reason));
    }

    #[test]
    fn process_that_got_the_number_later_is_not_signalled() {
        let locks = [Lock { hostname: "here".to_owned(), pid: KILLED }];
        let decision = decide(&locks, "here", KILLED, |_| true);
        assert!(matches!(decision, Decision::Leave(reason) if reason.contains("number 100")));
    }

    #[test]
    fn lock_is_read_whatever_precedes_it() {
        let answer = "repository opened\n{\"time\":\"x\",\"hostname\":\"here\",\"pid\":7,\"exclusive\":true}\n";
        assert_eq!(parse_lock(answer).unwrap(), Lock { hostname: "here".to_owned(), pid: 7 });
        assert!(parse_lock("nothing").is_err());
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
             cat) echo '{{\"hostname\":\"{host}\",\"pid\":{pid}}}';; \
             unlock) echo $# >>'{mark}';; esac"
        ))
    }

    #[test]
    #[cfg(unix)]
    fn unlock_is_run_when_the_lock_is_certain() {
        let folder = tempfile::tempdir().unwrap();
        // No process has a number this high.
        let restic = locked_until(1, 1 << 30, folder.path());
        let line = unlock_after(&restic, (1 << 30) + 1, |_| {}).unwrap();
        assert!(line.ends_with("has left no lock."), "{line}");
        let line = unlock_after(&restic, 1 << 30, |_| {}).unwrap();
        assert!(line.starts_with("Removed the lock"), "{line}");
        assert_eq!(std::fs::read_to_string(folder.path().join("unlocks")).unwrap(), "1\n");
    }

    #[test]
    #[cfg(unix)]
    fn unlock_is_tried_again_while_the_system_still_knows_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let line = unlock_after(&locked_until(2, 1 << 30, folder.path()), 1 << 30, |_| {}).unwrap();
        assert!(line.starts_with("Removed the lock"), "{line}");
        assert_eq!(std::fs::read_to_string(folder.path().join("unlocks")).unwrap(), "1\n1\n");
    }

    #[test]
    #[cfg(unix)]
    fn refusal_tells_the_last_line() {
        let error = unlock_after(&shell("echo a >&2; echo Fatal: b >&2; exit 1"), 1, |_| {}).unwrap_err();
        assert_eq!(error.to_string(), "`restic list locks --no-lock` failed: Fatal: b");
    }
}
