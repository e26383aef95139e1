//! Runs and readers whose password is in the keyring: `password-keyring`.

use std::{fs, process::Command};

use prestic_proto::{
    outcome::{Failure, Outcome},
    run::{Run, RunId, RunState, Trigger},
    snapshot::SnapshotQuery,
};
use prestic_tests::{
    LIMIT,
    desktop::{Desktop, silent_bus::SilentBus},
    fake::{FakeScript, Gate, Wire},
    files,
    home::TestHome,
    missed::{NO_STARTUP_DELAY, due_task},
    processes,
    restic::{Repository, oldest_and_newest},
    web,
};
use rustix::process::Signal;

const SECRET: &str = "s3cr3t-passw0rd-8812";

/// Writes the password that the profiles of these tests ask for.
#[track_caller]
fn set(home: &TestHome, desktop: &Desktop, password: &str) {
    use std::{io::Write, process::Stdio};
    let mut command = home.ctl_command(&["keyring", "set", "nas"]);
    desktop.admit(&mut command);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

fn on_bus(mut command: Command, address: &str) -> Command {
    command.env("DBUS_SESSION_BUS_ADDRESS", address);
    command
}

/// Starts the daemon on a bus.
#[track_caller]
fn start_daemon(home: &mut TestHome, address: &str) {
    let mut command = on_bus(home.daemon_command(&[]), address);
    command.env("PRESTIC_WEB_LISTEN", "127.0.0.1:0");
    home.start_daemon_with(command);
}

/// Returns the lines of a profile that reaches a repository, with its password in the keyring.
fn profile(repository: &Repository) -> String {
    let lines = repository.profile();
    lines.replace(&format!("password = {}", repository.password), "password-keyring = nas")
}

fn is_waiting(run: &Run) -> bool {
    matches!(run.state, RunState::WaitingForSecret { .. })
}

/// Asks for a page as a browser without scripts does, and checks that it says something.
#[track_caller]
fn check_page(home: &TestHome, path: &str, status: u16, part: &str) {
    let page = web::get(home.wait_for_web(), path, &[]).expect_status(status).body;
    assert!(page.contains(part), "{path} lacks {part}:\n{page}");
}

#[track_caller]
fn assert_no_secret(place: &str, text: &str) {
    assert!(!text.contains(SECRET), "the password is in {place}:\n{text}");
}

#[test]
fn scheduled_task_backs_up_and_its_repository_is_read() {
    for restic in oldest_and_newest() {
        let mut home = TestHome::new();
        let mut desktop = Desktop::start();
        desktop.start_keyring();
        let repository = restic.init(home.path("repository"));
        set(&home, &desktop, &repository.password);
        let source = home.path("source");
        files::tree(&source);
        home.write_config(format!(
            "{NO_STARTUP_DELAY}[home]\n{}command = backup\nargs = {}\nschedule = @startup\n",
            profile(&repository),
            source.display()
        ));
        start_daemon(&mut home, desktop.address());
        let run = home.wait_for_task("home", |run| run.finished().is_some());
        assert_eq!((&run.trigger, &run.finished().unwrap().outcome), (&Trigger::Startup, &Outcome::Succeeded), "{run:?}");
        repository.check(1);

        let page = home.with_client(async |client| client.snapshots("home", SnapshotQuery::default()).await.unwrap().unwrap());
        assert_eq!(page.total, 1);
        check_page(&home, "/profile/home/repository", 200, r#"<a href="/profile/home/snapshots">1</a>"#);
        let locks = home.with_client(async |client| client.locks("home").await.unwrap().unwrap());
        assert_eq!(locks.locks, []);
    }
}

#[test]
fn password_reaches_restic_and_nothing_else() {
    let mut home = TestHome::new();
    let mut desktop = Desktop::start();
    desktop.start_keyring();
    set(&home, &desktop, SECRET);
    let gate = Gate::new(home.path("gate"));
    let mut wire = Wire::new(home.path("wire"));
    let record = home.path("record");
    let script =
        FakeScript { tell: Some(wire.path().to_owned()), record: Some(record.clone()), ..FakeScript::of([gate.wait()]) };
    let lines = script.profile().replace("password = none", "password-keyring = nas");
    home.write_config(format!("[backup]\n{lines}repository = /nowhere\ncommand = backup\nargs = /nowhere\n"));
    start_daemon(&mut home, desktop.address());
    let run = home.run("backup");
    let restic = wire.hear_start();
    let supervisor = processes::parent(restic).unwrap();

    let environment = |pid: u32| String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/environ")).unwrap()).into_owned();
    for pid in [restic, supervisor] {
        assert!(environment(pid).contains(&format!("RESTIC_PASSWORD={SECRET}")), "{pid} has not got it");
    }
    assert_no_secret("the daemon's environment", &environment(home.daemon_pid()));
    for pid in processes::all() {
        assert_no_secret("a command line", &processes::command_line(pid).join(" "));
    }
    for args in [&["status", "--json"][..], &["show", "backup"], &["show", "backup", "--json"], &["profiles", "--json"]] {
        let shown = home.ctl(args).expect_code(0);
        assert_no_secret(&format!("{args:?}"), &(shown.stdout + &shown.stderr));
    }
    gate.open();
    home.expect_outcome(run, &Outcome::Succeeded);
    for args in [&["log", "backup"][..], &["history", "--json"]] {
        assert_no_secret(&format!("{args:?}"), &home.ctl(args).stdout_of_success());
    }
    for (path, text) in home.files() {
        assert_no_secret(&path.display().to_string(), &text);
    }
    assert_no_secret("the daemon's words", &home.daemon_errors());
    let recorded = fs::read_to_string(record).unwrap();
    let recorded: serde_json::Value = serde_json::from_str(recorded.lines().next().unwrap()).unwrap();
    assert_no_secret("restic's arguments", &recorded["argv"].to_string());
}

/// How long a keyring may take that answers at once, on a machine that is slow.
const LONG: &str = "2m";

/// Runs the task of a home whose keyring gives nothing, and checks how it ends.
#[track_caller]
fn check_refusal(address: &str, limit: &str, failure: Failure, parts: &[&str]) {
    let mut home = TestHome::new();
    let lines = FakeScript::default().profile().replace("password = none", "password-keyring = nas");
    home.write_config(format!(
        "[prestic]\nkeyring-timeout = {limit}\n\n[backup]\n{lines}repository = /nowhere\ncommand = backup\nargs = /nowhere\n"
    ));
    start_daemon(&mut home, address);
    let run = home.run("backup");
    home.expect_outcome(run, &Outcome::Failed(failure));
    let past = home.history("backup");
    let words = past[0].last_lines.join("\n");
    for part in parts.iter().chain(&["profile `backup` has `password-keyring = nas`, but"]) {
        assert!(words.contains(part), "{part}: {words}");
    }
    let refused = home.with_client(async |client| client.snapshots("backup", SnapshotQuery::default()).await.unwrap());
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains(parts[0]) && refused.contains("hint: "), "{refused}");
    check_page(&home, "/profile/backup/repository", 502, "No password from the keyring");
}

#[test]
fn run_without_an_entry_says_how_to_write_it() {
    let mut desktop = Desktop::start();
    desktop.start_keyring();
    check_refusal(
        desktop.address(),
        LONG,
        Failure::NoPassword,
        &["the keyring has no entry `nas`", "`prestic-ctl keyring set nas`"],
    );
}

#[test]
fn run_with_a_locked_keyring_says_so() {
    let home = TestHome::new();
    let mut desktop = Desktop::start();
    let keyring = desktop.start_keyring();
    set(&home, &desktop, SECRET);
    desktop.kill(keyring);
    desktop.start_locked_keyring();
    check_refusal(desktop.address(), LONG, Failure::NoKeyring, &["the keyring is locked", "unlock the keyring"]);
}

#[test]
fn run_is_tried_again_when_the_keyring_was_locked() {
    let mut home = TestHome::new();
    let mut desktop = Desktop::start();
    let keyring = desktop.start_keyring();
    set(&home, &desktop, SECRET);
    desktop.kill(keyring);
    let locked = desktop.start_locked_keyring();
    let task = due_task("save", &FakeScript::default(), "catch-up = yes\nretry = 9\nretry-delay = 1s");
    home.write_config(format!("{NO_STARTUP_DELAY}{}", task.replace("password = none", "password-keyring = nas")));
    home.write_old_status(&["save"]);
    start_daemon(&mut home, desktop.address());
    let is_refused = |run: &Run| run.finished().is_some_and(|end| end.outcome == Outcome::Failed(Failure::NoKeyring));
    home.wait_for_task("save", is_refused);
    desktop.kill(locked);
    desktop.start_keyring();
    let run = home.wait_for_task("save", |run| run.finished().is_some_and(|end| end.outcome == Outcome::Succeeded));
    assert_eq!(run.trigger, Trigger::Retry, "{run:?}");
}

#[test]
fn run_in_a_session_without_a_keyring_says_so() {
    let desktop = Desktop::start();
    check_refusal(
        desktop.address(),
        LONG,
        Failure::NoKeyring,
        &["no keyring runs in this session", "GNOME Keyring or KWallet"],
    );
}

#[test]
fn run_without_a_session_says_so() {
    let home = TestHome::new();
    let address = format!("unix:path={}", home.path("no-such-bus").display());
    check_refusal(&address, LONG, Failure::NoKeyring, &["there is no session bus", "import-environment"]);
}

#[test]
fn run_with_a_keyring_that_does_not_answer_gives_up() {
    let home = TestHome::new();
    let bus = SilentBus::start(&home.path("silent-bus"));
    check_refusal(bus.address(), "2s", Failure::NoKeyring, &["the keyring did not answer within 2 s", "`keyring-timeout`"]);
}

/// A home with a task that was due, on a bus that never answers.
#[track_caller]
fn home_that_waits() -> (TestHome, SilentBus) {
    let mut home = TestHome::new();
    let bus = SilentBus::start(&home.path("silent-bus"));
    let task = due_task("save", &FakeScript::default(), "catch-up = yes");
    home.write_config(format!("{NO_STARTUP_DELAY}{}", task.replace("password = none", "password-keyring = nas")));
    home.write_old_status(&["save"]);
    start_daemon(&mut home, bus.address());
    (home, bus)
}

#[test]
fn wait_for_the_keyring_is_shown_and_a_stop_ends_it_at_once() {
    let (home, bus) = home_that_waits();
    let run = home.wait_for_task("save", is_waiting);
    let status = home.ctl(&["status"]).stdout_of_success();
    assert!(status.contains("waiting for secret"), "{status}");
    let status = home.ctl(&["status", "--json"]).stdout_of_success();
    assert!(status.contains(r#""state":"waiting-for-secret""#), "{status}");
    check_page(&home, "/", 200, "waits for its password from the keyring");
    check_page(&home, &format!("/runs/{}", run.id), 200, "waits for its password from the keyring");
    check_page(&home, "/api/v1/status", 200, r#""state":"waiting-for-secret""#);
    let (child, _connection) = bus.wait_for_question();
    let said = home.ctl(&["stop", "save"]).expect_code(0).stderr;
    assert!(said.contains("it still waited for its password"), "{said}");
    home.expect_outcome(run.id, &Outcome::Stopped);
    assert!(processes::wait_for_exit(child, LIMIT), "what asks the keyring outlives the run");
}

#[test]
fn run_goes_on_when_the_keyring_answers_at_last() {
    let (home, bus) = home_that_waits();
    let mut desktop = Desktop::start();
    desktop.start_keyring();
    set(&home, &desktop, SECRET);
    let waiting = home.wait_for_task("save", is_waiting);
    let (_child, connection) = bus.wait_for_question();
    bus.answer_by(desktop.address(), connection);
    home.expect_outcome(waiting.id, &Outcome::Succeeded);
}

/// Ends a daemon whose run waits for the keyring, and checks that the next one does the work.
#[track_caller]
fn check_next_daemon(end: impl FnOnce(&mut TestHome)) {
    let (mut home, bus) = home_that_waits();
    let waiting = home.wait_for_task("save", is_waiting);
    let (child, _connection) = bus.wait_for_question();
    end(&mut home);
    assert!(processes::wait_for_exit(child, LIMIT), "what asks the keyring outlives the daemon");
    let mut desktop = Desktop::start();
    desktop.start_keyring();
    set(&home, &desktop, SECRET);
    start_daemon(&mut home, desktop.address());
    let run = home.wait_for_task("save", |run| run.id != waiting.id && run.finished().is_some());
    assert_eq!(run.finished().unwrap().outcome, Outcome::Succeeded, "{run:?}");
    let outcomes: Vec<_> = home.history("save").iter().map(|run| run.finished().unwrap().outcome.clone()).collect();
    assert_eq!(outcomes, [Outcome::Succeeded, Outcome::Interrupted]);
}

#[test]
fn crash_of_the_daemon_during_the_wait_loses_no_occurrence() {
    check_next_daemon(TestHome::kill_daemon);
}

#[test]
fn shutdown_during_the_wait_ends_it_and_loses_no_occurrence() {
    check_next_daemon(|home| {
        home.signal_daemon(Signal::TERM);
        assert!(home.wait_for_daemon().success());
    });
}

/// Lets the daemon, the supervisor and the restic of a run die together, as a machine does that loses its power.
#[track_caller]
fn lose_power(home: &mut TestHome, run: RunId) {
    let restic = home.wait_running(run);
    let supervisor = processes::parent(restic).unwrap();
    home.kill_daemon();
    // A supervisor that lives unlocks after restic's end, and one that dies first interrupts restic, which unlocks then.
    processes::send(supervisor, Signal::STOP);
    processes::send(restic, Signal::KILL);
    processes::send(supervisor, Signal::KILL);
    assert!(processes::wait_for_exit(restic, LIMIT) && processes::wait_for_exit(supervisor, LIMIT));
}

#[test]
fn locks_of_a_lost_run_are_looked_at_with_the_password_from_the_keyring() {
    for restic in oldest_and_newest() {
        let mut home = TestHome::new();
        let mut desktop = Desktop::start();
        desktop.start_keyring();
        let repository = restic.init(home.path("repository"));
        set(&home, &desktop, &repository.password);
        let data = home.path("data");
        files::random_file(&data, 6 * 1024 * 1024, 1);
        let lines = profile(&repository);
        home.write_config(format!("[save]\n{lines}limit-upload = 1024\ncommand = backup\nargs = '{}'\n", data.display()));
        start_daemon(&mut home, desktop.address());
        let run = home.run("save");
        lose_power(&mut home, run);
        start_daemon(&mut home, desktop.address());
        home.expect_outcome(run, &Outcome::Interrupted);
        // The end of the sentence depends on when restic was killed, and on the system's first process.
        let words = home.daemon_errors();
        assert!(words.contains("lock of restic's process") || words.contains("has left no lock"), "{words}");
        assert!(!words.contains("cannot be looked at"), "{words}");
    }
}

#[test]
fn lost_run_whose_password_is_waited_for_can_be_stopped() {
    let mut home = TestHome::new();
    let mut desktop = Desktop::start();
    desktop.start_keyring();
    set(&home, &desktop, SECRET);
    let gate = Gate::new(home.path("gate"));
    let lines = FakeScript::of([gate.wait()]).profile().replace("password = none", "password-keyring = nas");
    home.write_config(format!("[save]\n{lines}repository = /nowhere\ncommand = backup\nargs = /nowhere\n"));
    start_daemon(&mut home, desktop.address());
    let run = home.run("save");
    lose_power(&mut home, run);
    let bus = SilentBus::start(&home.path("silent-bus"));
    start_daemon(&mut home, bus.address());
    home.wait_for(run, is_waiting);
    let (child, _connection) = bus.wait_for_question();
    home.ctl(&["stop", "save"]).expect_code(0);
    home.expect_outcome(run, &Outcome::Stopped);
    assert!(processes::wait_for_exit(child, LIMIT), "what asks the keyring outlives the run");
}

#[test]
fn keyring_is_asked_once_for_all_who_want_the_same_entry() {
    let mut home = TestHome::new();
    let bus = SilentBus::start(&home.path("silent-bus"));
    let lines = FakeScript::default().profile().replace("password = none", "password-keyring = nas");
    home.write_config(format!(
        "[prestic]\nkeyring-timeout = 5s\n\n[one]\n{lines}repository = /r1\n[two]\n{lines}repository = /r2\n"
    ));
    start_daemon(&mut home, bus.address());
    let refused = home.with_client(async |client| {
        let snapshots =
            async |profile| client.snapshots(profile, SnapshotQuery::default()).await.unwrap().unwrap_err().to_string();
        tokio::join!(snapshots("one"), snapshots("two"))
    });
    for (words, profile) in [(refused.0, "`one`"), (refused.1, "`two`")] {
        assert!(words.contains(profile) && words.contains("did not answer"), "{words}");
    }
    let mut askers = bus.visitors();
    askers.remove(&home.daemon_pid());
    assert_eq!(askers.len(), 1, "{askers:?}");
}

#[test]
fn restic_in_the_terminal_asks_the_keyring_itself() {
    for restic in oldest_and_newest() {
        let home = TestHome::new();
        let mut desktop = Desktop::start();
        desktop.start_keyring();
        let repository = restic.init(home.path("repository"));
        home.write_config(format!("[home]\n{}", profile(&repository)));
        let snapshots = || on_bus(home.ctl_command(&["-p", "home", "snapshots"]), desktop.address()).output().unwrap();
        let refused = snapshots();
        assert!(!refused.status.success());
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(words.contains("the keyring has no entry `nas`") && words.contains("prestic-ctl keyring set nas"), "{words}");
        set(&home, &desktop, &repository.password);
        let shown = snapshots();
        assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    }
}
