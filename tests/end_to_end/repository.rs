//! Snapshots and folders, read through the daemon with real restics.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt, path::Path};

use prestic_proto::{
    client::Client,
    difference::{ChangeKind, DifferenceQuery},
    error::ApiError,
    event::{EventKind, Watched},
    file_path::{FileName, FilePath},
    outcome::Outcome,
    snapshot::{EntryKind, Folder, FolderQuery, SnapshotId, SnapshotPage, SnapshotQuery, VersionQuery},
};
use prestic_tests::{
    LIMIT,
    counted::CountedRestic,
    files,
    home::TestHome,
    restic::{Repository, Restic, each_restic, oldest_and_newest},
};

/// A command of the shell that matches no start of restic.
const NEVER: (&str, &str) = ("no-such-command", ":");

/// Names that others have stumbled over.
const NASTY_NAMES: [&[u8]; 12] = [
    b"bad-\xff.txt",
    b"new\nline",
    b"quo\"te",
    b"back\\slash",
    b"-dash",
    b"per%41cent #?",
    b"<script>alert(1)<script>",
    "rtl-\u{202e}txt.exe".as_bytes(),
    "ünï".as_bytes(),
    b"semi:colon",
    b"\x01control\x7f",
    b" space ",
];

pub(crate) fn path(path: &Path) -> FilePath {
    FilePath::new(path.as_os_str().as_bytes()).unwrap()
}

pub(crate) async fn snapshots(client: &Client) -> SnapshotPage {
    client.snapshots("home", SnapshotQuery { limit: 1000, ..SnapshotQuery::default() }).await.unwrap().unwrap()
}

pub(crate) async fn folder(client: &Client, snapshot: &SnapshotId, path: FilePath) -> Folder {
    let query = FolderQuery { snapshot: snapshot.clone(), path, filter: None, offset: 0, limit: 1000 };
    client.folder("home", query).await.unwrap().unwrap()
}

/// Makes a home with a daemon, a repository and a restic that counts.
pub(crate) fn home_with(restic: &Restic, (pattern, script): (&str, &str)) -> (TestHome, Repository, CountedRestic) {
    let mut home = TestHome::new();
    let repository = restic.init(home.path("repository"));
    let counted = CountedRestic::new(&home.path(""), &repository, pattern, script);
    let source = home.path("source");
    home.write_config(format!("[home]\n{}command = backup\nargs = {}\n", counted.profile(&repository), source.display()));
    home.start_daemon();
    (home, repository, counted)
}

pub(crate) fn back_up(repository: &Repository, source: &Path) {
    repository.succeed(&["backup", &source.display().to_string()]);
}

#[expect(clippy::disallowed_methods, reason = "no one else reads the file")]
pub(crate) fn write(path: &Path, text: impl AsRef<[u8]>) {
    fs::write(path, text).unwrap();
}

#[test]
fn every_name_is_shown_as_it_is() {
    each_restic(|restic| {
        let (home, repository, _) = home_with(restic, NEVER);
        let source = home.path("source");
        fs::create_dir_all(source.join("sub")).unwrap();
        for name in NASTY_NAMES {
            write(&source.join(OsStr::from_bytes(name)), name);
        }
        back_up(&repository, &source);
        home.with_client(async |client| {
            let page = snapshots(&client).await;
            assert_eq!((page.total, page.in_all, page.snapshots.len()), (1, 1, 1));
            let listed = folder(&client, &page.snapshots[0].id, path(&source)).await;
            assert_eq!(listed.entries[0].name.as_bytes(), b"sub");
            let mut names: Vec<&[u8]> = listed.entries.iter().skip(1).map(|entry| entry.name.as_bytes()).collect();
            names.sort_unstable();
            let mut expected = NASTY_NAMES.to_vec();
            expected.sort_unstable();
            assert_eq!(names, expected);
            assert!(listed.entries.iter().skip(1).all(|entry| entry.kind == EntryKind::File && entry.content.is_some()));
        });
    });
}

