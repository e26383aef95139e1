use std::collections::BTreeMap;

use prestic_proto::{file_path::FilePath, snapshot::EntryKind};

use super::{store::Budgets, *};

/// Random numbers that are the same each time (splitmix64).
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// What is in a tree, by path: the plain model that an index is held against.
pub(crate) type Tree = BTreeMap<Vec<String>, (EntryKind, u64, i64)>;

/// Makes a tree of folders and files with names of all kinds.
pub(crate) fn random_tree(seed: u64, entries: usize) -> Tree {
    const NAMES: [&str; 12] = [
        "a",
        "b.txt",
        "Report 2024.PDF",
        "ümlaut",
        "ÜMLAUT",
        "x y",
        "new\nline",
        "[odd]",
        "IMG_1.jpg",
        "img_2.JPG",
        "bad\u{fffd}",
        "-v",
    ];
    let mut numbers = Numbers::seeded(seed);
    let mut tree = Tree::new();
    let mut folders: Vec<Vec<String>> = vec![Vec::new()];
    while tree.len() < entries {
        let mut path = folders[usize::try_from(numbers.below(folders.len() as u64)).unwrap()].clone();
        let name = NAMES[usize::try_from(numbers.below(NAMES.len() as u64)).unwrap()];
        path.push(format!("{name}{}", numbers.below(50)));
        if tree.contains_key(&path) {
            continue;
        }
        let size = if numbers.below(20) == 0 { numbers.below(1 << 40) } else { numbers.below(100_000) };
        let entry = match numbers.below(10) {
            0..3 => (EntryKind::Folder, 0),
            3 => (EntryKind::Link, 0),
            4 => (EntryKind::Special, 0),
            _ => (EntryKind::File, size),
        };
        if entry.0 == EntryKind::Folder {
            folders.push(path.clone());
        }
        tree.insert(path, (entry.0, entry.1, i64::try_from(numbers.below(1 << 31)).unwrap()));
    }
    tree
}

/// Builds the index of a tree. A `BTreeMap` of lists of names has each folder before what is in it, as restic lists them.
pub(crate) fn index_of(tree: &Tree) -> Index {
    let mut builder = Builder::new(1_000_000);
    for (names, (kind, size, seconds)) in tree {
        let path = format!("/{}", names.join("/"));
        let name = names.last().unwrap().as_str();
        let modified_at = DateTime::from_timestamp_secs(*seconds);
        builder.add(&Node { path: path.into(), name: name.into(), kind: *kind, size: *size, modified_at }).unwrap();
    }
    builder.finish()
}

fn path_of(names: &[String]) -> FilePath {
    FilePath::new(format!("/{}", names.join("/"))).unwrap()
}

#[test]
fn index_knows_what_is_in_the_tree_and_nothing_else() {
    for seed in 0..20 {
        let tree = random_tree(seed, 300);
        let index = index_of(&tree);
        assert_eq!(index.entries() as usize, tree.len() + 1);
        for (names, (kind, size, seconds)) in &tree {
            let path = path_of(names);
            let entry = index.find(&path).unwrap_or_else(|| panic!("{path:?} is not found"));
            assert_eq!((index.kind(entry), index.size(entry)), (*kind, *size), "{path:?}");
            assert_eq!(index.modified_at(entry), DateTime::from_timestamp_secs(*seconds).filter(|_| *seconds != 0));
            assert_eq!(index.path(entry), Some(path));
        }
        assert_eq!(index.find(&path_of(&["nowhere".to_owned()])), None);
        assert_eq!(index.path(ROOT), Some(FilePath::root()));
    }
}

#[test]
fn totals_are_the_sums_of_what_is_below() {
    for seed in 0..20 {
        let tree = random_tree(seed, 300);
        let index = index_of(&tree);
        let mut expected: BTreeMap<Vec<String>, FolderTotals> = BTreeMap::new();
        for (names, (kind, size, _)) in &tree {
            for length in 0..names.len() {
                let totals = expected.entry(names[..length].to_vec()).or_default();
                totals.files += u64::from(*kind == EntryKind::File);
                totals.folders += u64::from(*kind == EntryKind::Folder);
                totals.bytes += size;
            }
        }
        index.each_folder(|folder, path| {
            let names: Vec<String> = std::str::from_utf8(path).unwrap().split('/').skip(1).map(str::to_owned).collect();
            assert_eq!(index.totals(folder), Some(expected.get(&names).copied().unwrap_or_default()), "{names:?}");
        });
        assert!(tree.iter().all(|(names, (kind, ..))| {
            index.totals(index.find(&path_of(names)).unwrap()).is_some() == (*kind == EntryKind::Folder)
        }));
    }
}

