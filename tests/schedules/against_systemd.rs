//! Compares PRestic with `systemd-analyze calendar` on days on which no clock is changed: there it is right.

use std::process::Command;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::{
    ask::{Question, ask_times},
    random::{Random, each_seed},
    zones,
};

/// A call takes 5 to 10 ms, so each is asked for several schedules and several times of each.
const CALLS: usize = 100;
const SCHEDULES_A_CALL: usize = 6;
const ITERATIONS: usize = 8;

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A schedule in PRestic's and in systemd's spelling.
struct Pair {
    ours: String,
    systemds: String,
}

impl Pair {
    fn random(random: &mut Random) -> Self {
        match random.below(3) {
            0 => {
                let (ours, systemds) = calendar(random);
                Self { ours: format!("calendar: {ours}"), systemds }
            }
            _ => Self::in_words(random),
        }
    }

    /// Makes a schedule in words, and translates it.
    fn in_words(random: &mut Random) -> Self {
        if random.once_in(10) {
            let (ours, systemds) = match random.below(2) {
                0 => {
                    let step = random.one_of(&[1, 2, 5, 6, 10, 15, 20, 30]);
                    (format!("every {step} minutes"), format!("*:00..59/{step}:00"))
                }
                _ => {
                    let step = random.one_of(&[1, 2, 3, 4, 6, 8, 12]);
                    (format!("every {step} hours"), format!("00..23/{step}:00:00"))
                }
            };
            return Self { ours, systemds };
        }
        let (mut our_days, weekdays, days, takes_months) = days(random);
        let mut months = "*".to_owned();
        if our_days == "quarterly" {
            months = "01,04,07,10".to_owned();
        } else if our_days == "yearly" {
            months = "01".to_owned();
        } else if takes_months && random.once_in(4) {
            let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
            let numbers = random.some_between(1, 12, 3);
            let words: Vec<&str> = numbers.iter().map(|month| names[*month as usize - 1]).collect();
            our_days = format!("{our_days} {}", words.join(","));
            months = listed(&numbers);
        }
        let (our_times, times) = times(random);
        Self { ours: format!("{our_days} at {our_times}"), systemds: format!("{weekdays}*-{months}{days} {times}") }
    }
}

fn listed(numbers: &[u32]) -> String {
    numbers.iter().map(|number| format!("{number:02}")).collect::<Vec<_>>().join(",")
}

/// Returns days in words, systemd's weekdays, its days of the month, and whether months can stand with them.
fn days(random: &mut Random) -> (String, String, String, bool) {
    let any = || "-*".to_owned();
    let name = |number: u32| WEEKDAYS[number as usize];
    let (number, count) = (random.below(7), random.between(1, 7));
    match random.below(11) {
        0 => ("daily".to_owned(), String::new(), any(), true),
        1 => {
            let names: Vec<&str> = random.some_between(0, 6, 4).into_iter().map(name).collect();
            (names.join(random.one_of(&[",", " "])), format!("{} ", names.join(",")), any(), true)
        }
        2 => {
            let (first, last) = (random.below(4), random.between(4, 6));
            (format!("{}-{}", name(first), name(last)), format!("{}..{} ", name(first), name(last)), any(), true)
        }
        3 => ("weekends".to_owned(), "Sat,Sun ".to_owned(), any(), true),
        4 => (random.one_of(&["monthly", "quarterly", "yearly"]).to_owned(), String::new(), "-01".to_owned(), false),
        5 => ("last day".to_owned(), String::new(), "~01".to_owned(), true),
        6 => (format!("last {} days", count + 1), String::new(), format!("~{:02}/1", count + 1), true),
        7 => (format!("day -{count}"), String::new(), format!("~{count:02}"), true),
        8 => {
            let nth = random.between(1, 5);
            let ordinal = ["first", "2nd", "third", "4th", "fifth"][nth as usize - 1];
            let days = format!("-{:02}..{:02}", nth * 7 - 6, (nth * 7).min(31));
            // A February has no fifth of most weekdays, so with months it could be far away.
            (format!("{ordinal} {}", name(number)), format!("{} ", name(number)), days, nth < 5)
        }
        9 => (format!("last {}", name(number)), format!("{} ", name(number)), "~07/1".to_owned(), true),
        _ => {
            let numbers = random.some_between(1, 28, 4);
            (format!("day {}", listed(&numbers)), String::new(), format!("-{}", listed(&numbers)), false)
        }
    }
}

