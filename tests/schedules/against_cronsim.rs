//! Compares PRestic with PyPI's cronsim, which follows Debian's cron on days on which clocks are changed.

use std::{
    io::Write,
    process::{Command, Stdio},
    thread,
};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{IANA_TZDB_VERSION, Tz};
use prestic_tests::programs;
use serde_json::json;

use crate::{
    ask::{Question, ask_times},
    form::Form,
    generate::{self, likely_hour, likely_minute},
    model::Window,
    random::{Random, each_seed},
    zones::{self, ZONES},
};

const QUESTIONS: usize = 3000;
const ASKED_TIMES: usize = 4;

/// A schedule in PRestic's spelling and in cron's.
struct Pair {
    ours: String,
    crons: String,
}

impl Pair {
    fn random(random: &mut Random) -> Self {
        let (hour, minute) = (likely_hour(random), likely_minute(random));
        let weekday = random.below(7) as usize;
        let name = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"][weekday];
        match random.below(10) {
            0 => Self { ours: format!("daily at {hour:02}:{minute:02}"), crons: format!("{minute} {hour} * * *") },
            1 => Self { ours: format!("{name} at {hour:02}:{minute:02}"), crons: format!("{minute} {hour} * * {weekday}") },
            2 => Self { ours: "hourly".to_owned(), crons: "0 * * * *".to_owned() },
            3 => Self { ours: format!("*:{minute:02}"), crons: format!("{minute} * * * *") },
            4 => Self { ours: format!("{name} *:{minute:02}"), crons: format!("{minute} * * * {weekday}") },
            5 => {
                let other = likely_hour(random);
                Self {
                    ours: format!("daily at {hour:02}:{minute:02} {other:02}:{minute:02}"),
                    crons: format!("{minute} {hour},{other} * * *"),
                }
            }
            _ => {
                let crons = line(random, hour, minute);
                Self { ours: format!("cron: {crons}"), crons }
            }
        }
    }
}

/// Makes a line of cron.
fn line(random: &mut Random, hour: u32, minute: u32) -> String {
    let minutes = match random.below(6) {
        0 => format!("*/{}", random.between(2, 31)),
        1 => format!("{minute}-59/{}", random.between(2, 20)),
        2 => format!("{minute},{}", likely_minute(random)),
        3 => "*".to_owned(),
        _ => minute.to_string(),
    };
    let hours = match random.below(6) {
        0 => format!("*/{}", random.between(2, 12)),
        1 => format!("{hour}-23"),
        2 => format!("{hour},{}", likely_hour(random)),
        3 => "*".to_owned(),
        _ => hour.to_string(),
    };
    let days = match random.below(6) {
        0 => format!("1-{}", random.between(1, 31)),
        1 => format!("*/{}", random.between(2, 9)),
        2 => random.between(1, 28).to_string(),
        _ => "*".to_owned(),
    };
    let months = random.one_of(&["*", "*", "*", "3,4,10,11", "MAR-oct", "*/2"]);
    let weekdays = random.one_of(&["*", "*", "*", "7", "0", "sun", "SAT,1", "Mon-Fri", "5-7"]);
    format!("{minutes} {hours} {days} {months} {weekdays}")
}

/// Zones in which clocks jump over a midnight.
const MIDNIGHT_JUMPERS: [Tz; 5] =
    [Tz::Asia__Beirut, Tz::America__Havana, Tz::America__Santiago, Tz::Pacific__Apia, Tz::Africa__Casablanca];

/// Whether cronsim loses its way with such a line, which it only does where minute or hour have a star.
///
/// It steps on by whole hours, and so past times behind a change of half an hour. To get to another date it goes to that
/// date's midnight, and it takes the times of that hour for shown even where clocks jump over it.
fn is_cronsim_astray(zone: Tz, line: &str) -> bool {
    let fields: Vec<&str> = line.split(' ').collect();
    let is_wild = fields[..2].iter().any(|field| field.starts_with('*'));
    let is_every_day = fields[2..].iter().all(|field| *field == "*");
    is_wild && (zone == Tz::Australia__Lord_Howe || MIDNIGHT_JUMPERS.contains(&zone) && !is_every_day)
}

