//! Compares the instants of random schedules around clock changes with those that a walk from minute to minute finds.

use chrono::{DateTime, Datelike, Local, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::{calendar, random::Random};
use crate::schedule::{
    Calendar, Schedule, Zone,
    dates::{Dates, LAST, ORDINALS},
    rule::{Rule, Times},
};

/// Days on and around which clocks were or will be changed, each in its own way.
const CHANGES: [(Tz, &str); 18] = [
    (Tz::UTC, "2024-02-28"),
    (Tz::Europe__Berlin, "2026-03-28"),
    (Tz::Europe__Berlin, "2026-10-24"),
    (Tz::Europe__Dublin, "2026-03-28"),
    (Tz::America__New_York, "2026-03-07"),
    (Tz::America__New_York, "2026-10-31"),
    (Tz::Australia__Lord_Howe, "2026-10-03"),
    (Tz::Australia__Lord_Howe, "2026-04-04"),
    (Tz::America__Havana, "2026-03-07"),
    (Tz::America__Havana, "2026-10-31"),
    (Tz::America__Santiago, "2026-09-05"),
    (Tz::America__Santiago, "2026-04-04"),
    (Tz::America__St_Johns, "1990-03-31"),
    (Tz::America__St_Johns, "1990-10-27"),
    (Tz::Pacific__Apia, "2011-12-29"),
    (Tz::Africa__Casablanca, "2026-02-14"),
    (Tz::Asia__Beirut, "2026-03-28"),
    (Tz::Asia__Beirut, "2026-10-24"),
];

const WALKED_DAYS: i64 = 4;

/// Returns the instants in `(from, until]`.
///
/// A clock on the wall that is only looked at once a minute reaches a fixed time when it first shows that time or a later
/// one. A wild time comes whenever it is shown.
fn walk(rule: &Rule, calendar: &Calendar, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let zone = rule.zone.unwrap_or(calendar.zone);
    let mut found = Vec::new();
    let mut instant = from - TimeDelta::days(2);
    let mut reached = shown(instant, zone);
    while instant < until {
        instant += TimeDelta::minutes(1);
        let now_shown = shown(instant, zone);
        let is_due = match &rule.times {
            Times::Clock { fixed, wild } => {
                let is_fixed =
                    |local: &NaiveDateTime| fixed.contains(minute_of_day(*local)) && is_on(&rule.dates, local.date());
                (wild.contains(minute_of_day(now_shown)) && is_on(&rule.dates, now_shown.date()))
                    || (!fixed.is_empty() && minutes_after(reached, now_shown).any(|local| is_fixed(&local)))
            }
            Times::Steps { minutes, within } => {
                (instant - calendar.anchor).num_minutes() % i64::from(*minutes) == 0
                    && within.contains(minute_of_day(now_shown))
                    && is_on(&rule.dates, now_shown.date())
            }
        };
        if instant > from && is_due {
            found.push(instant);
        }
        reached = reached.max(now_shown);
    }
    found
}

fn shown(instant: DateTime<Utc>, zone: Zone) -> NaiveDateTime {
    let Zone::Named(zone) = zone else { panic!("only named zones are walked through") };
    instant.with_timezone(&zone).naive_local()
}

fn minute_of_day(local: NaiveDateTime) -> u32 {
    local.hour() * 60 + local.minute()
}

/// Returns the whole minutes in `(reached, now_shown]`.
fn minutes_after(reached: NaiveDateTime, now_shown: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
    let first = reached.with_second(0).unwrap() + TimeDelta::minutes(1);
    std::iter::successors(Some(first), |minute| Some(*minute + TimeDelta::minutes(1)))
        .take_while(move |minute| *minute <= now_shown)
}

/// Asks a date for all that it can be, one thing after the other.
fn is_on(dates: &Dates, date: NaiveDate) -> bool {
    let weekday = date.weekday().num_days_from_monday();
    let from_end = (date.day()..=31).filter(|day| date.with_day(*day).is_some()).count() as u32;
    let week = (date.day() - 1) / 7;
    let is_ordinal =
        |pair: u32| pair / ORDINALS == weekday && (pair % ORDINALS == week || (pair % ORDINALS == LAST && from_end <= 7));
    let is_day = dates.days.contains(date.day()) || dates.last_days.contains(from_end);
    let is_weekday = dates.weekdays.contains(weekday);
    dates.years.is_none_or(|years| years.iter().any(|year| year as i32 == date.year()))
        && dates.months.contains(date.month())
        && (if dates.is_day_or_weekday { is_day || is_weekday } else { is_day && is_weekday })
        && (dates.ordinals.is_empty() || dates.ordinals.iter().any(is_ordinal))
        && (date - NaiveDate::default()).num_days().rem_euclid(i64::from(dates.every)) == 0
}

/// Returns a schedule that can be read, out of texts of which some contradict themselves.
fn readable(random: &mut Random, make: fn(&mut Random) -> String) -> (String, Schedule) {
    loop {
        let text = make(random);
        if let Ok(schedule) = Schedule::parse(&text) {
            return (text, schedule);
        }
    }
}

#[test]
fn instants_are_those_that_a_walk_from_minute_to_minute_finds() {
    let mut random = Random(20_260_329);
    for (zone, day) in CHANGES {
        for _ in 0..15 {
            let seed = random.0;
            let (text, schedule) = readable(&mut random, Random::expression);
            let calendar =
                Calendar { anchor: DateTime::UNIX_EPOCH + TimeDelta::minutes(random.below(10_000) as i64), ..calendar(zone) };
            let from =
                format!("{day}T00:00:00Z").parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(random.below(1440) as i64);
            let until = from + TimeDelta::days(WALKED_DAYS);
            let expected = walk(&schedule.rules[0], &calendar, from, until);
            let next = |after: &DateTime<Utc>| schedule.next_after(*after, &calendar);
            let found: Vec<_> = std::iter::successors(next(&from), next).take_while(|instant| *instant <= until).collect();
            // Only the first difference: there can be thousands of instants.
            let difference = found.iter().zip(&expected).find(|(found, expected)| found != expected);
            assert_eq!(difference, None, "for {text:?} in {zone} after {from}, seed {seed}");
            assert_eq!(found.len(), expected.len(), "for {text:?} in {zone} after {from}, seed {seed}");
            for due in found {
                assert_eq!(next(&(due - TimeDelta::minutes(1))), Some(due), "just before, for {text:?} in {zone}, seed {seed}");
            }
        }
    }
}

#[test]
fn dates_are_those_that_a_walk_from_day_to_day_finds() {
    let mut random = Random(41);
    for _ in 0..400 {
        let seed = random.0;
        let (text, schedule) = readable(&mut random, Random::expression);
        let dates = schedule.rules[0].dates;
        let start = NaiveDate::from_ymd_opt(2020 + random.below(80) as i32, 1 + random.below(12) as u32, 1).unwrap();
        let found = dates.next(start, start.year() + 12);
        let expected = start.iter_days().take_while(|date| date.year() <= start.year() + 12).find(|date| is_on(&dates, *date));
        assert_eq!(found, expected, "for {text:?} from {start}, seed {seed}");
    }
}

#[test]
fn canonical_spelling_of_random_schedules_reads_back() {
    let mut random = Random(7);
    for _ in 0..5000 {
        let seed = random.0;
        let (text, schedule) = readable(&mut random, Random::schedule);
        let shown = schedule.to_string();
        assert_eq!(Schedule::parse(&shown), Ok(schedule.clone()), "for {text:?} shown as {shown:?}, seed {seed}");
        assert_eq!(Schedule::parse(&shown).unwrap().to_string(), shown, "for {text:?}, seed {seed}");
        assert!(!schedule.words().contains("  "), "for {text:?}, seed {seed}");
    }
}

/// Whatever is written, it is a schedule or there is an error whose word is in the text.
#[test]
fn damaged_schedules_are_read_or_refused_with_a_word_of_theirs() {
    let mut random = Random(11);
    for _ in 0..5000 {
        let seed = random.0;
        let mut letters: Vec<char> = random.schedule().chars().collect();
        for _ in 0..=random.below(3) {
            let place = random.below(letters.len() as u64) as usize;
            let letter = [' ', ',', ';', ':', '*', '-', '.', '/', '~', '\'', '9', 'x', 'ä', '\n'][random.below(14) as usize];
            if random.below(2) == 0 { letters[place] = letter } else { letters.insert(place, letter) }
        }
        let text: String = letters.iter().collect();
        if let Err(error) = Schedule::parse(&text)
            && let Some((column, length)) = error.span()
        {
            assert!(column >= 1 && length >= 1 && column - 1 < letters.len(), "{error} in {text:?}, seed {seed}");
        }
    }
}

/// The machine's own zone is another implementation of the same calendar; it must not crash, whatever it is.
#[test]
fn machine_zone_gives_instants_in_order() {
    let schedule = Schedule::parse("02:30 *:15").unwrap();
    let machine = Calendar { zone: Zone::Machine, anchor: DateTime::UNIX_EPOCH };
    let mut instant = Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap();
    for _ in 0..10_000 {
        let next = schedule.next_after(instant, &machine).unwrap();
        assert!(next > instant && next - instant <= TimeDelta::hours(26));
        assert!([15, 30].contains(&next.with_timezone(&Local).minute()) || next.with_timezone(&Local).minute() == 0);
        instant = next;
    }
}
