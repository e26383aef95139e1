//! Files of the home: their names, how deep they may lie, and who may read them.

use std::fs;

use prestic_daemon::process::is_readable_by_others;
use prestic_double::FakeScript;
use prestic_proto::outcome::Outcome;

use crate::home::TestHome;

/// Longer than the 260 letters that Windows gives to programs that do not ask for more.
const LONG: usize = 300;

fn task(name: &str) -> String {
    let profile = FakeScript::default().profile();
    format!("[{name}]\n{profile}repository = C:\\repository\ncommand = backup\nargs = C:\\data\n\n")
}

#[test]
fn task_may_have_a_name_that_no_file_can_have() {
    const NAMES: [&str; 6] = ["con", "nul", "a:b", "com1.txt", "what?", "up/down"];
    let mut home = TestHome::new();
    home.write_config(&NAMES.map(task).concat());
    home.start_daemon();
    for name in NAMES {
        let run = home.run(name);
        home.expect_outcome(run, &Outcome::Succeeded);
        assert!(home.log(run).contains("C:\\data"), "{name}");
    }
    assert_eq!(fs::read_dir(home.home().logs_dir()).unwrap().count(), NAMES.len());
}

#[test]
fn home_may_lie_deeper_than_old_programs_can_reach() {
    let folder: std::path::PathBuf = ["a-name-of-fifty-letters-so-that-a-few-make-it-long"; LONG / 50].iter().collect();
    let mut home = TestHome::in_folder(folder);
    assert!(home.home().root().as_os_str().len() > LONG);
    home.write_config(&task("home"));
    home.start_daemon();
    let run = home.run("home");
    home.expect_outcome(run, &Outcome::Succeeded);
    assert!(!home.log(run).is_empty());
    home.ctl(&["history"]).expect_code(0);
}

#[test]
fn nobody_else_may_read_what_a_run_leaves() {
    let mut home = TestHome::new();
    home.write_config(&task("home"));
    home.start_daemon();
    let run = home.wait_finished(home.run("home"));
    let home = home.home();
    let log = home.logs_dir().join(run.log_file.unwrap());
    for path in [home.logs_dir(), log, home.runs_dir(), home.history_file()] {
        assert!(!is_readable_by_others(&path).unwrap(), "{}", path.display());
    }
}
