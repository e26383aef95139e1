//! What the words and forms mean, each written in its canonical way.

use chrono::{DateTime, TimeDelta};

use super::{check, *};
use crate::schedule::{AfterEnd, CatchUp, Event};

#[test]
fn periods_mean_their_first_day() {
    check("daily", "daily at 00:00");
    check("weekly", "mon at 00:00");
    check("monthly", "monthly at 00:00");
    check("quarterly", "jan, apr, jul, oct day 1 at 00:00");
    check("yearly", "jan day 1 at 00:00");
    check("annually at 4:00", "jan day 1 at 04:00");
    check("hourly", "hourly");
    check("monthly at 03:00", "monthly at 03:00");
}

#[test]
fn periods_give_way_to_days() {
    check("weekly fri", "fri at 00:00");
    check("daily fri", "fri at 00:00");
    check("monthly last fri", "last fri at 00:00");
    check("monthly 15th", "day 15 at 00:00");
    check("quarterly last day", "jan, apr, jul, oct last day at 00:00");
    check("yearly jul", "jul day 1 at 00:00");
    check("yearly 15th", "jan day 15 at 00:00");
    check("monthly jan, jul", "jan, jul day 1 at 00:00");
    check("weekly dec", "dec mon at 00:00");
    check("hourly mon", "hourly mon");
    check("monthly day 1..7 mon", "day 1..7 mon at 00:00");
}

#[test]
fn order_and_case_of_the_words_do_not_matter() {
    check("At 18:00 FRI Weekly", "fri at 18:00");
    check("fri weekly", "fri at 00:00");
    check("\tmon,wed ,  fri at 10:00", "mon, wed, fri at 10:00");
    check("at 2:00 last Fri MONTHLY", "last fri at 02:00");
    check("13th fri", "day 13 fri at 00:00");
    check("fri 13th", "day 13 fri at 00:00");
}

#[test]
fn weekdays_have_full_spellings_and_ranges() {
    check("tue tues tuesday", "tue at 00:00");
    check("weds thur thurs sundays", "wed, thu, sun at 00:00");
    check("mon-fri at 9:00", "mon..fri at 09:00");
    check("mon..fri", "mon..fri at 00:00");
    check("friday-monday", "mon, fri..sun at 00:00");
    check("sun..sun", "sun at 00:00");
    check("mon-sun at 1:00", "daily at 01:00");
    check("weekdays", "mon..fri at 00:00");
    check("weekends at noon", "sat, sun at 12:00");
}

#[test]
fn months_have_full_spellings_and_ranges() {
    check("jan", "jan at 00:00");
    check("january sept 1st", "jan, sep day 1 at 00:00");
    check("nov..feb 1st", "jan, feb, nov, dec day 1 at 00:00");
    check("jun-aug mon", "jun..aug mon at 00:00");
}

#[test]
fn days_of_the_month_are_numbers_from_both_ends() {
    check("day 15", "day 15 at 00:00");
    check("day 1, 15 at 2:00", "day 1, 15 at 02:00");
    check("1st, 15th, 22nd 31st", "day 1, 15, 22, 31 at 00:00");
    check("day 1..7", "day 1..7 at 00:00");
    check("1..7", "day 1..7 at 00:00");
    check("1st..3rd", "day 1..3 at 00:00");
    check("day 3-5", "day 3..5 at 00:00");
    check("last day", "last day at 00:00");
    check("last 3 days", "last 3 days at 00:00");
    check("day -1", "last day at 00:00");
    check("day -3", "day -3 at 00:00");
    check("day -3..-1", "last 3 days at 00:00");
    check("1st, 15th, last day", "day 1, 15, -1 at 00:00");
    check("1st, last 3 days", "day 1, -3..-1 at 00:00");
    check("first day", "monthly at 00:00");
}

#[test]
fn number_beside_a_month_is_a_day() {
    check("29 feb", "feb day 29 at 00:00");
    check("feb 29 mon", "feb day 29 mon at 00:00");
    check("jan, jul 1, 15 at 3:00", "jan, jul day 1, 15 at 03:00");
}

#[test]
fn ordinals_count_weekdays_in_a_month() {
    check("first mon", "first mon at 00:00");
    check("2nd tue", "second tue at 00:00");
    check("last fri at 3:00", "last fri at 03:00");
    check("1st, 3rd mon", "first mon, third mon at 00:00");
    check("fifth sun, first mon", "first mon, fifth sun at 00:00");
    check("jan first mon", "jan first mon at 00:00");
    check("first mon day 1..3", "day 1..3 first mon at 00:00");
}

