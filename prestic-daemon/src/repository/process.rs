//! Runs the restics that read: each is owned by a task that reads its pipes, stops it when nobody listens, and waits for it.

use std::{
    collections::VecDeque,
    ffi::OsString,
    io,
    pin::Pin,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use prestic_proto::content::MAX_PIECE;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, ChildStderr, ChildStdout, Command},
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{PASSWORD_VARIABLE, repository_identity::RepositoryId},
    patience::with_patience,
    process::{self, CpuPriority, IoPriority, ProcessId},
    repository::{
        blocks::Blocks,
        places::{Kind, Place, Places},
    },
    secret::Secret,
    supervise::lines::push_clean,
};

#[cfg(test)]
#[cfg(unix)]
mod tests;

/// How many pieces of output are read ahead of whoever listens.
const READ_AHEAD: usize = 8;

/// How much is read at a time of what nobody wants any more.
const DRAINED_AT_ONCE: usize = 64 * 1024;

/// The most lines, and the longest, that are kept of what restic writes on its standard error.
const KEPT_LINES: usize = 40;
const KEPT_LINE: u64 = 4096;

/// How long an interrupted restic has to end. It holds no lock, so nothing is lost when it is killed then.
const STOP_GRACE: Duration = Duration::from_millis(1500);

/// How long what restic has started may hold the pipe of its errors after its end.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How long the restics have to end at the daemon's shutdown.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);

/// All restics that read for clients. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Processes {
    places: Places,
    tasks: Arc<Mutex<JoinSet<()>>>,
    closing: CancellationToken,
}

/// What to start.
pub struct Order<'a> {
    /// The program and all its arguments.
    pub words: Vec<OsString>,
    /// Its whole environment.
    pub environment: &'a [(OsString, OsString)],
    /// The password, if it is in the keyring: for this restic, and for nothing else.
    pub password: Option<Secret>,
    /// The repository that it reads.
    pub repository: &'a RepositoryId,
    /// Whose turn it is before others.
    pub kind: Kind,
}

/// A restic that reads. Dropped, it is stopped.
#[derive(Debug)]
pub struct Running {
    pieces: mpsc::Receiver<Bytes>,
    ended: oneshot::Receiver<Ended>,
}

/// How a restic ended.
#[derive(Debug)]
pub struct Ended {
    /// What the system says; the error is one of waiting or reading.
    pub status: io::Result<ExitStatus>,
    /// The last lines that it wrote on its standard error.
    pub last_lines: Vec<String>,
}

/// Why there is no restic.
#[derive(Debug)]
pub enum NotStarted {
    /// The daemon shuts down.
    ShuttingDown,
    /// The system's words.
    Failed(io::Error),
}

impl Processes {
    /// Waits for a place and starts a restic.
    pub async fn start(&self, order: Order<'_>) -> Result<Running, NotStarted> {
        let place = tokio::select! {
            biased;
            () = self.closing.cancelled() => return Err(NotStarted::ShuttingDown),
            place = self.places.take(order.repository, order.kind) => place,
        };
        let child = spawn(&order).map_err(NotStarted::Failed)?;
        let (sender, pieces) = mpsc::channel(READ_AHEAD);
        let (telling, ended) = oneshot::channel();
        let closing = self.closing.clone();
        let mut tasks = self.lock();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            let end = attend(child, sender, closing, place).await;
            // Whoever has gone does not want to know.
            drop(telling.send(end));
        });
        Ok(Running { pieces, ended })
    }

    /// Waits for a place for something else that starts restics.
    pub async fn place(&self, repository: &RepositoryId) -> Place {
        self.places.take(repository, Kind::Short).await
    }

    /// Returns how many restics read.
    pub fn running(&self) -> usize {
        self.places.taken()
    }

    /// Stops all restics and waits for their end. No more are started.
    pub async fn shut_down(&self) {
        self.closing.cancel();
        let mut tasks = std::mem::take(&mut *self.lock());
        if timeout(with_patience(SHUTDOWN_LIMIT), async { while tasks.join_next().await.is_some() {} }).await.is_err() {
            tracing::warn!("some restics that read do not end, and are left alone");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// Returns the next bytes of its output; none at the end.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.pieces.recv().await
    }

    /// Waits for its end. What it still writes is lost.
    pub async fn end(mut self) -> Ended {
        while self.pieces.recv().await.is_some() {}
        let gone = |_| Ended { status: Err(io::ErrorKind::Interrupted.into()), last_lines: Vec::new() };
        self.ended.await.unwrap_or_else(gone)
    }
}

