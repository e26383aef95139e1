//! The configuration is read again when its files change, and nothing that is live suffers from it.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::Stdio,
    time::{Duration, Instant},
};

use prestic_proto::{
    event::{Cursor, EventKind, Watched},
    outcome::Outcome,
};
use prestic_tests::{
    fake::{FakeScript, Gate},
    home::TestHome,
    programs,
};

fn task(name: &str, lines: &str) -> String {
    format!("[{name}]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n{lines}\n", FakeScript::default().profile())
}

/// Waits for the next time that a configuration is made live or rejected.
#[track_caller]
fn judged(home: &TestHome, after: &mut Cursor) -> EventKind {
    home.with_client(async |client| {
        loop {
            let watched = client.watch(*after, Duration::from_secs(30)).await.expect("the daemon answers");
            let Watched::Events { events, next, .. } = watched else { panic!("the daemon did not restart") };
            let is_judged =
                |kind: &EventKind| matches!(kind, EventKind::ConfigLoaded { .. } | EventKind::ConfigRejected { .. });
            if let Some(event) = events.into_iter().find(|event| is_judged(&event.kind)) {
                after.seq = event.seq;
                return event.kind;
            }
            *after = next;
        }
    })
}

#[track_caller]
fn changes(kind: EventKind) -> Vec<String> {
    let EventKind::ConfigLoaded { changes, .. } = kind else { panic!("{kind:?}") };
    changes.iter().map(ToString::to_string).collect()
}