/// Asks cronsim, in one process.
fn ask_cronsim(questions: &[(String, Question)]) -> Vec<Vec<DateTime<Utc>>> {
    let python = programs::target().join("python/bin/python");
    assert!(python.exists(), "there is no {}: run tests/scripts/fetch_cronsim.sh", python.display());
    let script = programs::checkout().join("tests/schedules/cronsim_times.py");
    let mut program = Command::new(python)
        .arg(script)
        // The zones' data come from the package tzdata, not from the machine.
        .env("PYTHONTZPATH", "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = program.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        scope.spawn(move || {
            for (expression, Question { zone, from, count, .. }) in questions {
                let line = json!({ "expression": expression, "zone": zone.name(), "from": from.timestamp(), "count": count });
                writeln!(input, "{line}").unwrap();
            }
        });
        program.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines();
    let version = lines.next().unwrap();
    assert_eq!(version, IANA_TZDB_VERSION, "tests/scripts/fetch_cronsim.sh installs other zones' data than chrono-tz has");
    let times = |line: &str| -> Vec<DateTime<Utc>> {
        let seconds: Vec<i64> = serde_json::from_str(line).unwrap();
        seconds.into_iter().map(|at| DateTime::from_timestamp(at, 0).unwrap()).collect()
    };
    lines.map(times).collect()
}

/// The model and cronsim were written by different people; where they agree, they are right or wrong for different reasons.
#[test]
fn model_and_cronsim_agree() {
    each_seed(|random| {
        let (mut questions, mut expected) = (Vec::new(), Vec::new());
        for zone in ZONES {
            for change in zones::changes(zone) {
                let window = Window::new(change - TimeDelta::days(1), change + TimeDelta::days(3));
                for _ in 0..10 {
                    let expression = generate::cron(random);
                    let crons = expression.text.trim_start_matches("cron: ").to_owned();
                    if is_cronsim_astray(zone, &crons) {
                        continue;
                    }
                    let schedule = expression.text.clone();
                    let form = Form { text: schedule.clone(), expressions: vec![expression] };
                    let from = change - TimeDelta::hours(i64::from(random.below(24)));
                    let due = window.due(&form, zone).into_iter().filter(|at| *at > from).take(ASKED_TIMES);
                    expected.push((window.until, due.collect::<Vec<_>>()));
                    questions.push((crons, Question { schedule, zone, from, count: ASKED_TIMES }));
                }
            }
        }
        for (((_, question), mut found), (until, expected)) in questions.iter().zip(ask_cronsim(&questions)).zip(expected) {
            found.retain(|at| *at <= until);
            assert_eq!(found, expected, "{question:?}");
        }
    });
}

#[test]
fn times_around_clock_changes_are_those_of_cronsim() {
    let changes: Vec<(Tz, Vec<DateTime<Utc>>)> = ZONES.into_iter().map(|zone| (zone, zones::changes(zone))).collect();
    each_seed(|random| {
        let mut questions = Vec::new();
        while questions.len() < QUESTIONS {
            let Pair { ours, crons } = Pair::random(random);
            let (zone, changes) = random.one_of(&changes);
            let middle = if changes.is_empty() { zones::start_of(2026) } else { random.one_of(&changes) };
            let hours = random.one_of(&[1, 2, 24]);
            let from = middle + TimeDelta::seconds(i64::from(random.below(2 * hours * 3600)) - i64::from(hours * 3600));
            if !is_cronsim_astray(zone, &crons) {
                questions.push((crons, Question { schedule: ours, zone, from, count: ASKED_TIMES }));
            }
        }
        let expected = ask_cronsim(&questions);
        assert_eq!(expected.len(), questions.len());
        let ours: Vec<Question> = questions.iter().map(|(_, question)| question.clone()).collect();
        for ((question, found), expected) in ours.iter().zip(ask_times(&ours)).zip(expected) {
            assert_eq!(found, expected, "{question:?}");
        }
    });
}
