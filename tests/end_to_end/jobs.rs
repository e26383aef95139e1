//! Jobs and indexes, with real restic: what is searched, compared and measured, and what is kept of it.

use std::{fs, time::Duration};

use prestic_proto::{
    client::Client,
    difference::ChangeKind,
    error::ApiError,
    event::{EventKind, Watched},
    file_path::FilePath,
    job::{Job, JobId, JobRequest, JobResults, JobState},
    search::{SearchPage, SearchQuery},
    snapshot::{FolderQuery, SnapshotId, SnapshotQuery},
    system::CacheKind,
};
use prestic_tests::{
    files,
    home::TestHome,
    restic::{Repository, Restic, each_restic, oldest_and_newest},
};

/// How long one long poll lasts.
const WAIT: Duration = Duration::from_secs(30);

/// A home with a task `backup` of a folder, and `more` in its section.
fn home(restic: &Restic, more: &str) -> (TestHome, Repository) {
    let mut home = TestHome::new();
    let repository = restic.init(home.path("repository"));
    files::tree(&home.path("source"));
    home.write_config(format!(
        "[backup]\n{}command = backup\nargs = '{}'\n{more}",
        repository.profile(),
        home.path("source").display()
    ));
    home.start_daemon();
    (home, repository)
}

fn query(text: &str) -> SearchQuery {
    SearchQuery { query: text.to_owned(), snapshot: None, offset: 0, limit: 100 }
}

async fn search(client: &Client, text: &str) -> SearchPage {
    client.search("backup", query(text)).await.unwrap().unwrap()
}

fn names(page: &SearchPage) -> Vec<String> {
    page.matches.iter().map(|found| found.path.name().unwrap().shown()).collect()
}

/// Starts a job and waits for its end.
async fn work(client: &Client, request: JobRequest) -> Job {
    let id = client.start_job("backup", request).await.unwrap().unwrap();
    loop {
        let job = client.job(id, WAIT).await.unwrap().unwrap();
        if !matches!(job.state, JobState::Queued | JobState::Running) {
            return job;
        }
    }
}

/// Waits until jobs that nobody has asked for have ended: so many, with a state that is wanted.
fn wait_for_jobs(home: &TestHome, wanted: usize, is_wanted: impl Fn(&Job) -> bool) -> Vec<Job> {
    home.with_client(async |client| {
        let mut cursor = client.status().await.unwrap().cursor;
        loop {
            let jobs = client.jobs("backup").await.unwrap().unwrap();
            let found: Vec<Job> = jobs.into_iter().filter(|job| is_wanted(job)).collect();
            if found.len() >= wanted {
                return found;
            }
            // Progress wakes this, too, so that it looks again more often than it would have to.
            match client.watch(cursor, WAIT).await.unwrap() {
                Watched::Events { next, .. } => cursor = next,
                Watched::Resync => cursor = client.status().await.unwrap().cursor,
            }
        }
    })
}

fn is_index(job: &Job) -> bool {
    matches!(job.request, JobRequest::Index { .. }) && job.state == JobState::Done
}

fn is_measure(job: &Job) -> bool {
    job.request == JobRequest::Measure && job.state == JobState::Done
}

async fn snapshots(client: &Client) -> Vec<SnapshotId> {
    let query = SnapshotQuery { limit: 100, ..SnapshotQuery::default() };
    let page = client.snapshots("backup", query).await.unwrap().unwrap();
    page.snapshots.into_iter().map(|snapshot| snapshot.id).collect()
}

#[test]
fn snapshot_is_searched_at_once_after_its_backup() {
    each_restic(|restic| {
        let (home, repository) = home(restic, "");
        home.ctl(&["run", "backup"]).expect_code(0);
        wait_for_jobs(&home, 1, is_index);
        home.with_client(async |client| {
            let page = search(&client, "PLAIN").await;
            assert_eq!(names(&page), ["plain.txt", "plain.txt"]);
            assert_eq!((page.searched.len(), page.not_indexed, page.has_more), (1, 0, false));
            assert_eq!((page.matches[1].size, page.matches[1].is_exact), (1_000, true));
            assert!(page.matches.iter().all(|found| found.snapshot == page.searched[0] && found.modified_at.is_some()));
            assert_eq!(names(&search(&client, "*three/new*").await), ["new\\nline"]);
            assert_eq!(names(&search(&client, "[[]*").await), ["[brackets]*", "[brackets]*"]);
            assert_eq!(search(&client, "nowhere").await.total, 0);
            let bad = client.search("backup", query("[img")).await.unwrap().unwrap_err();
            assert!(matches!(&bad, ApiError::BadQuery { reason, .. } if reason.contains("no `]`")), "{bad}");
        });
        repository.check(1);
    });
}

