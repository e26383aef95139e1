//! Another program takes the place of a daemon that runs.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Instant,
};

use prestic_proto::{
    client::Client,
    content::{ContentForm, ContentRequest},
    outcome::Outcome,
    run::{RunId, RunState},
};
use prestic_tests::{
    LIMIT,
    fake::{FakeScript, Gate, Wire},
    files,
    home::TestHome,
    notify_socket::NotifySocket,
    processes, programs,
    restic::oldest_and_newest,
};

use crate::repository::{back_up, path, snapshots};

/// How often a neighbor of the daemon's program is opened: often enough to tell a few wakes from one for each.
const OPENED: u64 = 20_000;

/// The size of a file that takes longer to read than a daemon to leave.
const DOWNLOADED: u64 = 32 * 1024 * 1024;

/// A home whose daemon was started from a program of its own, with a task that waits at a gate.
fn home_with_own_program() -> (TestHome, PathBuf, Gate, Wire) {
    home_with_variables(&[])
}

fn home_with_variables(variables: &[(&str, &Path)]) -> (TestHome, PathBuf, Gate, Wire) {
    let (mut home, program, gate, wire) = home_without_daemon();
    let mut command = home.command(&program);
    command.envs(variables.iter().copied());
    home.start_daemon_with(command);
    (home, program, gate, wire)
}

fn home_without_daemon() -> (TestHome, PathBuf, Gate, Wire) {
    let home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let wire = Wire::new(home.path("wire"));
    let script = FakeScript { tell: Some(wire.path().to_owned()), ..FakeScript::of([gate.wait()]) };
    home.write_config(format!("[slow]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n", script.profile()));
    let program = home.path("bin").join("prestic-daemon");
    fs::create_dir(home.path("bin")).unwrap();
    copy(&programs::daemon(), &program);
    (home, program, gate, wire)
}

/// Copies by another process: a child that a test beside this one starts would have the new program open for writing, and such a
/// one cannot be started.
fn copy(file: &Path, place: &Path) {
    assert!(Command::new("cp").args([file, place]).status().unwrap().success());
}

/// Puts a file in the place of another one, as package managers do.
fn install(file: &Path, place: &Path) {
    let new = place.with_extension("new");
    copy(file, &new);
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(&new, place).unwrap();
}

/// Puts something else in the place of a daemon.
fn install_no_daemon(home: &TestHome, place: &Path) {
    let other = home.path("other");
    File::create(&other).unwrap().write_all(b"#!/bin/sh\nexit 3\n").unwrap();
    install(&other, place);
}

/// Returns which start of the daemon this is.
fn instance(home: &TestHome) -> u64 {
    home.with_client(async |client| client.hello().instance)
}

/// Waits until another start of the daemon answers.
fn wait_for_successor(home: &TestHome, before: u64) {
    let end = Instant::now() + LIMIT;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // A daemon that makes way ends its connections.
        if let Ok(client) = Client::connect(home.home()).await
            && client.hello().instance == before
        {
            tokio::time::timeout(LIMIT, client.ended()).await.expect("the daemon makes way");
        }
        while Client::connect(home.home()).await.is_err() {
            assert!(Instant::now() < end, "no daemon has come");
            tokio::task::yield_now().await;
        }
    });
    assert_ne!(instance(home), before);
}

/// An upgrade that is installed, and waits because somebody has queued a run behind the one that is under way.
struct Waiting {
    home: TestHome,
    program: PathBuf,
    gate: Gate,
    wire: Wire,
    /// Which start of the daemon it is.
    before: u64,
    /// The run that is under way.
    first: RunId,
}

fn upgrade_that_waits_for_a_queued_run() -> Waiting {
    let (home, program, gate, mut wire) = home_with_own_program();
    let before = instance(&home);
    let first = home.run("slow");
    wire.hear_start();
    home.wait_running(first);
    home.ctl(&["run", "slow", "--queue", "--detach"]).expect_code(0);
    install(&programs::daemon(), &program);
    wait_for_words(&home, "as soon as nothing is lost");
    Waiting { home, program, gate, wire, before, first }
}

/// Whether another start of the daemon answers.
fn successor_answers(home: &TestHome, before: u64) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Client::connect(home.home())).is_ok_and(|client| client.hello().instance != before)
}

/// Waits until the daemon has told of something.
#[track_caller]
fn wait_for_words(home: &TestHome, words: &str) {
    let end = Instant::now() + LIMIT;
    while !home.daemon_errors().contains(words) {
        assert!(Instant::now() < end, "nothing was told of `{words}`");
        thread::yield_now();
    }
}

