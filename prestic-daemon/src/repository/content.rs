//! Reads the content of files and folders through `restic dump`, piece by piece, as fast as whoever reads takes it.

use std::{
    collections::HashMap,
    ffi::OsString,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use prestic_proto::{
    content::{ContentForm, ContentId, ContentRequest, Opened, Piece},
    error::ApiError,
    snapshot::{EntryKind, Snapshot},
};
use tokio::{
    sync::{Mutex as AsyncMutex, OwnedSemaphorePermit, Semaphore},
    task::{AbortHandle, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::Repositories;
use crate::{
    patience::with_patience,
    repository::{access::Reader, folder::check_kind, os_path::os_path, places::Kind, process::Running, trees::unspeakable},
    restic::version::ResticVersion,
};

/// How many contents may be open, those included that wait for their turn.
const MAX_OPEN: usize = 32;

/// Content that nobody reads for so long is closed: a browser may pause a download, or take minutes for one piece.
const IDLE_LIMIT: Duration = Duration::from_secs(600);

/// A file up to this size is out of restic whatever its reader does, because the pipe holds it. So it is no download that could
/// hold a place for long.
const HELD_ANYWAY: u64 = 1024 * 1024;

/// The first restic that makes an archive of a folder alone, without the folders that lead to it.
const TAKES_SUBFOLDERS: ResticVersion = ResticVersion::new(0, 16, 0);

/// What is open.
#[derive(Debug, Clone)]
pub struct Contents {
    open: Arc<Mutex<HashMap<u64, Arc<Content>>>>,
    room: Arc<Semaphore>,
    last_number: Arc<AtomicU64>,
    watchers: Arc<Mutex<JoinSet<()>>>,
}

impl Default for Contents {
    fn default() -> Self {
        Self {
            open: Arc::default(),
            room: Arc::new(Semaphore::new(MAX_OPEN)),
            last_number: Arc::default(),
            watchers: Arc::default(),
        }
    }
}

/// One content that is open.
#[derive(Debug)]
struct Content {
    reader: Reader,
    flow: AsyncMutex<Flow>,
    last_read_at: Mutex<Instant>,
    watcher: Mutex<Option<AbortHandle>>,
    closing: CancellationToken,
    _room: OwnedSemaphorePermit,
}

/// How far the reading has come.
#[derive(Debug)]
struct Flow {
    running: Option<Running>,
    /// What was read before anybody asked.
    first: Option<Bytes>,
    size: Option<u64>,
    so_far: u64,
}

impl Repositories {
    /// Begins to read something. The answer comes with the first bytes, so that what goes wrong before is an error.
    pub async fn open(&self, profile: &str, request: ContentRequest) -> Result<Opened, ApiError> {
        let busy = |_| ApiError::Busy("downloads".to_owned());
        let room = Arc::clone(&self.contents.room).try_acquire_owned().map_err(busy)?;
        let reader = self.reader(profile).await?;
        let (list, snapshot) = self.lists.find(&reader, &request.snapshot).await?;
        let entry = self.entry(&reader, &list, &snapshot, &request.path).await?;
        let size = match (request.form, &entry) {
            (ContentForm::File | ContentForm::Beginning, Some(entry)) => {
                check_kind(entry, EntryKind::File, &request.path, "file")?;
                Some(entry.size)
            }
            (ContentForm::File | ContentForm::Beginning, None) => {
                return Err(ApiError::WrongKind { path: request.path, wanted: "file".to_owned() });
            }
            (ContentForm::Tar | ContentForm::Zip, entry) => {
                entry.as_ref().map_or(Ok(()), |entry| check_kind(entry, EntryKind::Folder, &request.path, "folder"))?;
                None
            }
        };
        let arguments = arguments(&reader, &snapshot, &request)?;
        let is_short = request.form == ContentForm::Beginning || size.is_some_and(|size| size <= HELD_ANYWAY);
        let kind = if is_short { Kind::Short } else { Kind::Long };
        let mut running = reader.start(&arguments, kind).await?;
        let first = reader.next_in_time(COMMAND, &mut running).await?;
        let mut flow = Flow { running: Some(running), first, size, so_far: 0 };
        if flow.first.is_none() {
            flow.end(&reader).await?;
        }
        Ok(Opened { content: self.contents.add(reader, flow, room), size })
    }

    /// Returns the next bytes of something that is open.
    pub async fn read(&self, id: ContentId) -> Result<Piece, ApiError> {
        let content = self.contents.find(id)?;
        let piece = tokio::select! {
            biased;
            () = content.closing.cancelled() => Err(ApiError::NotOpen(id.0)),
            piece = content.next() => piece,
        };
        if !matches!(&piece, Ok(Piece { is_last: false, .. })) {
            self.contents.remove(id);
        }
        piece
    }

    /// Ends a reading, at whatever point.
    pub async fn close(&self, id: ContentId) {
        let Some(content) = self.contents.remove(id) else { return };
        // Whoever reads right now must not keep restic alive.
        content.closing.cancel();
        content.flow.lock().await.running = None;
    }
}

/// The command, as errors name it.
const COMMAND: &str = "restic dump";

/// Returns the arguments that make restic write what is asked for.
fn arguments(reader: &Reader, snapshot: &Snapshot, request: &ContentRequest) -> Result<Vec<OsString>, ApiError> {
    let path = os_path(&request.path).ok_or_else(|| unspeakable(reader, &request.path))?;
    let archive = match request.form {
        ContentForm::File | ContentForm::Beginning => {
            return Ok(vec!["dump".into(), "--".into(), snapshot.id.as_str().into(), path]);
        }
        ContentForm::Tar => "--archive=tar",
        ContentForm::Zip => "--archive=zip",
    };
    let (mut object, mut inside) = (OsString::from(snapshot.id.as_str()), path);
    if reader.is_at_least(TAKES_SUBFOLDERS) && !request.path.is_root() {
        object.push(":");
        object.push(inside);
        inside = "/".into();
    }
    Ok(vec!["dump".into(), archive.into(), "--".into(), object, inside])
}

impl Contents {
    fn add(&self, reader: Reader, flow: Flow, room: OwnedSemaphorePermit) -> ContentId {
        let number = self.last_number.fetch_add(1, Ordering::Relaxed) + 1;
        let content = Arc::new(Content {
            reader,
            flow: AsyncMutex::new(flow),
            last_read_at: Mutex::new(Instant::now()),
            watcher: Mutex::default(),
            closing: CancellationToken::new(),
            _room: room,
        });
        lock(&self.open).insert(number, Arc::clone(&content));
        let mut watchers = lock(&self.watchers);
        while watchers.try_join_next().is_some() {}
        let contents = self.clone();
        let watched = Arc::downgrade(&content);
        let watcher = watchers.spawn(async move {
            let limit = with_patience(IDLE_LIMIT);
            while let Some(last_read_at) = watched.upgrade().map(|content| content.last_read_at()) {
                if last_read_at.elapsed() >= limit {
                    contents.remove(ContentId(number));
                    return;
                }
                tokio::time::sleep_until(last_read_at + limit).await;
            }
        });
        *lock(&content.watcher) = Some(watcher);
        ContentId(number)
    }

    fn find(&self, id: ContentId) -> Result<Arc<Content>, ApiError> {
        lock(&self.open).get(&id.0).cloned().ok_or(ApiError::NotOpen(id.0))
    }

    fn remove(&self, id: ContentId) -> Option<Arc<Content>> {
        lock(&self.open).remove(&id.0)
    }

    /// Closes everything.
    pub fn clear(&self) {
        lock(&self.open).clear();
        lock(&self.watchers).abort_all();
    }
}

impl Content {
    /// Returns when somebody read last; now, if somebody is about it.
    fn last_read_at(&self) -> Instant {
        if self.flow.try_lock().is_err() { Instant::now() } else { *lock(&self.last_read_at) }
    }

    /// Returns the next bytes. A call whose future is dropped loses none of them.
    async fn next(&self) -> Result<Piece, ApiError> {
        let mut flow = self.flow.lock().await;
        let piece = flow.next(&self.reader).await;
        *lock(&self.last_read_at) = Instant::now();
        piece
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        if let Some(watcher) = lock(&self.watcher).take() {
            watcher.abort();
        }
    }
}

impl Flow {
    async fn next(&mut self, reader: &Reader) -> Result<Piece, ApiError> {
        if self.first.is_none() {
            match &mut self.running {
                Some(running) => self.first = running.next().await,
                None => return Ok(Piece { bytes: Bytes::new(), is_last: true }),
            }
        }
        let length = self.first.as_ref().map_or(0, |bytes| bytes.len() as u64);
        let whole = self.so_far + length;
        if self.size.is_some_and(|size| whole > size) {
            self.running = None;
            return Err(reader.refusal(COMMAND, "it wrote more than the file has"));
        }
        // The bytes stay here until the end is known, in case nobody is there any more to take them.
        let is_last = self.first.is_none() || self.size == Some(whole);
        if is_last {
            self.end(reader).await?;
        }
        self.so_far = whole;
        Ok(Piece { bytes: self.first.take().unwrap_or_default(), is_last })
    }

    /// Makes sure that restic has ended well and has written all.
    async fn end(&mut self, reader: &Reader) -> Result<(), ApiError> {
        let Some(running) = &mut self.running else { return Ok(()) };
        let length = self.first.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if let Some(more) = running.next().await {
            let length = more.len();
            self.running = None;
            return Err(reader.refusal(COMMAND, &format!("it wrote {length} bytes more than the file has")));
        }
        let Some(running) = self.running.take() else { return Ok(()) };
        reader.check_end(COMMAND, running.end().await)?;
        match self.size {
            Some(size) if self.so_far + length < size => {
                Err(reader.refusal(COMMAND, &format!("it wrote {} of {size} bytes only", self.so_far + length)))
            }
            _ => Ok(()),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
