//! Many tasks that are due in the same minute. `make bench` does this with 10,000.

use std::fmt::Write as _;

use prestic_tests::{
    fake::{FakeScript, Step, Wire},
    home::TestHome,
};

use crate::clock::{next_minute, time_of_day};

const TASKS: usize = 300;
const MAX_PARALLEL: usize = 3;

#[test]
fn tasks_that_are_due_at_once_all_run_and_few_at_a_time() {
    let mut home = TestHome::new();
    let mut wire = Wire::new(home.path("wire"));
    let script = FakeScript { tell: Some(wire.path().to_owned()), ..FakeScript::of([Step::Tell("ends".to_owned())]) };
    let mut config = format!("[prestic]\nmax-parallel = {MAX_PARALLEL}\n[base]\n{}", script.profile());
    let due = time_of_day(next_minute());
    for task in 0..TASKS {
        write!(
            config,
            "\n[task-{task}]\ninherit = base\nrepository = /nowhere/{task}\nschedule = daily at {due}\ncommand = backup\n\
             args = /nowhere\n"
        )
        .unwrap();
    }
    home.write_config(config);
    home.start_daemon();
    assert_eq!(home.status().runs.len(), 0, "they were due too soon");
    let (mut active, mut most, mut ended) = (0, 0, 0);
    while ended < TASKS {
        let line = wire.hear();
        if line == "ends" {
            ended += 1;
            active -= 1;
        } else {
            assert!(line.starts_with("started "), "heard `{line}`");
            active += 1;
            most = most.max(active);
        }
        assert!(active <= MAX_PARALLEL, "{active} run at once");
    }
    assert!(most > 1, "they ran one after the other");
    for task in 0..TASKS {
        home.wait_for_task(&format!("task-{task}"), |run| run.finished().is_some());
    }
    let status = home.status();
    for task in &status.tasks {
        assert_eq!(task.last_run.as_ref().map(|run| run.outcome.as_str()), Some("succeeded"), "{}", task.name);
    }
    assert_eq!(status.tasks.len(), TASKS);
}