#[test]
fn upgraded_program_takes_over_and_the_run_goes_on() {
    let (home, program, gate, mut wire) = home_with_own_program();
    let (daemon, before) = (home.daemon_pid(), instance(&home));
    let run = home.run("slow");
    let restic = wire.hear_start();
    home.wait_running(run);
    install(&programs::daemon(), &program);
    wait_for_successor(&home, before);
    assert_eq!(home.status().pid, daemon, "whoever looks after the process must not see it end");
    assert_eq!(processes::program(daemon), Some(fs::canonicalize(&program).unwrap()));
    let found = home.wait_for(run, |run| matches!(run.state, RunState::Running { .. }));
    assert_eq!(found.state, RunState::Running { pid: restic });
    gate.open();
    home.expect_outcome(run, &Outcome::Succeeded);
    assert_eq!(home.history("slow").len(), 1);
}

#[test]
fn no_other_daemon_gets_in_while_a_program_takes_over() {
    let (home, program, ..) = home_with_own_program();
    for _ in 0..3 {
        let before = instance(&home);
        install(&programs::daemon(), &program);
        wait_for_successor(&home, before);
        let refusal = home.daemon(&[]).expect_code(1).stderr;
        assert!(refusal.contains("a daemon already runs"), "{refusal}");
    }
}

#[test]
fn supervisor_that_ends_after_the_upgrade_is_no_zombie() {
    let (home, program, gate, mut wire) = home_with_own_program();
    let before = instance(&home);
    let run = home.run("slow");
    let supervisor = processes::parent(wire.hear_start()).unwrap();
    home.wait_running(run);
    install(&programs::daemon(), &program);
    wait_for_successor(&home, before);
    assert_eq!(processes::parent(supervisor), Some(home.daemon_pid()));
    gate.open();
    home.expect_outcome(run, &Outcome::Succeeded);
    let end = Instant::now() + LIMIT;
    while processes::parent(supervisor).is_some() {
        assert!(Instant::now() < end, "the supervisor was not reaped");
        thread::yield_now();
    }
}

#[test]
fn file_that_is_no_daemon_does_not_take_over() {
    let (home, program, ..) = home_with_own_program();
    let before = instance(&home);
    install_no_daemon(&home, &program);
    wait_for_words(&home, "does not take over");
    assert_eq!(instance(&home), before);
    // What comes next is looked at again.
    install(&programs::daemon(), &program);
    wait_for_successor(&home, before);
}

/// Returns how often a process has the lock of its home open.
fn open_locks(home: &TestHome, pid: u32) -> usize {
    let lock = home.home().lock_file();
    let links = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    links.filter(|link| fs::read_link(link.as_ref().unwrap().path()).is_ok_and(|target| target == lock)).count()
}

#[test]
fn service_manager_hears_of_no_end_and_children_get_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let socket = NotifySocket::new(folder.path().join("notify"));
    let watchdog = Path::new("4000000");
    let (home, program, gate, mut wire) = home_with_variables(&[("NOTIFY_SOCKET", socket.path()), ("WATCHDOG_USEC", watchdog)]);
    let mut before = instance(&home);
    socket.wait_for("READY=1");
    for _ in 0..2 {
        install(&programs::daemon(), &program);
        wait_for_successor(&home, before);
        before = instance(&home);
        // The first message of the next program: whatever came before it was no end.
        loop {
            let message = socket.hear_within(LIMIT).expect("the next program is ready");
            assert!(!message.contains("STOPPING"), "{message}");
            if message.contains("READY=1") {
                break;
            }
        }
        socket.wait_for("WATCHDOG=1");
        assert_eq!(open_locks(&home, home.daemon_pid()), 1);
    }
    let run = home.run("slow");
    let restic = wire.hear_start();
    for pid in [restic, processes::parent(restic).unwrap()] {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
        assert!(!String::from_utf8_lossy(&environment).contains("NOTIFY_SOCKET"));
        assert_eq!(open_locks(&home, pid), 0);
    }
    gate.open();
    home.expect_outcome(run, &Outcome::Succeeded);
}

#[test]
fn program_that_is_broken_while_it_waits_does_not_take_over() {
    let Waiting { home, program, gate, mut wire, before, first } = upgrade_that_waits_for_a_queued_run();
    install_no_daemon(&home, &program);
    wait_for_words(&home, "does not take over");
    gate.open();
    wire.hear_start();
    gate.open();
    home.wait_for_task("slow", |run| run.id != first && run.finished().is_some());
    assert_eq!(instance(&home), before);
}

#[test]
fn client_that_comes_while_a_program_takes_over_waits_for_it() {
    let (home, program, ..) = home_with_own_program();
    let before = instance(&home);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    install(&programs::daemon(), &program);
    let end = Instant::now() + LIMIT;
    loop {
        let status = home.ctl(&["--no-start", "status"]);
        // A call that is under way is cut off.
        assert!(status.code == Some(0) || status.stderr.contains("did not answer"), "{}", status.stderr);
        // It can end at any moment, between two commands too.
        let client = runtime.block_on(Client::connect(home.home()));
        if client.is_ok_and(|client| client.hello().instance != before) {
            return;
        }
        assert!(Instant::now() < end, "no daemon has come");
    }
}

