//! What is refused among the words, and what is said about it.

use super::check_refused;

const TIME_HINT: &str = "times are written `HH:MM` (from 00:00 to 23:59), or `*:MM` for a minute of every hour";
const EVERY_HINT: &str = "write a number and a unit, as `every 15 minutes`, `every 2 hours` or `every 3 days`";
const DAY_HINT: &str = "days of a month are 1 to 31, or -1 for the last one";

#[test]
fn unknown_word_is_refused_with_its_place_and_the_closest_word() {
    let check = |text: &str, word: &str, column: usize, hint: &str| {
        check_refused(text, word, &format!("unknown word `{word}` at column {column}"), hint);
    };
    check("dialy at 12:00", "dialy", 1, "did you mean `daily`?");
    check("at 12:00,  Mondey", "Mondey", 12, "did you mean `monday`?");
    check("ä sunshine", "ä", 1, "");
    check("mon sunshine", "sunshine", 5, "");
    check("money", "money", 1, "did you mean `mon`?");
    check("daily\nfri octobre", "octobre", 11, "did you mean `october`?");
    check("mon-fry", "mon-fry", 1, "");
    check("@statup", "@statup", 1, "did you mean `@startup`?");
    check("lats fri", "lats", 1, "did you mean `last`?");
    check("'daily'", "daily", 2, "did you mean `daily`?");
}

#[test]
fn bad_time_is_refused() {
    let check = |time: &str, hint: &str| {
        check_refused(&format!("daily at {time}"), time, &format!("`{time}` at column 10 is no time"), hint);
    };
    for time in ["25:00", "12:60", "-1:00", "12:*", "x:30", "1_2:00", "0003:00", "١٢:00", "*", "*/24:00", "*/0:00", "9..:00"]
    {
        check(time, TIME_HINT);
    }
    check("24:00", "write `00:00`");
    check("9am", "write `09:00`");
    check("12:15PM", "write `12:15`");
    check("12am", "write `00:00`");
    check("12.30", "write `12:30`");
    check("7h15", "write `07:15`");
    check("12:00:00", "write `12:00`");
    check_refused("daily at", "at", "no time after `at` at column 7", "write `at HH:MM`");
    check_refused("at daily 12:00", "at", "no time after `at` at column 1", "write `at HH:MM`");
}

#[test]
fn bad_day_is_refused() {
    check_refused("day 32", "32", "`32` at column 5 is no day of a month", DAY_HINT);
    check_refused("day 0", "0", "`0` at column 5 is no day of a month", DAY_HINT);
    check_refused("day 1..-1", "1..-1", "`1..-1` at column 5 is no day of a month", DAY_HINT);
    check_refused("2th", "2th", "`2th` at column 1 is no day of a month", "write `2nd`");
    check_refused("day 20..10", "20..10", "`20..10` at column 5 goes backwards", "write it as two: `day 20..31, 1..10`");
    check_refused("day -1..-3", "-1..-3", "`-1..-3` at column 5 goes backwards", "the last day is -1: write `day -3..-1`");
    let hint = "write `day 15`, `day 1, 15`, `day 1..7` or `last day`";
    check_refused("mon day", "day", "no number after `day` at column 5", hint);
    let hint = "write `day 15` for a day of the month, or `15:00` for a time";
    check_refused("mon 15", "15", "`15` at column 5 is no day or time by itself", hint);
    check_refused("-3", "-3", "`-3` at column 1 is no day or time by itself", "write `day -3`");
}

#[test]
fn ordinal_without_its_one_weekday_is_refused() {
    let check = |text: &str, word: &str, hint: &str| {
        check_refused(text, word, &format!("no day of the week after `{word}` at column 1"), hint);
    };
    check("first", "first", "write it as `first mon`");
    check("first weekdays", "first", "write it as `first mon`");
    check("last", "last", "write it as `last mon`");
    check_refused("last 3 fri", "3", "no `days` after `3` at column 6", "write `last 3 days`");
    check("second last fri", "second", "write it as `second mon`");
    let hint = "write `first fri`, or set the two apart as `first mon; fri`";
    check_refused("first mon fri", "fri", "`fri` at column 11 does not go together with `first mon`", hint);
    let hint = "write `1st mon`, or `day 1st mon` for such a day that is one";
    check_refused("1st, mon", "mon", "`mon` at column 6 contradicts `1st`", hint);
    let message = "`15th` at column 1 does not go together with `last`";
    check_refused("15th, last fri", "15th", message, "separate them with `;`");
}