#[test]
fn several_times_are_a_union() {
    check("18:00 12:00", "daily at 12:00, 18:00");
    check("at 12:00, at 18:00, 12:00", "daily at 12:00, 18:00");
    check("sat *:45 *:15 07:30", "sat at 07:30, *:15, *:45");
    check("noon midnight", "daily at 00:00, 12:00");
    check("9..17:00", "daily at 09..17:00");
    check("22..2:30", "daily at 00..02:30, 22:30, 23:30");
    check("*/2:15", "daily at */2:15");
    check("*:00 */2:30 */3:30", "daily at *:00, */2:30, */3:30");
    check("*/7:05 */14:05", "daily at */7:05");
    check("hourly at *:30", "daily at *:30");
    check("*:00", "hourly");
}

#[test]
fn steps_have_units_windows_and_days() {
    check("every 15 minutes", "every 15 minutes");
    check("every 15min", "every 15 minutes");
    check("every 1 m", "every 1 minute");
    check("Every 120 min", "every 2 hours");
    check("every 90 min", "every 90 minutes");
    check("every 1h", "every 1 hour");
    check("every 24 hours", "every 24 hours");
    check("every 15min from 8:00 to 18:00 mon-fri", "every 15 minutes from 08:00 to 18:00 mon..fri");
    check("mon every 30m from 22:00 to midnight", "every 30 minutes from 22:00 to 00:00 mon");
    check("every 3 days at 02:30", "every 3 days at 02:30");
    check("every 3d", "every 3 days at 00:00");
    check("every 14 days jan", "every 14 days jan at 00:00");
    check("every 1 day", "daily at 00:00");
    check("daily every 2 days", "every 2 days at 00:00");
}

#[test]
fn cron_fields_are_lists_ranges_steps_and_names() {
    check("cron:*/5 * * * *", "cron:*/5 * * * *");
    check("cron: 30 2 * * mon-fri", "cron:30 2 * * 1-5");
    check("30 2 1,15 * 5", "cron:30 2 1,15 * 5");
    check("0 9-17/2 * jan,jul *", "cron:0 9,11,13,15,17 * 1,7 *");
    check("cron:5/15 * * * 7", "cron:5,20,35,50 * * * 0");
    check("cron:0 0 * * fri-sun", "cron:0 0 * * 0,5,6");
    check("cron:0 0 * * 5-7", "cron:0 0 * * 0,5,6");
    check("cron:7,*/20 * * * *", "cron:*/20,7 * * * *");
    check("cron:0-59 0-23 1-31 * 0-7", "cron:0-59 0-23 1-31 * 0-6");
    check("0 0 */2 * 1", "cron:0 0 */2 * 1");
    check("CRON:0 0 1 JAN *", "cron:0 0 1 1 *");
}

#[test]
fn names_of_cron_are_its_own() {
    check("@hourly", "cron:0 * * * *");
    check("@daily", "cron:0 0 * * *");
    check("@midnight", "cron:0 0 * * *");
    check("@Weekly", "cron:0 0 * * 0");
    check("@monthly", "cron:0 0 1 * *");
    check("@yearly", "cron:0 0 1 1 *");
    check("@annually", "cron:0 0 1 1 *");
    check("cron:@daily", "cron:0 0 * * *");
}

#[test]
fn calendars_are_those_of_systemd() {
    check("calendar:Mon..Fri *-*-* 02:30:00", "calendar:mon..fri *-*-* 02:30");
    check("calendar: Mon,Fri-Sun 1..3:00/20", "calendar:mon,fri..sun *-*-* 01..03:00,20,40");
    check("calendar:*-*-1/7", "calendar:*-*-01,08,15,22,29 00:00");
    check("calendar:*-*~3..5", "calendar:*-*~03..05 00:00");
    check("calendar:03~05", "calendar:*-03~05 00:00");
    check("calendar:*-*~07/1", "calendar:*-*~01..07 00:00");
    check("calendar:*-*~7/2", "calendar:*-*~01,03,05,07 00:00");
    check("calendar:*-*~2..9/3", "calendar:*-*~02,05,08 00:00");
    check("calendar:05-03", "calendar:*-05-03 00:00");
    check("calendar:30-1-1 12:00", "calendar:2030-01-01 12:00");
    check("calendar:2026..2030/2-01-01", "calendar:2026,2028,2030-01-01 00:00");
    check("calendar:*:0/15", "calendar:*-*-* *:00,15,30,45");
    check("calendar:0/15:*", "calendar:*-*-* 00,15:*");
    check("calendar:Mon", "calendar:mon *-*-* 00:00");
    check("calendar:*:*:00", "calendar:*-*-* *:*");
    check("calendar:02:30 Europe/Berlin", "in Europe/Berlin calendar:*-*-* 02:30");
    check("calendar:*-*-* 02:30 utc", "in UTC calendar:*-*-* 02:30");
}

