//! What the clocks show together, and what a later look at them says of the time in between.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::{alarm::Woke, now, system};

/// How far the wall clock may run ahead of the others, or behind, before somebody must have set it. Smaller differences
/// come from the looks themselves, and make no difference to schedules of whole minutes.
const TOLERANCE: TimeDelta = TimeDelta::seconds(2);

/// Two clocks cannot be read at once. If more than this lies between, they are read again.
const LONGEST_LOOK: Duration = Duration::from_millis(20);
const MOST_LOOKS: usize = 5;

/// What the clocks show at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Readings {
    /// The wall clock, which can be set.
    pub(super) wall: DateTime<Utc>,
    /// The clock that cannot be set, and stands still while the machine is suspended.
    pub(super) monotonic: TimeDelta,
    /// How long the machine has been suspended in all; nothing where the system does not tell.
    pub(super) suspended: TimeDelta,
}

impl Readings {
    /// Reads the clocks, the monotonic one from a beginning.
    pub(super) fn take(beginning: Instant) -> Self {
        let mut best = Self::try_take(beginning);
        for _ in 1..MOST_LOOKS {
            if best.1 <= LONGEST_LOOK {
                break;
            }
            best = std::cmp::min_by_key(best, Self::try_take(beginning), |(_, spread)| *spread);
        }
        best.0
    }

    /// Reads the clocks, and returns how long that took.
    fn try_take(beginning: Instant) -> (Self, Duration) {
        let start = Instant::now();
        let (wall, suspended) = (now(), system::suspended());
        let end = Instant::now();
        let counted = if system::INSTANTS_COUNT_SUSPENDS { suspended } else { TimeDelta::zero() };
        let monotonic = TimeDelta::from_std(start - beginning).unwrap_or(TimeDelta::MAX) - counted;
        (Self { wall, monotonic, suspended }, end - start)
    }

    /// Returns what has happened to the clocks until a later look, and takes it into account, so that the next call returns
    /// what else has happened.
    pub(super) fn follow(&mut self, now: Self) -> Option<Woke> {
        let suspended = now.suspended - self.suspended;
        if suspended > TOLERANCE {
            self.suspended = now.suspended;
            // The wall clock has gone on meanwhile: that alone is no change.
            self.wall += suspended;
            return Some(Woke::Resumed { after: suspended });
        }
        let by = (now.wall - self.wall) - (now.monotonic - self.monotonic);
        *self = now;
        (by.abs() > TOLERANCE).then_some(Woke::ClockSet { by })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns readings in seconds: of the wall clock, of the monotonic one, and of the time suspended.
    fn readings((wall, monotonic, suspended): (i64, i64, i64)) -> Readings {
        Readings {
            wall: DateTime::UNIX_EPOCH + TimeDelta::seconds(wall),
            monotonic: TimeDelta::seconds(monotonic),
            suspended: TimeDelta::seconds(suspended),
        }
    }

    /// Looks at the clocks again and again until there is nothing more to tell.
    #[track_caller]
    fn check(before: (i64, i64, i64), now: (i64, i64, i64), expected: &[Woke]) {
        let mut seen = readings(before);
        let mut told = Vec::new();
        while let Some(woke) = seen.follow(readings(now)) {
            told.push(woke);
        }
        assert_eq!(told, expected);
        assert_eq!(seen.follow(readings(now)), None, "it is told twice");
    }

    fn set(by: i64) -> Woke {
        Woke::ClockSet { by: TimeDelta::seconds(by) }
    }

    fn resumed(after: i64) -> Woke {
        Woke::Resumed { after: TimeDelta::seconds(after) }
    }

    #[test]
    fn time_that_passes_is_nothing_new() {
        check((1000, 10, 0), (1000, 10, 0), &[]);
        check((1000, 10, 0), (1030, 40, 0), &[]);
        check((1000, 10, 7), (87_400, 86_410, 7), &[]);
    }

    #[test]
    fn small_difference_is_no_change() {
        check((1000, 10, 0), (1032, 40, 0), &[]);
        check((1000, 10, 0), (1028, 40, 0), &[]);
    }

    #[test]
    fn clock_that_runs_apart_from_the_monotonic_one_was_set() {
        check((1000, 10, 0), (4600, 10, 0), &[set(3600)]);
        check((1000, 10, 0), (4630, 40, 0), &[set(3600)]);
        check((1000, 10, 0), (1033, 40, 0), &[set(3)]);
        check((5000, 10, 0), (1400, 10, 0), &[set(-3600)]);
        check((1_790_000_000, 10, 0), (0, 40, 0), &[set(-1_790_000_030)]);
    }

    #[test]
    fn time_that_only_the_monotonic_clock_missed_was_a_suspend() {
        check((1000, 10, 0), (4630, 40, 3600), &[resumed(3600)]);
        check((1000, 10, 500), (4600, 10, 4100), &[resumed(3600)]);
    }

    #[test]
    fn clock_that_was_set_during_a_suspend_is_told_too() {
        check((1000, 10, 0), (8230, 40, 3600), &[resumed(3600), set(3600)]);
        check((1000, 10, 0), (1030, 40, 3600), &[resumed(3600), set(-3600)]);
    }

    #[test]
    fn clocks_of_this_machine_go_together() {
        let beginning = Instant::now();
        let mut seen = Readings::take(beginning);
        assert_eq!(seen.follow(Readings::take(beginning)), None);
    }
}
