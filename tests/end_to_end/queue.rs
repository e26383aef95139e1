//! Runs on one repository that do not go together wait for each other; all others go on together.

use prestic_proto::{
    outcome::Outcome,
    run::{RunState, Turn, Wait},
};
use prestic_tests::{
    fake::{FakeScript, Gate, Step, Wire},
    files,
    home::TestHome,
    missed::{NO_STARTUP_DELAY, two_hours_ago},
    restic::each_restic,
};

/// A home whose tasks tell `begin NAME`, wait at one gate, and tell `end NAME`.
struct Rig {
    home: TestHome,
    gate: Gate,
    wire: Wire,
    config: String,
}

impl Rig {
    /// Makes a home without tasks.
    fn new(settings: &str) -> Self {
        let home = TestHome::new();
        let gate = Gate::new(home.path("gate"));
        let wire = Wire::new(home.path("wire"));
        Self { home, gate, wire, config: format!("{settings}\n\n") }
    }

    /// Adds a task.
    fn task(self, name: &str, command: &str, repository: &str, options: &str) -> Self {
        let step = self.gate.wait();
        self.task_at(step, name, command, repository, options)
    }

    /// Adds a task that waits at a gate of its own.
    fn task_at(mut self, step: Step, name: &str, command: &str, repository: &str, options: &str) -> Self {
        let steps = [Step::Tell(format!("begin {name}")), step, Step::Tell(format!("end {name}"))];
        let script = FakeScript { tell: Some(self.wire.path().to_owned()), ..FakeScript::of(steps) };
        self.config += &format!(
            "[{name}]\n{}repository = {repository}\ncommand = {command}\nargs = /nowhere\n{options}\n\n",
            script.profile()
        );
        self
    }

    fn start(mut self) -> Self {
        self.home.write_config(&self.config);
        self.home.start_daemon();
        self
    }

    /// Waits until a task begins, and lets it end.
    #[track_caller]
    fn expect_turn(&mut self, task: &str) {
        assert_eq!(self.wire.hear_told(), format!("begin {task}"));
        self.gate.open();
        assert_eq!(self.wire.hear_told(), format!("end {task}"));
    }
}

/// `one` and `two` use the same repository alone, `three` another.
fn rig_with_three_tasks(settings: &str) -> Rig {
    let rig = Rig::new(settings);
    let [first, second] = ["first", "second"].map(|name| rig.home.path(name).display().to_string());
    rig.task("one", "prune", &first, "").task("two", "prune", &first, "").task("three", "prune", &second, "").start()
}

fn queued(position: u32, wait: Wait) -> RunState {
    RunState::Queued(Turn { position: Some(position), waits_for: Some(wait) })
}

#[test]
fn second_run_on_a_repository_waits_for_the_first() {
    let mut rig = rig_with_three_tasks("");
    let one = rig.home.run("one");
    assert_eq!(rig.wire.hear_told(), "begin one");
    let two = rig.home.run("two");
    let waits = Wait::Repository { run: one, task: "one".to_owned() };
    assert_eq!(rig.home.wait_for(two, |_| true).state, queued(1, waits));
    rig.gate.open();
    rig.home.expect_outcome(one, &Outcome::Succeeded);
    assert_eq!(rig.wire.hear_told(), "end one");
    rig.expect_turn("two");
    rig.home.expect_outcome(two, &Outcome::Succeeded);
}

#[test]
fn runs_on_two_repositories_go_on_together() {
    let mut rig = rig_with_three_tasks("");
    let one = rig.home.run("one");
    let three = rig.home.run("three");
    // Both have begun, and neither can have ended: the gate is closed.
    let mut begun = [rig.wire.hear_told(), rig.wire.hear_told()];
    begun.sort();
    assert_eq!(begun, ["begin one", "begin three"]);
    rig.gate.open();
    rig.gate.open();
    rig.home.expect_outcome(one, &Outcome::Succeeded);
    rig.home.expect_outcome(three, &Outcome::Succeeded);
}

#[test]
fn backups_of_one_repository_go_on_together_and_prune_waits_for_both() {
    let rig = Rig::new("");
    let repository = rig.home.path("repository").display().to_string();
    let rig = rig.task("one", "backup", &repository, "").task("two", "backup", &repository, "");
    let mut rig = rig.task("tidy", "prune", &repository, "").start();
    let one = rig.home.run("one");
    let two = rig.home.run("two");
    for _ in 0..2 {
        assert!(rig.wire.hear_told().starts_with("begin "));
    }
    let tidy = rig.home.run("tidy");
    let waits = Wait::Repository { run: one, task: "one".to_owned() };
    assert_eq!(rig.home.wait_for(tidy, |_| true).state, queued(1, waits));
    rig.gate.open();
    rig.gate.open();
    rig.home.expect_outcome(one, &Outcome::Succeeded);
    rig.home.expect_outcome(two, &Outcome::Succeeded);
    for _ in 0..2 {
        assert!(rig.wire.hear_told().starts_with("end "));
    }
    rig.expect_turn("tidy");
    rig.home.expect_outcome(tidy, &Outcome::Succeeded);
}

