//! What the words mean, what is refused and how, and the instants that follow.

use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::{America, Australia, Europe, Pacific, Tz};

use super::{
    Calendar, CatchUp, Schedule, Zone,
    missed::{COUNTED, Missed, missed},
};

const UTC: Calendar = calendar(Tz::UTC);

const fn calendar(zone: Tz) -> Calendar {
    Calendar { zone: Zone::Named(zone), anchor: DateTime::UNIX_EPOCH }
}

/// Checks how a schedule is written in its one canonical way, and that this reads back as the same schedule.
#[track_caller]
fn check(text: &str, canonical: &str) {
    let schedule = Schedule::parse(text).unwrap();
    assert_eq!(schedule.to_string(), canonical, "for {text:?}");
    assert_eq!(Schedule::parse(canonical).unwrap(), schedule, "read back from {canonical:?}");
}

#[track_caller]
fn check_refused(text: &str, message: &str, hint: &str) {
    let error = Schedule::parse(text).unwrap_err();
    assert_eq!(error.to_string(), message, "for {text:?}");
    assert_eq!(error.hint().unwrap_or_default(), hint, "for {text:?}");
}

#[test]
fn words_mean_what_they_say() {
    check("daily", "daily at 00:00");
    check("weekly", "mon at 00:00");
    check("monthly", "monthly at 00:00");
    check("hourly", "hourly");
    check("fri", "fri at 00:00");
    check("12:00", "daily at 12:00");
    check("daily at 02:46", "daily at 02:46");
    check("weekly at 3:5", "mon at 03:05");
    check("monthly at 03:00", "monthly at 03:00");
    check("hourly at *:30", "daily at *:30");
    check("daily at *:30", "daily at *:30");
    check("*:30", "daily at *:30");
    check("*:00", "hourly");
    check("hourly mon", "hourly mon");
}

#[test]
fn order_and_case_of_the_words_do_not_matter() {
    check("At 18:00 FRI Weekly", "fri at 18:00");
    check("fri weekly", "fri at 00:00");
    check("weekly fri", "fri at 00:00");
    check("\tmon,wed ,  fri at 10:00", "mon, wed, fri at 10:00");
}

#[test]
fn several_times_are_a_union() {
    check("18:00 12:00", "daily at 12:00, 18:00");
    check("at 12:00, at 18:00, 12:00", "daily at 12:00, 18:00");
    check("sat *:45 *:15 07:30", "sat at 07:30, *:15, *:45");
}

#[test]
fn weekdays_have_full_spellings_and_ranges() {
    check("tue tues tuesday", "tue at 00:00");
    check("weds thur thurs sundays", "wed, thu, sun at 00:00");
    check("mon-fri at 9:00", "mon, tue, wed, thu, fri at 09:00");
    check("mon..fri", "mon, tue, wed, thu, fri at 00:00");
    check("friday-monday", "mon, fri, sat, sun at 00:00");
    check("sun..sun", "sun at 00:00");
    check("mon-sun at 1:00", "daily at 01:00");
}

#[test]
fn no_schedule_is_never_due() {
    for text in ["", "  ", "off", "Never", "manual"] {
        check(text, "off");
        let schedule = Schedule::parse(text).unwrap();
        assert!(schedule.is_never());
        assert_eq!(schedule.next_after(DateTime::UNIX_EPOCH, &UTC), None);
    }
}

#[test]
fn unknown_word_is_refused_with_its_place_and_the_closest_word() {
    check_refused("dialy at 12:00", "unknown word `dialy` at column 1", "did you mean `daily`?");
    check_refused("at 12:00,  Mondey", "unknown word `Mondey` at column 12", "did you mean `monday`?");
    check_refused("ä sunshine", "unknown word `ä` at column 1", "");
    check_refused("mon sunshine", "unknown word `sunshine` at column 5", "");
    check_refused("money", "unknown word `money` at column 1", "did you mean `mon`?");
    check_refused("mon-fry", "unknown word `mon-fry` at column 1", "");
}

