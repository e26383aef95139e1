//! What is told of runs, line by line.

use std::path::Path;

use chrono::TimeDelta;
use prestic_proto::{
    limit::Limit,
    run::{RunId, Trigger},
};

use super::*;
use crate::{
    config,
    keyring::{KeyringError, Refusal},
};

fn at(minute: i64) -> DateTime<Utc> {
    // A Friday.
    DateTime::UNIX_EPOCH + TimeDelta::days(1) + TimeDelta::minutes(minute)
}

fn moment(minute: i64) -> Moment {
    Moment { now: at(minute), local: |at| at.fixed_offset() }
}

fn news(option: &str) -> TaskNews {
    let text = format!("[home]\nrepository = /mnt/nas\npassword = hunter2\ncommand = backup\ndescription = Photos\n{option}\n");
    let profile = config::read(&text, Path::new("config.ini")).config.profile("home").unwrap().clone();
    TaskNews { profile, is_paused: false, retry_at: None, next_run_at: None, told: Told::default() }
}

fn run(state: RunState, lines: &[&str]) -> Run {
    Run {
        id: RunId(7),
        task: "home".to_owned(),
        trigger: Trigger::Scheduled,
        due_at: Some(at(0)),
        missed: 0,
        attempt: 0,
        created_at: at(0),
        started_at: Some(at(0)),
        log_file: Some("log.txt".to_owned()),
        state,
        progress: None,
        limit_near: None,
        summary: None,
        last_lines: lines.iter().map(|line| (*line).to_owned()).collect(),
    }
}

fn ended(outcome: Outcome, lines: &[&str]) -> Run {
    run(RunState::Finished(Finished { at: at(2), duration_ms: 123_000, exit_code: None, outcome }), lines)
}

/// Returns summary and body of what is told; none if nothing is.
fn told(decision: Decision) -> Option<(String, String)> {
    match decision {
        Decision::Tell(notice) | Decision::Gather(_, notice) => Some((notice.summary, notice.body)),
        Decision::Nothing | Decision::Note(_) => None,
    }
}

fn notice(decision: Decision) -> Notice {
    match decision {
        Decision::Tell(notice) | Decision::Gather(_, notice) => notice,
        other => panic!("nothing is told: {other:?}"),
    }
}

#[track_caller]
fn check(option: &str, run: &Run, expected: Option<&str>) {
    let found = told(of_run(run, &news(option), &moment(3)));
    assert_eq!(found.as_ref().map(|(summary, _)| summary.as_str()), expected, "{option} {:?}", run.state);
}

#[test]
fn level_decides_what_is_told() {
    let rows: [(Run, [Option<&str>; 3]); 9] = [
        (run(RunState::Running { pid: 1 }, &[]), [None, None, Some("home has started")]),
        (ended(Outcome::Succeeded, &[]), [None, None, Some("home has finished")]),
        (ended(Outcome::Warnings, &[]), [None, Some("home finished with warnings"), Some("home finished with warnings")]),
        (ended(Outcome::Stopped, &[]), [None, None, Some("home was stopped")]),
        (ended(Outcome::Interrupted, &[]), [None, None, Some("home was interrupted")]),
        (ended(Outcome::Skipped(SkipReason::Deadline), &[]), [None, Some("home did not run"), Some("home did not run")]),
        (ended(Outcome::Failed(Failure::Network), &[]), [Some("home failed: the repository cannot be reached"); 3]),
        (
            ended(Outcome::TimedOut(Limit::NoProgress), &[]),
            [Some("home timed out: nothing moved for as long as no-progress-timeout"); 3],
        ),
        (ended(Outcome::Killed(9), &[]), [Some("home was killed by signal 9"); 3]),
    ];
    for (run, expected) in &rows {
        for (level, expected) in ["off", "problems", "on"].into_iter().zip(expected) {
            check(&format!("notifications = {level}"), run, *expected);
        }
    }
}

#[test]
fn failure_is_told_with_its_last_words_the_remedy_and_what_comes_next() {
    let run = ended(Outcome::Failed(Failure::NoRepository), &["trying hunter2", "Fatal: unable to open config file"]);
    let mut news = news("");
    news.retry_at = Some(at(5));
    let found = notice(of_run(&run, &news, &moment(3)));
    assert_eq!(found.summary, "home failed: no repository there, or its disk is not mounted");
    assert_eq!(
        found.body,
        "Photos\ntrying [hidden]\nFatal: unable to open config file\nIs the disk of “/mnt/nas” mounted? If there never was a \
         repository: “prestic-ctl init home”\nIt took 2 min 03 s. It is tried again at 00:05."
    );
    assert_eq!(found.choices.iter().map(|choice| choice.label).collect::<Vec<_>>(), ["Open log", "Retry"]);
    assert_eq!(found.urgency, Urgency::Normal);
    news.retry_at = None;
    news.next_run_at = Some(at(24 * 60));
    let found = notice(of_run(&run, &news, &moment(3)));
    assert_eq!(found.urgency, Urgency::Critical);
    assert!(found.body.ends_with("It took 2 min 03 s. Next run: Sat 3 Jan, 00:00."), "{}", found.body);
}

