//! Which changes of real files are told, and when.

use std::{fs, io::Write};

use tempfile::TempDir;
use tokio::sync::mpsc;

use super::*;

/// Nothing takes as long, however busy the machine is.
const LIMIT: Duration = Duration::from_secs(30);

/// A watch of a configuration that includes all of a folder.
struct Scene {
    folder: TempDir,
    watch: ConfigWatch,
    inbox: mpsc::Receiver<Input>,
}

impl Scene {
    async fn new() -> Self {
        let mut folder = tempfile::tempdir().unwrap();
        // Wine removes no folder that is watched, and what watches this one ends after the test.
        folder.disable_cleanup(cfg!(windows));
        fs::create_dir(folder.path().join("conf.d")).unwrap();
        let (sender, inbox) = mpsc::channel(8);
        let watch = ConfigWatch::start(CoreHandle::new(sender, watch::channel(0).1));
        let mut scene = Self { folder, watch, inbox };
        scene.write("config.ini", "[prestic]\ninclude = conf.d/*.ini\n");
        scene.follow();
        // Told for the folders that are new: from now on they are watched.
        assert!(!scene.heard().await);
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let mut file = fs::File::create(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn follow(&self) {
        self.watch.follow(crate::config::load(&self.path("config.ini")).watch);
    }

    /// Waits until it is told to look, and returns whether what is there has settled.
    async fn heard(&mut self) -> bool {
        let input = tokio::time::timeout(LIMIT, self.inbox.recv()).await.expect("it is told").expect("it goes on");
        let Input::ConfigChanged { is_settled } = input else { panic!("{input:?}") };
        is_settled
    }
}

#[tokio::test]
async fn file_that_is_written_in_place_is_told() {
    let mut scene = Scene::new().await;
    scene.write("config.ini", "[a]\n");
    assert!(!scene.heard().await);
}

#[tokio::test]
async fn file_that_an_editor_replaces_is_told() {
    let mut scene = Scene::new().await;
    scene.write("config.ini.new", "[a]\n");
    fs::rename(scene.path("config.ini.new"), scene.path("config.ini")).unwrap();
    assert!(!scene.heard().await);
}

#[tokio::test]
async fn file_that_is_touched_is_told() {
    let mut scene = Scene::new().await;
    let file = fs::File::options().append(true).open(scene.path("config.ini")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    assert!(!scene.heard().await);
}

#[tokio::test]
async fn files_that_come_and_go_in_an_included_folder_are_told() {
    let mut scene = Scene::new().await;
    scene.write("conf.d/new.ini", "[a]\n");
    assert!(!scene.heard().await);
    fs::remove_file(scene.path("conf.d/new.ini")).unwrap();
    assert!(!scene.heard().await);
}

// Wine keeps a folder that is watched until nobody watches it.
#[cfg(unix)]
#[tokio::test]
async fn folder_that_comes_into_being_is_watched() {
    let mut scene = Scene::new().await;
    fs::remove_dir(scene.path("conf.d")).unwrap();
    assert!(!scene.heard().await);
    scene.follow();
    assert!(!scene.heard().await, "it may have come back before it was watched from above");
    fs::create_dir(scene.path("conf.d")).unwrap();
    assert!(!scene.heard().await);
    scene.follow();
    assert!(!scene.heard().await, "it may have been filled before it was watched");
    scene.write("conf.d/a.ini", "[a]\n");
    assert!(!scene.heard().await);
}

#[tokio::test]
async fn other_files_and_readers_are_not_told() {
    let mut scene = Scene::new().await;
    scene.write("status.ini", "[__prestic__]\n");
    fs::read(scene.path("config.ini")).unwrap();
    scene.write("config.ini", "[a]\n");
    assert!(!scene.heard().await);
    scene.watch.look_again();
    assert!(scene.heard().await, "many changes are told once");
}

#[tokio::test]
async fn what_is_in_doubt_is_told_again_when_it_has_settled() {
    let mut scene = Scene::new().await;
    scene.watch.look_again();
    assert!(scene.heard().await);
}

#[tokio::test]
async fn what_changes_while_in_doubt_has_not_settled() {
    let mut scene = Scene::new().await;
    scene.watch.look_again();
    scene.write("config.ini", "[a]\n");
    assert!(!scene.heard().await);
}

#[tokio::test]
async fn watch_that_is_dropped_ends() {
    let mut scene = Scene::new().await;
    drop(scene.watch);
    assert!(scene.inbox.recv().await.is_none());
}

#[test]
fn reading_is_no_change() {
    use notify::event::{CreateKind, DataChange, MetadataKind, ModifyKind};
    for kind in [AccessKind::Open(AccessMode::Any), AccessKind::Close(AccessMode::Read), AccessKind::Read] {
        assert!(!is_change(&EventKind::Access(kind)), "{kind:?}");
    }
    assert!(is_change(&EventKind::Access(AccessKind::Close(AccessMode::Write))));
    assert!(is_change(&EventKind::Create(CreateKind::File)));
    assert!(is_change(&EventKind::Modify(ModifyKind::Data(DataChange::Any))));
    assert!(is_change(&EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any))));
}

#[track_caller]
fn check_reads_at(last_ms: u64, expected_ms: u64) {
    let first = Instant::now();
    let after = |ms: u64| first + Duration::from_millis(ms);
    assert_eq!(reads_at(first, after(last_ms)), after(expected_ms));
}

#[test]
fn it_is_read_when_it_is_quiet_or_patience_is_over() {
    check_reads_at(0, 300);
    check_reads_at(1000, 1300);
    check_reads_at(2700, 3000);
    check_reads_at(2900, 3000);
}
