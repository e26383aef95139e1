//! Desktop notifications: what a real notification server gets to show, and what comes back.

use std::{net::TcpListener, process::Command};

use prestic_proto::{
    outcome::Outcome,
    run::{Run, Trigger},
    system::WebState,
};
use prestic_tests::{
    desktop::{
        Desktop,
        notifications::{Notices, ShownNotice},
    },
    fake::{FakeScript, Gate, Step},
    home::TestHome,
    missed::{NO_STARTUP_DELAY, due_task},
};
use serde_json::Value;

/// A double that fails as restic does without a repository.
pub(crate) fn failing() -> FakeScript {
    let words = "Fatal: unable to open config file: stat <nas> & co: no such file or directory\n";
    FakeScript { exit_code: 10, ..FakeScript::of([Step::Err(words.to_owned())]) }
}

/// A double that fails in a way that nobody knows.
pub(crate) fn failing_with(words: &str) -> FakeScript {
    FakeScript { exit_code: 1, ..FakeScript::of([Step::Err(format!("{words}\n"))]) }
}

pub(crate) fn task(name: &str, script: &FakeScript, options: &str) -> String {
    let own = format!("repository = /nowhere/{name}\ncommand = backup\nargs = /nowhere\n{options}\n");
    format!("[{name}]\n{}{own}\n", script.profile())
}

/// Starts the daemon as a program of a session.
pub(crate) fn start(home: &mut TestHome, desktop: &Desktop) -> u32 {
    let mut command = home.daemon_command(&[]);
    desktop.admit(&mut command);
    home.start_daemon_with(command)
}

/// A daemon with this configuration in a session in which dunst shows what comes.
pub(crate) fn begin(config: &str) -> (Desktop, Notices, TestHome) {
    let mut desktop = Desktop::start();
    desktop.start_dunst("Retry");
    let notices = desktop.watch_notifications();
    let mut home = TestHome::new();
    home.write_config(config);
    start(&mut home, &desktop);
    (desktop, notices, home)
}

pub(crate) fn run_to_end(home: &TestHome, task: &str) -> Outcome {
    let run = home.run(task);
    home.wait_finished(run).outcome
}

fn labels(notice: &ShownNotice) -> Vec<&str> {
    notice.actions.iter().skip(1).step_by(2).map(String::as_str).collect()
}

#[test]
fn failure_is_shown_with_its_last_words_what_to_do_and_two_actions() {
    let script = failing();
    let (desktop, notices, home) = begin(&task("photos", &script, "description = All my photos"));
    run_to_end(&home, "photos");
    let notice = notices.expect("photos failed: no repository there, or its disk is not mounted");
    assert_eq!((notice.program.as_str(), notice.urgency), ("PRestic", 2));
    let expected = "All my photos\nFatal: unable to open config file: stat &lt;nas&gt; &amp; co: no such file or directory\n\
                    Is the disk of “/nowhere/photos” mounted? If there never was a repository: “prestic-ctl init photos”";
    assert_eq!(notice.body, expected);
    assert_eq!(labels(&notice), ["Open log", "Open log", "Retry"]);
    let kept = desktop.close_all_notifications();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].0.starts_with("photos failed"), "{kept:?}");
}

#[test]
fn retry_starts_a_run_and_its_success_takes_the_place_of_the_failure() {
    let folder = tempfile::tempdir().unwrap();
    let script = FakeScript::default().after(folder.path().join("mark"), failing());
    let (desktop, notices, home) = begin(&task("photos", &script, ""));
    let first = home.run("photos");
    home.wait_finished(first);
    let failure = notices.next();
    desktop.choose_action();
    let second = home.wait_for_task("photos", |run: &Run| run.id > first && run.finished().is_some());
    assert_eq!((&second.trigger, &second.finished().unwrap().outcome), (&Trigger::Manual, &Outcome::Succeeded));
    let recovery = notices.expect("photos works again");
    // dunst closes what was answered; a failure that is still there is replaced.
    assert!(recovery.replaces == failure.id || recovery.replaces == 0, "{recovery:?}");
    assert_eq!(desktop.displayed_notifications(), 1);
}

#[test]
fn what_is_told_of_a_task_takes_the_place_of_what_was_told_before() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Gate::new(folder.path().join("gate"));
    let (desktop, notices, home) = begin(&task("photos", &FakeScript::of([gate.wait()]), "notifications = on"));
    let mut replaced = 0;
    for _ in 0..2 {
        let run = home.run("photos");
        let started = notices.expect("photos has started");
        gate.open();
        home.wait_finished(run);
        let finished = notices.expect("photos has finished");
        assert_eq!((started.replaces, finished.replaces), (replaced, started.id));
        replaced = finished.id;
    }
    assert_eq!(desktop.displayed_notifications(), 1);
}