/// Two pairs of tasks were due while no daemon ran: all four are caught up at once.
#[test]
fn tasks_due_together_run_in_parallel_on_two_repositories_and_in_order_on_one() {
    let rig = Rig::new(NO_STARTUP_DELAY);
    let [first, second, link] = ["first", "second", "link"].map(|name| rig.home.path(name));
    std::fs::create_dir(&first).unwrap();
    std::fs::create_dir(&second).unwrap();
    std::os::unix::fs::symlink(&second, &link).unwrap();
    let schedule = format!("schedule = daily at {}", two_hours_ago());
    let spellings = [
        ("a-save", "backup", first.display().to_string()),
        ("a-tidy", "prune", rig.home.path("./first/").display().to_string() + "//"),
        ("b-save", "backup", second.display().to_string()),
        ("b-tidy", "prune", link.display().to_string()),
    ];
    let gates = spellings.clone().map(|(name, ..)| Gate::new(rig.home.path(&format!("gate-{name}"))));
    let mut rig = rig;
    for ((name, command, repository), gate) in spellings.iter().zip(&gates) {
        rig = rig.task_at(gate.wait(), name, command, repository, &schedule);
    }
    rig.home.write_old_status(&spellings.clone().map(|(name, ..)| name));
    let mut rig = rig.start();

    let mut begun = [rig.wire.hear_told(), rig.wire.hear_told()];
    begun.sort();
    assert_eq!(begun, ["begin a-save", "begin b-save"]);
    let status = rig.home.status();
    let waiting = |name: &str| {
        let run = status.runs.iter().find(|run| run.task == name).unwrap();
        match &run.state {
            RunState::Queued(Turn { waits_for: Some(Wait::Repository { task, .. }), .. }) => task.clone(),
            state => panic!("{name} is {state:?}"),
        }
    };
    assert_eq!([waiting("a-tidy"), waiting("b-tidy")], ["a-save", "b-save"]);

    gates[0].open();
    assert_eq!([rig.wire.hear_told(), rig.wire.hear_told()], ["end a-save", "begin a-tidy"]);
    gates[3].open();
    gates[2].open();
    assert_eq!(
        [rig.wire.hear_told(), rig.wire.hear_told(), rig.wire.hear_told()],
        ["end b-save", "begin b-tidy", "end b-tidy"]
    );
    gates[1].open();
    for (name, ..) in spellings {
        let run = rig.home.wait_for_task(name, |run| run.finished().is_some());
        assert_eq!(run.finished().unwrap().outcome, Outcome::Succeeded, "{name}");
    }
}

#[test]
fn backup_and_prune_of_a_real_repository_follow_each_other() {
    each_restic(|restic| {
        let mut home = TestHome::new();
        let repository = restic.init(home.path("repository"));
        files::random_file(&home.path("data"), 2 * 1024 * 1024, 1);
        // Without order prune would fail: restic does not wait for a lock by itself.
        home.write_config(format!(
            "[base]\n{}\n[save]\ninherit = base\nlimit-upload = 2048\ncommand = backup\nargs = '{}'\n\n\
             [tidy]\ninherit = base\nrepository = {}\ncommand = prune\n",
            repository.profile(),
            home.path("data").display(),
            home.path("./repository").display(),
        ));
        home.start_daemon();
        let save = home.run("save");
        home.wait_running(save);
        let tidy = home.run("tidy");
        let waits = Wait::Repository { run: save, task: "save".to_owned() };
        assert_eq!(home.wait_for(tidy, |_| true).state, queued(1, waits));
        let saved = home.expect_outcome(save, &Outcome::Succeeded);
        home.expect_outcome(tidy, &Outcome::Succeeded);
        let began = home.history("tidy")[0].started_at.unwrap();
        assert!(began >= saved.at, "prune began at {began}, the backup ended at {}", saved.at);
        repository.check(1);
    });
}

#[test]
fn no_more_runs_than_max_parallel_go_on_together() {
    let mut rig = rig_with_three_tasks("[prestic]\nmax-parallel = 1");
    let one = rig.home.run("one");
    assert_eq!(rig.wire.hear_told(), "begin one");
    let three = rig.home.run("three");
    assert_eq!(rig.home.wait_for(three, |_| true).state, queued(1, Wait::Place));
    rig.gate.open();
    rig.home.expect_outcome(one, &Outcome::Succeeded);
    assert_eq!(rig.wire.hear_told(), "end one");
    rig.expect_turn("three");
    rig.home.expect_outcome(three, &Outcome::Succeeded);
}