#[test]
fn children_are_those_of_the_folder_itself() {
    let tree = random_tree(7, 400);
    let index = index_of(&tree);
    let mut seen = 0;
    index.each_folder(|folder, path| {
        for child in index.children(folder) {
            assert_eq!(index.parent(child), folder, "in {path:?}");
            seen += 1;
        }
    });
    assert_eq!(seen, tree.len());
}

#[test]
fn file_is_read_back_as_it_was() {
    for seed in 0..10 {
        let index = index_of(&random_tree(seed, 500));
        assert_eq!(Index::read(index.write().unwrap().as_slice()).unwrap(), index);
    }
    let empty = Builder::new(1).finish();
    assert_eq!(Index::read(empty.write().unwrap().as_slice()).unwrap(), empty);
}

#[test]
fn damaged_file_is_no_index() {
    let index = index_of(&random_tree(3, 200));
    let file = index.write().unwrap();
    let mut numbers = Numbers::seeded(9);
    for _ in 0..400 {
        let mut damaged = file.clone();
        let at = usize::try_from(numbers.below(damaged.len() as u64)).unwrap();
        damaged[at] ^= 1 << numbers.below(8);
        // What the format itself ignores may be damaged; what is read is never other than it was.
        if let Ok(found) = Index::read(damaged.as_slice()) {
            assert_eq!(found, index, "byte {at}");
        }
    }
    for length in 0..file.len() {
        // The last bytes are the mark of the end, which nothing depends on.
        assert!(Index::read(&file[..length]).ok().is_none_or(|found| found == index), "{length} bytes");
    }
    assert!(Index::read(&file[..file.len() / 2]).is_err());
}

#[test]
fn file_with_a_good_checksum_and_a_bad_content_is_no_index() {
    let good = index_of(&random_tree(3, 50));
    let check = |change: fn(&mut Index)| {
        let mut bad = good.clone();
        change(&mut bad);
        assert!(Index::read(bad.write().unwrap().as_slice()).is_err());
    };
    check(|index| index.parents[5] = 49);
    check(|index| index.parents[0] = 1);
    check(|index| index.names.push(NAME_END));
    check(|index| index.names[1] = b'/');
    check(|index| index.large.push((0, 5)));
}

#[track_caller]
fn check_misplaced(paths: &[(&str, &str)]) {
    let mut builder = Builder::new(10);
    let add = |(path, name): &(&'static str, &'static str)| {
        builder.add(&Node { path: (*path).into(), name: (*name).into(), kind: EntryKind::Folder, size: 0, modified_at: None })
    };
    let paths: Vec<(&'static str, &'static str)> =
        paths.iter().map(|(path, name)| (&*path.to_string().leak(), &*name.to_string().leak())).collect();
    let results: Vec<_> = paths.iter().map(add).collect();
    let (last, others) = results.split_last().unwrap();
    assert!(others.iter().all(Result::is_ok), "{others:?}");
    assert!(matches!(last, Err(BuildError::Misplaced(_))), "{last:?}");
}

#[test]
fn entry_outside_of_its_folder_is_refused() {
    check_misplaced(&[("/a/b", "b")]);
    check_misplaced(&[("/a", "a"), ("/b", "b"), ("/a/c", "c")]);
    check_misplaced(&[("/a", "b")]);
    check_misplaced(&[("/", "")]);
    check_misplaced(&[("a", "a")]);
}

#[test]
fn too_many_entries_are_refused() {
    let mut builder = Builder::new(2);
    let mut add = |path: &'static str| {
        builder.add(&Node { path: path.into(), name: path[1..].into(), kind: EntryKind::File, size: 0, modified_at: None })
    };
    assert_eq!((add("/a"), add("/b"), add("/c")), (Ok(()), Ok(()), Err(BuildError::TooMany(2))));
}

#[test]
fn name_that_lost_its_bytes_is_known() {
    assert!(is_exact("/ok/ümlaut".as_bytes()));
    assert!(!is_exact("/bad\u{fffd}.txt".as_bytes()));
}

pub(super) fn store(folder: &std::path::Path, disk: u64, memory: u64) -> IndexStore {
    IndexStore::with_budgets(folder.to_owned(), Budgets { disk, memory })
}
