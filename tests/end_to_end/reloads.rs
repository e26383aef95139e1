//! A reload while runs are under way: they go on as they were started.

use prestic_proto::{
    outcome::Outcome,
    run::{RunState, Turn, Wait},
};
use prestic_tests::{
    fake::{FakeScript, Gate, Step, Wire},
    home::TestHome,
};

/// A home whose task `save` tells `old` or `new` by its configuration, and waits at a gate.
struct Rig {
    home: TestHome,
    gate: Gate,
    wire: Wire,
}

impl Rig {
    fn new() -> Self {
        let home = TestHome::new();
        let gate = Gate::new(home.path("gate"));
        let wire = Wire::new(home.path("wire"));
        let mut rig = Self { home, gate, wire };
        rig.configure("save", "old", "");
        rig.home.start_daemon();
        rig
    }

    fn configure(&self, task: &str, word: &str, options: &str) {
        let steps = [Step::Tell(word.to_owned()), self.gate.wait()];
        let script = FakeScript { tell: Some(self.wire.path().to_owned()), ..FakeScript::of(steps) };
        let profile = script.profile();
        self.home.write_config(format!("[{task}]\n{profile}repository = /nowhere\ncommand = prune\n{options}\n"));
    }
}

#[test]
fn run_under_way_goes_on_and_the_next_one_is_as_configured_then() {
    let mut rig = Rig::new();
    let first = rig.home.run("save");
    assert_eq!(rig.wire.hear_told(), "old");
    rig.home.ctl(&["run", "save", "--queue", "--detach"]).expect_code(0);
    rig.configure("save", "new", "");
    rig.home.ctl(&["reload"]).expect_code(0);
    // The double may have spoken before the daemon has heard that it runs.
    rig.home.wait_for(first, |run| matches!(run.state, RunState::Running { .. }));
    rig.gate.open();
    rig.home.expect_outcome(first, &Outcome::Succeeded);
    assert_eq!(rig.wire.hear_told(), "new");
    rig.gate.open();
    let second = rig.home.history("save")[0].id;
    rig.home.expect_outcome(second, &Outcome::Succeeded);
}

#[test]
fn run_of_a_task_that_is_gone_ends_well_and_is_remembered() {
    let mut rig = Rig::new();
    let run = rig.home.run("save");
    assert_eq!(rig.wire.hear_told(), "old");
    rig.configure("other", "new", "");
    rig.home.ctl(&["reload"]).expect_code(0);
    // It still uses the repository.
    let other = rig.home.run("other");
    let waits = Wait::Repository { run, task: "save".to_owned() };
    let expected = RunState::Queued(Turn { position: Some(1), waits_for: Some(waits) });
    assert_eq!(rig.home.wait_for(other, |_| true).state, expected);
    rig.gate.open();
    rig.home.expect_outcome(run, &Outcome::Succeeded);
    assert_eq!(rig.home.history("save").len(), 1);
    assert_eq!(rig.wire.hear_told(), "new");
    rig.gate.open();
    rig.home.expect_outcome(other, &Outcome::Succeeded);
}

#[test]
fn task_that_is_back_does_not_run_beside_its_own_run() {
    let mut rig = Rig::new();
    let run = rig.home.run("save");
    assert_eq!(rig.wire.hear_told(), "old");
    rig.configure("other", "new", "");
    rig.home.ctl(&["reload"]).expect_code(0);
    rig.configure("save", "new", "");
    rig.home.ctl(&["reload"]).expect_code(0);
    let refused = rig.home.ctl(&["run", "save", "--detach"]).expect_code(65);
    assert!(refused.stderr.contains(&format!("under way as run {run}")), "{}", refused.stderr);
    rig.gate.open();
    rig.home.expect_outcome(run, &Outcome::Succeeded);
}

#[test]
fn queued_run_of_a_task_that_is_gone_does_not_start() {
    let mut rig = Rig::new();
    let first = rig.home.run("save");
    assert_eq!(rig.wire.hear_told(), "old");
    rig.home.ctl(&["run", "save", "--queue", "--detach"]).expect_code(0);
    let second = rig.home.history("save")[0].id;
    rig.configure("other", "new", "");
    rig.home.ctl(&["reload"]).expect_code(0);
    rig.gate.open();
    rig.home.expect_outcome(first, &Outcome::Succeeded);
    let finished = rig.home.wait_finished(second);
    assert!(matches!(finished.outcome, Outcome::Stopped | Outcome::SpawnFailed(_)), "{finished:?}");
    rig.home.run("other");
    assert_eq!(rig.wire.hear_told(), "new", "the old task ran");
    rig.gate.open();
}
