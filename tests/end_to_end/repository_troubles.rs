//! What goes wrong when a repository is read, and how it is told.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use prestic_proto::{
    error::ApiError,
    snapshot::{FolderQuery, SnapshotQuery},
};
use prestic_tests::{
    LIMIT,
    fake::Wire,
    files,
    home::TestHome,
    processes,
    restic::{each_restic, oldest_and_newest},
};

use crate::repository::{back_up, folder, home_with, path, snapshots};

const NEVER: (&str, &str) = ("no-such-command", ":");

#[track_caller]
fn check_refusal(home: &TestHome, profile: &str, words: &str, hint_words: &str) {
    let answer = home.with_client(async |client| {
        client.snapshots(profile, SnapshotQuery { limit: 1, ..SnapshotQuery::default() }).await.unwrap()
    });
    let Err(ApiError::Restic { message, hint, .. }) = &answer else { panic!("{answer:?}") };
    assert!(message.to_lowercase().contains(words), "{answer:?}");
    assert!(hint.as_deref().unwrap_or_default().contains(hint_words), "{answer:?}");
}

#[test]
fn refusals_are_in_restics_words_with_what_to_do_next() {
    each_restic(|restic| {
        let mut home = TestHome::new();
        let repository = restic.init(home.path("repository"));
        let none = home.path("no-repository");
        let profile = |path: &std::path::Path, password: &str| {
            format!("executable = {}\nrepository = {}\n{password}\n", restic.path.display(), path.display())
        };
        home.write_config(format!(
            "[wrong]\n{}[none]\n{}[nowhere]\nexecutable = /no/such/restic\nrepository = /r\npassword = x\n\
             [empty]\ndescription = nothing\n[several]\nrepository = /a /b\ncommand = backup\nargs = /x\npassword = x\n",
            profile(&repository.path, "password = hunter2"),
            profile(&none, "password = hunter2"),
        ));
        home.start_daemon();
        check_refusal(&home, "wrong", "wrong password or no key found", "`password = [hidden]`");
        check_refusal(&home, "none", "is there a repository at the following location?", "is the disk of");
        check_refusal(&home, "nowhere", "cannot run `/no/such/restic`", "executable");
        let answer = |profile: &'static str| {
            home.with_client(async |client| client.snapshots(profile, SnapshotQuery::default()).await.unwrap())
        };
        assert_eq!(answer("empty"), Err(ApiError::NoRepository("empty".to_owned())));
        assert!(matches!(answer("nobody"), Err(ApiError::UnknownProfile { .. })));
    });
}

#[test]
fn exclusive_lock_of_another_restic_does_not_stop_reading() {
    each_restic(|restic| {
        let (home, repository, _) = home_with(restic, NEVER);
        let source = home.path("source");
        files::tree(&source);
        back_up(&repository, &source);
        let mut checking = repository.command(&["check", "--read-data", "--limit-download=10"]);
        let mut checking = checking.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(checking.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("load indexes")), "the lock comes before that");
        home.with_client(async |client| {
            let page = snapshots(&client).await;
            assert!(!folder(&client, &page.snapshots[0].id, path(&source)).await.entries.is_empty());
            let found = client.locks("home").await.unwrap().unwrap();
            let [lock] = found.locks.as_slice() else { panic!("{found:?}") };
            assert_eq!((lock.holder.pid, lock.holder.is_exclusive, lock.is_alive), (checking.id(), true, Some(true)));
            assert!(found.why_not.unwrap().contains("of this machine has a lock"));
            let answer = client.unlock("home").await.unwrap().unwrap();
            assert!(answer.starts_with("nothing was removed"), "{answer}");
        });
        assert_eq!(repository.locks().len(), 1);
        // It reads so slowly that it would take its time to end in good order.
        checking.kill().unwrap();
        checking.wait().unwrap();
    });
}

#[test]
fn call_that_is_given_up_ends_its_restic() {
    let [_, newest] = oldest_and_newest();
    let folder = tempfile::tempdir().unwrap();
    let mut wire = Wire::new(folder.path().join("wire"));
    let script = format!("echo \"started $$\" >'{}'; exec sleep 1000", wire.path().display());
    let (home, repository, _) = home_with(&newest, ("*' cat '*", &script));
    let source = home.path("source");
    files::tree(&source);
    back_up(&repository, &source);
    home.with_client(async |client| {
        let id = snapshots(&client).await.snapshots[0].id.clone();
        let query = FolderQuery { snapshot: id, path: path(&source), filter: None, offset: 0, limit: 10 };
        let asker = client.clone();
        let asking = tokio::spawn(async move { asker.folder("home", query).await.map(drop).is_ok() });
        let hearing = tokio::task::spawn_blocking(move || wire.hear_start());
        let pid = hearing.await.unwrap();
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
        let waiting = tokio::task::spawn_blocking(move || processes::wait_for_exit(pid, LIMIT));
        assert!(waiting.await.unwrap(), "it still waits");
    });
}

#[test]
fn daemon_that_ends_takes_its_readers_along() {
    let [_, newest] = oldest_and_newest();
    let folder = tempfile::tempdir().unwrap();
    let mut wire = Wire::new(folder.path().join("wire"));
    let script = format!("echo \"started $$\" >'{}'; exec sleep 1000", wire.path().display());
    let (mut home, repository, _) = home_with(&newest, ("*' cat '*", &script));
    let source = home.path("source");
    files::tree(&source);
    back_up(&repository, &source);
    let pid = home.with_client(async |client| {
        let id = snapshots(&client).await.snapshots[0].id.clone();
        let query = FolderQuery { snapshot: id, path: path(&source), filter: None, offset: 0, limit: 10 };
        let asker = client.clone();
        let asking = tokio::spawn(async move { asker.folder("home", query).await.map(drop).is_ok() });
        let pid = tokio::task::spawn_blocking(move || wire.hear_start()).await.unwrap();
        client.shutdown().await.unwrap();
        // The connection ends with the daemon, and so does the call.
        asking.await.unwrap();
        pid
    });
    assert!(home.wait_for_daemon().success());
    assert!(processes::wait_for_exit(pid, LIMIT));
}