#[test]
fn folder_that_was_seen_takes_no_restic_in_whatever_snapshot() {
    each_restic(|restic| {
        let (home, repository, counted) = home_with(restic, NEVER);
        let source = home.path("source");
        files::tree(&source);
        back_up(&repository, &source);
        back_up(&repository, &source);
        home.with_client(async |client| {
            let page = snapshots(&client).await;
            let [newer, older] = page.snapshots.as_slice() else { panic!("{page:?}") };
            let first = folder(&client, &newer.id, path(&source)).await;
            let starts = counted.lines();
            let again = folder(&client, &newer.id, path(&source)).await;
            assert_eq!(again, first);
            assert_eq!(newer.tree == older.tree, folder(&client, &older.id, path(&source)).await.snapshot.tree == newer.tree);
            snapshots(&client).await;
            let expected = if newer.tree == older.tree { starts.len() } else { counted.lines().len() };
            assert_eq!(counted.lines().len(), expected, "{:?}", counted.lines());
        });
        let starts = counted.lines();
        assert!(starts.iter().all(|line| line.contains("--no-lock")), "{starts:?}");
    });
}

#[test]
fn chain_of_lonely_folders_is_followed() {
    each_restic(|restic| {
        let (home, repository, _) = home_with(restic, NEVER);
        let source = home.path("source");
        fs::create_dir_all(source.join("one/two/three")).unwrap();
        write(&source.join("one/two/three/file"), "x");
        back_up(&repository, &source);
        home.with_client(async |client| {
            let page = snapshots(&client).await;
            let listed = folder(&client, &page.snapshots[0].id, path(&source)).await;
            let chain: Vec<String> = listed.entries[0].chain.iter().map(FileName::shown).collect();
            assert_eq!((listed.entries[0].name.shown(), chain), ("one".to_owned(), vec!["two".to_owned(), "three".to_owned()]));
        });
    });
}

#[test]
fn many_who_ask_at_once_share_one_restic() {
    let [_, newest] = oldest_and_newest();
    let (home, repository, counted) = home_with(&newest, NEVER);
    let source = home.path("source");
    files::tree(&source);
    back_up(&repository, &source);
    home.with_client(async |client| {
        let page = snapshots(&client).await;
        let id = &page.snapshots[0].id;
        let mut asking = tokio::task::JoinSet::new();
        // One connection may have a few calls at a time only.
        for _ in 0..50 {
            let (id, path, server) = (id.clone(), path(&source), home.home().clone());
            asking.spawn(async move { folder(&Client::connect(&server).await.unwrap(), &id, path).await.entries.len() });
        }
        let counts = asking.join_all().await;
        assert!(counts.iter().all(|count| *count == counts[0]));
    });
    let cats = counted.lines().into_iter().filter(|line| line.contains(" cat ")).collect::<Vec<_>>();
    assert_eq!(cats.len(), 1, "{cats:?}");
}

#[test]
fn two_restics_read_a_repository_at_most() {
    let [_, newest] = oldest_and_newest();
    let script = r#"echo begin >>"$log"; "$restic" "$@"; code=$?; echo end >>"$log"; exit $code"#;
    let (home, repository, counted) = home_with(&newest, ("*' cat '*", script));
    let source = home.path("source");
    for number in 0..12 {
        fs::create_dir_all(source.join(number.to_string())).unwrap();
        write(&source.join(number.to_string()).join("file"), number.to_string());
    }
    back_up(&repository, &source);
    home.with_client(async |client| {
        let page = snapshots(&client).await;
        let mut asking = tokio::task::JoinSet::new();
        for number in 0..12 {
            let (client, id, path) = (client.clone(), page.snapshots[0].id.clone(), path(&source.join(number.to_string())));
            asking.spawn(async move { folder(&client, &id, path).await.entries.len() });
        }
        assert_eq!(asking.join_all().await, [1; 12]);
    });
    let (mut now, mut most) = (0, 0);
    for line in counted.lines() {
        match line.as_str() {
            "begin" => now += 1,
            "end" => now -= 1,
            _ => {}
        }
        most = most.max(now);
    }
    assert_eq!((now, most), (0, 2));
}

