//! Compares the instants of random schedules around clock changes with those that a walk from minute to minute finds.

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::{Calendar, Rule, Schedule, Zone};

/// Days on and around which clocks were or will be changed, each in its own way.
const CHANGES: [(Tz, &str); 15] = [
    (Tz::UTC, "2024-02-28"),
    (Tz::Europe__Berlin, "2026-03-28"),
    (Tz::Europe__Berlin, "2026-10-24"),
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
];

const fn calendar(zone: Zone) -> Calendar {
    Calendar { zone, anchor: DateTime::UNIX_EPOCH }
}

const WALKED_DAYS: i64 = 4;

/// Knuth's generator: the same numbers in each run of the tests.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// Makes a schedule whose times are mostly those at which clocks are changed.
    fn schedule(&mut self) -> String {
        let mut words = vec![["daily", "daily", "mon", "sat, sun", "fri-mon", "monthly"][self.below(6) as usize].to_owned()];
        for _ in 0..=self.below(3) {
            let minute = self.below(12) * 5 + self.below(2);
            words.push(match self.below(4) {
                0 => format!("*:{minute:02}"),
                1 => format!("23:{minute:02}"),
                _ => format!("{:02}:{minute:02}", self.below(4)),
            });
        }
        words.join(" ")
    }
}

/// Returns the instants in `(from, until]`.
///
/// A clock on the wall that is only looked at once a minute reaches a fixed time when it first shows that time or a later
/// one. A minute of every hour comes whenever it is shown.
fn walk(rule: &Rule, zone: Tz, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let mut found = Vec::new();
    let mut instant = from - TimeDelta::days(2);
    let mut reached = shown(instant, zone);
    while instant < until {
        instant += TimeDelta::minutes(1);
        let now_shown = shown(instant, zone);
        let is_minute =
            rule.dates.contains(now_shown.date()) && rule.times.wild.contains(now_shown.hour() * 60 + now_shown.minute());
        if instant > from && (is_minute || reaches_fixed(rule, reached, now_shown)) {
            found.push(instant);
        }
        reached = reached.max(now_shown);
    }
    found
}

fn shown(instant: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    instant.with_timezone(&zone).naive_local()
}

fn reaches_fixed(rule: &Rule, reached: NaiveDateTime, now_shown: NaiveDateTime) -> bool {
    let dates = reached.date().iter_days().take_while(|date| *date <= now_shown.date());
    dates.filter(|date| rule.dates.contains(*date)).any(|date| {
        rule.times
            .fixed
            .iter()
            .filter_map(|minute| date.and_hms_opt(minute / 60, minute % 60, 0))
            .any(|local| reached < local && local <= now_shown)
    })
}

#[test]
fn instants_are_those_that_a_walk_from_minute_to_minute_finds() {
    let mut random = Random(20_260_329);
    for (zone, day) in CHANGES {
        for _ in 0..12 {
            let text = random.schedule();
            let schedule = Schedule::parse(&text).unwrap();
            let from =
                format!("{day}T00:00:00Z").parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(random.below(1440) as i64);
            let until = from + TimeDelta::days(WALKED_DAYS);
            let expected = walk(&schedule.rules[0], zone, from, until);
            let next = |after: &DateTime<Utc>| schedule.next_after(*after, &calendar(Zone::Named(zone)));
            let found: Vec<_> = std::iter::successors(next(&from), next).take_while(|instant| *instant <= until).collect();
            assert_eq!(found, expected, "for {text:?} in {zone} after {from}");
            for due in found {
                assert_eq!(next(&(due - TimeDelta::minutes(1))), Some(due), "just before, for {text:?} in {zone}");
            }
        }
    }
}

#[test]
fn canonical_spelling_of_random_schedules_reads_back() {
    let mut random = Random(7);
    for _ in 0..1000 {
        let text = random.schedule();
        if let Ok(schedule) = Schedule::parse(&text) {
            assert_eq!(Schedule::parse(&schedule.to_string()).unwrap(), schedule, "for {text:?}");
        }
    }
}

/// The machine's own zone is another implementation of the same calendar; it must not crash, whatever it is.
#[test]
fn machine_zone_gives_instants_in_order() {
    let schedule = Schedule::parse("02:30 *:15").unwrap();
    let mut instant = Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap();
    for _ in 0..10_000 {
        let next = schedule.next_after(instant, &calendar(Zone::Machine)).unwrap();
        assert!(next > instant && next - instant <= TimeDelta::hours(26));
        instant = next;
    }
}
