use prestic_proto::{
    limit::Limit,
    outcome::{Failure, SkipReason},
};

use super::*;
use crate::history::{database, runs, tests::run};

/// Days since 1970, and hours.
fn at(days: i64, hours: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(days) + TimeDelta::hours(hours)
}

fn utc_date(at: DateTime<Utc>) -> NaiveDate {
    at.date_naive()
}

/// Checks what a run with an outcome counts as: succeeded, warnings, failed, stopped, missed.
#[track_caller]
fn check(outcome: Outcome, expected: [u32; 5]) {
    let run = run(1, "home", at(5, 3), outcome);
    let Share { day, .. } = share_of(&run, run.finished().unwrap(), utc_date);
    assert_eq!([day.succeeded, day.warnings, day.failed, day.stopped, day.missed], expected);
}

#[test]
fn every_outcome_has_its_count() {
    check(Outcome::Succeeded, [1, 0, 0, 0, 0]);
    check(Outcome::Warnings, [0, 1, 0, 0, 0]);
    check(Outcome::Failed(Failure::Network), [0, 0, 1, 0, 0]);
    check(Outcome::RepositoryLocked, [0, 0, 1, 0, 0]);
    check(Outcome::TimedOut(Limit::Window), [0, 0, 1, 0, 0]);
    check(Outcome::Killed(9), [0, 0, 1, 0, 0]);
    check(Outcome::SpawnFailed("no such file".to_owned()), [0, 0, 1, 0, 0]);
    check(Outcome::Interrupted, [0, 0, 1, 0, 0]);
    check(Outcome::Stopped, [0, 0, 0, 1, 0]);
    check(Outcome::Skipped(SkipReason::StillRunning), [0, 0, 0, 0, 1]);
}

#[test]
fn skip_counts_all_that_it_stands_for_and_a_late_run_only_itself() {
    let skip = Run { missed: 4, ..run(1, "home", at(5, 0), Outcome::Skipped(SkipReason::Missed { count: 5 })) };
    assert_eq!(share_of(&skip, skip.finished().unwrap(), utc_date).day.missed, 5);
    let late = Run { missed: 4, ..run(1, "home", at(5, 0), Outcome::Succeeded) };
    assert_eq!(share_of(&late, late.finished().unwrap(), utc_date).day.missed, 0);
}

#[test]
fn skip_belongs_to_the_day_on_which_it_was_due_and_a_run_to_the_one_on_which_it_ended() {
    let due_at = Some(at(3, 23));
    let skip = Run { due_at, ..run(1, "home", at(5, 1), Outcome::Skipped(SkipReason::Deadline)) };
    assert_eq!(share_of(&skip, skip.finished().unwrap(), utc_date).date, utc_date(at(3, 0)));
    let run = Run { due_at, ..run(1, "home", at(5, 1), Outcome::Succeeded) };
    assert_eq!(share_of(&run, run.finished().unwrap(), utc_date).date, utc_date(at(5, 0)));
}

/// Noon in UTC, which is the same day in the zones in which tests are run.
fn noon(days: i64) -> DateTime<Utc> {
    at(days, 12)
}

fn recorded(ended: &[Run]) -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let connection = database::open(&folder.path().join("history.db")).unwrap();
    for run in ended {
        runs::add(&connection, run, None).unwrap();
    }
    (folder, connection)
}

/// Checks which run stands for a day on which these ended.
#[track_caller]
fn check_run(ended: &[(u64, Outcome)], expected: u64) {
    let ended: Vec<Run> = ended.iter().map(|(id, outcome)| run(*id, "home", noon(100), outcome.clone())).collect();
    let (_folder, connection) = recorded(&ended);
    assert_eq!(last(&connection, local_date(noon(100)), 1).unwrap()[0].days[0].run, Some(RunId(expected)));
}

#[test]
fn last_run_that_failed_stands_for_its_day() {
    check_run(&[(1, Outcome::Interrupted), (2, Outcome::Killed(9)), (3, Outcome::Succeeded)], 2);
}

#[test]
fn last_run_stands_for_a_day_without_failures() {
    check_run(&[(1, Outcome::Warnings), (2, Outcome::Succeeded)], 2);
    check_run(&[(1, Outcome::Succeeded), (2, Outcome::Skipped(SkipReason::Deadline))], 1);
    check_run(&[(1, Outcome::Skipped(SkipReason::Deadline)), (2, Outcome::Skipped(SkipReason::Deadline))], 2);
}

#[test]
fn order_in_which_runs_are_recorded_does_not_matter() {
    check_run(&[(9, Outcome::Succeeded), (3, Outcome::Killed(9)), (2, Outcome::Killed(9))], 3);
    check_run(&[(9, Outcome::Succeeded), (3, Outcome::Succeeded)], 9);
}

#[test]
fn runs_of_a_day_add_up_and_days_without_any_are_left_out() {
    let with_bytes = |id, day, bytes_added| Run {
        summary: Some(prestic_proto::progress::Summary { bytes_added, ..Default::default() }),
        ..run(id, "home", noon(day), Outcome::Succeeded)
    };
    let ended =
        [with_bytes(1, 98, 10), with_bytes(2, 100, 20), with_bytes(3, 100, 3), run(4, "mail", noon(99), Outcome::Stopped)];
    let (_folder, connection) = recorded(&ended);
    let [home, mail] = &last(&connection, local_date(noon(100)), 30).unwrap()[..] else { panic!() };
    let days: Vec<_> = home.days.iter().map(|day| (day.date, day.succeeded, day.bytes_added)).collect();
    assert_eq!(days, [(local_date(noon(98)), 1, 10), (local_date(noon(100)), 2, 23)]);
    assert_eq!((mail.task.as_str(), mail.days.len(), mail.days[0].stopped), ("mail", 1, 1));
}

#[test]
fn only_the_days_that_are_asked_for_are_told() {
    let ended = [98_i64, 99, 100, 101].map(|day| run(day.unsigned_abs(), "home", noon(day), Outcome::Succeeded));
    let (_folder, connection) = recorded(&ended);
    let today = local_date(noon(100));
    let told = |days| -> usize { last(&connection, today, days).unwrap().iter().map(|task| task.days.len()).sum() };
    assert_eq!([told(0), told(1), told(2), told(30)], [1, 1, 2, 3], "and none of the future");
}

#[test]
fn run_that_is_recorded_again_is_not_counted_again() {
    let run = run(1, "home", noon(100), Outcome::Succeeded);
    let (_folder, connection) = recorded(&[run.clone(), run]);
    assert_eq!(last(&connection, local_date(noon(100)), 1).unwrap()[0].days[0].succeeded, 1);
}

#[test]
fn very_old_days_are_forgotten() {
    let ended = [run(1, "home", noon(0), Outcome::Succeeded), run(2, "home", noon(900), Outcome::Succeeded)];
    let (_folder, connection) = recorded(&ended);
    trim(&connection, local_date(noon(901))).unwrap();
    let days = last(&connection, local_date(noon(901)), 2_000).unwrap();
    assert_eq!(days[0].days.iter().map(|day| day.run).collect::<Vec<_>>(), [Some(RunId(2))]);
}
