//! Compares PRestic with the arithmetic of Python's PRestic, on the part of it that was sound.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::{
    ask::{Question, ask_times},
    random::{Random, each_seed},
    zones,
};

/// The original looked so many days ahead.
const SEARCHED_DAYS: usize = 32;

/// The original never saw what is closer than this.
const BLIND: TimeDelta = TimeDelta::seconds(60);

/// What a schedule of the original could say.
struct Old {
    text: String,
    /// Monday is 0; none means all of them.
    weekdays: BTreeSet<u32>,
    is_monthly: bool,
    time: NaiveTime,
}

impl Old {
    fn random(random: &mut Random) -> Self {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let (hour, minute) = (random.below(24), random.below(60));
        let (days, weekdays, is_monthly) = match random.below(4) {
            0 => ("daily".to_owned(), vec![], false),
            1 => ("weekly".to_owned(), vec![0], false),
            2 => ("monthly".to_owned(), vec![], true),
            _ => {
                let weekdays = random.some_between(0, 6, 4);
                let words: Vec<&str> = weekdays.iter().map(|weekday| names[*weekday as usize]).collect();
                (words.join(random.one_of(&[",", " ", ", "])), weekdays, false)
            }
        };
        let (time, at) = match random.below(5) {
            0 => (NaiveTime::MIN, String::new()),
            _ => (NaiveTime::from_hms_opt(hour, minute, 0).unwrap(), format!(" at {hour:02}:{minute:02}")),
        };
        Self { text: days + &at, weekdays: weekdays.into_iter().collect(), is_monthly, time }
    }

    /// Steps from the date of the base, a minute on, from day to day until date and time fit.
    fn next(&self, base: NaiveDateTime) -> Option<NaiveDateTime> {
        let base = base + BLIND;
        let fits = |date: NaiveDate| {
            let weekday = date.weekday().num_days_from_monday();
            (!self.is_monthly || date.day() == 1) && (self.weekdays.is_empty() || self.weekdays.contains(&weekday))
        };
        let days = base.date().iter_days().take(SEARCHED_DAYS);
        days.filter(|date| fits(*date)).map(|date| date.and_time(self.time)).find(|due| *due >= base)
    }
}

/// Returns what a zone's clocks show, as the original saw time.
fn shown(zone: Tz, at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc() + TimeDelta::seconds(zones::offset(zone, at))
}

#[test]
fn sound_schedules_of_the_original_come_when_they_came() {
    each_seed(|random| {
        let (mut questions, mut expected) = (Vec::new(), Vec::new());
        while questions.len() < 2000 {
            let old = Old::random(random);
            let zone = random.one_of(&[Tz::UTC, Tz::Europe__Berlin, Tz::America__New_York]);
            let from = zones::start_of(2026) + TimeDelta::seconds(i64::from(random.below(3 * 365 * 86_400)));
            let due = old.next(shown(zone, from)).unwrap();
            // Less than a minute before a due time the original lost it: a named line of the golden file.
            let is_blind = old.next(shown(zone, from) - BLIND) != Some(due);
            // It knew local times only, so it is no witness where the clocks are changed.
            let distance = due - shown(zone, from);
            let is_changed =
                !zones::changes_between(zone, from - TimeDelta::days(1), from + distance + TimeDelta::days(1)).is_empty();
            if is_blind || is_changed {
                continue;
            }
            questions.push(Question { schedule: old.text, zone, from, count: 1 });
            expected.push(due);
        }
        for ((question, found), expected) in questions.iter().zip(ask_times(&questions)).zip(expected) {
            assert_eq!(found.iter().map(|at| shown(question.zone, *at)).collect::<Vec<_>>(), [expected], "{question:?}");
        }
    });
}