/// Returns times in words and as systemd spells them.
fn times(random: &mut Random) -> (String, String) {
    let minute = random.below(60);
    match random.below(5) {
        0 => (format!("*:{minute:02}"), format!("*:{minute:02}:00")),
        1 => {
            let step = random.between(1, 23);
            (format!("*/{step}:{minute:02}"), format!("00..23/{step}:{minute:02}:00"))
        }
        2 => {
            let first = random.below(24);
            let last = random.between(first, 23);
            (format!("{first:02}..{last:02}:{minute:02}"), format!("{first:02}..{last:02}:{minute:02}:00"))
        }
        _ => {
            let hours = random.some_between(0, 23, 3);
            let words: Vec<String> = hours.iter().map(|hour| format!("{hour:02}:{minute:02}")).collect();
            (words.join(random.one_of(&[" ", ","])), format!("{}:{minute:02}:00", listed(&hours)))
        }
    }
}

/// Makes an expression of systemd's calendar, and another spelling of it for systemd.
///
/// After the last of some steps without an end, and on the last day of a month, systemd 252 goes past the first hours of the
/// next month. It makes no mistake where the end is written.
fn calendar(random: &mut Random) -> (String, String) {
    let same = |text: &str| (text.to_owned(), text.to_owned());
    if random.once_in(6) {
        let words = [
            "minutely",
            "hourly",
            "daily",
            "weekly",
            "monthly",
            "quarterly",
            "semiannually",
            "semi-annually",
            "yearly",
            "annually",
        ];
        return same(random.one_of(&words));
    }
    let steps = |first: u32, last: u32, step: u32| (format!("{first}/{step}"), format!("{first}..{last}/{step}"));
    let weekdays = match random.below(5) {
        0 => format!("{} ", random.one_of(&WEEKDAYS)),
        1 => "Mon..Fri ".to_owned(),
        2 => "sat,Sunday ".to_owned(),
        _ => String::new(),
    };
    let year = random.one_of(&["", "*-", "*-", "2026..2040-"]);
    let month = match random.below(6) {
        0 => same(&format!("{:02}", random.between(1, 12))),
        1 => same("03..09"),
        2 => steps(1, 12, 3),
        _ => same("*"),
    };
    let day = match random.below(6) {
        0 => same(&format!("-{:02}", random.between(1, 28))),
        1 => {
            let (ours, systemds) = steps(random.between(1, 5), 31, random.between(2, 7));
            (format!("-{ours}"), format!("-{systemds}"))
        }
        2 => same(&format!("~{}", random.between(1, 9))),
        3 => same("-1,10..20"),
        _ => same("-*"),
    };
    let hour = match random.below(5) {
        0 => same("*"),
        1 => steps(random.below(6), 23, random.between(2, 9)),
        2 => same(&format!("{:02},{:02}", random.below(12), random.between(12, 23))),
        3 => same(&format!("{:02}..{:02}", random.below(12), random.between(12, 23))),
        _ => same(&format!("{:02}", random.below(24))),
    };
    let minute = match random.below(4) {
        0 => steps(random.below(10), 59, random.between(2, 29)),
        1 => same("00,30"),
        _ => same(&format!("{:02}", random.below(60))),
    };
    // A date alone is at midnight, a time alone is every day.
    let (has_date, has_time, seconds) =
        random.one_of(&[(true, false, ""), (false, true, ""), (true, true, ""), (true, true, ":00"), (true, true, ":00")]);
    let text = |month: &str, day: &str, hour: &str, minute: &str| {
        let date = if has_date { format!("{year}{month}{day}") } else { String::new() };
        let time = if has_time { format!("{hour}:{minute}{seconds}") } else { String::new() };
        let space = if has_date && has_time { " " } else { "" };
        format!("{weekdays}{date}{space}{time}")
    };
    (text(&month.0, &day.0, &hour.0, &minute.0), text(&month.1, &day.1, &hour.1, &minute.1))
}

