use super::*;
use crate::jobs::index::tests::{index_of, random_tree, store};

const PLENTY: u64 = 1 << 30;

fn key(tree: &str) -> IndexKey {
    IndexKey { repository: "ab12".to_owned(), tree: tree.to_owned() }
}

#[test]
fn next_daemon_finds_what_was_saved() {
    let folder = tempfile::tempdir().unwrap();
    let index = index_of(&random_tree(1, 100));
    store(folder.path(), PLENTY, PLENTY).save(&key("1a"), &index).unwrap();
    let next = store(folder.path(), PLENTY, PLENTY);
    assert!(next.has(&key("1a")) && !next.has(&key("1b")));
    assert_eq!(*next.load(&key("1a"), Purpose::Wanted).unwrap(), index);
    assert!(next.load(&key("1b"), Purpose::Wanted).is_none());
    assert_eq!(next.trees("ab12").into_iter().collect::<Vec<_>>(), ["1a"]);
    assert!(next.trees("cd34").is_empty());
}

#[test]
#[cfg(unix)]
fn names_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let within = folder.path().join("index");
    let store = store(&within, PLENTY, PLENTY);
    store.save(&key("1a"), &index_of(&random_tree(1, 10))).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&within), mode(&store.path(&key("1a")))), (0o700, 0o600));
}

#[test]
fn damaged_file_goes_and_can_be_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), PLENTY, PLENTY);
    let index = index_of(&random_tree(1, 100));
    store.save(&key("1a"), &index).unwrap();
    let path = store.path(&key("1a"));
    let mut content = fs::read(&path).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    atomic_write::replace(&path, &content).unwrap();
    assert!(store.load(&key("1a"), Purpose::Wanted).is_none());
    assert!(!path.exists() && !store.has(&key("1a")));
    store.save(&key("1a"), &index).unwrap();
    assert!(store.load(&key("1a"), Purpose::Wanted).is_some());
}

#[test]
fn file_that_somebody_deleted_is_no_index() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), PLENTY, PLENTY);
    store.save(&key("1a"), &index_of(&random_tree(1, 10))).unwrap();
    fs::remove_dir_all(folder.path()).unwrap();
    assert!(store.load(&key("1a"), Purpose::Wanted).is_none());
    assert!(!store.has(&key("1a")));
}

#[test]
fn least_recently_used_files_make_room() {
    let folder = tempfile::tempdir().unwrap();
    let content = vec![7; 100];
    let store = store(folder.path(), 250, PLENTY);
    let used_at = |tree: &str, seconds: u64| {
        store.state().files.get_mut(&key(tree)).unwrap().used_at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    };
    store.save_written(&key("1a"), &content).unwrap();
    store.save_written(&key("1b"), &content).unwrap();
    used_at("1a", 20);
    used_at("1b", 10);
    store.save_written(&key("1c"), &content).unwrap();
    assert_eq!(store.trees("ab12").into_iter().collect::<Vec<_>>(), ["1a", "1c"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    assert!(store.save_written(&key("1d"), &vec![7; 251]).is_err());
    assert_eq!(store.uses()[1].entries, 2);
}

#[test]
fn memory_stays_within_its_budget() {
    let folder = tempfile::tempdir().unwrap();
    let index = index_of(&random_tree(1, 100));
    let store = store(folder.path(), PLENTY, index.bytes() as u64 * 5 / 2);
    for tree in ["1a", "1b", "1c"] {
        store.save(&key(tree), &index).unwrap();
        store.load(&key(tree), Purpose::Passing).unwrap();
    }
    let in_memory = |tree: &str| store.state().loaded.iter().any(|loaded| loaded.key == key(tree));
    assert_eq!(["1a", "1b", "1c"].map(in_memory), [true, true, false], "what is gone through takes nobody's place");
    store.load(&key("1c"), Purpose::Wanted).unwrap();
    assert_eq!(["1a", "1b", "1c"].map(in_memory), [false, true, true], "what is wanted takes the place of the oldest");
    let [memory, _] = store.uses();
    assert!(memory.bytes <= memory.budget && memory.entries == 2, "{memory:?}");
    store.unload();
    assert_eq!(store.uses()[0].bytes, 0);
}

#[test]
fn index_that_nobody_uses_leaves_memory() {
    let index = Arc::new(index_of(&random_tree(1, 10)));
    let begin = Instant::now();
    let mut state = State::default();
    assert_eq!(state.drop_unused(begin), None);
    state.keep(&key("1a"), &index, Purpose::Wanted, PLENTY, begin);
    assert!(state.touch(&key("1a"), begin + IDLE_LIMIT / 2).is_some());
    assert_eq!(state.drop_unused(begin + IDLE_LIMIT), Some(begin + IDLE_LIMIT / 2 + IDLE_LIMIT), "it was used meanwhile");
    assert_eq!(state.loaded.len(), 1);
    assert_eq!(state.drop_unused(begin + IDLE_LIMIT * 2), None);
    assert!(state.loaded.is_empty());
}

#[test]
fn indexes_that_are_not_wanted_go() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), PLENTY, PLENTY);
    for tree in ["1a", "1b"] {
        store.save_written(&key(tree), b"x").unwrap();
    }
    let other = IndexKey { repository: "cd34".to_owned(), tree: "1b".to_owned() };
    store.save_written(&other, b"x").unwrap();
    store.drop_others("ab12", |tree| tree == "1a");
    assert!(store.has(&key("1a")) && !store.has(&key("1b")) && store.has(&other));
    store.clear();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn files_of_others_are_left_alone() {
    for name in ["notes.txt", "ab12.index", "ab12-../x.index", "zz-1a.index", "ab12-1a.index.tmp", "-1a.index"] {
        assert_eq!(IndexKey::of_file(Path::new(name)), None, "{name}");
    }
    assert_eq!(IndexKey::of_file(Path::new("/c/ab12-1a.index")), Some(key("1a")));
}
