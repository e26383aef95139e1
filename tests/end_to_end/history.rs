//! The runs that have ended are kept in a database, whatever happens to it or to the daemon.

use std::fs;

use prestic_proto::{
    error::ApiError,
    history::{RunPage, RunQuery},
    outcome::Outcome,
    run::{Run, RunId},
    service::RunSelector,
};
use prestic_tests::{
    big_history::{self, GROUP, TASKS},
    fake::FakeScript,
    home::TestHome,
};
use rusqlite::Connection;

const MANY: u64 = 5_000;

/// The section of a backup by a double, with more options.
fn task(name: &str, script: &FakeScript, options: &str) -> String {
    format!("[{name}]\n{}repository = /nowhere/{name}\ncommand = backup\nargs = /nowhere\n{options}\n\n", script.profile())
}

fn home_with_history() -> TestHome {
    let home = TestHome::new();
    home.write_config(task("mail", &FakeScript::default(), ""));
    big_history::fill(home.home(), MANY);
    home
}

#[track_caller]
fn page(home: &TestHome, query: RunQuery) -> RunPage {
    home.with_client(async |client| client.history(query).await.unwrap().unwrap())
}

fn of(name: &str) -> RunQuery {
    RunQuery { task: Some(name.to_owned()), limit: 500, ..RunQuery::default() }
}

/// Returns all runs of a query, page by page.
#[track_caller]
fn all(home: &TestHome, mut query: RunQuery) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    loop {
        let found = page(home, query.clone());
        runs.extend(found.runs);
        if !found.has_more {
            return runs;
        }
        query.before = runs.last().map(|run| run.id);
    }
}

