//! The daemon's way to a password: a child that asks the keyring, with a limit, once for all who want the same entry.

use std::{process::Stdio, sync::Arc, time::Duration};

use futures::FutureExt;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    sync::watch,
    time::timeout,
};
use zeroize::Zeroizing;

use super::{KeyringError, Refusal};
use crate::{patience::with_patience, process, program, repository::flights::Flights, secret::Secret};

/// How long a keyring may take unless the configuration says otherwise: it may be asking the user to unlock it.
pub const DEFAULT_LIMIT: Duration = Duration::from_secs(30);

/// The most that is read of a password, and of the words about why there is none.
const MOST: u64 = 64 * 1024;

type Answer = Result<Secret, KeyringError>;

/// Reads passwords from the keyring. Cheap to clone; nothing is kept.
#[derive(Debug, Clone)]
pub struct Keyring {
    flights: Arc<Flights<String, Answer>>,
    limit: watch::Sender<Duration>,
}

impl Default for Keyring {
    fn default() -> Self {
        Self { flights: Arc::default(), limit: watch::Sender::new(DEFAULT_LIMIT) }
    }
}

impl Keyring {
    /// Sets how long an answer may take from now on.
    pub fn set_limit(&self, limit: Duration) {
        self.limit.send_replace(limit);
    }

    /// Returns how long an answer may take.
    pub fn limit(&self) -> Duration {
        with_patience(*self.limit.borrow())
    }

    /// Returns the password of a profile. Whoever wants the same entry meanwhile gets the same answer; when nobody wants it any
    /// more, the child is killed.
    pub async fn password(&self, profile: &str, entry: &str) -> Result<Secret, Refusal> {
        let limit = self.limit();
        let begin = || ask(entry.to_owned(), limit).boxed();
        let answer = self.flights.join(entry.to_owned(), begin).await;
        answer.map_err(|error| Refusal { profile: profile.to_owned(), entry: entry.to_owned(), error })
    }
}

async fn ask(entry: String, limit: Duration) -> Answer {
    let failed = |error: std::io::Error| KeyringError::Failed(format!("what reads it cannot be started: {error}"));
    let mut command = Command::new(program::own_program().map_err(failed)?);
    command.args(["keyring", "get", "--", &entry]);
    process::detach(command.as_std_mut());
    hear(command, &entry, limit).await
}

async fn hear(mut command: Command, entry: &str, limit: Duration) -> Answer {
    let failed = |error: std::io::Error| KeyringError::Failed(format!("what reads it cannot be started: {error}"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    process::prepare_reader(command.as_std_mut(), None, None);
    let mut child = command.spawn().map_err(failed)?;
    let answer = timeout(limit, read(&mut child, entry)).await;
    answer.unwrap_or_else(|_| {
        // It is killed and reaped when it is dropped, and its answer, if it comes now, goes nowhere.
        Err(KeyringError::NoAnswer(limit))
    })
}

async fn read(child: &mut Child, entry: &str) -> Answer {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (password, words) = tokio::join!(all_of(stdout), all_of(stderr));
    let status = child.wait().await.map_err(|error| KeyringError::Failed(error.to_string()))?;
    if !status.success() {
        return Err(KeyringError::of_end(status, entry, &reason(&String::from_utf8_lossy(&words))));
    }
    match std::str::from_utf8(&password) {
        Ok(text) if !text.contains('\0') => Ok(Secret::new(text)),
        _ => Err(KeyringError::Failed(format!("what entry `{entry}` holds is no text"))),
    }
}

/// Reads a pipe to its end. The buffer never grows, so that no piece of a password is left behind where it was before.
async fn all_of(pipe: Option<impl AsyncRead + Unpin>) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(vec![0; usize::try_from(MOST).unwrap_or_default()]);
    let mut length = 0;
    if let Some(mut pipe) = pipe {
        while length < bytes.len() {
            match pipe.read(&mut bytes[length..]).await {
                Ok(0) | Err(_) => break,
                Ok(more) => length += more,
            }
        }
    }
    bytes.truncate(length);
    bytes
}

/// Returns what a child says, without what the daemon adds itself.
fn reason(words: &str) -> String {
    let first = words.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    first.strip_prefix("the keyring cannot be used: ").unwrap_or(first).to_owned()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    async fn hear_script(script: &str, limit: Duration) -> Answer {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        hear(command, "nas", limit).await
    }

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn all_that_is_printed_is_the_password() {
        assert_eq!(hear_script("printf ' a b\n'", LONG).await, Ok(Secret::new(" a b\n")));
    }

    #[tokio::test]
    async fn exit_code_tells_the_reason() {
        assert_eq!(hear_script("echo nothing >&2; exit 1", LONG).await, Err(KeyringError::Absent("nas".to_owned())));
        assert_eq!(hear_script("exit 80", LONG).await, Err(KeyringError::Locked));
    }

    #[tokio::test]
    async fn other_trouble_is_told_in_the_childs_words() {
        let told = hear_script("echo 'error: the keyring cannot be used: broken' >&2; exit 83", LONG).await;
        assert_eq!(told, Err(KeyringError::Failed("broken".to_owned())));
    }

    #[tokio::test]
    async fn child_that_says_nothing_is_given_up() {
        let limit = Duration::from_millis(50);
        assert_eq!(hear_script("exec tail -f /dev/null", limit).await, Err(KeyringError::NoAnswer(limit)));
    }

    #[tokio::test]
    async fn password_that_is_no_text_is_refused() {
        assert!(matches!(hear_script(r"printf '\377\376'", LONG).await, Err(KeyringError::Failed(_))));
        assert!(matches!(hear_script(r"printf 'a\000b'", LONG).await, Err(KeyringError::Failed(_))));
    }
}
