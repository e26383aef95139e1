use chrono::DateTime;
use prestic_proto::{
    outcome::{Failure, Outcome, SkipReason},
    progress::Summary,
    run::{RunState, Trigger, Turn},
};
use rusqlite::Connection;

use super::*;
use crate::history::{database, tests::run};

fn empty() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let connection = database::open(&folder.path().join("history.db")).unwrap();
    (folder, connection)
}

fn ended(id: u64, task: &str, outcome: Outcome) -> Run {
    run(id, task, DateTime::UNIX_EPOCH, outcome)
}

/// Runs of two tasks, one of them in a group, with various ends.
fn some_runs() -> Vec<(Run, Option<&'static str>)> {
    let skipped = Outcome::Skipped(SkipReason::Deadline);
    vec![
        (ended(1, "home@a", Outcome::Succeeded), Some("home")),
        (ended(2, "mail", Outcome::Failed(Failure::Network)), None),
        (ended(3, "home@b", Outcome::Interrupted), Some("home")),
        (ended(4, "mail", skipped.clone()), None),
        (ended(5, "home@a", skipped), Some("home")),
        (ended(6, "mail", Outcome::Succeeded), None),
    ]
}

fn query(task: &str, outcomes: &[&str], before: u64, limit: u32) -> RunQuery {
    RunQuery {
        task: (!task.is_empty()).then(|| task.to_owned()),
        outcomes: outcomes.iter().map(|word| (*word).to_owned()).collect(),
        before: (before > 0).then_some(RunId(before)),
        limit,
    }
}

/// Checks a page: the numbers of its runs, and whether there are more.
#[track_caller]
fn check(query: &RunQuery, expected: (&[u64], bool)) {
    let (_folder, connection) = empty();
    for (run, group) in some_runs() {
        add(&connection, &run, group).unwrap();
    }
    let RunPage { runs, has_more } = page(&connection, query).unwrap();
    assert_eq!((runs.iter().map(|run| run.id.0).collect::<Vec<_>>().as_slice(), has_more), expected);
}

#[test]
fn newest_runs_come_first() {
    check(&query("", &[], 0, 100), (&[6, 5, 4, 3, 2, 1], false));
    check(&query("", &[], 0, 6), (&[6, 5, 4, 3, 2, 1], false));
    check(&query("", &[], 0, 4), (&[6, 5, 4, 3], true));
    check(&query("", &[], 0, 0), (&[], true));
}

#[test]
fn next_page_begins_before_the_last_run_of_the_one_before() {
    check(&query("", &[], 3, 100), (&[2, 1], false));
    check(&query("", &[], 3, 1), (&[2], true));
    check(&query("", &[], 1, 1), (&[], false));
}

#[test]
fn page_of_a_task_or_a_group_has_its_runs_only() {
    check(&query("mail", &[], 0, 2), (&[6, 4], true));
    check(&query("home", &[], 0, 100), (&[5, 3, 1], false));
    check(&query("home", &[], 5, 1), (&[3], true));
    check(&query("home@a", &[], 0, 100), (&[5, 1], false));
    check(&query("other", &[], 0, 100), (&[], false));
}

#[test]
fn page_of_outcomes_has_such_runs_only() {
    check(&query("", &["succeeded"], 0, 100), (&[6, 1], false));
    check(&query("", &["failed", "interrupted"], 0, 1), (&[3], true));
    check(&query("home", &["skipped", "interrupted"], 0, 100), (&[5, 3], false));
    check(&query("home", &["skipped", "interrupted"], 5, 100), (&[3], false));
    check(&query("", &["no such word"], 0, 100), (&[], false));
}

#[test]
fn every_outcome_is_found_by_its_word() {
    assert!(Outcome::WORDS.contains(&"timed-out"));
    let words: BTreeSet<_> = Outcome::WORDS.into_iter().collect();
    assert_eq!(words.len(), Outcome::WORDS.len());
}

#[test]
fn recorded_run_comes_back_as_it_was() {
    let (_folder, connection) = empty();
    let run = Run {
        trigger: Trigger::After("other".to_owned()),
        due_at: DateTime::from_timestamp(60, 0),
        missed: 3,
        attempt: 2,
        started_at: DateTime::from_timestamp_millis(61_234),
        log_file: Some("log.txt".to_owned()),
        summary: Some(Summary { snapshot_id: Some("abc".to_owned()), bytes_added: u64::MAX / 3, ..Summary::default() }),
        last_lines: vec!["Fatal: \"ä\"\n".to_owned()],
        ..ended(7, "home", Outcome::Failed(Failure::WrongPassword))
    };
    add(&connection, &run, None).unwrap();
    assert_eq!(find(&connection, RunId(7)).unwrap(), Some(run));
    assert_eq!(find(&connection, RunId(8)).unwrap(), None);
}

#[test]
fn run_that_has_not_ended_is_not_recorded() {
    let (_folder, connection) = empty();
    add(&connection, &Run { state: RunState::Starting, ..ended(1, "home", Outcome::Succeeded) }, None).unwrap();
    assert_eq!(count(&connection).unwrap(), 0);
}

