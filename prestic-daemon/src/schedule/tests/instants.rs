//! The instants that follow on an instant, rule by rule.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::{America, Asia, Australia, Europe, Pacific, Tz};

use super::{UTC, at, check_next};
use crate::schedule::{Calendar, Schedule, Zone};

#[test]
fn next_instant_is_strictly_later() {
    check_next("daily at 12:00", Tz::UTC, "2026-01-01 12:00+00:00", &["2026-01-02 12:00+00:00"]);
    check_next("daily at 12:00", Tz::UTC, "2026-01-01 11:59+00:00", &["2026-01-01 12:00+00:00"]);
    let schedule = Schedule::parse("daily at 12:00").unwrap();
    let after = Utc.timestamp_millis_opt(1_767_268_799_999).unwrap();
    assert_eq!(schedule.next_after(after, &UTC), Some(at("2026-01-01 12:00+00:00")));
    let schedule = Schedule::parse("*:00").unwrap();
    assert_eq!(schedule.next_after(after, &UTC), Some(at("2026-01-01 12:00+00:00")));
}

#[test]
fn hours_and_years_wrap() {
    check_next("*:30", Tz::UTC, "2025-12-31 23:10+00:00", &["2025-12-31 23:30+00:00", "2026-01-01 00:30+00:00"]);
    check_next("monthly", Tz::UTC, "2025-12-31 23:59+00:00", &["2026-01-01 00:00+00:00", "2026-02-01 00:00+00:00"]);
    check_next("sat", Tz::UTC, "2026-02-28 00:00+00:00", &["2026-03-07 00:00+00:00"]);
}

#[test]
fn sets_of_dates_are_met_together() {
    check_next("13th fri", Tz::UTC, "2026-01-01 00:00+00:00", &["2026-02-13 00:00+00:00", "2026-03-13 00:00+00:00"]);
    check_next("day 1..7 mon jan, jun", Tz::UTC, "2026-01-06 00:00+00:00", &["2026-06-01 00:00+00:00"]);
    check_next("last fri", Tz::UTC, "2026-01-01 00:00+00:00", &["2026-01-30 00:00+00:00", "2026-02-27 00:00+00:00"]);
    check_next("fifth sun", Tz::UTC, "2026-01-01 00:00+00:00", &["2026-03-29 00:00+00:00", "2026-05-31 00:00+00:00"]);
    check_next("last day", Tz::UTC, "2026-02-01 00:00+00:00", &["2026-02-28 00:00+00:00", "2026-03-31 00:00+00:00"]);
    check_next("day -3", Tz::UTC, "2028-02-01 00:00+00:00", &["2028-02-27 00:00+00:00", "2028-03-29 00:00+00:00"]);
    check_next("quarterly", Tz::UTC, "2026-01-01 00:00+00:00", &["2026-04-01 00:00+00:00"]);
    check_next("yearly", Tz::UTC, "2026-01-01 00:00+00:00", &["2027-01-01 00:00+00:00"]);
    check_next("hourly mon", Tz::UTC, "2026-01-05 22:30+00:00", &["2026-01-05 23:00+00:00", "2026-01-12 00:00+00:00"]);
}

#[test]
fn month_without_the_day_is_left_out() {
    check_next("day 31", Tz::UTC, "2026-01-31 00:00+00:00", &["2026-03-31 00:00+00:00", "2026-05-31 00:00+00:00"]);
    check_next("29 feb", Tz::UTC, "2026-01-01 00:00+00:00", &["2028-02-29 00:00+00:00", "2032-02-29 00:00+00:00"]);
    check_next("feb 29 mon", Tz::UTC, "2072-03-01 00:00+00:00", &["2112-02-29 00:00+00:00"]);
}

#[test]
fn cron_takes_either_day_when_both_are_given() {
    let both = &["2026-01-02 00:00+00:00", "2026-01-09 00:00+00:00", "2026-01-13 00:00+00:00", "2026-01-16 00:00+00:00"];
    check_next("0 0 13 * 5", Tz::UTC, "2026-01-01 00:00+00:00", both);
    check_next("0 0 */13 * 5", Tz::UTC, "2026-01-01 00:00+00:00", &["2026-02-27 00:00+00:00", "2026-03-27 00:00+00:00"]);
    check_next("0 0 13 * *", Tz::UTC, "2026-01-01 00:00+00:00", &["2026-01-13 00:00+00:00"]);
    check_next("@weekly", Tz::UTC, "2026-01-01 00:00+00:00", &["2026-01-04 00:00+00:00"]);
}

#[test]
fn calendar_of_named_years_ends() {
    let schedule = Schedule::parse("calendar:2026..2027-01-01").unwrap();
    assert_eq!(schedule.next_after(at("2026-01-01 00:00+00:00"), &UTC), Some(at("2027-01-01 00:00+00:00")));
    assert_eq!(schedule.next_after(at("2027-01-01 00:00+00:00"), &UTC), None);
    check_next("calendar:2199-12-31", Tz::UTC, "1970-01-01 00:00+00:00", &["2199-12-31 00:00+00:00"]);
}