#[test]
fn queued_run_of_a_higher_priority_starts_first() {
    let mut rig = Rig::new("[prestic]\nmax-parallel = 1");
    for (name, options) in
        [("blocker", ""), ("low", "priority = low"), ("normal", ""), ("other", ""), ("high", "priority = high")]
    {
        let repository = rig.home.path(name).display().to_string();
        rig = rig.task(name, "backup", &repository, options);
    }
    let mut rig = rig.start();
    rig.home.run("blocker");
    assert_eq!(rig.wire.hear_told(), "begin blocker");
    let runs = ["low", "normal", "other", "high"].map(|name| rig.home.run(name));
    assert_eq!(rig.home.wait_for(runs[3], |_| true).state, queued(1, Wait::Place));
    assert_eq!(rig.home.wait_for(runs[0], |_| true).state, queued(4, Wait::Place));
    rig.gate.open();
    assert_eq!(rig.wire.hear_told(), "end blocker");
    for name in ["high", "normal", "other", "low"] {
        rig.expect_turn(name);
    }
    rig.home.expect_outcome(runs[0], &Outcome::Succeeded);
}

#[test]
fn queued_run_that_is_stopped_never_starts() {
    let mut rig = rig_with_three_tasks("");
    let one = rig.home.run("one");
    assert_eq!(rig.wire.hear_told(), "begin one");
    let two = rig.home.run("two");
    rig.home.stop(two);
    rig.home.expect_outcome(two, &Outcome::Stopped);
    rig.gate.open();
    rig.home.expect_outcome(one, &Outcome::Succeeded);
    assert_eq!(rig.wire.hear_told(), "end one");
    let three = rig.home.run("three");
    // The next start heard is that of `three`: `two` never told one.
    rig.expect_turn("three");
    rig.home.expect_outcome(three, &Outcome::Succeeded);
}

#[test]
fn task_that_is_under_way_is_not_started_again() {
    let mut rig = rig_with_three_tasks("");
    let one = rig.home.run("one");
    rig.wire.hear_start();
    let refused = rig.home.ctl(&["run", "one", "--detach"]).expect_code(65);
    assert!(refused.stderr.contains(&format!("under way as run {one}")), "{}", refused.stderr);
    assert!(refused.stderr.contains("--queue"), "{}", refused.stderr);
    rig.gate.open();
    rig.home.expect_outcome(one, &Outcome::Succeeded);
    assert_eq!(rig.home.history("one").len(), 1);
}

#[test]
fn task_that_is_under_way_can_be_queued_once_more() {
    let mut rig = rig_with_three_tasks("");
    let first = rig.home.run("one");
    assert_eq!(rig.wire.hear_told(), "begin one");
    let queued_line = rig.home.ctl(&["run", "one", "--queue", "--detach", "--json"]).stdout_of_success();
    let queued_run: serde_json::Value = serde_json::from_str(&queued_line).unwrap();
    let second = prestic_proto::run::RunId(queued_run["run"].as_u64().unwrap());
    assert_eq!(rig.home.wait_for(second, |_| true).state, queued(1, Wait::SameTask { run: first }));
    // One that waits is enough.
    let refused = rig.home.ctl(&["run", "one", "--queue", "--detach"]).expect_code(65);
    assert!(refused.stderr.contains(&format!("run {second}")), "{}", refused.stderr);
    rig.gate.open();
    rig.home.expect_outcome(first, &Outcome::Succeeded);
    assert_eq!(rig.wire.hear_told(), "end one");
    rig.expect_turn("one");
    rig.home.expect_outcome(second, &Outcome::Succeeded);
}

#[test]
fn task_that_needs_another_waits_for_its_good_run() {
    let rig = Rig::new(NO_STARTUP_DELAY);
    let repository = rig.home.path("repository").display().to_string();
    let failing = FakeScript { exit_code: 1, ..FakeScript::default() };
    let save = FakeScript::default().after(rig.home.path("mark"), failing);
    let schedule = format!("schedule = daily at {}\nneeds = save", two_hours_ago());
    let mut rig = rig.task("tidy", "prune", &repository, &schedule);
    rig.config += &format!("[save]\n{}repository = {repository}\ncommand = backup\nargs = /nowhere\n", save.profile());
    rig.home.write_old_status(&["tidy", "save"]);
    // What ran long ago, and not after the last run of `tidy`, does not count.
    let mut rig = rig.start();
    let needs = |task: &str| RunState::Queued(Turn { position: None, waits_for: Some(Wait::Needs { task: task.to_owned() }) });
    let tidy = rig.home.wait_for_task("tidy", |run| run.state == needs("save")).id;
    rig.home.ctl(&["run", "save", "--quiet"]).expect_code(1);
    assert_eq!(rig.home.wait_for(tidy, |_| true).state, needs("save"));
    let status = rig.home.ctl(&["status"]).stdout_of_success();
    assert!(status.contains("tidy: waits for a good run of save"), "{status}");
    rig.home.ctl(&["run", "save", "--quiet"]).expect_code(0);
    rig.expect_turn("tidy");
    rig.home.expect_outcome(tidy, &Outcome::Succeeded);
}
