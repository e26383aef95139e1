//! Schedules, and what a daemon makes of what Python's PRestic left behind.

use std::fs;

use prestic_proto::{outcome::Outcome, run::Trigger};
use prestic_tests::{
    fake::FakeScript,
    home::TestHome,
    missed::{NO_STARTUP_DELAY, two_hours_ago},
};

/// A home with a task that is due every day, and a `status.ini` as Python's PRestic wrote it.
fn home_with_status(status: &str) -> TestHome {
    let home = TestHome::new();
    home.write_config(format!(
        "{NO_STARTUP_DELAY}[nightly]\n{}repository = /nowhere\nschedule = daily at {}\ncommand = backup\nargs = /nowhere\n",
        FakeScript::default().profile(),
        two_hours_ago()
    ));
    home.write_status(status);
    home
}

#[test]
fn run_that_was_missed_while_no_daemon_ran_is_caught_up() {
    let mut home = home_with_status("[nightly]\nlast_run = 1700000000.123456\nexit_code = 0\npid = 0\n");
    home.start_daemon();
    let run = home.wait_for_task("nightly", |run| run.finished().is_some());
    assert_eq!(run.trigger, Trigger::CaughtUp);
    assert!(run.due_at.is_some());
    assert_eq!(run.finished().unwrap().outcome, Outcome::Succeeded);
    // It was missed hundreds of times, and is run once.
    assert_eq!(home.history("nightly").len(), 1);
    assert!(home.status().tasks[0].next_run_at.is_some());
}

#[test]
fn status_of_python_survives_with_what_we_do_not_know() {
    let mut home = home_with_status(
        "[nightly]\nstarted = 1700000000.5\nlast_run = 1700000000.123456\nexit_code = 1\npid = 0\n\
         log_file = 2023.11.14_22.13-nightly.txt\nlater = on\n\n\
         [__prestic__]\npid = 999999999\n\n[gone]\nlast_run = 1600000000.0\nexit_code = 0\n",
    );
    home.start_daemon();
    home.wait_for_task("nightly", |run| run.finished().is_some());
    home.signal_daemon(rustix::process::Signal::TERM);
    assert!(home.wait_for_daemon().success());
    let status = fs::read_to_string(home.home().status_file()).unwrap();
    for kept in ["[gone]", "1600000000", "later = on", "exit_code = 0"] {
        assert!(status.contains(kept), "`{kept}` is lost:\n{status}");
    }
    assert!(!status.contains("1700000000.123456"), "the run was not written down:\n{status}");
}

#[test]
fn torn_status_is_set_aside() {
    let mut home = home_with_status("[nightly\nlast_run");
    home.start_daemon();
    let aside: Vec<String> = fs::read_dir(home.home().root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("status.ini.bad-"))
        .collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert_eq!(fs::read_to_string(home.home().root().join(&aside[0])).unwrap(), "[nightly\nlast_run");
}