#[test]
fn bad_time_is_refused() {
    let hint = "times are written `HH:MM` (from 00:00 to 23:59), or `*:MM` for a minute of every hour";
    for time in
        ["24:00", "25:00", "12:60", "-1:00", "12:*", "x:30", "9am", "12.30", "12:00:00", "1_2:00", "0003:00", "١٢:00", "*"]
    {
        check_refused(&format!("daily at {time}"), &format!("`{time}` at column 10 is no time"), hint);
    }
    check_refused("daily at", "no time after `at` at column 7", "write `at HH:MM`");
    check_refused("at daily 12:00", "no time after `at` at column 1", "write `at HH:MM`");
}

#[test]
fn words_that_contradict_each_other_are_refused() {
    check_refused("daily weekly", "`weekly` at column 7 contradicts `daily`", "keep one of them");
    check_refused(
        "off 12:00",
        "`off` at column 1 does not go together with other words",
        "leave out `off`, or everything else",
    );
    check_refused(
        "monthly mon",
        "`monthly` does not go together with `mon` at column 9",
        "`monthly` is the first day of each month, whatever its weekday; for every week write `weekly mon`",
    );
    check_refused(
        "hourly at 12:30",
        "`hourly` does not go together with `12:30` at column 11",
        "write `daily at 12:30`, or `*:30` for every hour",
    );
    check_refused(",", "the schedule has no words", "write `off` for a task that only runs when asked to");
}

#[track_caller]
fn at(zone: Tz, text: &str) -> DateTime<Utc> {
    DateTime::parse_from_str(text, "%Y-%m-%d %H:%M%:z").unwrap().with_timezone(&zone).with_timezone(&Utc)
}

/// Checks the instants that follow on an instant, all written in local time with the offset.
#[track_caller]
fn check_next(text: &str, zone: Tz, after: &str, expected: &[&str]) {
    let schedule = Schedule::parse(text).unwrap();
    let mut instant = at(zone, after);
    for expected in expected {
        instant = schedule.next_after(instant, &calendar(zone)).unwrap();
        assert_eq!(instant.with_timezone(&zone).format("%Y-%m-%d %H:%M%:z").to_string(), *expected, "for {text:?}");
    }
}

#[test]
fn next_instant_is_strictly_later() {
    check_next("daily at 12:00", Tz::UTC, "2026-01-01 12:00+00:00", &["2026-01-02 12:00+00:00"]);
    check_next("daily at 12:00", Tz::UTC, "2026-01-01 11:59+00:00", &["2026-01-01 12:00+00:00"]);
    let schedule = Schedule::parse("daily at 12:00").unwrap();
    let after = Utc.timestamp_millis_opt(1_767_268_799_999).unwrap();
    assert_eq!(schedule.next_after(after, &UTC), Some(at(Tz::UTC, "2026-01-01 12:00+00:00")));
}

#[test]
fn hours_and_years_wrap() {
    check_next("*:30", Tz::UTC, "2025-12-31 23:10+00:00", &["2025-12-31 23:30+00:00", "2026-01-01 00:30+00:00"]);
    check_next("monthly", Tz::UTC, "2025-12-31 23:59+00:00", &["2026-01-01 00:00+00:00", "2026-02-01 00:00+00:00"]);
    check_next("sat", Tz::UTC, "2026-02-28 00:00+00:00", &["2026-03-07 00:00+00:00"]);
}

#[test]
fn fixed_time_in_a_gap_is_due_at_the_first_minute_after_it() {
    let expected = &["2026-03-29 03:00+02:00", "2026-03-30 02:30+02:00"];
    check_next("daily at 02:30", Europe::Berlin, "2026-03-28 02:30+01:00", expected);
    check_next(
        "daily at 02:00 02:30 03:00",
        Europe::Berlin,
        "2026-03-28 03:00+01:00",
        &["2026-03-29 03:00+02:00", "2026-03-30 02:00+02:00"],
    );
    check_next("daily at 02:15", Australia::Lord_Howe, "2026-10-03 12:00+10:30", &["2026-10-04 02:30+11:00"]);
    check_next("daily", America::Havana, "2026-03-07 12:00-05:00", &["2026-03-08 01:00-04:00", "2026-03-09 00:00-04:00"]);
    check_next("daily", Pacific::Apia, "2011-12-29 00:00-10:00", &["2011-12-31 00:00+14:00", "2012-01-01 00:00+14:00"]);
}