#[test]
fn folders_of_an_indexed_snapshot_tell_how_much_they_hold() {
    each_restic(|restic| {
        let (home, _) = home(restic, "");
        home.ctl(&["run", "backup"]).expect_code(0);
        wait_for_jobs(&home, 1, is_index);
        home.with_client(async |client| {
            let snapshot = snapshots(&client).await.remove(0);
            let path = FilePath::new(home.path("source").join("one").to_str().unwrap()).unwrap();
            let folder = FolderQuery { snapshot, path, filter: None, offset: 0, limit: 10 };
            let folder = client.folder("backup", folder).await.unwrap().unwrap();
            let totals = folder.totals.unwrap();
            assert_eq!((totals.files, totals.folders, totals.bytes), (6, 2, 18_000));
            let inner = folder.entries[0].totals.unwrap();
            assert_eq!((inner.files, inner.folders, inner.bytes), (6, 1, 18_000));
        });
    });
}

#[test]
fn snapshot_with_the_same_tree_needs_no_second_index() {
    let [_, restic] = oldest_and_newest();
    let (home, repository) = home(&restic, "");
    home.ctl(&["run", "backup"]).expect_code(0);
    wait_for_jobs(&home, 1, is_index);
    home.with_client(async |client| {
        let before = snapshots(&client).await;
        // Makes another snapshot of the same tree, and removes the first one.
        repository.succeed(&["tag", "--add", "kept"]);
        let query = SnapshotQuery { limit: 1, is_fresh: true, ..SnapshotQuery::default() };
        let page = client.snapshots("backup", query).await.unwrap().unwrap();
        assert_ne!(page.snapshots[0].id, before[0]);
        let job = work(&client, JobRequest::Index { snapshot: page.snapshots[0].id.clone() }).await;
        assert_eq!((job.state, job.done), (JobState::Done, 0), "restic had nothing to list");
        let found = search(&client, "plain").await;
        assert_eq!((found.searched, found.not_indexed), (vec![page.snapshots[0].id.clone()], 0));
        let all = client.jobs("backup").await.unwrap().unwrap();
        assert_eq!(all.iter().filter(|job| matches!(job.request, JobRequest::Index { .. })).count(), 2);
    });
}

#[test]
fn all_snapshots_are_searched_by_a_job_whose_results_outlive_the_daemon() {
    each_restic(|restic| {
        let (mut home, repository) = home(restic, "snapshot-index = on-demand\n");
        home.ctl(&["run", "backup"]).expect_code(0);
        fs::remove_file(home.path("source/plain.txt")).unwrap();
        home.ctl(&["run", "backup"]).expect_code(0);
        let (job, found) = home.with_client(async |client| {
            let page = search(&client, "plain.txt").await;
            assert_eq!((page.total, page.not_indexed), (0, 2));
            let job = work(&client, JobRequest::Search { query: "plain.txt".to_owned() }).await;
            assert_eq!((&job.state, job.done, job.total, job.results), (&JobState::Done, 2, Some(2), 2), "{job:?}");
            let JobResults::Matches(found) = client.job_results(job.id, 0, 10).await.unwrap().unwrap() else {
                panic!("a search has matches")
            };
            assert_eq!(found.iter().map(|found| found.snapshots).collect::<Vec<_>>(), [2, 1]);
            // The listings of restic have become indexes.
            assert_eq!(search(&client, "plain.txt").await.not_indexed, 0);
            (job, found)
        });
        home.kill_daemon();
        home.start_daemon();
        home.with_client(async |client| {
            assert_eq!(client.job(job.id, Duration::ZERO).await.unwrap().unwrap(), job);
            let kept = client.job_results(job.id, 1, 10).await.unwrap().unwrap();
            assert_eq!(kept, JobResults::Matches(found[1..].to_vec()));
            let next = work(&client, JobRequest::Search { query: "big".to_owned() }).await;
            assert!(next.id > job.id);
            client.clear_cache(CacheKind::JobResults).await.unwrap().unwrap();
            assert_eq!(client.job(job.id, Duration::ZERO).await.unwrap(), Err(ApiError::UnknownJob(job.id)));
        });
        repository.check(2);
    });
}