#[test]
fn run_is_recorded_once() {
    let (_folder, connection) = empty();
    for outcome in [Outcome::Succeeded, Outcome::Interrupted] {
        add(&connection, &ended(1, "home", outcome), None).unwrap();
    }
    assert_eq!(count(&connection).unwrap(), 1);
    assert_eq!(find(&connection, RunId(1)).unwrap().unwrap().finished().unwrap().outcome, Outcome::Succeeded);
}

#[test]
fn task_that_left_its_group_is_found_by_it_until_it_is_in_another() {
    let (_folder, connection) = empty();
    let found = |name: &str| page(&connection, &query(name, &[], 0, 10)).unwrap().runs.len();
    add(&connection, &ended(1, "home@a", Outcome::Succeeded), Some("home")).unwrap();
    add(&connection, &ended(2, "home@a", Outcome::Succeeded), None).unwrap();
    assert_eq!([found("home"), found("house")], [2, 0]);
    add(&connection, &ended(3, "home@a", Outcome::Succeeded), Some("house")).unwrap();
    assert_eq!([found("home"), found("house")], [0, 3]);
}

#[test]
fn oldest_runs_go_when_there_are_too_many_and_stay_away() {
    let (_folder, connection) = empty();
    for id in 1..=10 {
        add(&connection, &ended(id, "home", Outcome::Succeeded), None).unwrap();
    }
    assert!(trim(&connection, 4, 5).unwrap());
    assert_eq!(count(&connection).unwrap(), 5);
    assert!(!trim(&connection, 4, 5).unwrap());
    assert_eq!(count(&connection).unwrap(), 4);
    assert!(!trim(&connection, 4, 5).unwrap(), "there are none too many");
    let left = page(&connection, &query("", &[], 0, 100)).unwrap().runs;
    assert_eq!(left.iter().map(|run| run.id.0).collect::<Vec<_>>(), [10, 9, 8, 7]);
    // A record that was left behind does not bring it back.
    add(&connection, &ended(3, "home", Outcome::Succeeded), None).unwrap();
    assert_eq!(count(&connection).unwrap(), 4);
    assert!(is_settled(&connection, RunId(3)).unwrap() && !is_settled(&connection, RunId(11)).unwrap());
}

#[test]
fn newest_number_is_told() {
    let (_folder, connection) = empty();
    assert_eq!(newest(&connection).unwrap(), None);
    add(&connection, &ended(30, "home", Outcome::Succeeded), None).unwrap();
    add(&connection, &ended(7, "home", Outcome::Succeeded), None).unwrap();
    assert_eq!(newest(&connection).unwrap(), Some(RunId(30)));
}

#[test]
fn run_that_a_later_program_has_written_is_left_out() {
    let (_folder, connection) = empty();
    for id in 1..=3 {
        add(&connection, &ended(id, "home", Outcome::Succeeded), None).unwrap();
    }
    connection.execute("UPDATE runs SET run = '{\"state\":\"dreaming\"}' WHERE id = 2", ()).unwrap();
    let RunPage { runs, has_more } = page(&connection, &query("", &[], 0, 2)).unwrap();
    assert_eq!((runs.len(), has_more), (1, true));
}

/// Checks a page of runs that the core remembers and runs that are recorded.
#[track_caller]
fn check_merged(remembered: &[u64], recorded: (&[u64], bool), before: u64, expected: (&[u64], bool)) {
    let runs = |ids: &[u64]| ids.iter().map(|id| ended(*id, "home", Outcome::Succeeded)).collect();
    let recorded = RunPage { runs: runs(recorded.0), has_more: recorded.1 };
    let RunPage { runs, has_more } = merged(&query("", &[], before, 3), runs(remembered), recorded);
    assert_eq!((runs.iter().map(|run| run.id.0).collect::<Vec<_>>().as_slice(), has_more), expected);
}

#[test]
fn what_is_remembered_and_what_is_recorded_make_one_list() {
    check_merged(&[], (&[], false), 0, (&[], false));
    check_merged(&[9, 7], (&[8, 7, 6], true), 0, (&[9, 8, 7], true));
    check_merged(&[9, 8, 7], (&[9, 8, 7], false), 0, (&[9, 8, 7], false));
    check_merged(&[9, 8, 7, 6], (&[], false), 0, (&[9, 8, 7], true));
    check_merged(&[9, 8], (&[6, 5, 4], true), 8, (&[6, 5, 4], true));
    check_merged(&[9, 6], (&[5], false), 8, (&[6, 5], false));
}

#[test]
fn remembered_run_that_is_recorded_too_counts_as_it_is_remembered() {
    let active = Run { state: RunState::Queued(Turn::default()), ..ended(1, "home", Outcome::Succeeded) };
    let recorded = RunPage { runs: vec![ended(1, "home", Outcome::Succeeded)], has_more: false };
    let page = merged(&query("", &[], 0, 3), vec![active.clone()], recorded.clone());
    assert_eq!(page.runs, std::slice::from_ref(&active));
    // Where ends are asked for, one without an end is none of them.
    let page = merged(&query("", &["succeeded"], 0, 3), vec![active], RunPage { runs: Vec::new(), ..recorded });
    assert_eq!(page.runs, []);
}
