//! Compares PRestic with the plain model of its rules, around every clock change and on ordinary days.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::{
    ask::{Question, ask_times},
    form::{Form, MINUTES_A_DAY},
    generate,
    model::Window,
    random::{Random, each_seed},
    zones::{self, ZONES},
};

const ASKED_TIMES: usize = 3;

/// A question, and what the model knows of its answer: the times until an instant.
struct Case {
    question: Question,
    until: DateTime<Utc>,
    expected: Vec<DateTime<Utc>>,
}

impl Case {
    /// Makes several cases of a schedule in a window.
    fn several(random: &mut Random, window: &Window, zone: Tz, form: &Form, count: u32) -> Vec<Self> {
        let due = window.due(form, zone);
        let case = |random: &mut Random| {
            let from = instant(random, window, &due);
            let expected = due.iter().copied().filter(|at| *at > from).take(ASKED_TIMES).collect();
            let question = Question { schedule: form.text.clone(), zone, from, count: ASKED_TIMES };
            Self { question, until: window.until, expected }
        };
        (0..count).map(|_| case(random)).collect()
    }
}

/// Makes an instant in a window: anywhere, or close to where the schedule is due.
fn instant(random: &mut Random, window: &Window, due: &[DateTime<Utc>]) -> DateTime<Utc> {
    if !due.is_empty() && random.once_in(3) {
        let nudge = random.one_of(&[-60, -59, -1, 0, 1, 59, 60]);
        return (random.one_of(due) + TimeDelta::seconds(nudge)).max(window.from);
    }
    let seconds = u32::try_from((window.until - window.from).num_seconds()).unwrap();
    window.from + TimeDelta::seconds(i64::from(random.below(seconds)))
}

#[track_caller]
fn check(cases: &[Case]) {
    let questions: Vec<Question> = cases.iter().map(|case| case.question.clone()).collect();
    for (case, mut found) in cases.iter().zip(ask_times(&questions)) {
        if case.expected.len() < ASKED_TIMES {
            found.retain(|at| *at <= case.until);
        }
        assert_eq!(found, case.expected, "{:?}", case.question);
    }
}

#[test]
fn times_around_clock_changes_are_those_of_the_model() {
    each_seed(|random| {
        let mut cases = Vec::new();
        for zone in ZONES {
            for change in zones::changes(zone) {
                let window = Window::new(change - TimeDelta::days(2), change + TimeDelta::days(3));
                for _ in 0..10 {
                    let form = generate::form(random);
                    cases.extend(Case::several(random, &window, zone, &form, 8));
                }
            }
        }
        println!("{} pairs", cases.len());
        check(&cases);
    });
}

#[test]
fn times_of_a_whole_year_are_those_of_the_model() {
    each_seed(|random| {
        let mut cases = Vec::new();
        for zone in ZONES {
            let start = zones::start_of(2026) + TimeDelta::days(i64::from(random.below(365)));
            let window = Window::new(start.duration_trunc(TimeDelta::days(1)).unwrap(), start + TimeDelta::days(400));
            for _ in 0..5 {
                let form = generate::form(random);
                cases.extend(Case::several(random, &window, zone, &form, 32));
            }
        }
        println!("{} pairs", cases.len());
        check(&cases);
    });
}

/// Where steps divide neither an hour nor a day, they count real time from where the question begins, whatever the clocks do.
#[test]
fn steps_that_divide_nothing_are_of_real_time() {
    each_seed(|random| {
        let (mut questions, mut expected) = (Vec::new(), Vec::new());
        while questions.len() < 500 {
            let minutes = random.between(2, 3 * MINUTES_A_DAY);
            if 60 % minutes == 0 || minutes.is_multiple_of(60) && MINUTES_A_DAY.is_multiple_of(minutes) {
                continue;
            }
            let zone = random.one_of(&ZONES);
            let from = zones::start_of(2026) + TimeDelta::seconds(i64::from(random.below(365 * 86_400)));
            let anchor = from.duration_trunc(TimeDelta::minutes(1)).unwrap();
            questions.push(Question { schedule: format!("every {minutes} minutes"), zone, from, count: ASKED_TIMES });
            expected.push([1, 2, 3].map(|step| anchor + TimeDelta::minutes(step * i64::from(minutes))));
        }
        for ((question, found), expected) in questions.iter().zip(ask_times(&questions)).zip(expected) {
            assert_eq!(found, expected, "{question:?}");
        }
    });
}