#[test]
fn fixed_time_in_a_gap_is_due_at_the_first_minute_after_it() {
    let expected = &["2026-03-29 03:00+02:00", "2026-03-30 02:30+02:00"];
    for text in ["daily at 02:30", "cron:30 2 * * *", "calendar:02:30", "every 1 day at 02:30"] {
        check_next(text, Europe::Berlin, "2026-03-28 02:30+01:00", expected);
    }
    check_next(
        "daily at 02:00 02:30 03:00",
        Europe::Berlin,
        "2026-03-28 03:00+01:00",
        &["2026-03-29 03:00+02:00", "2026-03-30 02:00+02:00"],
    );
    check_next("daily at 02:15", Australia::Lord_Howe, "2026-10-03 12:00+10:30", &["2026-10-04 02:30+11:00"]);
    check_next("daily", America::Havana, "2026-03-07 12:00-05:00", &["2026-03-08 01:00-04:00", "2026-03-09 00:00-04:00"]);
    check_next("daily", Asia::Beirut, "2026-03-28 12:00+02:00", &["2026-03-29 01:00+03:00", "2026-03-30 00:00+03:00"]);
    check_next("daily", Pacific::Apia, "2011-12-29 00:00-10:00", &["2011-12-31 00:00+14:00", "2012-01-01 00:00+14:00"]);
    check_next("fri", Pacific::Apia, "2011-12-29 00:00-10:00", &["2011-12-31 00:00+14:00", "2012-01-06 00:00+14:00"]);
}

#[test]
fn fixed_time_in_an_overlap_is_due_in_the_first_pass_only() {
    let expected = &["2026-10-25 02:30+02:00", "2026-10-26 02:30+01:00"];
    for text in ["daily at 02:30", "cron:30 2 * * *", "calendar:02:30"] {
        check_next(text, Europe::Berlin, "2026-10-25 00:00+02:00", expected);
        check_next(text, Europe::Berlin, "2026-10-25 02:00+01:00", &["2026-10-26 02:30+01:00"]);
    }
    check_next(
        "daily at 01:45",
        Australia::Lord_Howe,
        "2026-04-05 00:00+11:00",
        &["2026-04-05 01:45+11:00", "2026-04-06 01:45+10:30"],
    );
    // The clocks go back from 00:00 to 23:00: the end of the day comes twice.
    check_next("daily at 23:30", Asia::Beirut, "2026-10-24 12:00+03:00", &["2026-10-24 23:30+03:00", "2026-10-25 23:30+02:00"]);
    check_next("daily", Asia::Beirut, "2026-10-24 12:00+03:00", &["2026-10-25 00:00+02:00"]);
}

#[test]
fn wild_time_is_due_in_both_passes_and_not_in_a_gap() {
    for text in ["*:30", "cron:30 * * * *", "calendar:*:30"] {
        let expected = &["2026-03-29 01:30+01:00", "2026-03-29 03:30+02:00"];
        check_next(text, Europe::Berlin, "2026-03-29 01:00+01:00", expected);
        let expected = &["2026-10-25 02:30+02:00", "2026-10-25 02:30+01:00", "2026-10-25 03:30+01:00"];
        check_next(text, Europe::Berlin, "2026-10-25 02:00+02:00", expected);
    }
    let expected = &["2026-03-30 02:00+02:00", "2026-03-30 02:01+02:00"];
    check_next("cron:* 2 * * *", Europe::Berlin, "2026-03-28 02:59+01:00", expected);
    let expected = &["2026-10-25 02:15+02:00", "2026-10-25 02:15+01:00", "2026-10-25 04:15+01:00"];
    check_next("*/2:15", Europe::Berlin, "2026-10-25 01:00+02:00", expected);
}

#[test]
fn wild_time_that_is_always_in_the_gap_is_never_due() {
    let schedule = Schedule::parse("cron:* 2 25-31 3 */7").unwrap();
    let berlin = Calendar { zone: Zone::Named(Tz::Europe__Berlin), anchor: DateTime::UNIX_EPOCH };
    assert_eq!(schedule.next_after(at("2026-01-01 00:00+00:00"), &berlin), None);
}

#[test]
fn steps_that_divide_stand_at_even_minutes() {
    check_next("every 15 min", Tz::UTC, "2026-01-01 00:01+00:00", &["2026-01-01 00:15+00:00", "2026-01-01 00:30+00:00"]);
    check_next("every 6 h", Tz::UTC, "2026-01-01 13:01+00:00", &["2026-01-01 18:00+00:00", "2026-01-02 00:00+00:00"]);
    let expected = &["2026-01-02 17:30+00:00", "2026-01-02 18:00+00:00", "2026-01-05 08:00+00:00"];
    check_next("every 30 min from 8:00 to 18:00 mon..fri", Tz::UTC, "2026-01-02 17:00+00:00", expected);
    let expected = &["2026-01-01 06:00+00:00", "2026-01-01 22:00+00:00"];
    check_next("every 60 min from 22:00 to 6:00", Tz::UTC, "2026-01-01 05:00+00:00", expected);
    let expected = &["2026-03-29 00:00+01:00", "2026-03-29 04:00+02:00"];
    check_next("every 2 h from 0:00 to 4:00", Europe::Berlin, "2026-03-28 04:00+01:00", expected);
}

