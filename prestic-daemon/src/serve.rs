//! The daemon's life: lock, core, socket, until the core has ended; then the way back.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::Mutex,
    time::Duration,
};

use prestic_proto::{endpoint::Endpoint, home::Home};
use tokio::sync::oneshot;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    atomic_write,
    clock::{Alarm, ClockKind},
    core::{Core, command::Input},
    instance::Instance,
    notify, process, program,
    rpc::{Listener, Server},
    service_manager::ServiceManager,
    signals::Signals,
    succession, web_service,
};

/// A daemon log longer than this becomes the old one at the next start.
const DAEMON_LOG_LIMIT: u64 = 1024 * 1024;
/// How long the last answers may take to reach their clients.
const FLUSH_TIME: Duration = Duration::from_millis(200);
/// How long the desktop may take to show what happened right before the end.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(3);

/// Serves a home until somebody asks for the end, by the kind of clock that was asked for or else by the best there is.
///
/// A daemon that was upgraded is the same process, and has the lock of the home from the program before it.
pub fn serve(
    is_detached: bool,
    clock: Option<ClockKind>,
    inherited_lock: Option<i32>,
) -> Result<(), Box<dyn std::error::Error>> {
    // SAFETY: this is the main thread, and there is no other one before the runtime.
    let manager = unsafe { ServiceManager::take_from_environment() };
    process::keep_small();
    program::keep_streams_from_children();
    let home = Home::from_environment()?;
    // Where somebody has removed the file since, what was inherited is no proof any more, and there may be another one.
    let inherited = inherited_lock.and_then(|descriptor| Instance::inherit(&home, descriptor).ok());
    let mut instance = inherited.map_or_else(|| Instance::acquire(&home), Ok)?;
    if inherited_lock.is_some() {
        succession::reap_inherited();
    }
    if is_detached {
        program::leave_terminal();
        log_to_file(&home.daemon_log())?;
    } else {
        log_to(tracing_subscriber::fmt::layer().with_target(false).with_writer(io::stderr).with_ansi(false));
    }
    if let Err(error) = process::raise_descriptor_limit() {
        tracing::warn!("the limit on open files stays as it is: {error}");
    }
    // Two threads: one can be busy with a long answer while the other keeps the schedule.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let served = runtime.block_on(async {
        let signals = Signals::listen()?;
        let alarm = clock.map_or_else(Alarm::best, Alarm::new)?;
        let (listener, core) = begin(&home, &mut instance).await?;
        tracing::info!("prestic-daemon {} listens on {}", env!("CARGO_PKG_VERSION"), listener.path().display());
        let (handle, number) = (core.handle(), core.instance());
        let passing = tokio::spawn(signals.pass_to(handle.clone()));
        let (notify_handle, trials) = notify::channel();
        let server = Server::new(handle.clone(), number, home.clone(), core.history(), core.keyring(), notify_handle);
        let (tell, is_told) = oneshot::channel();
        let web = tokio::spawn(web_service::run(handle, server.clone(), core.web_settings(), tell));
        // What the core hears of the web interface comes before the first question of a client. Without one there is no news.
        let _ = is_told.await;
        let mut telling = tokio::spawn(notify::run(core.handle(), server.clone(), home.clone(), core.is_silent(), trials));
        let (repositories, jobs) = (server.repositories().clone(), server.jobs().clone());
        let following = tokio::spawn(repositories.clone().follow());
        let attending = tokio::spawn(jobs.clone().attend());
        let serving = tokio::spawn(listener.serve(server));
        say_ready(is_detached)?;
        // One that a client has started is nobody's service, even where the client is a part of one.
        let manager = manager.filter(|_| !is_detached);
        let reporting = manager.map(|manager| tokio::spawn(manager.follow(core.handle(), core.phase())));
        let watching = tokio::spawn(succession::make_way(core.handle(), repositories.clone()));
        let successor = core.run(alarm).await;
        watching.abort();
        let _ = watching.await;
        // The answer to whoever asked for the shutdown is on its way.
        let (_, _) = tokio::join!(tokio::time::sleep(FLUSH_TIME), web);
        serving.abort();
        let _ = serving.await;
        jobs.shut_down().await;
        attending.abort();
        let _ = attending.await;
        repositories.shut_down().await;
        // It ends with the core.
        let _ = following.await;
        // So does this, once it has told what is left to tell. A desktop that hangs gets no more time.
        if tokio::time::timeout(LAST_WORDS_LIMIT, &mut telling).await.is_err() {
            telling.abort();
            let _ = telling.await;
        }
        // Whoever wanted the end of the daemon meanwhile did not mean to have another one.
        passing.abort();
        let unheard = passing.await.ok();
        let successor = successor.filter(|_| !matches!(unheard, Some(Input::Terminate | Input::HandOver)));
        if let Some(reporting) = reporting {
            // It ends with the core, unless the service manager takes no more messages.
            reporting.abort();
            let _ = reporting.await;
        }
        tracing::info!("prestic-daemon has ended");
        Ok::<_, io::Error>(successor)
    });
    if is_detached && let Err(error) = &served {
        // After an upgrade, nobody reads the standard streams any more.
        tracing::error!("prestic-daemon cannot go on: {error}");
    }
    let successor = served?;
    // A thread that still waits for a lost process must not hold the daemon up.
    runtime.shutdown_background();
    match successor {
        // It returns only if there is no program to go on with.
        Some(successor) => Err(succession::replace(&successor, instance.into_lock()).into()),
        None => Ok(()),
    }
}