#[test]
fn run_that_somebody_has_queued_comes_first() {
    let Waiting { home, gate, mut wire, before, first, .. } = upgrade_that_waits_for_a_queued_run();
    assert_eq!(instance(&home), before);
    gate.open();
    wire.hear_start();
    wait_for_successor(&home, before);
    gate.open();
    let second = home.wait_for_task("slow", |run| run.id != first && run.finished().is_some());
    assert_eq!(second.finished().unwrap().outcome, Outcome::Succeeded);
}

#[test]
fn programs_beside_the_daemon_s_can_be_started_without_waking_it() {
    let (home, program, ..) = home_with_own_program();
    let neighbor = program.with_file_name("neighbor");
    File::create(&neighbor).unwrap();
    let before = processes::voluntary_switches(home.daemon_pid());
    for _ in 0..OPENED {
        File::open(&neighbor).unwrap();
    }
    // The daemon has had its turn.
    home.status();
    let switches = processes::voluntary_switches(home.daemon_pid()) - before;
    assert!(switches < OPENED / 100, "it woke {switches} times");
}

#[test]
fn program_that_is_written_slowly_takes_over_when_it_is_whole() {
    let (home, program, ..) = home_with_own_program();
    let before = instance(&home);
    fs::remove_file(&program).unwrap();
    copy(&programs::daemon(), &program);
    let writer = File::options().append(true).open(&program).unwrap();
    wait_for_words(&home, "does not take over");
    assert_eq!(instance(&home), before);
    drop(writer);
    wait_for_successor(&home, before);
}

#[test]
fn what_could_not_be_saved_is_not_lost_by_an_upgrade() {
    let (home, program, ..) = home_with_own_program();
    let before = instance(&home);
    let status = home.home().status_file();
    // No file can take the place of a folder. One may just be written.
    while fs::create_dir(&status).is_err() {
        let _ = fs::remove_file(&status);
    }
    home.ctl(&["pause"]).expect_code(0);
    wait_for_words(&home, "in memory only");
    install(&programs::daemon(), &program);
    wait_for_words(&home, "as soon as nothing is lost");
    fs::remove_dir(&status).unwrap();
    home.ctl(&["pause", "slow"]).expect_code(0);
    let end = Instant::now() + LIMIT;
    while !status.is_file() {
        assert!(Instant::now() < end, "nothing was saved");
        thread::yield_now();
    }
    // Each change is an occasion to leave. One may come before the daemon knows that all is written, or when it has left.
    for word in ["resume", "pause"].into_iter().cycle() {
        home.ctl(&[word, "slow"]);
        if successor_answers(&home, before) {
            break;
        }
        assert!(Instant::now() < end, "the daemon does not make way");
    }
    assert!(home.status().paused.is_some());
}

#[test]
fn successor_that_cannot_go_on_says_so_where_somebody_can_read_it() {
    let (mut home, program, ..) = home_without_daemon();
    let mut command = home.command(&program);
    command.arg("--detached");
    home.start_daemon_with(command);
    let socket = home.home().root().join("run/daemon.sock");
    fs::remove_file(&socket).unwrap();
    fs::create_dir(&socket).unwrap();
    install(&programs::daemon(), &program);
    assert!(!home.wait_for_daemon().success());
    let log = fs::read_to_string(home.home().daemon_log()).unwrap();
    assert!(log.contains("cannot go on") && log.contains("is in the way"), "{log}");
}

#[test]
fn download_that_is_under_way_comes_first() {
    let (mut home, program, ..) = home_without_daemon();
    let [_, restic] = oldest_and_newest();
    let repository = restic.init(home.path("repository"));
    let file = home.path("file");
    files::random_file(&file, DOWNLOADED, 1);
    back_up(&repository, &file);
    home.write_config(format!("[home]\n{}", repository.profile()));
    let command = home.command(&program);
    home.start_daemon_with(command);
    let before = instance(&home);
    home.with_client(async |client| {
        let snapshot = snapshots(&client).await.snapshots[0].id.clone();
        let request = ContentRequest { snapshot, path: path(&file), form: ContentForm::File };
        let content = client.open("home", request).await.unwrap().unwrap().content;
        install(&programs::daemon(), &program);
        wait_for_words(&home, "as soon as nothing is lost");
        let mut length = 0;
        loop {
            let piece = client.read(content).await.expect("the daemon goes on").unwrap();
            length += piece.bytes.len() as u64;
            if piece.is_last {
                break;
            }
        }
        assert_eq!(length, DOWNLOADED);
    });
    wait_for_successor(&home, before);
}