#[test]
fn calendars_have_short_names() {
    check("calendar:minutely", "calendar:*-*-* *:*");
    check("calendar:hourly", "calendar:*-*-* *:00");
    check("calendar:daily", "calendar:*-*-* 00:00");
    check("calendar:weekly Asia/Tokyo", "in Asia/Tokyo calendar:mon *-*-* 00:00");
    check("calendar:monthly", "calendar:*-*-01 00:00");
    check("calendar:quarterly", "calendar:*-01,04,07,10-01 00:00");
    check("calendar:semi-annually", "calendar:*-01,07-01 00:00");
    check("calendar:yearly", "calendar:*-01-01 00:00");
}

#[test]
fn expressions_make_a_union_and_have_their_own_zones() {
    check("daily at 1:00; fri at 2:00", "daily at 01:00; fri at 02:00");
    check("daily at 1:00\nfri at 2:00\n", "daily at 01:00; fri at 02:00");
    check(";; daily ;", "daily at 00:00");
    check("in Europe/Berlin daily; hourly", "in Europe/Berlin daily at 00:00; hourly");
    check("daily at 2:00 in asia/tokyo", "in Asia/Tokyo daily at 02:00");
    check("in UTC cron:0 5 * * *", "in UTC cron:0 5 * * *");
    check("in local daily", "in local daily at 00:00");
    check("in UTC calendar:daily UTC", "in UTC calendar:*-*-* 00:00");
}

#[test]
fn events_stand_beside_times() {
    check("@startup; daily", "daily at 00:00; @startup");
    check("@Boot; @RESUME; @reload", "@boot; @resume; @reload");
    check("after home", "after home");
    check("after home ok", "after home");
    check("after Home FAIL; after home any", "after Home fail; after home any");
    check("after \"my home\" any", "after \"my home\" any");
    check("after 'fail' fail", "after fail fail");
    check("after 'say \"hi\"'", "after \"say \\\"hi\\\"\"");
    check("after off", "after off");
    check("after random random 5m", "after random random 5m");
    check("after in", "after in");
    check("after 'a;b'; daily", "daily at 00:00; after \"a;b\"");
    let schedule = Schedule::parse("@boot; after db fail").unwrap();
    assert_eq!(schedule.events(), [Event::Boot, Event::After { task: "db".to_owned(), end: AfterEnd::Fail }]);
    assert!(!schedule.is_never());
    assert_eq!(schedule.next_after(DateTime::UNIX_EPOCH, &UTC), None);
}

#[test]
fn modifiers_hold_for_the_whole_schedule() {
    check("daily random 5m", "daily at 00:00 random 5m");
    check("daily ~300", "daily at 00:00 random 5m");
    check("~ 1h30m daily; fri", "daily at 00:00; fri at 00:00 random 1h30m");
    check("daily catch-up no; deadline 7200", "daily at 00:00 catch-up no deadline 2h");
    check("random 5m, daily, random 300", "daily at 00:00 random 5m");
    check("30 2 * * * random 5m catch-up 6h", "cron:30 2 * * * random 5m catch-up 6h");
    check("calendar:daily Europe/Berlin ~5m", "in Europe/Berlin calendar:*-*-* 00:00 random 5m");
    check("@startup catchup Yes", "@startup catch-up yes");
    check("daily catch-up auto random 0", "daily at 00:00 random 0s catch-up auto");
    let schedule = Schedule::parse("daily random 5m catch-up 6h deadline 2h").unwrap();
    assert_eq!(schedule.modifiers().random, Some(TimeDelta::minutes(5)));
    assert_eq!(schedule.modifiers().catch_up, Some(CatchUp::Within(TimeDelta::hours(6))));
    assert_eq!(schedule.modifiers().deadline, Some(TimeDelta::hours(2)));
}

#[test]
fn no_schedule_is_never_due() {
    for text in ["", "  ", "\n", "off", "Never", "manual", "disabled", "NONE"] {
        check(text, "off");
        let schedule = Schedule::parse(text).unwrap();
        assert!(schedule.is_never());
        assert_eq!(schedule.next_after(DateTime::UNIX_EPOCH, &UTC), None);
    }
}