#[test]
fn same_error_is_told_once_also_by_the_next_daemon() {
    let config = [task("photos", &failing(), ""), task("other", &failing(), ""), task("third", &failing(), "")].concat();
    let (desktop, notices, mut home) = begin(&config);
    run_to_end(&home, "photos");
    assert!(notices.next().summary.starts_with("photos failed"));
    run_to_end(&home, "photos");
    run_to_end(&home, "other");
    assert!(notices.next().summary.starts_with("other failed"));
    home.ctl(&["shutdown"]).expect_code(0);
    home.wait_for_daemon();
    start(&mut home, &desktop);
    run_to_end(&home, "photos");
    run_to_end(&home, "third");
    assert!(notices.next().summary.starts_with("third failed"));
}

#[test]
fn flood_of_failures_gives_few_notifications_and_one_bubble() {
    let tasks: String = (0..50).map(|number| task(&format!("task{number}"), &failing(), "")).collect();
    let (desktop, notices, home) = begin(&format!("[prestic]\nmax-parallel = 8\n\n{tasks}"));
    let detached: Vec<String> = (0..50).map(|number| format!("task{number}")).collect();
    let runs: Vec<_> = detached.iter().map(|task| home.run(task)).collect();
    for run in runs {
        home.wait_finished(run);
    }
    let told = notices.up_to("50 tasks failed");
    assert!(told.len() <= 8, "{} notifications: {told:?}", told.len());
    assert!(told.last().unwrap().body.contains("and 42 more\nNo repository there"), "{told:?}");
    assert_eq!(desktop.displayed_notifications(), 1);
}

#[test]
fn while_paused_nothing_is_told() {
    let config = [task("photos", &failing(), ""), task("other", &failing(), ""), task("third", &failing(), "")].concat();
    let (_desktop, notices, home) = begin(&config);
    home.ctl(&["pause", "photos"]).expect_code(0);
    run_to_end(&home, "photos");
    run_to_end(&home, "other");
    assert!(notices.next().summary.starts_with("other failed"));
    home.ctl(&["pause"]).expect_code(0);
    run_to_end(&home, "third");
    home.ctl(&["resume"]).expect_code(0);
    home.ctl(&["resume", "photos"]).expect_code(0);
    run_to_end(&home, "photos");
    assert!(notices.next().summary.starts_with("photos failed"));
}

#[test]
fn warnings_and_missed_times_are_told() {
    let warned = FakeScript { exit_code: 3, ..FakeScript::default() };
    let missed = due_task("missed", &FakeScript::default(), "catch-up = no");
    let config = [NO_STARTUP_DELAY, &task("photos", &warned, ""), &missed].concat();
    let mut desktop = Desktop::start();
    desktop.start_dunst("Retry");
    let notices = desktop.watch_notifications();
    let mut home = TestHome::new();
    home.write_config(config);
    home.write_old_status(&["missed"]);
    start(&mut home, &desktop);
    let skip = notices.expect("missed did not run");
    assert!(skip.body.contains("It was due at ") && skip.body.contains("it was missed"), "{skip:?}");
    assert_eq!(labels(&skip).last(), Some(&"Run now"));
    assert_eq!(run_to_end(&home, "photos"), Outcome::Warnings);
    notices.expect("photos finished with warnings");
}

#[test]
fn secrets_are_in_no_notification() {
    let script = failing_with("Fatal: https://me:s3cret-url@nas/ refuses s3cret-password with s3cret-variable");
    let options = "password = s3cret-password\nenv.AWS_SECRET_ACCESS_KEY = s3cret-variable";
    let config = task("photos", &script, options).replace("password = none\n", "");
    let (_desktop, notices, home) = begin(&config);
    run_to_end(&home, "photos");
    let notice = notices.expect("photos failed");
    assert!(notice.body.contains("Fatal: https://[hidden]@nas/ refuses [hidden] with [hidden]"), "{notice:?}");
    assert!(!format!("{notice:?}").contains("s3cret"), "{notice:?}");
}

#[test]
fn port_that_is_taken_and_a_configuration_with_errors_are_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut desktop = Desktop::start();
    desktop.start_dunst("Retry");
    let notices = desktop.watch_notifications();
    let mut home = TestHome::new();
    home.write_config(task("photos", &FakeScript::default(), ""));
    let mut command = home.daemon_command(&[]);
    desktop.admit(&mut command);
    command.env("PRESTIC_WEB_LISTEN", &address);
    home.start_daemon_with(command);
    home.wait_for_web_state(|state| matches!(state, WebState::Unavailable { .. }));
    let notice = notices.expect("No web interface");
    assert!(notice.body.contains(&address) && notice.body.contains("another program listens there"), "{notice:?}");
    home.write_config(task("photos", &FakeScript::default(), "limit-upload = fast"));
    let notice = notices.expect("1 error in the configuration");
    assert!(notice.body.contains("config.ini:9\n“limit-upload”: “fast” is not a size"), "{notice:?}");
}