/// Returns the numbers that the database has, once the daemon no longer runs.
fn recorded(home: &TestHome) -> Vec<u64> {
    let connection = Connection::open(home.home().history_file()).unwrap();
    let mut statement = connection.prepare("SELECT id FROM runs ORDER BY id").unwrap();
    statement.query_map((), |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

#[track_caller]
fn shut_down(home: &mut TestHome) {
    home.ctl(&["shutdown"]).expect_code(0);
    home.wait_for_daemon();
}

#[test]
fn every_recorded_run_is_found_and_new_ones_get_higher_numbers() {
    let mut home = home_with_history();
    home.start_daemon();
    let run = home.run("mail");
    home.expect_outcome(run, &Outcome::Succeeded);
    assert_eq!(run, RunId(MANY + 1));
    let numbers: Vec<u64> = all(&home, RunQuery { limit: 500, ..RunQuery::default() }).iter().map(|run| run.id.0).collect();
    assert!(numbers.into_iter().eq((1..=MANY + 1).rev()));
    assert_eq!(all(&home, of("mail")).len() as u64, MANY / 5 + 1);
    assert_eq!(all(&home, of(GROUP)).len() as u64, MANY / 5 * 2, "of tasks that the configuration does not have");
    let failed = RunQuery { outcomes: vec!["failed".to_owned()], ..of("mail") };
    assert!(all(&home, failed).iter().all(|run| matches!(run.finished().unwrap().outcome, Outcome::Failed(_))));
    let days = home.with_client(async |client| client.days(30).await.unwrap());
    assert_eq!(days.len(), TASKS.len());
    assert!(home.with_client(async |client| client.system().await.unwrap()).recorded_runs >= MANY);
}

#[test]
fn command_line_pages_and_filters() {
    let mut home = home_with_history();
    home.start_daemon();
    let numbers = |args: &[&str]| -> Vec<u64> {
        let listed = home.ctl(&[&["--json", "history"], args].concat()).stdout_of_success();
        serde_json::from_str::<Vec<Run>>(&listed).unwrap().iter().map(|run| run.id.0).collect()
    };
    assert!(numbers(&["-n", "1200"]).into_iter().eq((MANY - 1_199..=MANY).rev()));
    assert_eq!(numbers(&["mail", "-n", "2", "--before", "100"]), [96, 91]);
    let failed = numbers(&["mail", "-n", "5000", "--outcome", "failed"]);
    let both = numbers(&["mail", "-n", "5000", "--outcome", "failed", "--outcome", "skipped"]);
    assert_eq!((failed.len(), both.len()), (30, 60));
    home.ctl(&["history", "--outcome", "fine"]).expect_code(64);
    home.ctl(&["history", "nobody"]).expect_code(65);
}

#[test]
fn run_of_long_ago_is_shown_and_its_log_if_it_is_there() {
    let mut home = home_with_history();
    home.write_config(task("mail", &FakeScript::default(), "prune-logs-after = 30"));
    home.start_daemon();
    let find = |id| home.with_client(async |client| client.find_run(RunSelector::Run(RunId(id))).await.unwrap());
    let log = |id| home.with_client(async |client| client.log(RunId(id), 0, std::time::Duration::ZERO).await.unwrap());
    // Run 3,551 is one of `mail` that succeeded.
    let run = find(3_551).unwrap();
    assert_eq!((run.task.as_str(), run.finished().unwrap().outcome.clone()), ("mail", Outcome::Succeeded));
    let Err(ApiError::NoLog { reason, .. }) = log(3_551) else { panic!("it has no log") };
    assert!(reason.contains("`prune-logs-after`") && reason.contains("30 days"), "{reason}");
    fs::create_dir_all(home.home().logs_dir()).unwrap();
    fs::copy(home.home().config_file(), home.home().logs_dir().join(run.log_file.unwrap())).unwrap();
    let chunk = log(3_551).unwrap();
    assert!(chunk.text.starts_with("[mail]") && chunk.is_complete, "{chunk:?}");
    assert!(matches!(find(MANY + 10), Err(ApiError::UnknownRun(_))));
}

#[test]
fn what_has_ended_is_there_after_a_restart_and_after_a_crash() {
    let mut home = TestHome::new();
    home.write_config([task("one", &FakeScript::default(), ""), task("two", &FakeScript::default(), "")].concat());
    home.start_daemon();
    for task in ["one", "two", "one"] {
        let run = home.run(task);
        home.wait_finished(run);
    }
    shut_down(&mut home);
    assert_eq!(recorded(&home), [1, 2, 3]);
    home.start_daemon();
    let run = home.run("two");
    home.wait_finished(run);
    home.kill_daemon();
    home.start_daemon();
    assert_eq!(all(&home, of("two")).iter().map(|run| run.id.0).collect::<Vec<_>>(), [4, 2]);
    shut_down(&mut home);
    assert_eq!(recorded(&home), [1, 2, 3, 4], "the next daemon has found the record");
    let days = Connection::open(home.home().history_file()).unwrap();
    let counted = days.query_row("SELECT sum(succeeded) FROM days", (), |row| row.get::<_, u64>(0));
    assert_eq!(counted.unwrap(), 4, "each run counts once");
}

#[test]
fn runs_go_on_without_a_history_and_status_says_so() {
    let mut home = TestHome::new();
    home.write_config(task("one", &FakeScript::default(), ""));
    fs::create_dir(home.home().history_file()).unwrap();
    home.start_daemon();
    let run = home.run("one");
    home.expect_outcome(run, &Outcome::Succeeded);
    assert_eq!(home.history("one").len(), 1, "the daemon remembers it");
    let is_told = |home: &TestHome| home.ctl(&["status"]).stderr.contains("the history cannot be");
    assert!(is_told(&home));
    shut_down(&mut home);
    fs::remove_dir(home.home().history_file()).unwrap();
    home.start_daemon();
    shut_down(&mut home);
    assert_eq!(recorded(&home), [1]);
    home.start_daemon();
    assert!(!is_told(&home));
}

#[test]
fn unreadable_history_is_set_aside() {
    let mut home = TestHome::new();
    home.write_config(task("one", &FakeScript::default(), ""));
    fs::copy(home.home().config_file(), home.home().history_file()).unwrap();
    home.start_daemon();
    let run = home.run("one");
    home.expect_outcome(run, &Outcome::Succeeded);
    shut_down(&mut home);
    assert_eq!(recorded(&home), [1]);
    let aside = fs::read(home.home().root().join("history.db.bad-1")).unwrap();
    assert_eq!(aside, fs::read(home.home().config_file()).unwrap());
    assert!(home.daemon_errors().contains("history.db.bad-1"));
}

#[test]
fn oldest_runs_go_when_there_are_more_than_the_option_says() {
    let mut home = TestHome::new();
    home.write_config(["[prestic]\nhistory-runs = 10\n\n", &task("mail", &FakeScript::default(), "")].concat());
    big_history::fill(home.home(), 30);
    home.start_daemon();
    shut_down(&mut home);
    assert!(recorded(&home).into_iter().eq(21..=30));
}