/// Asks systemd for the next times of each schedule.
fn ask_systemd(zone: Tz, from: DateTime<Utc>, pairs: &[Pair]) -> Vec<Vec<DateTime<Utc>>> {
    let output = Command::new("systemd-analyze")
        .env("TZ", zone.name())
        .env("LC_ALL", "C.UTF-8")
        .args(["calendar", &format!("--iterations={ITERATIONS}")])
        .arg(format!("--base-time={}", from.format("%Y-%m-%d %H:%M:%S UTC")))
        .args(pairs.iter().map(|pair| &pair.systemds))
        .output()
        .expect("`systemd-analyze` is installed: packaging/install_packages.sh systemd-analyze");
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let schedules: Vec<&String> = pairs.iter().map(|pair| &pair.systemds).collect();
    assert!(output.status.success(), "{schedules:?} after {from} in {zone}: {errors}");
    let blocks: Vec<_> = text.split("\n\n").map(times_of_block).collect();
    assert_eq!(blocks.len(), pairs.len(), "{text}");
    blocks
}

/// Reads the times of one schedule. There is a line `(in UTC)` for each where local time is another one.
fn times_of_block(block: &str) -> Vec<DateTime<Utc>> {
    let values = |is_wanted: fn(&str) -> bool| -> Vec<&str> {
        let lines = block.lines().filter_map(|line| line.trim_start().split_once(": "));
        lines.filter(|(label, _)| is_wanted(label)).map(|(_, value)| value.trim()).collect()
    };
    let mut found = values(|label| label == "(in UTC)");
    if found.is_empty() {
        // Version 254 changed `Iter. #2` to `Iteration #2`.
        found = values(|label| label == "Next elapse" || label.starts_with("Iter"));
    }
    found.retain(|value| *value != "never");
    let time = |value: &str| NaiveDateTime::parse_from_str(value, "%a %Y-%m-%d %H:%M:%S UTC").map(|time| time.and_utc());
    found.into_iter().map(|value| time(value).unwrap_or_else(|error| panic!("{error}: {block}"))).collect()
}

/// Makes an instant far from any change of the zone's clocks, and returns it with the end of such days.
fn ordinary_instant(random: &mut Random, zone: Tz) -> (DateTime<Utc>, DateTime<Utc>) {
    loop {
        let from = zones::start_of(2026) + TimeDelta::seconds(i64::from(random.below(4 * 365 * 86_400)));
        let day = TimeDelta::days(1);
        if zones::changes_between(zone, from - day, from + day).is_empty() {
            let changes = zones::changes_between(zone, from, zones::start_of(2120));
            return (from, changes.first().map_or(DateTime::<Utc>::MAX_UTC, |change| *change - day));
        }
    }
}

#[test]
fn times_on_ordinary_days_are_those_of_systemd() {
    each_seed(|random| {
        let (mut questions, mut expected) = (Vec::new(), Vec::new());
        for _ in 0..CALLS {
            let zone = random.one_of(&[Tz::UTC, Tz::Europe__Berlin, Tz::America__New_York]);
            let (from, until) = ordinary_instant(random, zone);
            let pairs: Vec<Pair> = (0..SCHEDULES_A_CALL).map(|_| Pair::random(random)).collect();
            for (pair, times) in pairs.iter().zip(ask_systemd(zone, from, &pairs)) {
                questions.push(Question { schedule: pair.ours.clone(), zone, from, count: ITERATIONS });
                expected.push((pair.systemds.clone(), until, times));
            }
        }
        for ((question, mut found), (systemds, until, mut times)) in questions.iter().zip(ask_times(&questions)).zip(expected) {
            found.retain(|at| *at <= until);
            times.retain(|at| *at <= until);
            assert_eq!(found, times, "{question:?}, in systemd's words `{systemds}`");
        }
    });
}