#[test]
fn notification_for_trying_tells_who_has_shown_it() {
    let (_desktop, notices, home) = begin(&task("photos", &FakeScript::default(), ""));
    let words = home.ctl(&["notify-test"]).stdout_of_success();
    assert!(words.starts_with("dunst ") && words.ends_with(" has shown a notification, with buttons\n"), "{words}");
    notices.expect("PRestic can reach you");
    let json: Value = serde_json::from_str(&home.ctl(&["notify-test", "--json"]).stdout_of_success()).unwrap();
    assert_eq!((&json["name"], &json["has_actions"]), (&"dunst".into(), &true.into()));
    let status: Value = serde_json::from_str(&home.ctl(&["status", "--json"]).stdout_of_success()).unwrap();
    assert_eq!(status["notifications"]["notifications"], "working");
    assert!(status["notifications"]["server"].as_str().unwrap().starts_with("dunst "), "{status}");
}

#[test]
fn click_opens_the_page_of_the_run() {
    let mut desktop = Desktop::start();
    desktop.start_dunst("Open log");
    let notices = desktop.watch_notifications();
    let mut home = TestHome::new();
    home.write_config(task("photos", &failing(), ""));
    let gate = home.path("opened");
    assert!(Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let folder = opener(&home, &format!("cp \"$1\" page; printf '%s\\n' \"$1\" > {}", gate.display()));
    let mut command = home.daemon_command(&[]);
    desktop.admit(&mut command);
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    command.env("PRESTIC_WEB_LISTEN", "127.0.0.1:0").env("PATH", path).current_dir(home.path(""));
    home.start_daemon_with(command);
    let address = home.wait_for_web();
    let run = home.run("photos");
    home.wait_finished(run);
    notices.next();
    desktop.choose_action();
    // The pipe is read to its end when the opener has ended.
    let opened = std::fs::read_to_string(&gate).unwrap();
    assert_eq!(opened.trim(), home.home().web_redirect_file().display().to_string());
    let page = std::fs::read_to_string(home.path("page")).unwrap();
    let login = page.split("url=").nth(1).unwrap().split('"').next().unwrap();
    let place = login.strip_prefix(&format!("http://{address}")).unwrap();
    let answer = prestic_tests::web::get(address, place, &[]).expect_status(303);
    assert_eq!(answer.header("location"), Some(format!("/runs/{run}").as_str()));
}

#[test]
fn without_a_web_interface_a_click_opens_the_log_file() {
    let mut desktop = Desktop::start();
    desktop.start_dunst("Open log");
    let notices = desktop.watch_notifications();
    let mut home = TestHome::new();
    home.write_config(task("photos", &failing(), ""));
    let gate = home.path("opened");
    assert!(Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let folder = opener(&home, &format!("printf '%s\\n' \"$1\" > {}", gate.display()));
    let mut command = home.daemon_command(&[]);
    desktop.admit(&mut command);
    command.env("PATH", format!("{}:{}", folder.display(), std::env::var("PATH").unwrap()));
    home.start_daemon_with(command);
    let run = home.run("photos");
    home.wait_finished(run);
    notices.next();
    desktop.choose_action();
    let opened = std::fs::read_to_string(&gate).unwrap();
    assert!(std::fs::read_to_string(opened.trim()).unwrap().contains("Fatal: unable to open config file"), "{opened}");
}

#[test]
fn task_that_is_overdue_is_told_when_its_pause_ends() {
    let mut desktop = Desktop::start();
    desktop.start_dunst("Retry");
    let notices = desktop.watch_notifications();
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let late = due_task("late", &FakeScript::of([gate.wait()]), "overdue-after = 1d");
    home.write_config([NO_STARTUP_DELAY, &late, &task("other", &failing(), "")].concat());
    home.write_status("[late]\nlast_run = 1700000000.5\nexit_code = 0\npid = 0\npaused = 2099-01-01T00:00:00Z\n\n");
    start(&mut home, &desktop);
    run_to_end(&home, "other");
    assert!(notices.next().summary.starts_with("other failed"));
    home.ctl(&["resume", "late"]).expect_code(0);
    let notice = notices.expect("late is overdue");
    assert!(notice.body.starts_with("Its last good run was "), "{notice:?}");
    assert_eq!((labels(&notice).last(), notice.urgency), (Some(&"Run now"), 2));
}

/// Puts a program into a folder of its own that is called as the one that opens a browser.
fn opener(home: &TestHome, script: &str) -> std::path::PathBuf {
    use std::{io::Write, os::unix::fs::PermissionsExt};

    let folder = home.path("bin");
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join("xdg-open");
    write!(std::fs::File::create(&program).unwrap(), "#!/bin/sh\n{script}\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    folder
}
