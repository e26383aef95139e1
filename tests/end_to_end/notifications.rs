//! Desktop notifications: what a real notification server gets to show, and what comes back.

use std::{net::TcpListener, process::Command};

use prestic_proto::{
    event::{EventKind, Watched},
    notification::NotificationState,
    outcome::Outcome,
    run::{Run, Trigger},
    system::WebState,
};
use prestic_tests::{
    LIMIT,
    desktop::{
        Desktop,
        notifications::{Notices, ShownNotice},
    },
    fake::{FakeScript, Gate, Step},
    home::TestHome,
    missed::{NO_STARTUP_DELAY, due_task},
    processes,
};
use serde_json::Value;

/// A double that fails as restic does without a repository.
fn failing() -> FakeScript {
    let words = "Fatal: unable to open config file: stat <nas> & co: no such file or directory\n";
    FakeScript { exit_code: 10, ..FakeScript::of([Step::Err(words.to_owned())]) }
}

/// A double that fails in a way that nobody knows.
fn failing_with(words: &str) -> FakeScript {
    FakeScript { exit_code: 1, ..FakeScript::of([Step::Err(format!("{words}\n"))]) }
}

fn task(name: &str, script: &FakeScript, options: &str) -> String {
    let own = format!("repository = /nowhere/{name}\ncommand = backup\nargs = /nowhere\n{options}\n");
    format!("[{name}]\n{}{own}\n", script.profile())
}

/// Starts the daemon as a program of a session.
fn start(home: &mut TestHome, desktop: &Desktop) -> u32 {
    let mut command = home.daemon_command(&[]);
    desktop.admit(&mut command);
    home.start_daemon_with(command)
}

/// A daemon with this configuration in a session in which dunst shows what comes.
fn begin(config: &str) -> (Desktop, Notices, TestHome) {
    let mut desktop = Desktop::start();
    desktop.start_dunst("Retry");
    let notices = desktop.watch_notifications();
    let mut home = TestHome::new();
    home.write_config(config);
    start(&mut home, &desktop);
    (desktop, notices, home)
}

fn run_to_end(home: &TestHome, task: &str) -> Outcome {
    let run = home.run(task);
    home.wait_finished(run).outcome
}

