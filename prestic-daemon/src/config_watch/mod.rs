//! Watches the files of the configuration and tells the core when to read them again.
//!
//! Owns the waiting: until it has been quiet for a moment, and until a file that was perhaps half-written has had its time.
//! Never reads the configuration. Folders are watched rather than files, so that editors that rename are seen. Nothing
//! polls: while nothing changes, nothing happens here.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use notify::{
    RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, EventKind},
};
use same_file::Handle;
use tokio::{
    sync::{Notify, watch},
    task::{self, JoinHandle},
    time::{Instant, sleep, sleep_until},
};

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use other as system;

use crate::{
    config::WatchList,
    core::{CoreHandle, command::Input},
};

/// An editor that saves, or a tool that writes several files, is done when it has been quiet for so long.
const QUIET: Duration = Duration::from_millis(300);
/// Whoever never stops writing is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a configuration with errors must stay as it is before it is taken for finished.
const DOUBT: Duration = Duration::from_secs(2);

/// The watch. Dropped, it ends.
#[derive(Debug)]
pub struct ConfigWatch {
    list: watch::Sender<Arc<WatchList>>,
    doubt: Arc<Notify>,
    task: JoinHandle<()>,
}

impl ConfigWatch {
    /// Starts to watch for the core. There is nothing to watch yet.
    pub fn start(core: CoreHandle) -> Self {
        let (list, lists) = watch::channel(Arc::default());
        let doubt = Arc::new(Notify::new());
        let watching =
            Watching { core, lists, doubt: Arc::clone(&doubt), changed: Arc::default(), current: None, trouble: None };
        Self { list, doubt, task: tokio::spawn(watching.run()) }
    }

    /// Watches these files and folders from now on.
    pub fn follow(&self, list: WatchList) {
        self.list.send_replace(Arc::new(list));
    }

    /// Tells the core to look again when nothing has changed for a while: what it read may have been half-written.
    pub fn look_again(&self) {
        self.doubt.notify_one();
    }
}

impl Drop for ConfigWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Watching {
    core: CoreHandle,
    lists: watch::Receiver<Arc<WatchList>>,
    doubt: Arc<Notify>,
    /// Something has changed that counts.
    changed: Arc<Notify>,
    current: Option<Watched>,
    /// What was told last of how the watch works.
    trouble: Option<String>,
}

/// What is watched, as long as this lives.
struct Watched {
    _watcher: RecommendedWatcher,
    places: Places,
    /// Why it does not tell everything.
    trouble: Option<String>,
}

impl Watching {
    async fn run(mut self) {
        while self.step().await.is_some() {}
    }

    /// Waits for one thing to happen and passes it on; none when nobody listens any more.
    async fn step(&mut self) -> Option<()> {
        tokio::select! {
            list = self.lists.changed() => {
                list.ok()?;
                self.watch_anew().await
            }
            () = self.changed.notified() => self.tell_when_quiet().await,
            () = self.doubt.notified() => {
                tokio::select! {
                    () = self.changed.notified() => self.tell_when_quiet().await,
                    () = sleep(DOUBT) => self.tell(Input::ConfigChanged { is_settled: true }).await,
                }
            }
        }
    }

    async fn tell_when_quiet(&mut self) -> Option<()> {
        let first = Instant::now();
        let mut last = first;
        loop {
            tokio::select! {
                () = self.changed.notified() => last = Instant::now(),
                () = sleep_until(reads_at(first, last)) => break,
            }
        }
        self.tell(Input::ConfigChanged { is_settled: false }).await
    }

    async fn tell(&self, input: Input) -> Option<()> {
        self.core.send(input).await.ok()
    }

    /// Watches what is to be watched by now. Where a folder is new, or another one by the same name, a change of it may have
    /// been missed: then all are watched anew, and the core is told to look.
    async fn watch_anew(&mut self) -> Option<()> {
        let list = Arc::clone(&self.lists.borrow_and_update());
        let (lists, changed, current) = (self.lists.clone(), Arc::clone(&self.changed), self.current.take());
        // A folder of a server that is away may not answer for minutes.
        let begun = task::spawn_blocking(move || {
            let places = find_places(&list)?;
            match current {
                Some(current) if current.places == places => Ok((current, false)),
                _ => begin(places, lists, changed).map(|watched| (watched, true)),
            }
        });
        let trouble = match begun.await.ok()? {
            Ok((watched, is_new)) => {
                if is_new {
                    self.changed.notify_one();
                }
                self.current.insert(watched).trouble.clone()
            }
            Err(error) => Some(error),
        };
        if self.trouble != trouble {
            self.trouble.clone_from(&trouble);
            self.tell(Input::ConfigWatch(trouble)).await?;
        }
        Some(())
    }
}

/// The folders that are watched. As long as it is open, no other can be taken for one of them.
type Places = BTreeMap<PathBuf, Handle>;

fn find_places(list: &WatchList) -> Result<Places, String> {
    let open = |place: PathBuf| match Handle::from_path(&place) {
        Ok(handle) => Ok((place, handle)),
        Err(error) => Err(format!("`{}`: {error}", place.display())),
    };
    list.places().into_iter().map(open).collect()
}

/// Begins to watch. The error tells why nothing is watched.
fn begin(places: Places, lists: watch::Receiver<Arc<WatchList>>, changed: Arc<Notify>) -> Result<Watched, String> {
    let handler = move |event: notify::Result<notify::Event>| {
        // After an error events may be missing: a look too many costs nothing.
        let is_relevant = event.map_or(true, |event| {
            let is_relevant = |path: &PathBuf| lists.borrow().is_relevant(path);
            event.need_rescan() || (is_change(&event.kind) && event.paths.iter().any(is_relevant))
        });
        if is_relevant {
            changed.notify_one();
        }
    };
    let mut watcher = notify::recommended_watcher(handler).map_err(|error| error.to_string())?;
    let mut trouble = None;
    for place in places.keys() {
        watcher.watch(place, RecursiveMode::NonRecursive).map_err(|error| error.to_string())?;
        if let Some(kind) = system::network_file_system(place) {
            let place = place.display();
            trouble = Some(format!("`{place}` is on {kind}, where changes made by other machines are not told"));
        }
    }
    Ok(Watched { _watcher: watcher, places, trouble })
}

/// Whether this is more than somebody reading, as we do ourselves.
fn is_change(kind: &EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if *access != AccessKind::Close(AccessMode::Write))
}

/// Returns when changes are read of which the first and the last came then.
fn reads_at(first: Instant, last: Instant) -> Instant {
    (last + QUIET).min(first + PATIENCE)
}

#[cfg(test)]
mod tests;
