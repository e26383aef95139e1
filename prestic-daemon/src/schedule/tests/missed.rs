//! What becomes of instants that went by while nobody looked.

use chrono::TimeDelta;

use super::{UTC, at};
use crate::schedule::{
    CatchUp, Schedule,
    missed::{COUNTED, Missed, missed},
};

/// Checks the decision about a schedule in UTC; the expected one is written as `Debug` shows it, without the instant.
#[track_caller]
fn check_missed(text: &str, last_due: &str, now: &str, expected: Missed) {
    let schedule = Schedule::parse(text).unwrap();
    assert_eq!(missed(&schedule, at(last_due), at(now), &UTC, CatchUp::Auto), expected, "for {text:?}");
}

#[test]
fn nothing_is_missed_before_the_next_instant() {
    check_missed("daily at 12:00", "2026-01-01 12:00+00:00", "2026-01-02 11:59+00:00", Missed::Nothing);
    check_missed("off", "2026-01-01 12:00+00:00", "2026-03-01 12:00+00:00", Missed::Nothing);
    // The clock was set back.
    check_missed("daily at 12:00", "2026-01-05 12:00+00:00", "2026-01-02 12:30+00:00", Missed::Nothing);
}

#[test]
fn instant_that_has_just_come_is_due_whatever_was_missed_before() {
    let due = |text, missed| Missed::Due { at: at(text), missed };
    check_missed("daily at 12:00", "2026-01-01 12:00+00:00", "2026-01-02 12:00+00:00", due("2026-01-02 12:00+00:00", 0));
    check_missed("daily at 12:00", "2026-01-01 12:00+00:00", "2026-01-04 12:01+00:00", due("2026-01-04 12:00+00:00", 2));
    check_missed("hourly", "2026-01-01 12:00+00:00", "2026-01-01 13:00+00:00", due("2026-01-01 13:00+00:00", 0));
}

#[test]
fn recently_missed_run_waits_for_a_near_next_one() {
    let skip = |text, missed| Missed::Skip { at: at(text), missed };
    check_missed("daily at 12:00", "2026-01-01 12:00+00:00", "2026-01-03 00:01+00:00", skip("2026-01-02 12:00+00:00", 1));
    check_missed("hourly", "2026-01-01 12:00+00:00", "2026-01-05 12:30+00:00", skip("2026-01-05 12:00+00:00", 96));
}

#[test]
fn missed_run_catches_up_once_when_the_next_one_is_far_or_the_first_one_long_ago() {
    let run = |text, missed| Missed::CatchUp { at: at(text), missed };
    check_missed("daily at 12:00", "2026-01-01 12:00+00:00", "2026-01-03 00:00+00:00", run("2026-01-02 12:00+00:00", 1));
    check_missed("daily at 12:00", "2026-01-01 12:00+00:00", "2026-01-07 11:00+00:00", run("2026-01-06 12:00+00:00", 5));
    check_missed("monthly", "2026-01-01 00:00+00:00", "2026-02-01 05:00+00:00", run("2026-02-01 00:00+00:00", 1));
}

#[test]
fn counting_is_bounded_and_the_latest_is_found_all_the_same() {
    let expected = Missed::CatchUp { at: at("2026-05-08 12:00+00:00"), missed: COUNTED };
    check_missed("daily at 12:00", "1986-01-01 12:00+00:00", "2026-05-09 11:00+00:00", expected);
    let expected = Missed::Skip { at: at("2026-05-08 23:40+00:00"), missed: COUNTED };
    check_missed("fri *:20 *:40", "1986-01-01 12:00+00:00", "2026-05-14 11:00+00:00", expected);
}

#[test]
fn task_can_have_a_rule_of_its_own() {
    let schedule = Schedule::parse("daily at 12:00").unwrap();
    let day = |day: i64| at("2026-01-01 12:00+00:00") + TimeDelta::days(day);
    let run = Missed::CatchUp { at: day(3), missed: 3 };
    let skip = Missed::Skip { at: day(3), missed: 3 };
    let now = day(3) + TimeDelta::hours(6);
    for (catch_up, expected) in [
        (CatchUp::Yes, run),
        (CatchUp::No, skip),
        (CatchUp::Within(TimeDelta::hours(7)), run),
        (CatchUp::Within(TimeDelta::hours(6)), skip),
    ] {
        assert_eq!(missed(&schedule, day(0), now, &UTC, catch_up), expected, "by the rule {catch_up}");
    }
    let due = Missed::Due { at: day(3), missed: 2 };
    assert_eq!(missed(&schedule, day(0), day(3), &UTC, CatchUp::No), due, "what is on time is not missed");
}

#[test]
fn steps_are_waited_for_unless_they_are_long() {
    let skip = |text, missed| Missed::Skip { at: at(text), missed };
    let run = |text, missed| Missed::CatchUp { at: at(text), missed };
    check_missed("every 7 h", "1970-01-01 00:00+00:00", "1970-01-03 00:00+00:00", skip("1970-01-02 18:00+00:00", 6));
    check_missed("every 100 h", "1970-01-01 00:00+00:00", "1970-01-06 00:00+00:00", run("1970-01-05 04:00+00:00", 1));
}

#[test]
fn rules_read_back_as_they_are_shown() {
    for text in ["auto", "yes", "no", "6h", "1d12h"] {
        assert_eq!(CatchUp::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(CatchUp::parse("YES").unwrap(), CatchUp::Yes);
    let error = CatchUp::parse("sometimes").unwrap_err();
    assert_eq!(error.to_string(), "`sometimes` is no rule for missed times");
    assert_eq!(error.span(), Some((1, 9)));
    assert!(CatchUp::parse("").is_err());
}