#[test]
fn keyring_that_gives_nothing_is_told_with_the_reason_and_its_own_remedy() {
    let refused = |error: KeyringError| {
        let failure = error.failure();
        let refusal = Refusal { profile: "home".to_owned(), entry: "nas".to_owned(), error };
        let run = Run { last_lines: refusal.lines(), ..ended(Outcome::Failed(failure), &[]) };
        notice(of_run(&run, &news(""), &moment(3)))
    };
    let absent = refused(KeyringError::Absent("nas".to_owned()));
    assert_eq!(
        absent.body,
        "Photos\nprofile `home` has `password-keyring = nas`, but the keyring has no entry `nas`\n\
         Put the password there with “prestic-ctl keyring set nas”\nIt took 2 min 03 s."
    );
    let locked = refused(KeyringError::Locked);
    assert!(locked.body.contains("but the keyring is locked, and nobody has unlocked it\nLog in to the desktop"), "{locked:?}");
    assert_ne!(locked.told, refused(KeyringError::NoService).told);
}

#[test]
fn same_error_is_told_once_a_day_and_another_one_at_once() {
    let failed = |failure| ended(Outcome::Failed(failure), &[]);
    let mut news = news("");
    [(_, news.told)] = notice(of_run(&failed(Failure::Network), &news, &moment(0))).told.try_into().unwrap();
    assert_eq!(of_run(&failed(Failure::Network), &news, &moment(60)), Decision::Nothing);
    assert!(told(of_run(&failed(Failure::NoSpace), &news, &moment(60))).is_some());
    assert!(told(of_run(&failed(Failure::Network), &news, &moment(24 * 60))).is_some());
}

#[test]
fn errors_of_no_known_kind_are_told_apart_by_their_words_and_not_by_their_numbers() {
    let failed = |line: &str| ended(Outcome::Failed(Failure::Other), &[line]);
    let mut news = news("");
    [(_, news.told)] = notice(of_run(&failed("Fatal: pack 12 is damaged"), &news, &moment(0))).told.try_into().unwrap();
    assert_eq!(of_run(&failed("Fatal: pack 345 is damaged"), &news, &moment(1)), Decision::Nothing);
    assert!(told(of_run(&failed("Fatal: index is damaged"), &news, &moment(1))).is_some());
}

#[test]
fn recovery_is_told_once_and_only_of_a_failure_that_was_told() {
    let good = ended(Outcome::Succeeded, &[]);
    let mut news = news("");
    assert_eq!(of_run(&good, &news, &moment(0)), Decision::Nothing);
    let failed = ended(Outcome::Failed(Failure::Network), &[]);
    [(_, news.told)] = notice(of_run(&failed, &news, &moment(0))).told.try_into().unwrap();
    let recovered = notice(of_run(&good, &news, &moment(1)));
    assert_eq!(recovered.summary, "home works again");
    [(_, news.told)] = recovered.told.try_into().unwrap();
    assert_eq!(of_run(&good, &news, &moment(2)), Decision::Nothing);
    // The same error again is told tomorrow, so today's recovery from it is no news either.
    assert_eq!(of_run(&failed, &news, &moment(3)), Decision::Nothing);
    assert_eq!(of_run(&good, &news, &moment(4)), Decision::Nothing);
}

#[test]
fn who_hears_of_failures_only_hears_of_no_recovery() {
    let mut news = news("notifications = off");
    news.told = Told::default().failing(true);
    assert_eq!(of_run(&ended(Outcome::Succeeded, &[]), &news, &moment(0)), Decision::Note(Told::default()));
    assert_eq!(of_overdue("home", None, &news, &moment(0)), Decision::Nothing);
}

#[test]
fn nothing_is_told_while_paused() {
    let paused = TaskNews { is_paused: true, ..news("notifications = on") };
    for outcome in [Outcome::Succeeded, Outcome::Warnings, Outcome::Failed(Failure::Other)] {
        assert_eq!(of_run(&ended(outcome, &[]), &paused, &moment(0)), Decision::Nothing);
    }
    assert_eq!(of_overdue("home", None, &paused, &moment(0)), Decision::Nothing);
}

#[test]
fn missed_time_is_told_with_the_reason() {
    let run = ended(Outcome::Skipped(SkipReason::Missed { count: 3 }), &[]);
    let found = notice(of_run(&run, &news(""), &moment(90)));
    assert_eq!(found.body, "Photos\nIt was due at 00:00: it was missed 3 times.");
    assert_eq!(found.choices[1].label, "Run now");
}

#[test]
fn overdue_task_is_told_with_its_last_good_run() {
    let found = notice(of_overdue("home", Some(at(-3 * 24 * 60)), &news(""), &moment(0)));
    assert_eq!((found.summary.as_str(), found.body.as_str()), ("home is overdue", "Photos\nIts last good run was 3 d ago."));
}

#[test]
fn interrupted_run_by_hand_is_a_failure_because_nothing_repeats_it() {
    let by_hand = Run { due_at: None, ..ended(Outcome::Interrupted, &[]) };
    check("", &by_hand, Some("home was interrupted"));
}