#[test]
fn fixed_time_in_an_overlap_is_due_in_the_first_pass_only() {
    let expected = &["2026-10-25 02:30+02:00", "2026-10-26 02:30+01:00"];
    check_next("daily at 02:30", Europe::Berlin, "2026-10-25 00:00+02:00", expected);
    check_next("daily at 02:30", Europe::Berlin, "2026-10-25 02:00+01:00", &["2026-10-26 02:30+01:00"]);
    check_next(
        "daily at 01:45",
        Australia::Lord_Howe,
        "2026-04-05 00:00+11:00",
        &["2026-04-05 01:45+11:00", "2026-04-06 01:45+10:30"],
    );
}

#[test]
fn minute_of_every_hour_is_due_in_both_passes_and_not_in_a_gap() {
    check_next("*:30", Europe::Berlin, "2026-03-29 01:00+01:00", &["2026-03-29 01:30+01:00", "2026-03-29 03:30+02:00"]);
    let expected = &["2026-10-25 02:30+02:00", "2026-10-25 02:30+01:00", "2026-10-25 03:30+01:00"];
    check_next("*:30", Europe::Berlin, "2026-10-25 02:00+02:00", expected);
}

/// Checks the decision about a schedule in UTC; the expected one is written as `Debug` shows it, without the instant.
#[track_caller]
fn check_missed(text: &str, last_due: &str, now: &str, expected: Missed) {
    let schedule = Schedule::parse(text).unwrap();
    assert_eq!(missed(&schedule, at(Tz::UTC, last_due), at(Tz::UTC, now), &UTC, CatchUp::Auto), expected, "for {text:?}");
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
    let due = |text, missed| Missed::Due { at: at(Tz::UTC, text), missed };
    check_missed("daily at 12:00", "2026-01-01 12:00+00:00", "2026-01-02 12:00+00:00", due("2026-01-02 12:00+00:00", 0));
    check_missed("daily at 12:00", "2026-01-01 12:00+00:00", "2026-01-04 12:01+00:00", due("2026-01-04 12:00+00:00", 2));
    check_missed("hourly", "2026-01-01 12:00+00:00", "2026-01-01 13:00+00:00", due("2026-01-01 13:00+00:00", 0));
}

#[test]
fn recently_missed_run_waits_for_a_near_next_one() {
    let skip = |text, missed| Missed::Skip { at: at(Tz::UTC, text), missed };
    check_missed("daily at 12:00", "2026-01-01 12:00+00:00", "2026-01-03 00:01+00:00", skip("2026-01-02 12:00+00:00", 1));
    check_missed("hourly", "2026-01-01 12:00+00:00", "2026-01-05 12:30+00:00", skip("2026-01-05 12:00+00:00", 96));
}

#[test]
fn missed_run_catches_up_once_when_the_next_one_is_far_or_the_first_one_long_ago() {
    let run = |text, missed| Missed::CatchUp { at: at(Tz::UTC, text), missed };
    check_missed("daily at 12:00", "2026-01-01 12:00+00:00", "2026-01-03 00:00+00:00", run("2026-01-02 12:00+00:00", 1));
    check_missed("daily at 12:00", "2026-01-01 12:00+00:00", "2026-01-07 11:00+00:00", run("2026-01-06 12:00+00:00", 5));
    check_missed("monthly", "2026-01-01 00:00+00:00", "2026-02-01 05:00+00:00", run("2026-02-01 00:00+00:00", 1));
}

#[test]
fn counting_is_bounded_and_the_latest_is_found_all_the_same() {
    let expected = Missed::CatchUp { at: at(Tz::UTC, "2026-05-08 12:00+00:00"), missed: COUNTED };
    check_missed("daily at 12:00", "1986-01-01 12:00+00:00", "2026-05-09 11:00+00:00", expected);
    let expected = Missed::Skip { at: at(Tz::UTC, "2026-05-08 23:40+00:00"), missed: COUNTED };
    check_missed("fri *:20 *:40", "1986-01-01 12:00+00:00", "2026-05-14 11:00+00:00", expected);
}
