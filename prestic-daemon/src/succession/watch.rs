//! Waits until there is a successor, and until nothing is lost by leaving.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use notify::{
    EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode},
};
use same_file::Handle;
use tokio::{
    process::Command,
    sync::Notify,
    task,
    time::{sleep, timeout},
};

use super::{Successor, system};
use crate::{
    core::{
        CoreHandle,
        command::{Command as Question, CoreGone},
    },
    patience::with_patience,
    repository::Repositories,
};

/// Whoever installs files is done when nothing has happened to the program for so long.
const QUIET: Duration = Duration::from_secs(2);
/// How long a new program may take to tell its version.
const VERSION_LIMIT: Duration = Duration::from_secs(20);
/// When to look again whether anybody still reads a repository.
const READING_PAUSE: Duration = Duration::from_secs(5);
/// How long a moment at which nothing is lost is waited for: what is queued may wait for a disk that nobody connects.
const PATIENCE: Duration = Duration::from_secs(12 * 60 * 60);

/// Tells the core when another program is to take over. Ends when that has happened, and where it cannot.
pub async fn make_way(core: CoreHandle, repositories: Repositories) {
    if let Err(error) = wait_for_successor(&core, &repositories).await {
        tracing::warn!("an upgrade of the daemon will not be noticed until it starts again: {error}");
    }
}

/// Waits for a successor, and for a moment at which nothing is lost by leaving the rest to it. Returns when the core ends, and
/// where there can be none.
async fn wait_for_successor(core: &CoreHandle, repositories: &Repositories) -> io::Result<()> {
    let Some(program) = system::replaceable_program().transpose()? else { return Ok(()) };
    let own = match system::RUNNING_PROGRAM.map(Path::new) {
        Some(running) => {
            let own = identify(running.to_owned()).await?;
            wait_for_another(&program, running, &own).await?;
            own
        }
        None => identify(program.clone()).await?,
    };
    let changed = Arc::new(Notify::new());
    let _watcher = watch_place(&program, Arc::clone(&changed)).map_err(io::Error::other)?;
    loop {
        settle(&changed).await;
        match identify(program.clone()).await {
            Ok(there) if there != own => {}
            // It has been removed, or has not changed.
            _ => {
                changed.notified().await;
                continue;
            }
        }
        match version(&program).await {
            Ok(version) => {
                let place = program.display();
                tracing::info!("{version} has been installed as {place}: it takes over as soon as nothing is lost by that");
                let successor = Successor(program.clone());
                // Until then it can be replaced by yet another one, which need not be whole.
                tokio::select! {
                    () = changed.notified() => {}
                    _ = leave_to(core, repositories, &successor) => return Ok(()),
                }
            }
            Err(error) => {
                tracing::warn!("what has been installed as {} does not take over: {error}", program.display());
                changed.notified().await;
            }
        }
    }
}

/// Waits until the program that runs is not at its place any more.
///
/// Until then its file alone is watched: in a folder as `/usr/bin`, the start of every program would wake the daemon.
async fn wait_for_another(program: &Path, running: &Path, own: &Handle) -> io::Result<()> {
    let changed = Arc::new(Notify::new());
    let _watcher = watch(running, None, Arc::clone(&changed)).map_err(io::Error::other)?;
    while identify(program.to_owned()).await.is_ok_and(|there| there == *own) {
        changed.notified().await;
    }
    Ok(())
}

/// Tells whenever something happens at the program's place. Its folder is watched, because an upgrade makes another file of it.
fn watch_place(program: &Path, changed: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    match (program.parent(), program.file_name()) {
        (Some(folder), Some(name)) => watch(folder, Some(name.to_owned()), changed),
        _ => Err(io::Error::from(io::ErrorKind::InvalidFilename).into()),
    }
}

/// Watches a file, or one name in a folder.
fn watch(place: &Path, name: Option<OsString>, changed: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let is_named = |path: &PathBuf| name.as_deref().is_none_or(|name| path.file_name() == Some(name));
        let is_relevant =
            event.map_or(true, |event| event.need_rescan() || is_change(event.kind) && event.paths.iter().any(is_named));
        if is_relevant {
            changed.notify_one();
        }
    })?;
    watcher.watch(place, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

/// Whether a file may be another one now. As long as somebody has it open for writing, it cannot be started.
fn is_change(kind: EventKind) -> bool {
    !kind.is_access() || kind == EventKind::Access(AccessKind::Close(AccessMode::Write))
}

async fn settle(changed: &Notify) {
    while timeout(QUIET, changed.notified()).await.is_ok() {}
}

/// Opens the file, so that no other can be taken for it as long as the answer lives.
async fn identify(program: PathBuf) -> io::Result<Handle> {
    task::spawn_blocking(move || Handle::from_path(program)).await.map_err(io::Error::other)?
}

/// Asks a program whether it is one of ours, and works on this machine.
async fn version(program: &Path) -> io::Result<String> {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = timeout(with_patience(VERSION_LIMIT), command.output()).await??;
    let words = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() && words.starts_with(concat!(env!("CARGO_PKG_NAME"), " ")) {
        Ok(words)
    } else {
        Err(io::Error::other(format!("it does not answer as PRestic's daemon does ({})", output.status)))
    }
}

/// Asks the core to leave all to a successor, until there is a moment at which nothing is lost by that, or as little as can be.
async fn leave_to(core: &CoreHandle, repositories: &Repositories, successor: &Successor) -> Result<(), CoreGone> {
    let mut ticks = core.ticks();
    let mut is_urgent = false;
    let patience = sleep(PATIENCE);
    tokio::pin!(patience);
    loop {
        ticks.borrow_and_update();
        // A download would break off.
        let is_reading = !is_urgent && repositories.readers() > 0;
        if !is_reading && core.ask(|reply| Question::MakeWay { successor: successor.clone(), is_urgent, reply }).await? {
            return Ok(());
        }
        tokio::select! {
            changed = ticks.changed() => changed.map_err(|_| CoreGone)?,
            () = sleep(READING_PAUSE), if is_reading => {}
            () = &mut patience, if !is_urgent => is_urgent = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use notify::event::ModifyKind;

    use super::*;

    #[test]
    fn file_that_is_read_or_started_is_the_same_and_one_that_was_written_may_not_be() {
        assert!(!is_change(EventKind::Access(AccessKind::Open(AccessMode::Any))));
        assert!(!is_change(EventKind::Access(AccessKind::Close(AccessMode::Read))));
        assert!(is_change(EventKind::Access(AccessKind::Close(AccessMode::Write))));
        assert!(is_change(EventKind::Modify(ModifyKind::Any)));
    }
}
