//! Runs that take too long, or hang.

use std::{net::TcpListener, thread};

use prestic_proto::{limit::Limit, outcome::Outcome, run::RunId};
use prestic_tests::{
    fake::{FakeScript, Gate, Step, Wire},
    files,
    home::TestHome,
    processes,
    restic::{Repository, Restic, each_restic},
};
use rustix::process::Signal;

const HUNG: Outcome = Outcome::TimedOut(Limit::NoProgress);

/// A home with a backup of 64 MiB at 2 MiB a second: no test waits for its end.
fn home_with_long_backup(restic: &Restic, settings: &str, options: &str) -> (TestHome, Repository) {
    let mut home = TestHome::new();
    let repository = restic.init(home.path("repository"));
    files::random_file(&home.path("data"), 64 * 1024 * 1024, 1);
    home.write_config(format!(
        "{settings}[backup]\n{}limit-upload = 2048\ncommand = backup\nargs = '{}'\n{options}",
        repository.profile(),
        home.path("data").display()
    ));
    home.start_daemon();
    (home, repository)
}

/// Runs a double with these steps and limits. Returns its home and its run.
fn start_double(script: &FakeScript, options: &str) -> (TestHome, RunId) {
    let mut home = TestHome::new();
    home.write_config(format!(
        "[prestic]\nstop-grace = 1s\n\n[work]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n{options}",
        script.profile()
    ));
    home.start_daemon();
    let run = home.run("work");
    (home, run)
}

#[test]
fn hung_restic_is_warned_of_interrupted_and_killed() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Gate::new(folder.path().join("gate"));
    let mut wire = Wire::new(folder.path().join("wire"));
    let script = FakeScript { tell: Some(wire.path().to_owned()), ignores_interrupt: true, ..FakeScript::of([gate.wait()]) };
    let (home, run) = start_double(&script, "no-progress-timeout = 6s\n");
    let pid = wire.hear_start();
    let near = home.wait_for(run, |run| run.limit_near.is_some()).limit_near.unwrap();
    assert_eq!(near.limit, Limit::NoProgress);
    let status = home.ctl(&["status"]).stdout_of_success();
    assert!(status.contains("nothing moves: stops in "), "{status}");
    assert_eq!(wire.hear(), "interrupted");
    let finished = home.expect_outcome(run, &HUNG);
    assert_eq!(finished.exit_code, None);
    assert!(processes::wait_for_exit(pid, prestic_tests::LIMIT));
    assert_eq!(home.history("work")[0].limit_near, None);
}

#[test]
fn client_that_follows_a_run_ends_with_the_code_of_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Gate::new(folder.path().join("gate"));
    let mut home = TestHome::new();
    let profile = FakeScript::of([gate.wait()]).profile();
    home.write_config(format!("[work]\n{profile}repository = /nowhere\ncommand = backup\nargs = /x\nmax-runtime = 1s\n"));
    home.start_daemon();
    let ended = home.ctl(&["run", "work"]).expect_code(72);
    assert!(ended.stdout.contains("timed out: it ran for longer than max-runtime"), "{}", ended.stdout);
}

#[test]
fn same_numbers_again_and_again_do_not_hide_a_hang() {
    let line = r#"{"message_type":"status","seconds_elapsed":3,"percent_done":0.5,"total_files":2,"current_files":["/a"]}"#;
    let script = FakeScript::of([Step::Repeat { line: line.to_owned(), per_second: 10 }]);
    let (home, run) = start_double(&script, "no-progress-timeout = 3s\n");
    home.expect_outcome(run, &HUNG);
}

#[test]
fn restic_whose_server_never_answers_is_ended() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // The connections are kept open, without a word, until the test's process ends.
    thread::spawn(move || listener.incoming().collect::<Vec<_>>());
    each_restic(|restic| {
        let mut home = TestHome::new();
        home.write_config(format!(
            "[work]\nexecutable = {}\nrepository = rest:http://127.0.0.1:{port}/\npassword = x\ncommand = backup\n\
             args = /etc/hostname\nno-progress-timeout = 3s\n",
            restic.path.display()
        ));
        home.start_daemon();
        let run = home.run("work");
        home.expect_outcome(run, &HUNG);
    });
}

#[test]
fn restic_that_the_system_has_stopped_is_killed_and_its_lock_removed() {
    each_restic(|restic| {
        let (home, repository) = home_with_long_backup(restic, "[prestic]\nstop-grace = 1s\n\n", "no-progress-timeout = 3s\n");
        let run = home.run("backup");
        let pid = home.wait_running(run);
        home.wait_for_progress(run, |progress| progress.bytes_done > 0);
        processes::send(pid, Signal::STOP);
        home.expect_outcome(run, &HUNG);
        repository.check(0);
    });
}

#[test]
fn backup_that_is_too_long_is_ended_gracefully() {
    each_restic(|restic| {
        let (home, repository) = home_with_long_backup(restic, "", "max-runtime = 3s\n");
        let run = home.run("backup");
        let finished = home.expect_outcome(run, &Outcome::TimedOut(Limit::MaxRuntime));
        assert!(finished.exit_code.is_some(), "it was killed: {finished:?}");
        repository.check(0);
    });
}

#[test]
fn slow_backup_that_gets_on_is_not_hung() {
    each_restic(|restic| {
        let mut home = TestHome::new();
        let repository = restic.init(home.path("repository"));
        files::random_file(&home.path("data"), 6 * 1024 * 1024, 1);
        home.write_config(format!(
            "[backup]\n{}limit-upload = 1024\ncommand = backup\nargs = '{}'\nno-progress-timeout = 2s\n",
            repository.profile(),
            home.path("data").display()
        ));
        home.start_daemon();
        let run = home.run("backup");
        home.expect_outcome(run, &Outcome::Succeeded);
        repository.check(1);
    });
}
