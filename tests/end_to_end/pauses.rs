//! Pauses: nothing starts by itself, and what came due meanwhile is caught up.

use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{
    outcome::Outcome,
    run::{RunState, Trigger, Turn, Wait},
    status::Pause,
};
use prestic_tests::{
    fake::FakeScript,
    home::TestHome,
    missed::{NO_STARTUP_DELAY, due_task},
};

#[expect(clippy::disallowed_methods, reason = "the daemon under test reads the real clock, too")]
fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

/// A home with two tasks that were due while no daemon ran. `paused` says for which a pause was left behind, and until when.
fn home_with_due_tasks(paused: &[(&str, &str)]) -> TestHome {
    let home = TestHome::new();
    let task = |name| due_task(name, &FakeScript::default(), "");
    home.write_config([NO_STARTUP_DELAY, &task("one"), &task("two")].concat());
    let section = |name: &str| {
        let pause = paused.iter().find(|(task, _)| *task == name).map(|(_, until)| format!("paused = {until}\n"));
        format!("[{name}]\nlast_run = 1700000000.5\nexit_code = 0\npid = 0\n{}\n", pause.unwrap_or_default())
    };
    home.write_status(["one", "two", "__prestic__"].map(section).concat());
    home
}

/// A home with an idle task that nothing makes due.
fn home_with_idle_task() -> TestHome {
    let mut home = TestHome::new();
    home.write_config(format!("[idle]\n{}repository = /nowhere\ncommand = backup\n", FakeScript::default().profile()));
    home.start_daemon();
    home
}

#[track_caller]
fn expect_caught_up(home: &TestHome, task: &str) {
    let run = home.wait_for_task(task, |run| run.finished().is_some());
    assert_eq!(run.finished().unwrap().outcome, Outcome::Succeeded);
    assert_eq!(run.trigger, Trigger::CaughtUp);
    assert_eq!(home.history(task).len(), 1);
}

#[test]
fn paused_task_is_caught_up_once_it_is_resumed() {
    let mut home = home_with_due_tasks(&[("one", "until-resumed")]);
    home.start_daemon();
    expect_caught_up(&home, "two");
    assert_eq!(home.history("one").len(), 0);
    let status = home.ctl(&["status"]).stdout_of_success();
    assert!(status.lines().any(|line| line.starts_with("one ") && line.contains("paused")), "{status}");
    home.ctl(&["resume", "one"]).expect_code(0);
    expect_caught_up(&home, "one");
}

#[test]
fn pause_of_all_tasks_holds_every_one_until_it_is_resumed() {
    let mut home = home_with_due_tasks(&[("__prestic__", "until-resumed")]);
    home.start_daemon();
    assert_eq!(home.status().paused, Some(Pause { until: None }));
    assert!(home.history("one").is_empty() && home.history("two").is_empty());
    home.ctl(&["resume"]).expect_code(0);
    expect_caught_up(&home, "one");
    expect_caught_up(&home, "two");
}

#[test]
fn pause_ends_by_itself_when_its_time_is_over() {
    let until = now() + TimeDelta::seconds(3);
    let mut home = home_with_due_tasks(&[("one", &until.to_rfc3339())]);
    home.start_daemon();
    expect_caught_up(&home, "one");
    assert!(home.history("one")[0].created_at >= until, "it did not wait for the end of the pause");
    assert_eq!(home.status().tasks[0].paused, None);
}

#[test]
fn pause_outlives_the_daemon() {
    let mut home = home_with_idle_task();
    home.ctl(&["pause", "--for", "4h"]).expect_code(0);
    home.ctl(&["pause", "idle"]).expect_code(0);
    let paused = home.status().paused;
    let hours = paused.and_then(|pause| pause.until).unwrap() - now();
    assert!(hours > TimeDelta::minutes(238) && hours <= TimeDelta::hours(4), "{hours}");
    for is_killed in [false, true] {
        if is_killed {
            home.kill_daemon();
        } else {
            home.ctl(&["shutdown"]).expect_code(0);
            assert!(home.wait_for_daemon().success());
        }
        home.start_daemon();
        assert_eq!(home.status().paused, paused);
        assert_eq!(home.status().tasks[0].paused, Some(Pause { until: None }));
    }
}

#[test]
fn paused_task_still_runs_by_hand() {
    let home = home_with_idle_task();
    home.ctl(&["pause"]).expect_code(0);
    home.ctl(&["run", "idle", "--quiet"]).expect_code(0);
}

#[test]
fn what_is_not_paused_cannot_be_resumed() {
    let home = home_with_idle_task();
    let all = home.ctl(&["resume"]).expect_code(65);
    assert!(all.stderr.contains("the tasks are not paused"), "{}", all.stderr);
    home.ctl(&["pause"]).expect_code(0);
    let one = home.ctl(&["resume", "idle"]).expect_code(65);
    assert!(one.stderr.contains("task `idle` is not paused"), "{}", one.stderr);
    assert!(one.stderr.contains("end that with `prestic-ctl resume`"), "{}", one.stderr);
}

#[test]
fn pause_that_makes_no_sense_is_refused_with_a_hint() {
    let home = home_with_idle_task();
    let check = |args: &[&str], code: i32, words: &str| {
        let refused = home.ctl(args).expect_code(code);
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    };
    check(&["pause", "idel"], 65, "did you mean `idle`?");
    check(&["pause", "--for", "soon"], 64, "soon");
    check(&["pause", "--until", "soon"], 64, "`soon` is no time");
    check(&["pause", "--for", "4h", "--until", "18:00"], 64, "cannot be used with");
    check(&["pause", "--until", "2020-01-01 08:00"], 64, "`2020-01-01 08:00` is over already");
    check(&["pause", "--for", "0s"], 64, "`0s` is over already");
    assert_eq!(home.status().paused, None);
}

#[test]
fn queued_run_of_a_paused_task_is_held_and_shown() {
    let mut home = TestHome::new();
    // Nothing is caught up before the delay is over, so the run is in the queue when the pause begins.
    home.write_config(format!("[prestic]\nstartup-delay = 1h\n\n{}", due_task("one", &FakeScript::default(), "")));
    home.write_old_status(&["one"]);
    home.start_daemon();
    home.wait_for_task("one", |run| matches!(&run.state, RunState::Queued(turn) if is_for_startup(turn)));
    home.ctl(&["pause", "one", "--for", "1h"]).expect_code(0);
    let is_paused = |turn: &Turn| matches!(turn.waits_for, Some(Wait::Paused { until: Some(_) }));
    home.wait_for_task("one", |run| matches!(&run.state, RunState::Queued(turn) if is_paused(turn)));
    let status = home.ctl(&["status"]).stdout_of_success();
    assert!(status.contains("held back") && status.contains("one: paused"), "{status}");
    home.ctl(&["resume", "one"]).expect_code(0);
    home.wait_for_task("one", |run| matches!(&run.state, RunState::Queued(turn) if is_for_startup(turn)));
    let started = home.ctl_command(&["run", "one", "--quiet"]).status().unwrap();
    assert!(started.success());
    assert_eq!(home.history("one").len(), 1, "the run that waited is the one that ran");
}

fn is_for_startup(turn: &Turn) -> bool {
    matches!(turn.waits_for, Some(Wait::StartupDelay { .. }))
}