/// Checks the instants of a schedule whose task was first known at 2026-01-01 10:07:30 UTC.
#[track_caller]
fn check_steps(text: &str, zone: Tz, after: &str, expected: &[&str]) {
    let schedule = Schedule::parse(text).unwrap();
    let calendar = Calendar { zone: Zone::Named(zone), anchor: "2026-01-01T10:07:30Z".parse().unwrap() };
    let mut instant = at(after);
    for expected in expected {
        instant = schedule.next_after(instant, &calendar).unwrap();
        assert_eq!(instant, at(expected), "for {text:?}");
    }
}

#[test]
fn steps_that_do_not_divide_count_real_time_from_the_anchor_on() {
    let expected = &["2026-01-01 11:37+00:00", "2026-01-01 13:07+00:00"];
    check_steps("every 90 min", Tz::UTC, "2026-01-01 10:07+00:00", expected);
    check_steps("every 90 min", Tz::UTC, "2026-01-01 08:00+00:00", &["2026-01-01 08:37+00:00", "2026-01-01 10:07+00:00"]);
    // The hour that the clocks jump over is not counted.
    let expected = &["2026-03-29 02:07+00:00", "2026-03-29 22:07+00:00", "2026-03-30 18:07+00:00"];
    check_steps("every 20 h", Europe::Berlin, "2026-03-28 20:00+01:00", expected);
}

#[test]
fn steps_leave_out_what_is_not_allowed() {
    let expected = &["2026-01-02 08:37+00:00", "2026-01-02 09:22+00:00", "2026-01-03 08:37+00:00", "2026-01-03 09:22+00:00"];
    check_steps("every 45 min from 8:00 to 10:00", Tz::UTC, "2026-01-01 10:07+00:00", expected);
    let expected = &["2026-01-05 05:07+00:00", "2026-01-05 12:07+00:00", "2026-01-05 19:07+00:00", "2026-01-12 05:07+00:00"];
    check_steps("every 7 h mon", Tz::UTC, "2026-01-01 10:07+00:00", expected);
    check_steps("every 7 h feb 29", Tz::UTC, "2026-01-01 10:07+00:00", &["2028-02-29 02:07+00:00"]);
}

#[test]
fn steps_of_days_are_dates_counted_since_1970() {
    check_next(
        "every 3 days at 02:30",
        Tz::UTC,
        "1970-01-01 00:00+00:00",
        &["1970-01-01 02:30+00:00", "1970-01-04 02:30+00:00"],
    );
    let expected = &["2026-03-29 03:00+02:00", "2026-04-01 02:30+02:00"];
    check_next("every 3 days at 02:30", Europe::Berlin, "2026-03-26 02:30+01:00", expected);
    check_next("every 14 days", Tz::UTC, "2026-01-01 00:00+00:00", &["2026-01-15 00:00+00:00", "2026-01-29 00:00+00:00"]);
}

#[test]
fn expression_keeps_its_own_zone() {
    check_next("in Asia/Tokyo daily at 12:00", Tz::UTC, "2026-01-01 00:00+00:00", &["2026-01-01 03:00+00:00"]);
    check_next("calendar:12:00 Asia/Tokyo", Tz::UTC, "2026-01-01 00:00+00:00", &["2026-01-01 03:00+00:00"]);
    let expected = &["2026-01-01 03:00+00:00", "2026-01-01 12:00+00:00", "2026-01-02 03:00+00:00"];
    check_next("in Asia/Tokyo 12:00; 12:00", Tz::UTC, "2026-01-01 00:00+00:00", expected);
}

#[test]
fn clocks_that_change_within_a_minute_lose_nothing() {
    // Liberia's clocks went forward by 44 minutes and 30 seconds.
    let monrovia = Tz::Africa__Monrovia;
    let calendar = Calendar { zone: Zone::Named(monrovia), anchor: DateTime::UNIX_EPOCH };
    let schedule = Schedule::parse("daily at 00:20").unwrap();
    let change: DateTime<Utc> = "1972-01-07T00:44:30Z".parse().unwrap();
    for second in -1..30 {
        let next = schedule.next_after(change + TimeDelta::seconds(second), &calendar).unwrap();
        assert_eq!(next.to_rfc3339(), "1972-01-07T00:45:00+00:00", "{second} s after the change");
    }
    let next = schedule.next_after(change + TimeDelta::seconds(30), &calendar).unwrap();
    assert_eq!(next.to_rfc3339(), "1972-01-08T00:20:00+00:00");
}
