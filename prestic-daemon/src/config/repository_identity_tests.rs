//! Which spellings mean the same repository.

use super::{super::read, *};

#[track_caller]
fn check_same(spellings: &[&str]) {
    let read = |text: &str| Location::read(text, "", Some(Path::new("/home/me")));
    for other in &spellings[1..] {
        assert_eq!(read(other), read(spellings[0]), "{other} and {}", spellings[0]);
    }
}

#[track_caller]
fn check_different(spellings: &[&str]) {
    let read = |text: &str| Location::read(text, "", Some(Path::new("/home/me")));
    for (number, one) in spellings.iter().enumerate() {
        for other in &spellings[number + 1..] {
            assert_ne!(read(one), read(other), "{one} and {other}");
        }
    }
}

#[test]
fn local_paths_are_one_however_they_are_written() {
    check_same(&["/srv/backup", "/srv/backup/", "//srv//backup", "/srv/./backup", "/srv/x/../backup", "local:/srv/backup"]);
    check_same(&["backup", "/home/me/backup", "./backup", "local:backup", "local:./backup/"]);
    check_different(&["/srv/backup", "/srv/Backup", "/srv/backup2", "srv/backup", "~/backup"]);
}

#[test]
fn sftp_has_two_spellings() {
    check_same(&["sftp:me@host:/srv/r", "sftp://me@host//srv/r", "sftp://me@HOST:22//srv/r/", "sftp:me@host:/srv//r/"]);
    check_same(&["sftp:me@host:r", "sftp://me@host/r", "sftp://me:secret@host/r", "sftp:me@host:./r"]);
    check_same(&["sftp://me@[fe80::1]:23/r", "sftp://me@[FE80::1]:23/r/"]);
    check_different(&["sftp:me@host:/r", "sftp:me@host:r", "sftp:you@host:/r", "sftp:host:/r", "sftp://me@host:23//r"]);
}

#[test]
fn rest_servers_have_usual_ports() {
    check_same(&["rest:https://host/r", "rest:https://host/r/", "rest:HTTPS://Host:443/r", "REST:https://host//r"]);
    check_same(&["rest:http://host:80", "rest:http://host/"]);
    check_same(&["rest:https://me:secret@host/r", "rest:https://me:other@host/r", "rest:https://me@host/r"]);
    check_different(&["rest:https://host/r", "rest:http://host/r", "rest:https://host:8000/r", "rest:https://me@host/r"]);
}

#[test]
fn s3_has_three_spellings() {
    check_same(&["s3:host/bucket/p", "s3://host/bucket/p/", "s3:https://host/bucket/p", "s3:https://HOST:443/bucket//p"]);
    check_same(&[
        "s3:s3.amazonaws.com/bucket",
        "s3:s3.eu-central-1.amazonaws.com/bucket",
        "s3:s3-eu-west-1.amazonaws.com/bucket",
    ]);
    check_same(&["s3:http://host:9000/bucket", "s3:http://host:9000/bucket/"]);
    check_different(&["s3:host/bucket", "s3:host/Bucket", "s3:host/bucket/p", "s3:host:9000/bucket"]);
}

#[test]
fn other_remotes_have_clean_paths() {
    check_same(&["rclone:remote:path", "rclone:remote:path/", "rclone:remote:./path"]);
    check_same(&["b2:bucket:path", "b2:bucket:/path/", "b2:bucket:./path"]);
    check_same(&["gs:bucket:/", "gs:bucket:", "gs:bucket"]);
    check_different(&["rclone:remote:path", "rclone:Remote:path", "rclone:remote:/path", "b2:bucket:path", "gs:bucket:path"]);
}

#[test]
fn containers_of_two_accounts_are_two() {
    let read = |account: &str| Location::read("azure:container:/", account, None);
    assert_ne!(read("one"), read("two"));
}

