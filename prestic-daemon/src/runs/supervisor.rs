//! Starts the supervisor of a run: this same program, which gets its orders on its standard input and says when it listens.

use std::{
    fs::File,
    io,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use thiserror::Error;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, Command},
    time::timeout,
};

use crate::{
    config::PASSWORD_VARIABLE,
    patience::with_patience,
    process, program,
    runs::{driver::blocking, job::Orders},
    secret::Secret,
    supervise::start::LISTENING,
};

/// How long a supervisor may take until it listens. It takes some milliseconds on a machine that is not at its limits.
const START_LIMIT: Duration = Duration::from_secs(20);

/// How long a supervisor that has closed its standard error may take to end, and one that was killed.
const END_LIMIT: Duration = Duration::from_secs(5);

/// The most bytes that are read of what a supervisor writes before it listens, and the most that are shown of them.
const MOST_WORDS: u64 = 64 * 1024;
const SHOWN_WORDS: usize = 1024;

/// A supervisor could not be started, or did not get ready. It does not run any more.
#[derive(Debug, Error)]
pub enum SupervisorError {
    /// There was no process.
    #[error("the supervisor cannot be started")]
    Spawn(#[source] io::Error),
    /// It ended by itself.
    #[error("the supervisor ended before it listened{}", detail(.status, .words))]
    Ended {
        /// How.
        status: Option<ExitStatus>,
        /// The last that it wrote.
        words: String,
    },
    /// It took too long, and was killed.
    #[error("the supervisor did not listen within {} seconds{}", .limit.as_secs(), detail(.status, .words))]
    TooSlow {
        /// How long it had.
        limit: Duration,
        /// How it ended.
        status: Option<ExitStatus>,
        /// The last that it wrote.
        words: String,
    },
}

fn detail(status: &Option<ExitStatus>, words: &str) -> String {
    let status = status.map_or_else(|| "it does not end".to_owned(), |status| status.to_string());
    if words.is_empty() { format!(" ({status})") } else { format!(" ({status}): {words}") }
}

/// Starts a supervisor, which inherits the run's lock, and returns when it listens.
///
/// A password from the keyring is for it and the restics that it starts, and for nothing else.
pub async fn spawn_supervisor(orders: Orders, password: Option<Secret>, lock: File) -> Result<Child, SupervisorError> {
    let spec = serde_json::to_vec(&orders.spec).map_err(|error| SupervisorError::Spawn(error.into()))?;
    let command = move || {
        let mut command = Command::new(program::own_program()?);
        command.arg("supervise").env_clear().envs(orders.environment).current_dir(program::working_folder());
        if let Some(password) = password {
            command.env(PASSWORD_VARIABLE, password.reveal());
        }
        command.stdout(Stdio::from(lock));
        Ok(command)
    };
    start(command, &spec, with_patience(START_LIMIT)).await
}

async fn start(
    command: impl FnOnce() -> io::Result<Command> + Send + 'static,
    spec: &[u8],
    limit: Duration,
) -> Result<Child, SupervisorError> {
    // The working folder can be a server's that does not answer. A supervisor that comes too late is told nothing, and ends.
    let spawned = timeout(limit, blocking(move || spawn(command()?))).await;
    let mut supervisor = spawned.map_err(io::Error::from).flatten().map_err(SupervisorError::Spawn)?;
    let (stdin, stderr) = (supervisor.stdin.take(), supervisor.stderr.take());
    let mut words = Vec::new();
    match timeout(limit, shake_hands(stdin, spec, stderr, &mut words)).await {
        Ok(true) => Ok(supervisor),
        Ok(false) => {
            // It is about to end, and how it does is the best clue.
            let status = match wait(&mut supervisor).await {
                Some(status) => Some(status),
                None => kill(&mut supervisor).await,
            };
            Err(SupervisorError::Ended { status, words: shown(&words) })
        }
        Err(_) => {
            let status = kill(&mut supervisor).await;
            Err(SupervisorError::TooSlow { limit, status, words: shown(&words) })
        }
    }
}

/// Spawns a process. The parent's copy of the lock goes with the command: from then on it is the supervisor's alone.
fn spawn(mut command: Command) -> io::Result<Child> {
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    process::restore_descriptor_limit(command.as_std_mut());
    process::detach(command.as_std_mut());
    command.spawn()
}

/// Tells the supervisor what to do and reads what it says, both at once: neither side may wait for the other.
async fn shake_hands(stdin: Option<ChildStdin>, spec: &[u8], stderr: Option<ChildStderr>, words: &mut Vec<u8>) -> bool {
    let tell = async {
        if let Some(mut stdin) = stdin {
            // A supervisor that does not take it does not get to listen either, and says why.
            let _ = stdin.write_all(spec).await;
        }
    };
    let ((), listens) = tokio::join!(tell, hear_listening(stderr, words));
    listens
}

/// Reads lines until the supervisor says that it listens. Others can come before, such as a warning of the system's loader.
async fn hear_listening(stderr: Option<ChildStderr>, words: &mut Vec<u8>) -> bool {
    let Some(stderr) = stderr else { return false };
    let mut lines = BufReader::new(stderr.take(MOST_WORDS));
    loop {
        let start = words.len();
        match lines.read_until(b'\n', words).await {
            Ok(0) | Err(_) => return false,
            Ok(_) if words[start..].trim_ascii() == LISTENING.as_bytes() => return true,
            Ok(_) => {}
        }
    }
}

async fn kill(supervisor: &mut Child) -> Option<ExitStatus> {
    // It may have ended already.
    let _ = supervisor.start_kill();
    wait(supervisor).await
}

async fn wait(supervisor: &mut Child) -> Option<ExitStatus> {
    timeout(END_LIMIT, supervisor.wait()).await.ok()?.ok()
}

fn shown(words: &[u8]) -> String {
    let words = String::from_utf8_lossy(words);
    let words = words.trim();
    let start = words.ceil_char_boundary(words.len().saturating_sub(SHOWN_WORDS));
    words[start..].lines().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    async fn start_script(script: &str, limit: Duration) -> Result<Child, SupervisorError> {
        let script = script.to_owned();
        let command = move || {
            let mut command = Command::new("sh");
            command.args(["-c", &script]).stdout(Stdio::null());
            Ok(command)
        };
        // More than a pipe holds, so that a supervisor that does not read it breaks it.
        start(command, &vec![b'x'; 256 * 1024], limit).await
    }

    #[track_caller]
    fn check_refusal(result: Result<Child, SupervisorError>, expected: &str) {
        assert_eq!(result.unwrap_err().to_string(), expected);
    }

    #[tokio::test]
    async fn warning_of_the_loader_can_come_first() {
        let script = "echo 'ld.so: object cannot be preloaded: ignored' >&2; echo listening >&2; cat > /dev/null";
        let mut supervisor = start_script(script, START_LIMIT).await.unwrap();
        assert!(supervisor.wait().await.unwrap().success());
    }

    #[tokio::test]
    async fn supervisor_that_ends_is_told_with_its_status_and_words() {
        check_refusal(
            start_script("echo one >&2; echo two >&2; exit 127", START_LIMIT).await,
            "the supervisor ended before it listened (exit status: 127): one; two",
        );
        check_refusal(start_script("exit 1", START_LIMIT).await, "the supervisor ended before it listened (exit status: 1)");
    }

    #[tokio::test]
    async fn of_many_words_the_last_ones_are_told() {
        let script = "i=0; while [ $i -lt 300 ]; do echo 0123456789 >&2; i=$((i+1)); done; echo why >&2; exit 3";
        let Err(SupervisorError::Ended { words, .. }) = start_script(script, START_LIMIT).await else {
            panic!("it did not listen")
        };
        assert!(words.len() <= 2 * SHOWN_WORDS && words.ends_with("; why"), "{words}");
    }

    #[tokio::test]
    async fn supervisor_that_says_nothing_is_killed() {
        check_refusal(
            start_script("exec tail -f /dev/null", Duration::from_secs(2)).await,
            "the supervisor did not listen within 2 seconds (signal: 9 (SIGKILL))",
        );
    }

    #[tokio::test]
    async fn missing_program_is_told() {
        let error = start(|| Ok(Command::new("/nowhere/prestic-daemon")), b"", START_LIMIT).await.unwrap_err();
        assert!(matches!(error, SupervisorError::Spawn(_)));
    }
}
