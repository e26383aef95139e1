//! Waits until there is a successor, and until nothing is lost by leaving.

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use same_file::Handle;
use tokio::{process::Command, sync::Notify, task, time::timeout};

use super::{Successor, system};
use crate::{
    core::{
        CoreHandle,
        command::{Command as Question, CoreGone},
    },
    patience::with_patience,
};

/// Whoever installs files is done when nothing has happened to the program for so long.
const QUIET: Duration = Duration::from_secs(2);
/// How long a new program may take to tell its version.
const VERSION_LIMIT: Duration = Duration::from_secs(20);

/// Tells the core when another program is to take over. Ends when that has happened, and where it cannot.
pub async fn make_way(core: CoreHandle) {
    if let Err(error) = wait_for_successor(&core).await {
        tracing::warn!("an upgrade of the daemon will not be noticed until it starts again: {error}");
    }
}

/// Waits for a successor, and for a moment at which nothing is lost by leaving the rest to it. Returns when the core ends, and
/// where there can be none.
async fn wait_for_successor(core: &CoreHandle) -> io::Result<()> {
    let Some(program) = system::replaceable_program().transpose()? else { return Ok(()) };
    let own = identify(system::RUNNING_PROGRAM.map_or_else(|| program.clone(), PathBuf::from)).await?;
    let changed = Arc::new(Notify::new());
    let _watcher = begin(&program, Arc::clone(&changed)).map_err(io::Error::other)?;
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
                    _ = leave_to(core, &successor) => return Ok(()),
                }
            }
            Err(error) => {
                tracing::warn!("what has been installed as {} does not take over: {error}", program.display());
                changed.notified().await;
            }
        }
    }
}

/// Tells whenever something happens to the program. Its folder is watched, because an upgrade makes another file of it.
fn begin(program: &Path, changed: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let (folder, name) = match (program.parent(), program.file_name()) {
        (Some(folder), Some(name)) => (folder, name.to_owned()),
        _ => return Err(io::Error::from(io::ErrorKind::InvalidFilename).into()),
    };
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let is_relevant = event.map_or(true, |event| {
            event.need_rescan() || !event.kind.is_access() && event.paths.iter().any(|path| path.file_name() == Some(&name))
        });
        if is_relevant {
            changed.notify_one();
        }
    })?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
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

/// Asks the core to leave all to a successor, until there is a moment at which nothing is lost by that.
async fn leave_to(core: &CoreHandle, successor: &Successor) -> Result<(), CoreGone> {
    let mut ticks = core.ticks();
    loop {
        ticks.borrow_and_update();
        if core.ask(|reply| Question::MakeWay(successor.clone(), reply)).await? {
            return Ok(());
        }
        ticks.changed().await.map_err(|_| CoreGone)?;
    }
}
