//! Groups: one task for several repositories, the outcomes kept apart and summed.

use prestic_proto::outcome::Outcome;
use prestic_tests::{
    fake::{FakeScript, Gate, Wire},
    home::TestHome,
    missed::two_hours_ago,
    restic::oldest_and_newest,
};

/// A home with the group `home` for the repositories `near` and `far`; `far` ends with an exit code.
fn home_with_group(far_code: u8) -> TestHome {
    let mut home = TestHome::new();
    let script = |exit_code| FakeScript { exit_code, ..FakeScript::default() };
    home.write_config(format!(
        "[near]\n{}repository = /nowhere/near\n\n[far]\n{}repository = /nowhere/far\n\n\
         [home]\nrepositories = near far\ncommand = backup\nargs = /nowhere\nschedule = daily at {}\n",
        script(0).profile(),
        script(far_code).profile(),
        two_hours_ago(),
    ));
    home.start_daemon();
    home
}

#[track_caller]
fn last_outcome(home: &TestHome, task: &str) -> Outcome {
    home.history(task)[0].finished().unwrap().outcome.clone()
}

#[test]
fn group_runs_for_each_repository_and_ends_with_the_worst_code() {
    let home = home_with_group(3);
    home.ctl(&["run", "home", "--quiet"]).expect_code(3);
    assert_eq!(last_outcome(&home, "home@near"), Outcome::Succeeded);
    assert_eq!(last_outcome(&home, "home@far"), Outcome::Warnings);
    let status = home.status();
    let groups: Vec<_> = status.tasks.iter().map(|task| (task.name.as_str(), task.group.as_deref())).collect();
    assert_eq!(groups, [("home@near", Some("home")), ("home@far", Some("home"))]);
    let shown = home.ctl(&["status"]).stdout_of_success();
    assert!(shown.contains("home@near") && shown.contains("home@far"), "{shown}");
}

#[test]
fn member_of_a_group_runs_alone_too() {
    let home = home_with_group(1);
    home.ctl(&["run", "home@near", "--quiet"]).expect_code(0);
    assert!(home.history("home@far").is_empty());
}

#[test]
fn group_is_paused_and_resumed_as_one() {
    let home = home_with_group(0);
    home.ctl(&["pause", "home"]).expect_code(0);
    assert!(home.status().tasks.iter().all(|task| task.paused.is_some()));
    home.ctl(&["resume", "home"]).expect_code(0);
    assert!(home.status().tasks.iter().all(|task| task.paused.is_none()));
    home.ctl(&["resume", "home"]).expect_code(65);
}

#[test]
fn runs_of_a_group_are_stopped_as_one() {
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let mut wire = Wire::new(home.path("wire"));
    let script = FakeScript { tell: Some(wire.path().to_owned()), ..FakeScript::of([gate.wait()]) };
    let base = |name: &str| format!("[{name}]\n{}repository = /nowhere/{name}\n\n", script.profile());
    let group = "[home]\nrepositories = near far\ncommand = backup\nargs = /nowhere\n";
    home.write_config([&base("near"), &base("far"), group].concat());
    home.start_daemon();
    let refused = home.ctl(&["stop", "home"]).expect_code(65);
    assert!(refused.stderr.contains("task `home` is not running"), "{}", refused.stderr);
    let runs = ["home@near", "home@far"].map(|task| home.run(task));
    wire.hear_start();
    wire.hear_start();
    home.ctl(&["stop", "home"]).expect_code(0);
    for run in runs {
        home.expect_outcome(run, &Outcome::Stopped);
    }
}

#[test]
fn coming_runs_and_history_of_a_group_are_those_of_its_tasks() {
    let home = home_with_group(0);
    let next = home.ctl(&["next", "home", "-n", "2"]).stdout_of_success();
    assert!(next.contains("home@near") && next.contains("home@far"), "{next}");
    home.ctl(&["run", "home", "--quiet"]).expect_code(0);
    let history = home.ctl(&["history", "home"]).stdout_of_success();
    assert!(history.contains("home@near") && history.contains("home@far"), "{history}");
}

#[test]
fn group_backs_up_into_two_real_repositories() {
    let mut home = TestHome::new();
    let [oldest, newest] = oldest_and_newest();
    let near = oldest.init(home.path("near"));
    let far = newest.init(home.path("far"));
    prestic_tests::files::tree(&home.path("source"));
    home.write_config(format!(
        "[near]\n{}\n[far]\n{}\n[home]\nrepositories = near far\ncommand = backup\nargs = '{}'\n",
        near.profile(),
        far.profile(),
        home.path("source").display()
    ));
    home.start_daemon();
    home.ctl(&["run", "home", "--quiet"]).expect_code(0);
    near.check(1);
    far.check(1);
}
