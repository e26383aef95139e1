//! The content of files and folders, read piece by piece through the daemon.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use prestic_proto::{
    client::Client,
    content::{ContentForm, ContentRequest},
    error::ApiError,
    snapshot::SnapshotId,
};
use prestic_tests::{
    files, processes,
    restic::{each_restic, oldest_and_newest},
};

use crate::repository::{back_up, folder, home_with, path, snapshots, write};

const NEVER: (&str, &str) = ("no-such-command", ":");

/// How long a restic may be there when nobody wants it any more.
const GONE_LIMIT: Duration = Duration::from_secs(2);

/// Reads something to its end.
async fn read_all(client: &Client, request: ContentRequest) -> Result<(Option<u64>, Vec<u8>), ApiError> {
    let opened = client.open("home", request).await.unwrap()?;
    let mut bytes = Vec::new();
    loop {
        let piece = client.read(opened.content).await.unwrap()?;
        bytes.extend_from_slice(&piece.bytes);
        if piece.is_last {
            let closed = client.read(opened.content).await.unwrap();
            assert_eq!(closed, Err(ApiError::NotOpen(opened.content.0)));
            return Ok((opened.size, bytes));
        }
    }
}

fn request(snapshot: &SnapshotId, path: prestic_proto::file_path::FilePath, form: ContentForm) -> ContentRequest {
    ContentRequest { snapshot: snapshot.clone(), path, form }
}

#[test]
fn files_come_back_byte_by_byte_whatever_their_names() {
    each_restic(|restic| {
        let (home, repository, _) = home_with(restic, NEVER);
        let source = home.path("source");
        files::tree(&source);
        let bad = std::ffi::OsStr::new("bad-");
        let mut bad = bad.to_owned();
        bad.push(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xff\n\"\\"));
        write(&source.join(bad), "bad");
        back_up(&repository, &source);
        home.with_client(async |client| {
            let page = snapshots(&client).await;
            let listed = folder(&client, &page.snapshots[0].id, path(&source)).await;
            let files: Vec<_> =
                listed.entries.iter().filter(|entry| entry.chain.is_empty() && entry.subtree.is_none()).collect();
            assert!(files.len() > 8);
            for entry in files.iter().filter(|entry| entry.link_target.is_none()) {
                let path = listed.path.join(&entry.name);
                let on_disk = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(path.as_bytes());
                let (size, bytes) =
                    read_all(&client, request(&page.snapshots[0].id, path.clone(), ContentForm::File)).await.unwrap();
                assert_eq!(size, Some(bytes.len() as u64), "{path:?}");
                assert!(bytes == fs::read(on_disk).unwrap(), "{path:?}");
            }
        });
    });
}

#[test]
fn folder_comes_as_an_archive() {
    each_restic(|restic| {
        let (home, repository, _) = home_with(restic, NEVER);
        let source = home.path("source");
        files::tree(&source);
        back_up(&repository, &source);
        let id = home.with_client(async |client| snapshots(&client).await.snapshots[0].id.clone());
        let tar =
            home.with_client(async |client| read_all(&client, request(&id, path(&source), ContentForm::Tar)).await.unwrap().1);
        let unpacked = home.path("unpacked");
        fs::create_dir(&unpacked).unwrap();
        let mut unpack =
            Command::new("tar").arg("x").arg("-C").arg(&unpacked).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        unpack.stdin.take().unwrap().write_all(&tar).unwrap();
        assert!(unpack.wait().unwrap().success());
        let inside = if restic.is_at_least("0.16.0") { unpacked } else { unpacked.join(source.strip_prefix("/").unwrap()) };
        files::assert_same_tree(&source, &inside);
        let zip =
            home.with_client(async |client| read_all(&client, request(&id, path(&source), ContentForm::Zip)).await.unwrap().1);
        assert!(zip.starts_with(b"PK\x03\x04"));
    });
}

#[test]
fn what_is_no_file_is_not_read_as_one() {
    let [_, newest] = oldest_and_newest();
    let (home, repository, _) = home_with(&newest, NEVER);
    let source = home.path("source");
    files::tree(&source);
    back_up(&repository, &source);
    home.with_client(async |client| {
        let id = snapshots(&client).await.snapshots[0].id.clone();
        let answer = client.open("home", request(&id, path(&source), ContentForm::File)).await.unwrap();
        assert_eq!(answer, Err(ApiError::WrongKind { path: path(&source), wanted: "file".to_owned() }));
        let file = path(&source.join("plain.txt"));
        let answer = client.open("home", request(&id, file.clone(), ContentForm::Tar)).await.unwrap();
        assert_eq!(answer, Err(ApiError::WrongKind { path: file, wanted: "folder".to_owned() }));
    });
}

#[test]
fn reading_that_is_given_up_leaves_no_process_and_no_lock() {
    each_restic(|restic| {
        let (home, repository, counted) = home_with(restic, NEVER);
        let source = home.path("source");
        fs::create_dir(&source).unwrap();
        files::random_file(&source.join("large"), 60 * 1024 * 1024, 1);
        back_up(&repository, &source);
        home.with_client(async |client| {
            let id = snapshots(&client).await.snapshots[0].id.clone();
            let opened =
                client.open("home", request(&id, path(&source.join("large")), ContentForm::File)).await.unwrap().unwrap();
            assert_eq!(opened.size, Some(60 * 1024 * 1024));
            assert!(!client.read(opened.content).await.unwrap().unwrap().bytes.is_empty());
            let dump = counted.lines().into_iter().find(|line| line.contains(" dump ")).unwrap();
            let pid: u32 = dump.split(' ').next().unwrap().parse().unwrap();
            let browsed = folder(&client, &id, path(&source)).await;
            assert_eq!(browsed.entries.len(), 1, "browsing goes on meanwhile");
            let closed_at = Instant::now();
            client.close(opened.content).await.unwrap();
            assert!(processes::wait_for_exit(pid, GONE_LIMIT), "restic is still there");
            eprintln!("restic {} was gone after {} ms", restic.version, closed_at.elapsed().as_millis());
        });
        assert_eq!(repository.locks(), Vec::<String>::new());
    });
}

#[test]
fn damaged_repository_gives_an_error_and_no_clean_end() {
    each_restic(|restic| {
        let (home, repository, _) = home_with(restic, NEVER);
        let source = home.path("source");
        fs::create_dir(&source).unwrap();
        files::random_file(&source.join("large"), 60 * 1024 * 1024, 1);
        back_up(&repository, &source);
        // Packs have random names: one of those with data goes, and that of the trees is small.
        let packs = fs::read_dir(repository.path.join("data"))
            .unwrap()
            .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
        let large = packs.map(|pack| pack.unwrap()).find(|pack| pack.metadata().unwrap().len() > 1024 * 1024).unwrap();
        fs::remove_file(large.path()).unwrap();
        home.with_client(async |client| {
            let id = snapshots(&client).await.snapshots[0].id.clone();
            let answer = read_all(&client, request(&id, path(&source.join("large")), ContentForm::File)).await;
            let Err(ApiError::Restic { command, message, .. }) = answer else { panic!("{:?}", answer.map(|(size, _)| size)) };
            assert_eq!(command, "restic dump");
            assert!(!message.is_empty());
        });
    });
}
