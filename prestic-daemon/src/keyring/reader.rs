//! The daemon's way to a password: a child that asks the keyring, with a limit, once for all who want the same entry.

use std::{process::Stdio, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
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
        let answer = self.answer(entry, || ask(entry.to_owned()).boxed()).await;
        answer.map_err(|error| Refusal { profile: profile.to_owned(), entry: entry.to_owned(), error })
    }

    /// Waits for an answer. Each one who waits has the whole limit, whenever the question was put.
    async fn answer(&self, entry: &str, begin: impl FnOnce() -> BoxFuture<'static, Answer>) -> Answer {
        let limit = self.limit();
        let answer = timeout(limit, self.flights.join(entry.to_owned(), begin)).await;
        answer.unwrap_or(Err(KeyringError::NoAnswer(limit)))
    }
}

async fn ask(entry: String) -> Answer {
    let failed = |error: std::io::Error| KeyringError::Failed(format!("what reads it cannot be started: {error}"));
    let mut command = Command::new(program::own_program().map_err(failed)?);
    command.args(["keyring", "get", "--", &entry]);
    process::detach(command.as_std_mut());
    hear(command, &entry).await
}

/// Starts the child and reads what it says. Dropped, it kills the child, whose answer goes nowhere then.
async fn hear(mut command: Command, entry: &str) -> Answer {
    let failed = |error: std::io::Error| KeyringError::Failed(format!("what reads it cannot be started: {error}"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    process::prepare_reader(command.as_std_mut(), None, None);
    let mut child = command.spawn().map_err(failed)?;
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
    use std::pin::pin;

    use tokio::sync::oneshot;

    use super::*;

    async fn hear_script(script: &str) -> Answer {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        hear(command, "nas").await
    }

    #[tokio::test]
    async fn all_that_is_printed_is_the_password() {
        assert_eq!(hear_script("printf ' a b\n'").await, Ok(Secret::new(" a b\n")));
    }

    #[tokio::test]
    async fn exit_code_tells_the_reason() {
        assert_eq!(hear_script("echo nothing >&2; exit 1").await, Err(KeyringError::Absent("nas".to_owned())));
        assert_eq!(hear_script("exit 80").await, Err(KeyringError::Locked));
    }

    #[tokio::test]
    async fn other_trouble_is_told_in_the_childs_words() {
        let told = hear_script("echo 'error: the keyring cannot be used: broken' >&2; exit 83").await;
        assert_eq!(told, Err(KeyringError::Failed("broken".to_owned())));
    }

    #[tokio::test]
    async fn child_that_says_nothing_is_given_up() {
        let (keyring, limit) = (Keyring::default(), Duration::from_millis(50));
        keyring.set_limit(limit);
        let answer = keyring.answer("nas", || hear_script("exec tail -f /dev/null").boxed()).await;
        assert_eq!(answer, Err(KeyringError::NoAnswer(keyring.limit())));
    }

    #[tokio::test]
    async fn each_one_who_waits_has_a_limit_of_its_own() {
        let keyring = Keyring::default();
        let (sender, said) = oneshot::channel();
        keyring.set_limit(Duration::from_millis(50));
        let mut first = pin!(keyring.answer("nas", || async { said.await.unwrap() }.boxed()));
        assert_eq!((&mut first).now_or_never(), None);
        keyring.set_limit(Duration::from_secs(3600));
        let mut second = pin!(keyring.answer("nas", || unreachable!("the question is put once")));
        assert_eq!((&mut second).now_or_never(), None);
        assert!(matches!(first.await, Err(KeyringError::NoAnswer(_))));
        sender.send(Ok(Secret::new("secret"))).unwrap();
        let answer = second.await;
        assert_eq!(answer, Ok(Secret::new("secret")));
    }

    #[tokio::test]
    async fn password_that_is_no_text_is_refused() {
        assert!(matches!(hear_script(r"printf '\377\376'").await, Err(KeyringError::Failed(_))));
        assert!(matches!(hear_script(r"printf 'a\000b'").await, Err(KeyringError::Failed(_))));
    }
}