/// Returns what a profile uses, as spellings of its repositories.
#[track_caller]
fn check_used(lines: &str, expected: &[(&str, Access)]) {
    let loaded = read(&format!("[p]\n{lines}"), Path::new("config.ini"));
    let profile = loaded.config.profile("p").unwrap();
    let id = |text: &str| RepositoryId::of(&Location::read(text, "", env::home_dir().as_deref()), &RealPaths::default());
    let expected: Vec<_> = expected.iter().map(|(text, access)| (id(text), *access)).collect();
    assert_eq!(profile.repositories_used(), expected, "{lines}");
}

#[test]
fn profiles_use_what_restic_is_told() {
    use Access::{Exclusive, Shared};
    check_used("repository = /r\ncommand = backup\n", &[("/r", Shared)]);
    check_used("repository = /r/\ncommand = forget --prune\n", &[("/r", Exclusive)]);
    check_used("repository = rest:http://me:x@host/\ncommand = check\n", &[("rest:http://me@host", Exclusive)]);
    check_used("repository = /r\ncommand = backup\nargs = -r /other /home\n", &[("/other", Shared)]);
    check_used("repository = /r\ncommand = unlock\n", &[]);
    check_used("repository = /r\ncommand = snapshots\nflag.no-lock = true\n", &[]);
}

#[test]
fn copy_uses_two_repositories() {
    use Access::Shared;
    let both = [("/r", Shared), ("/from", Shared)];
    check_used("repository = /r\ncommand = copy\nflag.from-repo = /from\n", &both);
    check_used("repository = /r\ncommand = copy\nargs = --from-repo /from\n", &both);
    check_used("repository = /r\ncommand = copy\nenv.RESTIC_FROM_REPOSITORY = /from\n", &both);
    check_used("repository = /r\ncommand = backup\nenv.RESTIC_FROM_REPOSITORY = /from\n", &[("/r", Shared)]);
}

#[test]
fn identity_shows_nothing() {
    let id = RepositoryId::of(&Location::read("rest:https://me:hunter2@host/", "", None), &RealPaths::default());
    assert_eq!(id.as_str().len(), 16);
    assert_eq!((format!("{id}"), format!("{id:?}")), (id.as_str().to_owned(), format!("RepositoryId({id})")));
}

#[test]
fn path_of_windows_is_one_whether_its_disk_is_there_or_not() {
    for (one, other) in [(r"D:\Backup", r"\\?\D:\backup"), (r"\\nas\Share\r", r"\\?\UNC\NAS\share\r")] {
        assert_eq!(windows_spelling(one), windows_spelling(other));
    }
    assert_ne!(windows_spelling(r"\\nas\r"), windows_spelling(r"nas\r"));
}

#[cfg(unix)]
#[test]
fn links_lead_to_the_same_repository() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("disk")).unwrap();
    std::os::unix::fs::symlink("disk", folder.path().join("link")).unwrap();
    let here = folder.path().display();
    let task = |name: &str, repository: &str| {
        format!("[{name}]\nrepository = {here}/{repository}\npassword-file = /p\ncommand = backup\nargs = /home\n")
    };
    let file = folder.path().join("config.ini");
    let text = task("a", "disk/not-yet/made") + &task("b", "link/not-yet/made") + &task("c", "disk");
    crate::atomic_write::replace(&file, text.as_bytes()).unwrap();
    let config = super::super::load(&file).config;
    let id = |name: &str| config.profile(name).unwrap().repository_id().unwrap();
    assert_eq!(id("a"), id("b"));
    assert_ne!(id("a"), id("c"));
}

#[test]
fn only_other_machines_need_the_network() {
    for (repository, expected) in [
        ("/mnt/disk", false),
        ("C:\\backup", false),
        ("local:/mnt/disk", false),
        ("rclone:cloud:backup", false),
        ("rest:http://127.0.0.1:8000/", false),
        ("sftp:me@nas:/backup", true),
        ("s3:s3.amazonaws.com/bucket", true),
    ] {
        assert_eq!(is_elsewhere(repository), expected, "{repository}");
    }
}