/// Waits until notifications are as wanted.
#[track_caller]
fn wait_for_state(home: &TestHome, is_wanted: impl Fn(&NotificationState) -> bool) -> NotificationState {
    home.with_client(async |client| {
        let status = client.status().await.unwrap();
        if is_wanted(&status.notifications) {
            return status.notifications;
        }
        let mut cursor = status.cursor;
        loop {
            let watched = client.watch(cursor, std::time::Duration::from_secs(30)).await.unwrap();
            let Watched::Events { events, next, .. } = watched else { panic!("the test has fallen behind") };
            cursor = next;
            for event in events {
                if let EventKind::Notifications { state } = event.kind
                    && is_wanted(&state)
                {
                    return state;
                }
            }
        }
    })
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
                    Is the disk of “/nowhere/photos” mounted? If there never was a repository: “prestic-ctl -p photos init”";
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
    let (desktop, notices, home) = begin(&task("photos", &FakeScript::default(), "notifications = on"));
    run_to_end(&home, "photos");
    let [started, finished] = ["photos has started", "photos has finished"].map(|summary| notices.expect(summary));
    assert_eq!((started.replaces, finished.replaces), (0, started.id));
    run_to_end(&home, "photos");
    assert_eq!(notices.up_to("photos has finished").last().unwrap().id, started.id);
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
fn paused_task_tells_nothing() {
    let config = [task("photos", &failing(), ""), task("other", &failing(), "")].concat();
    let (_desktop, notices, home) = begin(&config);
    home.ctl(&["pause", "photos"]).expect_code(0);
    run_to_end(&home, "photos");
    run_to_end(&home, "other");
    assert!(notices.next().summary.starts_with("other failed"));
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
fn new_server_is_not_asked_to_replace_what_the_old_one_has_shown() {
    let config = task("photos", &FakeScript::default(), "notifications = on");
    let mut desktop = Desktop::start();
    let dunst = desktop.start_dunst("Retry");
    let notices = desktop.watch_notifications();
    let mut home = TestHome::new();
    home.write_config(config);
    start(&mut home, &desktop);
    run_to_end(&home, "photos");
    assert_ne!(notices.up_to("photos has finished").last().unwrap().replaces, 0);
    desktop.kill(dunst);
    desktop.start_dunst("Retry");
    run_to_end(&home, "photos");
    assert_eq!(notices.expect("photos has started").replaces, 0);
}

#[test]
fn daemon_is_connected_to_the_bus_only_while_something_is_shown() {
    let (desktop, notices, home) = begin(&task("photos", &failing(), ""));
    let daemon = home.daemon_pid();
    assert_eq!(desktop.connections_of(daemon), 0);
    run_to_end(&home, "photos");
    notices.next();
    assert_eq!(desktop.connections_of(daemon), 1);
    desktop.close_all_notifications();
    desktop.wait_until_left(daemon);
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
fn session_without_a_server_is_told_once_and_what_nobody_saw_is_shown_when_one_comes() {
    let mut desktop = Desktop::start();
    let mut home = TestHome::new();
    home.write_config(task("photos", &failing(), ""));
    start(&mut home, &desktop);
    run_to_end(&home, "photos");
    wait_for_state(&home, |state| matches!(state, NotificationState::Unavailable { .. }));
    let refused = home.ctl(&["notify-test"]).expect_code(65);
    assert!(refused.stderr.contains("no program that shows notifications is running"), "{refused:?}");
    assert!(refused.stderr.contains("hint: start one"), "{refused:?}");
    let shown = home.ctl(&["status"]).stdout_of_success();
    assert!(shown.contains("a notification was not shown: no program that shows notifications is running"), "{shown}");
    assert_eq!(home.daemon_errors().matches("a notification could not be shown").count(), 1, "{}", home.daemon_errors());
    let notices = desktop.watch_notifications();
    desktop.start_dunst("Retry");
    assert!(notices.next().summary.starts_with("photos failed"));
    wait_for_state(&home, |state| matches!(state, NotificationState::Working { .. }));
    assert!(!home.ctl(&["status"]).stdout_of_success().contains("notification"));
}

#[test]
fn failure_that_is_over_is_not_shown_when_a_server_comes() {
    let folder = tempfile::tempdir().unwrap();
    let script = FakeScript::default().after(folder.path().join("mark"), failing());
    let mut desktop = Desktop::start();
    let mut home = TestHome::new();
    home.write_config([task("photos", &script, ""), task("other", &failing(), "")].concat());
    start(&mut home, &desktop);
    run_to_end(&home, "photos");
    wait_for_state(&home, |state| matches!(state, NotificationState::Unavailable { .. }));
    assert_eq!(run_to_end(&home, "photos"), Outcome::Succeeded);
    let notices = desktop.watch_notifications();
    desktop.start_dunst("Retry");
    run_to_end(&home, "other");
    assert!(notices.next().summary.starts_with("other failed"));
}

#[test]
fn failure_of_the_time_without_a_daemon_is_told_by_the_next_one() {
    let mut desktop = Desktop::start();
    desktop.start_dunst("Retry");
    let notices = desktop.watch_notifications();
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let script = FakeScript { exit_code: 10, ..FakeScript::of([gate.wait()]) };
    home.write_config(task("photos", &script, ""));
    // The file in which a daemon looks up what it has not seen is written when one ends.
    start(&mut home, &desktop);
    home.ctl(&["shutdown"]).expect_code(0);
    home.wait_for_daemon();
    start(&mut home, &desktop);
    let restic = home.wait_running(home.run("photos"));
    home.kill_daemon();
    gate.open();
    assert!(processes::wait_for_exit(restic, LIMIT));
    start(&mut home, &desktop);
    assert!(notices.next().summary.starts_with("photos failed"));
}

#[test]
fn daemon_without_a_desktop_says_so_without_alarm_and_goes_on() {
    let mut home = TestHome::new();
    home.write_config(task("photos", &failing(), ""));
    home.start_daemon();
    assert_eq!(home.status().notifications, NotificationState::Unused);
    run_to_end(&home, "photos");
    wait_for_state(&home, |state| *state == NotificationState::NoDesktop);
    assert!(home.daemon_errors().contains("INFO there is no desktop to show a notification on"), "{}", home.daemon_errors());
    assert!(home.ctl(&["status"]).stdout_of_success().contains("no desktop to show notifications on"));
}

#[test]
fn bus_that_is_not_there_keeps_no_run_from_its_end() {
    let mut home = TestHome::new();
    home.write_config(task("photos", &failing(), ""));
    let mut command = home.daemon_command(&[]);
    command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", home.path("no-bus").display()));
    home.start_daemon_with(command);
    run_to_end(&home, "photos");
    let state = wait_for_state(&home, |state| matches!(state, NotificationState::Unavailable { .. }));
    assert!(format!("{state:?}").contains("the session bus cannot be used"), "{state:?}");
}

#[test]
fn server_that_never_answers_delays_no_run() {
    let tasks = [task("photos", &failing(), ""), task("fine", &FakeScript::default(), "notifications = on")].concat();
    let desktop = Desktop::start();
    let _server = desktop.start_silent_server();
    let mut home = TestHome::new();
    home.write_config(tasks);
    start(&mut home, &desktop);
    // Every start and every end of these is something to tell, and each takes the server's whole limit.
    for _ in 0..5 {
        assert_eq!(run_to_end(&home, "fine"), Outcome::Succeeded);
    }
    assert_eq!(home.status().notifications, NotificationState::Unused, "the runs have waited for the server");
    let state = wait_for_state(&home, |state| matches!(state, NotificationState::Unavailable { .. }));
    assert!(format!("{state:?}").contains("does not answer"), "{state:?}");
}

#[test]
fn silence_is_silence() {
    let config = format!("[prestic]\nnotifications = off\n\n{}", task("photos", &failing(), ""));
    let (desktop, notices, home) = begin(&config);
    assert_eq!(home.status().notifications, NotificationState::Off);
    run_to_end(&home, "photos");
    let refused = home.ctl(&["notify-test"]).expect_code(65);
    assert!(refused.stderr.contains("they are off"), "{refused:?}");
    assert_eq!(desktop.connections_of(home.daemon_pid()), 0);
    home.write_config(task("photos", &failing_with("Fatal: other"), ""));
    wait_for_state(&home, |state| *state == NotificationState::Unused);
    run_to_end(&home, "photos");
    notices.expect("photos failed");
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