fn spawn(order: &Order<'_>) -> io::Result<Child> {
    let (program, arguments) = order.words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(order.environment.iter().map(|(name, value)| (name, value)));
    if let Some(password) = &order.password {
        command.env(PASSWORD_VARIABLE, password.reveal());
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let (cpu, io_share) =
        if order.kind == Kind::Idle { (Some(CpuPriority::Idle), Some(IoPriority::Idle)) } else { (None, None) };
    process::prepare_reader(command.as_std_mut(), cpu, io_share);
    let child = command.spawn()?;
    if let Some(output) = &child.stdout {
        process::widen_pipe(output);
    }
    Ok(child)
}

/// Looks after one restic to its end. The place is free only then.
async fn attend(mut child: Child, pieces: mpsc::Sender<Bytes>, closing: CancellationToken, _place: Place) -> Ended {
    // The process is ours and is not waited for yet, so its number is its own.
    let id = child.id().and_then(|pid| process::identify(pid).ok());
    let (Some(mut output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
        return Ended { status: Err(io::ErrorKind::BrokenPipe.into()), last_lines: Vec::new() };
    };
    let mut last_lines = VecDeque::new();
    let finished = {
        let mut collecting = std::pin::pin!(collect(errors, &mut last_lines));
        tokio::select! {
            status = work(&mut child, &mut output, collecting.as_mut(), &pieces) => Some(status),
            () = pieces.closed() => None,
            () = closing.cancelled() => None,
        }
    };
    let status = match finished {
        Some(status) => status,
        None => {
            drop(pieces);
            stop(&mut child, id.as_ref(), &mut output).await
        }
    };
    Ended { status, last_lines: last_lines.into() }
}

/// Reads both pipes to their ends, then waits for the end of the process.
async fn work(
    child: &mut Child,
    output: &mut ChildStdout,
    mut collecting: Pin<&mut impl Future<Output = ()>>,
    pieces: &mpsc::Sender<Bytes>,
) -> io::Result<ExitStatus> {
    let mut is_collected = false;
    {
        let mut passing = std::pin::pin!(pass_on(output, pieces));
        loop {
            tokio::select! {
                passed = &mut passing => break passed?,
                () = &mut collecting, if !is_collected => is_collected = true,
            }
        }
    }
    let status = child.wait().await;
    if !is_collected {
        // Whoever else holds the pipe has nothing to tell that would be worth waiting for.
        let _ = timeout(with_patience(LAST_WORDS), collecting).await;
    }
    status
}

/// Interrupts a restic, and reads what it writes meanwhile: one whose pipe is closed or full does not end in good order.
async fn stop(child: &mut Child, id: Option<&ProcessId>, output: &mut ChildStdout) -> io::Result<ExitStatus> {
    if let Some(id) = id
        && let Err(error) = process::interrupt(id)
    {
        tracing::debug!("restic's process {} cannot be interrupted: {error}", id.pid);
    }
    let draining = async {
        let mut rest = vec![0; DRAINED_AT_ONCE];
        while output.read(&mut rest).await.is_ok_and(|length| length > 0) {}
        std::future::pending::<()>().await;
    };
    let ending = async {
        tokio::select! {
            status = child.wait() => status,
            () = draining => Err(io::ErrorKind::BrokenPipe.into()),
        }
    };
    match timeout(with_patience(STOP_GRACE), ending).await {
        Ok(status) => status,
        Err(_) => {
            child.start_kill()?;
            child.wait().await
        }
    }
}

/// Passes restic's output on to whoever listens, until its end. While nobody takes a piece, it grows.
async fn pass_on(output: &mut ChildStdout, pieces: &mpsc::Sender<Bytes>) -> io::Result<()> {
    let mut blocks = Blocks::new(MAX_PIECE, READ_AHEAD + 2);
    let mut buffer = blocks.take();
    loop {
        let (has_bytes, room) = (!buffer.is_empty(), MAX_PIECE - buffer.len());
        let mut limited = bytes::BufMut::limit(&mut buffer, room);
        tokio::select! {
            biased;
            place = pieces.reserve(), if has_bytes => match place {
                Ok(place) => {
                    let next = blocks.take();
                    place.send(blocks.lend(std::mem::replace(&mut buffer, next)));
                }
                // Nobody listens any more. That is noticed elsewhere, too.
                Err(_) => return Ok(()),
            },
            length = output.read_buf(&mut limited), if room > 0 => {
                if length? == 0 {
                    if !buffer.is_empty() {
                        drop(pieces.send(buffer.freeze()).await);
                    }
                    return Ok(());
                }
            }
        }
    }
}

/// Keeps the last lines of restic's standard error.
async fn collect(errors: ChildStderr, last_lines: &mut VecDeque<String>) {
    let mut errors = BufReader::new(errors);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut errors).take(KEPT_LINE).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let mut text = String::new();
        push_clean(&mut text, &line);
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        if last_lines.len() == KEPT_LINES {
            last_lines.pop_front();
        }
        last_lines.push_back(text.to_owned());
    }
}