/// Listens, and only then begins: a daemon that nobody can reach must not launch anything.
async fn begin(home: &Home, instance: &mut Instance) -> io::Result<(Listener, Core)> {
    let listener = Listener::open(home).await?;
    // Clients that come from now on wait until they are served.
    instance.publish(&Endpoint { pid: std::process::id(), socket: listener.path().to_owned() })?;
    let core = Core::start(home.clone())?;
    Ok((listener, core))
}

/// Whoever started us waits for this line.
fn say_ready(is_detached: bool) -> io::Result<()> {
    // The starter may have gone, or may never have listened.
    let _ = io::stdout().write_all(b"ready\n").and_then(|()| io::stdout().flush());
    if is_detached { program::release_streams() } else { Ok(()) }
}

fn log_to_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        atomic_write::open_private_folder(folder)?;
    }
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() > DAEMON_LOG_LIMIT) {
        // Windows renames no file that somebody reads without letting it. It grows on then, which is no reason not to start.
        let _ = fs::rename(path, path.with_extension("log.old"));
    }
    let file = atomic_write::owner_only(OpenOptions::new().create(true).append(true)).open(path)?;
    log_to(tracing_subscriber::fmt::layer().with_target(false).with_ansi(false).with_writer(Mutex::new(file)));
    Ok(())
}

fn log_to<L>(layer: L)
where
    L: tracing_subscriber::Layer<tracing_subscriber::Registry> + Send + Sync,
{
    // tarpc tells every call at this level: that is not for the user.
    let ours = Targets::new().with_target("prestic_daemon", tracing::Level::INFO);
    tracing_subscriber::registry().with(tracing_subscriber::Layer::with_filter(layer, ours)).init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_begins_where_nobody_could_reach_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let mut instance = Instance::acquire(&home).unwrap();
        let other = Listener::open(&home).await.unwrap();
        assert!(begin(&home, &mut instance).await.is_err());
        assert!(!home.runs_dir().exists(), "the core has begun");
        drop(other);
        let (listener, _core) = begin(&home, &mut instance).await.unwrap();
        assert_eq!(Endpoint::read(&home).unwrap().socket, listener.path());
        assert!(home.runs_dir().exists());
    }
}
