//! What is refused among zones, events, modifiers, cron expressions and calendars, and what is said about it.

use super::check_refused;

const CALENDAR_HINT: &str = "write weekdays, a date and a time, each if needed, as `calendar:Mon..Fri *-*-* 02:30`";
const DURATION_HINT: &str = "write seconds as a plain number, or numbers with s, m, h or d, as `300`, `5m` or `1h30m`";

#[test]
fn bad_zones_are_refused() {
    let message = "unknown time zone `Europe/Berln` at column 4";
    check_refused("in Europe/Berln daily", "Europe/Berln", message, "did you mean `Europe/Berlin`?");
    check_refused("in tokyo daily", "tokyo", "unknown time zone `tokyo` at column 4", "did you mean `Asia/Tokyo`?");
    let hint = "write it as `Europe/Berlin` or `UTC`";
    check_refused("in Gondor daily", "Gondor", "unknown time zone `Gondor` at column 4", hint);
    check_refused("daily in", "in", "no time zone after `in` at column 7", "write it as `in Europe/Berlin`");
    check_refused("in UTC daily in GMT", "GMT", "`GMT` at column 17 contradicts `UTC`", "keep one time zone");
    check_refused("in GMT calendar:daily UTC", "GMT", "`GMT` at column 4 contradicts `UTC`", "keep one time zone");
    check_refused("in UTC", "", "the schedule has no words", "write when, as `in Europe/Berlin daily at 02:30`");
}

#[test]
fn bad_events_are_refused() {
    let hint = "nobody tells when the network is there: set `require-host = HOST:PORT` beside a schedule, and runs wait for it";
    check_refused("daily; @network", "@network", "unknown event `@network` at column 8", hint);
    let hint = "write `@boot` for once after each start of the machine";
    check_refused("@reboot", "@reboot", "unknown event `@reboot` at column 1", hint);
    let hint = "separate an event from everything else with `;`";
    check_refused("@startup daily", "daily", "`daily` at column 10 does not go together with `@startup`", hint);
    check_refused("daily after home", "after", "`after` at column 7 does not go together with `daily`", hint);
    check_refused("daily @boot", "@boot", "`@boot` at column 7 does not go together with `daily`", hint);
    check_refused("after home well", "well", "`well` at column 12 does not go together with `after`", hint);
    let message = "`UTC` at column 4 does not go together with `@startup`";
    check_refused("in UTC @startup", "UTC", message, "leave out the time zone: an event has none");
    let hint = "write it as `after TASK`, `after TASK fail` or `after TASK any`";
    check_refused("after", "after", "no task after `after` at column 1", hint);
    let message = "the quotation mark of `\\\"home` at column 7 is not closed";
    check_refused("after \"home", "\"home", message, "close it with another `\"`");
}

#[test]
fn bad_modifiers_are_refused() {
    check_refused("daily random", "random", "no value after `random` at column 7", "write it as `random 5m`");
    check_refused("daily ~", "~", "no value after `~` at column 7", "write it as `random 5m`");
    check_refused("daily deadline", "deadline", "no value after `deadline` at column 7", "write it as `deadline 2h`");
    check_refused("daily random 5x", "5x", "`5x` at column 14 is no duration", DURATION_HINT);
    check_refused("daily ~5x", "5x", "`5x` at column 8 is no duration", DURATION_HINT);
    check_refused("daily random 45 min", "45", "`45` at column 14 is no duration", "write it as one word: `45m`");
    let hint = "write `auto`, `yes`, `no`, or for how long, as `6h`";
    check_refused("daily catch-up maybe", "maybe", "`maybe` at column 16 is no rule for missed times", hint);
    let hint = "a modifier holds for the whole schedule: keep one";
    check_refused("daily ~5m; fri random 6m", "6m", "`6m` at column 23 contradicts `random 5m`", hint);
    check_refused("daily catch-up no catch-up yes", "yes", "`yes` at column 28 contradicts `catch-up no`", hint);
}

