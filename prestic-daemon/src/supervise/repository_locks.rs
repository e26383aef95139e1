//! Asks restic for the locks of a repository, and lets it remove those that it takes for stale.
//!
//! Whether that should happen is decided elsewhere. `--remove-all` is never used.

use std::{
    io::{self, Read},
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use thiserror::Error;

use crate::restic::lock::{Lock, lock_ids};

/// How long one of restic's own commands may take here.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// The most bytes that are read of what such a command writes.
const ANSWER_LIMIT: u64 = 1024 * 1024;

/// The most locks that are looked at. A healthy repository has a few.
const MAX_LOCKS: usize = 100;

/// Looking at the locks, or removing them, did not work.
#[derive(Debug, Error)]
pub enum LockError {
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
        /// How it ended.
        status: ExitStatus,
        /// All that it complained of, line by line.
        complaint: Vec<String>,
    },
    /// There is no telling what all these locks are.
    #[error("the repository has more than {MAX_LOCKS} locks")]
    TooMany,
}

/// The locks of one repository.
///
/// `prepare` gives each of restic's commands the environment of the run, where the caller's own is another one.
#[derive(Debug, Clone)]
pub struct RepositoryLocks<Prepare> {
    /// The program with the flags that lead to the repository.
    restic: Vec<String>,
    prepare: Prepare,
}

impl<Prepare: Fn(&mut Command)> RepositoryLocks<Prepare> {
    /// Returns the locks of the repository that this program reaches with these flags.
    pub fn new(restic: &[String], prepare: Prepare) -> Self {
        Self { restic: restic.to_vec(), prepare }
    }

    /// Reads the locks that there are now. Those that are known already are not read again.
    pub fn read(&self, known: &[Lock]) -> Result<Vec<Lock>, LockError> {
        let list = self.ask(&["list", "locks", "--no-lock"])?;
        let ids: Vec<&str> = lock_ids(&list).collect();
        if ids.len() > MAX_LOCKS {
            return Err(LockError::TooMany);
        }
        let mut locks = Vec::with_capacity(ids.len());
        let mut refusals = Vec::new();
        for id in ids {
            if let Some(lock) = known.iter().find(|lock| lock.id == id) {
                locks.push(lock.clone());
                continue;
            }
            match self.ask(&["cat", "lock", id, "--no-lock"]) {
                Ok(answer) => locks.push(
                    Lock::parse(id, &answer)
                        .map_err(|error| LockError::Run { command: "restic cat lock".to_owned(), source: error.into() })?,
                ),
                Err(error @ LockError::Refused { .. }) => refusals.push((id, error)),
                Err(error) => return Err(error),
            }
        }
        if refusals.is_empty() {
            return Ok(locks);
        }
        // Their holders have removed or refreshed them in the meantime; else not all locks are known, and that is dangerous.
        let list = self.ask(&["list", "locks", "--no-lock"])?;
        match refusals.into_iter().find(|(id, _)| lock_ids(&list).any(|listed| listed == *id)) {
            Some((_, error)) => Err(error),
            None => Ok(locks),
        }
    }

    /// Lets restic remove the locks that it takes for stale.
    pub fn unlock(&self) -> Result<(), LockError> {
        self.ask(&["unlock"]).map(drop)
    }

    /// Runs one command of restic and returns what it wrote on its standard output.
    fn ask(&self, arguments: &[&str]) -> Result<String, LockError> {
        let command = format!("restic {}", arguments.join(" "));
        let failed = |source| LockError::Run { command: command.clone(), source };
        let (program, flags) = self.restic.split_first().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
        let mut command_line = Command::new(program);
        command_line.args(flags).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        (self.prepare)(&mut command_line);
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
                Err(RecvTimeoutError::Timeout) => result = Err(LockError::TooSlow(command.clone())),
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
        let complaint = complaint.lines().map(str::to_owned).collect();
        Err(LockError::Refused { command, answer, status, complaint })
    }
}

/// Reads a stream to its end on a thread of its own, so that a hanging command cannot hold us up.
fn read_all(stream: impl Read + Send + 'static, is_output: bool, sender: SyncSender<(bool, String)>) -> io::Result<()> {
    thread::Builder::new().name("answer".to_owned()).spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.take(ANSWER_LIMIT).read_to_end(&mut bytes);
        let _ = sender.send((is_output, String::from_utf8_lossy(&bytes).into_owned()));
    })?;
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn locks(script: &str) -> RepositoryLocks<impl Fn(&mut Command)> {
        // The words after the script become `$0`, `$1`, ….
        RepositoryLocks::new(&["sh", "-c", script, "restic"].map(str::to_owned), |_| {})
    }

    #[test]
    fn refusal_tells_the_last_line() {
        let error = locks("echo a >&2; echo Fatal: b >&2; exit 1").read(&[]).unwrap_err();
        assert_eq!(error.to_string(), "`restic list locks --no-lock` failed: Fatal: b");
    }

    #[test]
    fn lock_that_cannot_be_read_and_is_still_there_is_an_error() {
        let id = "a".repeat(64);
        let error = locks(&format!("case $1 in list) echo {id};; cat) echo broken >&2; exit 1;; esac")).read(&[]).unwrap_err();
        assert!(error.to_string().ends_with("failed: broken"), "{error}");
    }

    #[test]
    fn lock_that_goes_while_it_is_read_is_none() {
        let (id, folder) = ("a".repeat(64), tempfile::tempdir().unwrap());
        let mark = folder.path().join("gone").display().to_string();
        let script = format!("case $1 in list) if [ ! -e '{mark}' ]; then echo {id}; fi;; cat) : >'{mark}'; exit 1;; esac");
        assert!(locks(&script).read(&[]).unwrap().is_empty());
    }

    #[test]
    fn known_lock_is_not_read_again() {
        let id = "a".repeat(64);
        let lock = Lock::parse(&id, r#"{"time":"2026-01-01T00:00:00Z"}"#).unwrap();
        let found = locks(&format!("case $1 in list) echo {id};; *) exit 1;; esac")).read(std::slice::from_ref(&lock));
        assert_eq!(found.unwrap(), [lock]);
    }
}