#[test]
fn folders_of_two_snapshots_are_compared_with_all_that_is_below() {
    each_restic(|restic| {
        let (home, repository) = home(restic, "snapshot-index = off\n");
        let source = home.path("source");
        home.ctl(&["run", "backup"]).expect_code(0);
        files::random_file(&source.join("one/two/three/added"), 5_000, 1);
        fs::remove_file(source.join("one/two/three/plain.txt")).unwrap();
        files::random_file(&source.join("plain.txt"), 2_000, 2);
        home.ctl(&["run", "backup"]).expect_code(0);
        home.with_client(async |client| {
            let all = snapshots(&client).await;
            let request = |path: &str| JobRequest::Difference {
                from: SnapshotId::new(all[1].short()).unwrap(),
                to: all[0].clone(),
                path: FilePath::new(path).unwrap(),
            };
            let whole = work(&client, request("/")).await;
            assert_eq!(whole.state, JobState::Done, "{whole:?}");
            let totals = whole.totals.unwrap();
            assert_eq!((totals.files_added, totals.files_removed, totals.files_changed), (1, 1, 1));
            assert!(totals.bytes_added > 5_000, "{totals:?}");

            let folder = source.join("one");
            let inner = work(&client, request(folder.to_str().unwrap())).await;
            let JobResults::Changes(changes) = client.job_results(inner.id, 0, 10).await.unwrap().unwrap() else {
                panic!("a comparison has changes")
            };
            let found: Vec<_> = changes.iter().map(|change| (change.path.shown(), change.kind)).collect();
            let at = |name: &str| folder.join("two/three").join(name).display().to_string();
            assert!(found.contains(&(at("added"), ChangeKind::Added)), "{found:?}");
            assert!(found.contains(&(at("plain.txt"), ChangeKind::Removed)), "{found:?}");
            assert!(!found.iter().any(|(path, _)| path.ends_with("source/plain.txt")), "{found:?}");
            assert_eq!(inner.totals.is_some(), restic.is_at_least("0.16.0"));

            let unknown = SnapshotId::new("00000000").unwrap();
            let request = JobRequest::Difference { from: unknown.clone(), to: unknown, path: FilePath::root() };
            let refused = client.start_job("backup", request).await.unwrap();
            assert_eq!(refused, Err(ApiError::UnknownSnapshot("00000000".to_owned())));
        });
        repository.check(2);
    });
}

#[test]
fn repository_is_measured_once_a_day() {
    each_restic(|restic| {
        let (home, _) = home(restic, "");
        home.ctl(&["run", "backup"]).expect_code(0);
        let job = wait_for_jobs(&home, 1, is_measure).remove(0);
        files::random_file(&home.path("source/more"), 10, 3);
        home.ctl(&["run", "backup"]).expect_code(0);
        wait_for_jobs(&home, 2, is_index);
        home.with_client(async |client| {
            let sizes = client.sizes("backup").await.unwrap().unwrap();
            assert_eq!((sizes.len(), sizes[0].snapshots), (1, 1), "{job:?}");
            assert!(sizes[0].bytes > 3 * 1024 * 1024, "{sizes:?}");
            let again = work(&client, JobRequest::Measure).await;
            assert!(again.id > job.id);
            let sizes = client.sizes("backup").await.unwrap().unwrap();
            assert_eq!(sizes.last().unwrap().snapshots, 2);
        });
    });
}

#[test]
fn profile_that_wants_no_index_has_none() {
    let [_, restic] = oldest_and_newest();
    let (home, _) = home(&restic, "snapshot-index = off\n");
    home.ctl(&["run", "backup"]).expect_code(0);
    home.with_client(async |client| {
        let snapshot = snapshots(&client).await.remove(0);
        let job = work(&client, JobRequest::Index { snapshot }).await;
        assert!(matches!(&job.state, JobState::Failed { reason } if reason.contains("`snapshot-index` is `off`")), "{job:?}");
        let job = work(&client, JobRequest::Search { query: "plain".to_owned() }).await;
        assert_eq!((job.state, job.results), (JobState::Done, 2));
    });
    assert!(!home.home().cache_dir().join("index").exists());
}

/// A restic that lists files until somebody stops it.
const ENDLESS: &str = r#"#!/bin/sh
case " $* " in
*" ls "*)
    trap 'touch "$STOPPED"; exit 130' INT
    echo '{"struct_type":"snapshot"}'
    number=0
    while :; do
        number=$((number + 1))
        echo '{"name":"f'$number'","type":"file","path":"/f'$number'","size":1,"struct_type":"node"}'
    done ;;