#[test]
fn bad_cron_expressions_are_refused() {
    let hint = "write minute, hour, day, month and day of the week, as `cron:30 2 * * 1-5`; there are no seconds and no years";
    let message = "`cron:* * * *` at column 1 has 4 fields instead of five";
    check_refused("cron:* * * *", "cron:* * * *", message, hint);
    let message = "`cron:0 0 2 * * *` at column 1 has 6 fields instead of five";
    check_refused("cron:0 0 2 * * *", "cron:0 0 2 * * *", message, hint);
    let hint = "each minute is a number from 0 to 59; lists are written `0,59`, ranges `0-59`";
    check_refused("cron:5,61 * * * *", "61", "`61` at column 8 is no minute", hint);
    check_refused("cron: x * * * *", "x", "`x` at column 7 is no minute", hint);
    check_refused("cron:5,,6 * * * *", "5,,6", "`5,,6` at column 6 is no minute", hint);
    let hint = "each day of the week is a number from 0 to 7; lists are written `0,7`, ranges `0-7`";
    check_refused("0 0 * * 8", "8", "`8` at column 9 is no day of the week", hint);
    check_refused("0 0 * * mondey", "mondey", "`mondey` at column 9 is no day of the week", hint);
    let hint = "each month is a number from 1 to 12; lists are written `1,12`, ranges `1-12`";
    check_refused("0 0 * 13 *", "13", "`13` at column 7 is no month", hint);
    check_refused("cron:0 22-2 * * *", "22-2", "`22-2` at column 8 goes backwards", "write it as two: `22-23,0-2`");
    check_refused("cron:*/0 * * * *", "*/0", "`*/0` at column 6 is no step", "write a number after `/`, as `0/15`");
    let hint = "leave the `@` out, and put the words together as you like";
    check_refused("@weekly fri", "@weekly", "`@weekly` at column 1 does not go together with other words", hint);
}

#[test]
fn words_of_other_crons_are_refused_with_our_own() {
    let check = |text: &str, word: &str, column: usize, hint: &str| {
        check_refused(text, word, &format!("unknown field of cron `{word}` at column {column}"), hint);
    };
    check("cron:0 0 L * *", "L", 10, "write it in words: `last day at 02:30`");
    check("0 0 L * *", "L", 5, "write it in words: `last day at 02:30`");
    check("cron:0 0 * * 5L", "5L", 14, "write it in words: `last fri at 02:30`");
    check("cron:0 0 * * friL", "friL", 14, "write it in words: `last fri at 02:30`");
    check("cron:0 0 * * 1#2", "1#2", 14, "write it in words: `second mon at 02:30`");
    let hint = "there is no word for the nearest weekday: name the days, as `first mon`, or the date, as `day 15`";
    check("0 0 15W * *", "15W", 5, hint);
    check("0 0 ? * 1", "?", 5, "write `*`");
}

#[test]
fn bad_calendars_are_refused() {
    check_refused("calendar:", "calendar:", "no calendar after `calendar:` at column 1", CALENDAR_HINT);
    check_refused("calendar:*/2:00", "*/2", "`*/2` at column 10 is no hour", "`*` stands alone here: write `0/2`");
    let hint = "runs begin at whole minutes: leave the seconds out, or write `00`";
    let message = "`12:00:30` at column 16 is no time to the minute";
    check_refused("calendar:*-*-* 12:00:30", "12:00:30", message, hint);
    check_refused("calendar:*:*:*", "*:*:*", "`*:*:*` at column 10 is no time to the minute", hint);
    check_refused("calendar:Fri..Mon", "Fri..Mon", "`Fri..Mon` at column 10 goes backwards", "write it as two: `fri..sun,mon`");
    let hint = "did you mean `mon`?";
    check_refused("calendar:Mo", "Mo", "unknown day of the week `Mo` at column 10", CALENDAR_HINT);
    check_refused("calendar:Tue,Moon", "Moon", "unknown day of the week `Moon` at column 14", hint);
    let hint = "each day of a month is a number from 1 to 31; lists are written `1,31`, ranges `1..31`";
    check_refused("calendar:*-*-32", "32", "`32` at column 14 is no day of a month", hint);
    let hint = "dates are written `YEAR-MONTH-DAY`, `*` for any, as `*-*-01`";
    check_refused("calendar:12", "12", "`12` at column 10 is no date", hint);
    check_refused("calendar:*-*-01~03", "*-*-01~03", "`*-*-01~03` at column 10 is no date", hint);
    check_refused("calendar:1969-1-1", "1969", "`1969` at column 10 is no year", "years are from 1970 to 2199, or `*`");
    let hint = "times are written `HH:MM`, as `02:30`, `8..18:00` or `*:0/15`";
    check_refused("calendar:12:", "12:", "`12:` at column 10 is no time", hint);
    let hint = "write it as `Europe/Berlin` or `UTC`";
    check_refused("calendar:12:00 Tue", "Tue", "unknown time zone `Tue` at column 16", hint);
    check_refused("calendar:12:00 1:00", "1:00", "`1:00` at column 16 is no part of a calendar here", CALENDAR_HINT);
    check_refused("calendar:daily UTC 5", "5", "`5` at column 20 is no part of a calendar here", CALENDAR_HINT);
}