#[test]
fn words_that_contradict_each_other_are_refused() {
    check_refused("daily weekly", "weekly", "`weekly` at column 7 contradicts `daily`", "keep one of them");
    check_refused(
        "monthly mon",
        "mon",
        "`mon` at column 9 does not go together with `monthly`",
        "write `first mon` for one a month, or `weekly mon` for every week",
    );
    check_refused(
        "hourly at 12:30",
        "12:30",
        "`12:30` at column 11 does not go together with `hourly`",
        "write `daily at 12:30`, or `*:30` for every hour",
    );
    let hint = "write `daily at noon`";
    check_refused("hourly at noon", "noon", "`noon` at column 11 does not go together with `hourly`", hint);
    let hint = "write `monthly`, or leave `weekly` out";
    check_refused("weekly 15th", "15th", "`15th` at column 8 does not go together with `weekly`", hint);
    let hint = "name the months and leave `quarterly` out, as `jan, jul day 1`";
    check_refused("quarterly feb", "feb", "`feb` at column 11 does not go together with `quarterly`", hint);
    let message = "`every` at column 8 does not go together with `hourly`";
    check_refused("hourly every 3 days", "every", message, "keep one of them");
    let message = "`every` at column 15 contradicts `every`";
    check_refused("every 15 mins every 1 h", "every", message, "keep one of them");
}

#[test]
fn schedule_switched_off_has_no_other_words() {
    let check = |text: &str, word: &str, column: usize| {
        let message = format!("`{word}` at column {column} does not go together with other words");
        check_refused(text, word, &message, &format!("leave out `{word}`, or everything else"));
    };
    check("off 12:00", "off", 1);
    check("12:00 Off", "Off", 7);
    check("daily; never", "never", 8);
    check("off random 5m", "off", 1);
}

#[test]
fn schedule_without_words_is_refused() {
    let hint = "write `off` for a task that only runs when asked to";
    for text in [",", ";", ";\n, ,", "random 5m", ",,"] {
        check_refused(text, "", "the schedule has no words", hint);
    }
}

#[test]
fn bad_steps_are_refused() {
    check_refused("every", "every", "no number after `every` at column 1", EVERY_HINT);
    check_refused("every day", "every", "no number after `every` at column 1", "write `daily`");
    let hint = "leave `every` out: `mon` comes every week";
    check_refused("every mon", "every", "no number after `every` at column 1", hint);
    check_refused("every 15", "15", "no unit after `15` at column 7", EVERY_HINT);
    check_refused("every 0 min", "0", "`0` at column 7 is no step", EVERY_HINT);
    check_refused("every 15 minuts", "minuts", "unknown unit `minuts` at column 10", "did you mean `minutes`?");
    check_refused("every 30 seconds", "seconds", "unknown unit `seconds` at column 10", EVERY_HINT);
    check_refused("every 500 days", "500", "`500` at column 7 is no step", "the longest step is 366 days");
    let hint = "write `every 14 days`; these are Thursdays, counted since 1970";
    check_refused("every 2 weeks", "weeks", "unknown unit `weeks` at column 9", hint);
    let hint = "write `from 08:00 to 18:00` for the hours in which it comes";
    check_refused("every 15 min at 12:00", "12:00", "`12:00` at column 17 does not go together with `every`", hint);
}

#[test]
fn bad_windows_of_steps_are_refused() {
    let hint = "write it as `from 08:00 to 18:00`";
    check_refused("every 5 min from", "from", "no time after `from` at column 13", hint);
    check_refused("every 5 min from 08:00", "08:00", "no `to` after `08:00` at column 18", hint);
    check_refused("every 5 min from 08:00 to", "to", "no time after `to` at column 24", hint);
    check_refused("every 5 min from *:00 to 8:00", "*:00", "`*:00` at column 18 is no single time", hint);
    let hint = "leave `from` and `to` out to allow the whole day";
    check_refused("every 5 min from 8:00 to 08:00", "08:00", "the window `08:00` at column 26 is empty", hint);
    let hint = "only steps have hours: write `every 30 minutes from 08:00 to 18:00`, or times as `8..18:00`";
    check_refused("daily from 8:00 to 9:00", "from", "`from` at column 7 does not go together with times", hint);
}

#[test]
fn what_never_comes_is_refused() {
    let check = |text: &str, hint: &str| {
        check_refused(text, text, &format!("`{text}` at column 1 never comes"), hint);
    };
    check("31 feb", "write `last day feb` for the end of the month");
    check("day 31 apr, jun", "write `last day apr` for the end of the month");
    check("cron:0 0 31 2 *", "write `last day feb` for the end of the month");
    check("calendar:*-2-30", "write `last day feb` for the end of the month");
    let hint = "the words together leave no date or no time: each of them must agree";
    check("first mon day 10", hint);
    check("every 7 days mon", "steps of whole weeks are Thursdays, counted since 1970: name no other day of the week");
    let hint =
        "the step is longer than the time that it is allowed in: write dates and times instead, as `every 3 days at 08:00`";
    check("every 48 hours from 08:00 to 09:00", hint);
    check("every 30 hours mon", hint);
    let hint = "no step comes between these times: widen them, or write the times, as `daily at 08:00`";
    check("every 6 hours from 08:00 to 10:00", hint);
}

#[test]
fn what_comes_within_41_years_is_not_refused() {
    for text in ["feb 29 mon", "fifth sun feb", "day 31", "last 31 days mon", "every 366 days", "calendar:2199-12-31"] {
        super::Schedule::parse(text).unwrap();
    }
}
