//! How schedules are told in plain English.

use super::Schedule;

#[track_caller]
fn check(text: &str, words: &str) {
    assert_eq!(Schedule::parse(text).unwrap().words(), words, "for {text:?}");
}

#[test]
fn times_of_every_day() {
    check("daily at 02:30 14:30", "every day at 02:30 and 14:30");
    check("hourly", "every hour");
    check("*:30", "at minute 30 of every hour");
    check("*:00 02:30", "every day at 02:30 and every hour");
    check("*/2:15", "at minute 15 of every 2nd hour");
    check("cron:*/5 2-4 * * *", "every 5 minutes of the hours 2 to 4");
    check("cron:* 2 * * *", "every minute of the hour 2");
    check("cron:7,37 * * * *", "at minutes 7 and 37 of every hour");
    check("9..17:00", "every day at minute 0 of the hours 9 to 17");
    check("calendar:minutely", "every minute");
    check("cron:0 */6 * * *", "every 6 hours");
}

#[test]
fn dates() {
    check("mon..fri sun at 1:00", "every Monday to Friday and Sunday at 01:00");
    check("last fri at 03:00", "on the last Friday of each month at 03:00");
    check("1st, 3rd mon", "on the first and third Monday of each month at 00:00");
    check("first mon, last fri", "on the first Monday and last Friday of each month at 00:00");
    check("quarterly", "on the 1st of January, April, July and October at 00:00");
    check("day 1, 22..24, -1", "on the 1st, 22nd to 24th and last day of each month at 00:00");
    check("last 3 days", "on the last 3 days of each month at 00:00");
    check("day -2", "on the 2nd last day of each month at 00:00");
    check("jan", "every day in January at 00:00");
    check("jun..aug mon", "every Monday in June to August at 00:00");
    check("13th fri", "on the 13th of each month if it is a Friday, at 00:00");
    check("30 2 13 * 5", "on the 13th of each month, and every Friday, at 02:30");
    check("every 3 days at 02:30", "every 3 days at 02:30");
    check("every 3 days mon, tue", "every 3 days if it is a Monday or Tuesday at 00:00");
    check("calendar:2026..2028-01-01", "on the 1st of January 2026 to 2028 at 00:00");
    check("calendar:2026-*-01", "on the 1st of each month in 2026 at 00:00");
}

#[test]
fn steps() {
    check("every 15 minutes", "every 15 minutes");
    check("every 1 minute", "every minute");
    check("every 1h mon", "every hour, every Monday");
    check("every 90 min", "every 90 minutes");
    check("every 15 min from 8:00 to 18:00 mon..fri", "every 15 minutes from 08:00 to 18:00, every Monday to Friday");
}

#[test]
fn zones_events_and_modifiers() {
    check("last fri at 3:00 in Europe/Berlin", "on the last Friday of each month at 03:00 (Europe/Berlin)");
    check("@startup; after home", "at each start of the daemon; after `home` ended well");
    check(
        "@boot; @resume; @reload",
        "at the first start of the daemon after each start of the machine; whenever the machine wakes up; \
         whenever the configuration was read again",
    );
    check("after a fail; after b any", "after `a` failed; after `b` ended, well or not");
    check("daily random 5m", "every day at 00:00, spread over 5m");
    check("daily catch-up no", "every day at 00:00, never caught up if missed");
    check(
        "daily catch-up 6h deadline 2h",
        "every day at 00:00, caught up if missed by less than 6h, not later than 2h after it was due",
    );
    check("off", "never by itself");
}
