//! Desktop notifications where nobody shows them, or not for long: nothing is lost, and no run waits.

use prestic_proto::{
    event::{EventKind, Watched},
    notification::NotificationState,
    outcome::Outcome,
};
use prestic_tests::{
    LIMIT,
    desktop::Desktop,
    fake::{FakeScript, Gate},
    home::TestHome,
    missed::{NO_STARTUP_DELAY, due_task},
    processes,
};

use crate::notifications::{begin, failing, failing_with, run_to_end, start, task};

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

#[test]
fn new_server_is_not_asked_to_replace_what_the_old_one_has_shown() {
    let mut desktop = Desktop::start();
    let dunst = desktop.start_dunst("Retry");
    let notices = desktop.watch_notifications();
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    home.write_config(task("photos", &FakeScript::of([gate.wait()]), "notifications = on"));
    start(&mut home, &desktop);
    let run = home.run("photos");
    let started = notices.expect("photos has started");
    desktop.kill(dunst);
    desktop.start_dunst("Retry");
    gate.open();
    home.wait_finished(run);
    let finished = notices.expect("photos has finished");
    assert_eq!((started.replaces, finished.replaces), (0, 0));
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
fn failures_of_many_that_are_over_are_not_shown_when_a_server_comes() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["a", "b", "c"];
    let script = |name: &str| FakeScript::default().after(folder.path().join(name), failing());
    let tasks: String = names.iter().map(|name| task(name, &script(name), "")).collect();
    let mut desktop = Desktop::start();
    let mut home = TestHome::new();
    home.write_config([tasks, task("other", &failing(), "")].concat());
    start(&mut home, &desktop);
    for name in names {
        run_to_end(&home, name);
    }
    wait_for_state(&home, |state| matches!(state, NotificationState::Unavailable { .. }));
    for name in names {
        assert_eq!(run_to_end(&home, name), Outcome::Succeeded);
    }
    let notices = desktop.watch_notifications();
    desktop.start_dunst("Retry");
    run_to_end(&home, "other");
    assert!(notices.next().summary.starts_with("other failed"));
}

#[test]
fn failure_is_told_although_a_time_of_its_task_was_missed_after_it() {
    let mut desktop = Desktop::start();
    desktop.start_dunst("Retry");
    let notices = desktop.watch_notifications();
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let script = FakeScript { exit_code: 10, ..FakeScript::of([gate.wait()]) };
    let manual = task("photos", &script, "");
    home.write_config([NO_STARTUP_DELAY, &manual].concat());
    start(&mut home, &desktop);
    let restic = home.wait_running(home.run("photos"));
    home.kill_daemon();
    gate.open();
    assert!(processes::wait_for_exit(restic, LIMIT));
    home.write_config([NO_STARTUP_DELAY, &due_task("photos", &script, "catch-up = no")].concat());
    home.write_old_status(&["photos"]);
    start(&mut home, &desktop);
    let notice = notices.next();
    assert!(notice.summary.starts_with("photos failed"), "{notice:?}");
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
fn failure_right_before_the_end_of_the_daemon_is_shown() {
    let (_desktop, notices, home) = begin(&task("photos", &failing(), ""));
    run_to_end(&home, "photos");
    home.ctl(&["shutdown"]).expect_code(0);
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
    let desktop = Desktop::start();
    let _server = desktop.start_silent_server();
    let mut home = TestHome::new();
    home.write_config(task("fine", &FakeScript::default(), "notifications = on"));
    start(&mut home, &desktop);
    // Its start is told to a server that takes its whole limit to be given up.
    assert_eq!(run_to_end(&home, "fine"), Outcome::Succeeded);
    assert_eq!(home.status().notifications, NotificationState::Unused, "the run has waited for the server");
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