#[test]
fn list_is_read_again_after_a_run_and_everybody_is_told() {
    each_restic(|restic| {
        let (home, _, counted) = home_with(restic, NEVER);
        files::tree(&home.path("source"));
        home.with_client(async |client| {
            assert_eq!(snapshots(&client).await.in_all, 0);
        });
        let cursor = home.status().cursor;
        let run = home.run("home");
        home.expect_outcome(run, &Outcome::Succeeded);
        home.with_client(async |client| {
            let mut cursor = cursor;
            'waiting: loop {
                let Watched::Events { events, next, .. } = client.watch(cursor, LIMIT).await.unwrap() else { panic!("resync") };
                cursor = next;
                for event in events {
                    if let EventKind::SnapshotsChanged { profiles } = event.kind {
                        assert_eq!(profiles, ["home"]);
                        break 'waiting;
                    }
                }
            }
            assert_eq!(snapshots(&client).await.in_all, 1);
            assert_eq!(snapshots(&client).await.in_all, 1);
        });
        let lists = counted.lines().iter().filter(|line| line.contains(" snapshots ")).count();
        assert_eq!(lists, 2, "{:?}", counted.lines());
    });
}

#[test]
fn versions_and_changes_of_a_file_are_found() {
    each_restic(|restic| {
        let (home, repository, _) = home_with(restic, NEVER);
        let source = home.path("source");
        fs::create_dir_all(source.join("sub")).unwrap();
        write(&source.join("other"), "stays");
        for text in ["one", "one", "second"] {
            if fs::read_to_string(source.join("sub/file")).ok().as_deref() != Some(text) {
                write(&source.join("sub/file"), text);
            }
            back_up(&repository, &source);
        }
        write(&source.join("sub/new"), "a new file");
        fs::remove_file(source.join("sub/file")).unwrap();
        back_up(&repository, &source);
        home.with_client(async |client| {
            let page = snapshots(&client).await;
            let newest = page.snapshots[0].id.clone();
            let query = VersionQuery { snapshot: newest.clone(), path: path(&source.join("sub/file")), offset: 0, limit: 10 };
            let found = client.versions("home", query).await.unwrap().unwrap();
            let shown: Vec<(Option<u64>, u32)> = found
                .versions
                .iter()
                .map(|version| (version.entry.as_ref().map(|entry| entry.size), version.snapshots))
                .collect();
            assert_eq!((shown, found.looked_at, found.in_all), (vec![(None, 1), (Some(6), 1), (Some(3), 2)], 4, 4));

            let query = |folder: &str| DifferenceQuery {
                from: None,
                to: newest.clone(),
                path: path(&source.join(folder)),
                offset: 0,
                limit: 10,
            };
            let top = client.difference("home", query("")).await.unwrap().unwrap();
            let kinds: Vec<(String, ChangeKind)> =
                top.changes.iter().map(|change| (change.name.shown(), change.kind)).collect();
            assert_eq!((kinds, top.unchanged), (vec![("sub".to_owned(), ChangeKind::Modified)], 1));
            let sub = client.difference("home", query("sub")).await.unwrap().unwrap();
            let kinds: Vec<(String, ChangeKind)> =
                sub.changes.iter().map(|change| (change.name.shown(), change.kind)).collect();
            assert_eq!(kinds, [("new".to_owned(), ChangeKind::Added), ("file".to_owned(), ChangeKind::Removed)]);
            let file = client.difference("home", query("sub/file")).await.unwrap().unwrap();
            assert_eq!(file.itself.unwrap().kind, ChangeKind::Removed);
            let gone = client.find_entry("home", newest.clone(), path(&source.join("sub/file"))).await.unwrap();
            let Err(ApiError::NoSuchPath { others, .. }) = gone else { panic!("{gone:?}") };
            assert_eq!(others.first(), Some(&page.snapshots[1].id), "the nearest snapshot that has it");
        });
    });
}

#[test]
fn only_snapshots_that_are_listed_are_asked_for() {
    let [_, newest] = oldest_and_newest();
    let (home, repository, counted) = home_with(&newest, NEVER);
    files::tree(&home.path("source"));
    back_up(&repository, &home.path("source"));
    home.with_client(async |client| {
        let unknown = SnapshotId::new("0123456789abcdef").unwrap();
        let query = FolderQuery { snapshot: unknown, path: FilePath::root(), filter: None, offset: 0, limit: 10 };
        let answer = client.folder("home", query).await.unwrap();
        assert_eq!(answer, Err(ApiError::UnknownSnapshot("0123456789abcdef".to_owned())));
    });
    assert!(counted.lines().iter().all(|line| line.contains(" snapshots ")), "{:?}", counted.lines());
}