fn write(home: &TestHome, name: &str, text: &str) {
    let mut file = fs::File::create(home.home().root().join(name)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn changed_file_is_made_live_and_its_changes_are_told() {
    let mut home = TestHome::new();
    home.write_config(task("one", "schedule = daily\nenv.KEY = secret1") + &task("two", ""));
    home.start_daemon();
    let mut cursor = home.status().cursor;
    home.write_config(task("one", "schedule = weekly\nenv.KEY = secret2") + &task("three", ""));
    assert_eq!(
        changes(judged(&home, &mut cursor)),
        [
            "task `one` has `weekly` instead of `daily`",
            "task `one` has changed in `env.KEY`",
            "task `three` is new",
            "task `two` is gone",
        ]
    );
    assert_eq!(home.status().tasks.into_iter().map(|task| task.name).collect::<Vec<_>>(), ["one", "three"]);
    assert!(!home.daemon_errors().contains("secret"), "{}", home.daemon_errors());
}

#[test]
fn file_that_comes_into_an_included_folder_is_read() {
    let mut home = TestHome::new();
    home.write_config("[prestic]\ninclude = conf.d/*.ini\n".to_owned() + &task("one", ""));
    fs::create_dir(home.home().root().join("conf.d")).unwrap();
    home.start_daemon();
    let mut cursor = home.status().cursor;
    write(&home, "conf.d/.new", &task("two", ""));
    let folder = home.home().root().join("conf.d");
    fs::rename(folder.join(".new"), folder.join("new.ini")).unwrap();
    assert_eq!(changes(judged(&home, &mut cursor)), ["task `two` is new"]);
    fs::remove_file(folder.join("new.ini")).unwrap();
    assert_eq!(changes(judged(&home, &mut cursor)), ["task `two` is gone"]);
}

#[test]
fn broken_file_is_rejected_only_when_nobody_writes_it_any_more() {
    let mut home = TestHome::new();
    let good = task("one", "");
    home.write_config(&good);
    home.start_daemon();
    let mut cursor = home.status().cursor;
    let written = Instant::now();
    write(&home, "config.ini", "[one]\nrepository");
    let kind = judged(&home, &mut cursor);
    assert!(matches!(kind, EventKind::ConfigRejected { .. }), "{kind:?}");
    assert!(written.elapsed() > Duration::from_secs(2), "it might have been half-written");
    let status = home.status();
    assert_eq!((status.config.errors.len(), status.tasks.len()), (1, 1));
    // What was live is what stands there again: nothing changes, but the errors go.
    write(&home, "config.ini", &good);
    assert_eq!(changes(judged(&home, &mut cursor)), [""; 0]);
    assert_eq!(home.status().config.errors, []);
}

#[test]
fn file_that_is_only_touched_is_not_made_live_again() {
    let mut home = TestHome::new();
    home.write_config(task("one", ""));
    home.start_daemon();
    let mut cursor = home.status().cursor;
    write(&home, "config.ini", &task("one", "verbose = 1"));
    assert_eq!(changes(judged(&home, &mut cursor)), ["task `one` has changed in `verbose`"]);
    let live_since = home.status().config.loaded_at;
    // Not even errors that are gone again make a difference.
    write(&home, "config.ini", "[one");
    write(&home, "config.ini", &task("one", "verbose = 1"));
    write(&home, "config.ini.new", &task("one", "verbose = 1"));
    fs::rename(home.home().root().join("config.ini.new"), home.home().config_file()).unwrap();
    assert_eq!(home.status().config.loaded_at, live_since);
    write(&home, "config.ini", &task("one", "verbose = 2"));
    assert_eq!(changes(judged(&home, &mut cursor)), ["task `one` has changed in `verbose`"]);
}

#[test]
fn run_keeps_its_task_as_it_was() {
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let script = FakeScript::of([gate.wait()]);
    home.write_config(format!("[gated]\n{}repository = /nowhere\ncommand = backup\nargs = /old\n", script.profile()));
    home.start_daemon();
    let mut cursor = home.status().cursor;
    let run = home.run("gated");
    home.wait_for(run, |run| run.pid().is_some());
    home.write_config(format!("[gated]\n{}repository = /other\ncommand = check\n", script.profile()));
    assert_eq!(changes(judged(&home, &mut cursor)), ["task `gated` has changed in `repository`, `command`, `args`"]);
    home.write_config(task("another", ""));
    assert_eq!(changes(judged(&home, &mut cursor)), ["task `another` is new", "task `gated` is gone"]);
    gate.open();
    home.expect_outcome(run, &Outcome::Succeeded);
    let log = home.ctl(&["log", &run.to_string()]).stdout_of_success();
    assert!(log.contains("/old") && !log.contains("/other"), "{log}");
}

#[test]
fn reload_answers_with_the_changes() {
    let mut home = TestHome::new();
    home.write_config(task("0", ""));
    home.start_daemon();
    for number in 1.. {
        home.write_config(task("0", "") + &task(&number.to_string(), ""));
        let reload = home.ctl(&["reload"]).expect_code(0);
        let told = reload.stdout + &reload.stderr;
        // On a machine that is slow enough, the daemon notices the change before it is asked to.
        if told.contains(" is new") {
            assert!(told.contains(&format!("task `{number}` is new\n")), "{told}");
            assert!(told.contains("2 tasks"), "{told}");
            return;
        }
    }
}

#[test]
fn group_runs_only_by_its_members_in_the_terminal() {
    let home = TestHome::new();
    let script = FakeScript::default().profile();
    home.write_config(format!(
        "[a]\n{script}repository = /a\n[b]\n{script}repository = /b\n[home]\nrepositories = a b\ncommand = check\n"
    ));
    let refused = home.ctl(&["-p", "home", "snapshots"]).expect_code(65);
    assert!(refused.stderr.contains("use `home@a` or `home@b` instead"), "{}", refused.stderr);
    home.ctl(&["-p", "home@a", "backup"]).expect_code(0);
}

/// The limit is that of a user namespace of its own, so that nobody else on this machine feels it.
#[test]
fn daemon_that_cannot_watch_says_so_and_goes_on() {
    let home = TestHome::new();
    home.write_config(task("one", ""));
    let limit = "echo 0 > /proc/sys/user/max_inotify_instances";
    if !home.command("unshare").args(["-Ur", "sh", "-c", limit]).status().is_ok_and(|status| status.success()) {
        eprintln!("NOT TESTED: this machine allows no user namespace, in which nothing can be watched");
        return;
    }
    let start = format!("{limit}; exec {}", programs::daemon().display());
    let mut command = home.command("unshare");
    command.args(["-Ur", "sh", "-c", &start]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut daemon = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let warned = |status: &prestic_proto::status::Status| {
        status.config.warnings.iter().filter(|warning| warning.message.contains("may go unnoticed")).count()
    };
    // The watch begins beside the core, which is ready before it.
    let begun = Instant::now();
    while warned(&home.status()) == 0 {
        assert!(begun.elapsed() < prestic_tests::LIMIT, "{:?}", home.status().config.warnings);
        std::thread::yield_now();
    }
    home.write_config(task("one", "") + &task("two", ""));
    home.ctl(&["reload"]).expect_code(0);
    let status = home.status();
    assert_eq!((status.tasks.len(), warned(&status)), (2, 1));
    home.ctl(&["shutdown"]).expect_code(0);
    daemon.wait().unwrap();
}
