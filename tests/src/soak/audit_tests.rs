//! The audit finds what it is there for: an auditor that nobody has seen complain proves nothing.

use prestic_proto::run::Finished;

use super::{super::records::Stage, *};
use crate::soak::{ordeal::Ordeal, tasks::TASKS};

/// Minutes since a midnight that is far from every change of the clocks.
fn at(minute: i64) -> DateTime<Utc> {
    "2026-07-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
}

/// The record of a run that began at once, and ended two minutes later; of one that was skipped, if that is the outcome.
fn record(run: u64, due: i64, missed: u32, decided: i64, outcome: Outcome) -> Record {
    let started_at = (!matches!(outcome, Outcome::Skipped(_))).then(|| at(decided));
    let finished = Finished { at: at(decided + 2), duration_ms: 1, exit_code: None, outcome };
    Record {
        run: RunId(run),
        task: "hourly".to_owned(),
        trigger: if decided > due + 1 && started_at.is_some() { Trigger::CaughtUp } else { Trigger::Scheduled },
        due_at: Some(at(due)),
        missed,
        attempt: 0,
        created_at: at(decided),
        stage: Stage::Finished { started_at, finished },
    }
}

fn ran(run: u64, due: i64) -> Record {
    record(run, due, 0, due, Outcome::Succeeded)
}

fn skipped(run: u64, due: i64, count: u32, decided: i64) -> Record {
    record(run, due, count - 1, decided, Outcome::Skipped(SkipReason::Missed { count }))
}

/// Audits a task that is due at the minutes 60, 120, … 300, with restic started as the records tell.
fn account_of(catch_up: CatchUp, records: &[Record], suffered: &[Suffered]) -> Account {
    let starts = records.iter().filter_map(Record::started_at).collect();
    account_with_starts(catch_up, records, suffered, starts)
}

fn account_with_starts(catch_up: CatchUp, records: &[Record], suffered: &[Suffered], starts: Vec<DateTime<Utc>>) -> Account {
    let hourly = TASKS.iter().find(|task| task.name == "hourly").unwrap();
    let task = Task { catch_up, ..*hourly };
    let due: Vec<DateTime<Utc>> = (1..=12).map(|hour| at(hour * 60)).collect();
    let records = records.iter().collect();
    audit(&Evidence { task: &task, due: &due, until: at(300), records, starts, suffered, paused_until: None })
}

#[track_caller]
fn check(account: &Account, lost: usize, twice: usize, complaint: Option<&str>) {
    assert_eq!((account.lost, account.twice), (lost, twice), "{account:?}");
    match complaint {
        Some(complaint) => assert!(account.wrong.iter().any(|wrong| wrong.contains(complaint)), "{account:?}"),
        None => assert!(account.is_clean(), "{account:?}"),
    }
}

fn all_ran() -> Vec<Record> {
    (1..=5).map(|hour| ran(u64::try_from(hour).unwrap(), hour * 60)).collect()
}

#[test]
fn one_run_for_each_occurrence_is_clean() {
    let account = account_of(CatchUp::Auto, &all_ran(), &[]);
    check(&account, 0, 0, None);
    assert_eq!((account.due, account.ran), (5, 5));
}

#[test]
fn what_nothing_accounts_for_is_lost() {
    check(&account_of(CatchUp::Auto, &all_ran()[..4], &[]), 1, 0, Some("at the end"));
    let mut records = all_ran();
    records.remove(2);
    check(&account_of(CatchUp::Auto, &records, &[]), 1, 0, Some("stands for 1 of 2"));
}

#[test]
fn second_answer_to_an_occurrence_is_one_too_many() {
    let mut records = all_ran();
    records.push(ran(9, 180));
    check(&account_of(CatchUp::Auto, &records, &[]), 0, 1, Some("once more"));
}

#[test]
fn second_start_of_restic_is_one_too_many() {
    let records = all_ran();
    let mut starts: Vec<DateTime<Utc>> = records.iter().filter_map(Record::started_at).collect();
    starts.insert(2, at(121));
    check(&account_with_starts(CatchUp::Auto, &records, &[], starts), 0, 1, Some("was started 6 times"));
}

#[test]
fn start_before_its_time_is_told() {
    let records = all_ran();
    let starts = [59, 120, 180, 240, 300].map(at).to_vec();
    check(&account_with_starts(CatchUp::Auto, &records, &[], starts), 0, 0, Some("before it was due"));
}

#[test]
fn missed_ones_have_to_be_counted_right() {
    for (count, lost, twice) in [(2, 1, 0), (3, 0, 0), (4, 0, 1)] {
        let account = account_of(CatchUp::Auto, &[ran(1, 60), skipped(2, 240, count, 250), ran(3, 300)], &[]);
        check(&account, lost, twice, (count != 3).then_some("stands for"));
    }
}

#[test]
fn rule_of_catching_up_has_to_be_kept() {
    let let_go = [ran(1, 60), skipped(2, 240, 3, 250), ran(3, 300)];
    let caught_up = [ran(1, 60), record(2, 240, 2, 250, Outcome::Succeeded), ran(3, 300)];
    check(&account_of(CatchUp::No, &let_go, &[]), 0, 0, None);
    check(&account_of(CatchUp::Yes, &let_go, &[]), 0, 0, Some("let go against the rule"));
    check(&account_of(CatchUp::Yes, &caught_up, &[]), 0, 0, None);
    check(&account_of(CatchUp::Auto, &caught_up, &[]), 0, 0, Some("caught up against the rule"));
    check(&account_of(CatchUp::No, &caught_up, &[]), 0, 0, Some("caught up against the rule"));
}

#[test]
fn what_is_on_time_is_not_missed() {
    let records = [ran(1, 60), skipped(2, 120, 1, 120), ran(3, 180), ran(4, 240), ran(5, 300)];
    check(&account_of(CatchUp::No, &records, &[]), 0, 0, Some("although it was not late"));
}

#[test]
fn run_that_was_cut_off_may_be_repeated() {
    let mut records = all_ran();
    records[1] = record(2, 120, 0, 120, Outcome::Interrupted);
    check(&account_of(CatchUp::Yes, &records, &[]), 0, 0, None);
    records.insert(2, record(9, 120, 0, 130, Outcome::Succeeded));
    let account = account_of(CatchUp::Yes, &records, &[]);
    check(&account, 0, 0, None);
    assert_eq!((account.ran + account.caught_up, account.repeated), (5, 1));
}

#[test]
fn what_was_dealt_with_under_a_wrong_clock_may_be_due_again() {
    let by = TimeDelta::hours(-4);
    let suffered = Suffered { ordeal: Ordeal::SetWhileDown { by }, from: at(295), to: at(55), last_run: RunId(4) };
    let again: Vec<Record> = (5..=9).map(|run| ran(run, i64::try_from(run - 4).unwrap() * 60)).collect();
    let records = [&all_ran()[..4], &again].concat();
    let account = account_of(CatchUp::Auto, &records, &[suffered]);
    check(&account, 0, 0, None);
    assert_eq!((account.due, account.ran, account.due_again), (5, 5, 4));
    check(&account_of(CatchUp::Auto, &records, &[]), 0, 4, Some("once more"));
    check(&account_of(CatchUp::Auto, &records[..8], &[suffered]), 1, 0, Some("at the end"));
}