*) exec "$REAL" "$@" ;;
esac
"#;

#[test]
fn canceled_search_stops_restic_and_keeps_what_it_has_found() {
    let [_, restic] = oldest_and_newest();
    let mut home = TestHome::new();
    let repository = restic.init(home.path("repository"));
    files::tree(&home.path("source"));
    let program = home.path("endless");
    write_program(&program, ENDLESS);
    let profile = repository.profile().replace(&restic.path.display().to_string(), &program.display().to_string());
    let stopped = home.path("stopped");
    home.write_config(format!(
        "[backup]\n{profile}command = backup\nargs = '{}'\nsnapshot-index = on-demand\nenv.REAL = {}\nenv.STOPPED = {}\n",
        home.path("source").display(),
        restic.path.display(),
        stopped.display()
    ));
    home.start_daemon();
    home.ctl(&["run", "backup"]).expect_code(0);
    home.with_client(async |client| {
        let request = JobRequest::Search { query: "f1".to_owned() };
        let start = async || client.start_job("backup", request.clone()).await.unwrap().unwrap();
        let id = start().await;
        assert_eq!(start().await, id, "the same request is one job");
        let running = wait_for_results(&client, id).await;
        assert_eq!(running.state, JobState::Running);
        assert!(
            matches!(client.job_results(id, 0, 5).await.unwrap().unwrap(), JobResults::Matches(found) if !found.is_empty())
        );
        client.cancel_job(id).await.unwrap().unwrap();
        let job = client.job(id, Duration::ZERO).await.unwrap().unwrap();
        assert_eq!(job.state, JobState::Canceled);
        let JobResults::Matches(kept) = client.job_results(id, 0, 5).await.unwrap().unwrap() else { panic!("they are kept") };
        assert_eq!(kept[0].path.shown(), "/f1");
        assert_eq!(client.cancel_job(JobId(1)).await.unwrap(), Err(ApiError::UnknownJob(JobId(1))));
        assert_ne!(start().await, id);
    });
    // The daemon's end waits for the second one.
    home.ctl(&["shutdown"]).expect_code(0);
    home.wait_for_daemon();
    assert!(stopped.exists(), "restic was not interrupted");
    assert_eq!(repository.locks(), Vec::<String>::new());
    home.start_daemon();
    home.with_client(async |client| {
        let jobs = client.jobs("backup").await.unwrap().unwrap();
        assert_eq!(jobs[0].state, JobState::Failed { reason: "the daemon was stopped".to_owned() });
    });
}

/// Waits until a job tells of results.
async fn wait_for_results(client: &Client, id: JobId) -> Job {
    let mut cursor = client.status().await.unwrap().cursor;
    loop {
        let job = client.job(id, Duration::ZERO).await.unwrap().unwrap();
        if job.results > 0 {
            return job;
        }
        if let Watched::Events { events, next, .. } = client.watch(cursor, WAIT).await.unwrap() {
            cursor = next;
            assert!(
                events.iter().all(|event| matches!(event.kind, EventKind::Job { .. } | EventKind::SnapshotsChanged { .. }))
            );
        }
    }
}

fn write_program(path: &std::path::Path, text: &str) {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o700).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn what_is_wrong_with_indexing_is_said_once() {
    let [_, restic] = oldest_and_newest();
    let mut home = TestHome::new();
    let repository = restic.init(home.path("repository"));
    files::tree(&home.path("source"));
    let program = home.path("restic");
    let text =
        "#!/bin/sh\ncase \" $* \" in *' ls '*) echo 'Fatal: no listing today' >&2; exit 1;; *) exec \"$REAL\" \"$@\";; esac\n";
    write_program(&program, text);
    let profile = repository.profile().replace(&restic.path.display().to_string(), &program.display().to_string());
    home.write_config(format!(
        "[backup]\n{profile}command = backup\nargs = '{}'\nenv.REAL = {}\n",
        home.path("source").display(),
        restic.path.display()
    ));
    home.start_daemon();
    let failed = |job: &Job| matches!(&job.state, JobState::Failed { reason } if reason.contains("no listing today"));
    for count in 1..=2 {
        files::random_file(&home.path("source/more"), 10, count as u64);
        home.ctl(&["run", "backup"]).expect_code(0);
        wait_for_jobs(&home, count, failed);
    }
    let said = home.daemon_errors().matches("no listing today").count();
    assert_eq!(said, 1, "{}", home.daemon_errors());
}
