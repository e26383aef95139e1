//! What the desktop was told of a task, so that nothing is told twice: `status.ini` keeps it, for the next daemon too.

use std::fmt;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// The same error is told again after a day. A daily task fails a little earlier on some days, and an hour earlier by the
/// wall clock when that goes forward: the day is shorter by so much, or it would be told every other day.
const TOLD_AGAIN_AFTER: TimeDelta = TimeDelta::minutes(24 * 60 - 75);

/// So many errors of a task are remembered.
const MAX_ERRORS: usize = 8;

/// What `status.ini` begins with while a failure was told and not its end.
const FAILING: &str = "failing";

/// What was told of a task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// The errors by their fingerprints, the latest last.
    errors: Vec<(DateTime<Utc>, u64)>,
    /// Whether somebody was told that it fails, and not that it works again.
    pub is_failing: bool,
}

impl Told {
    /// Whether an error was told so short a time ago that it need not be told again.
    pub fn has(&self, error: u64, now: DateTime<Utc>) -> bool {
        // What was told in the future was told by a wrong clock.
        let is_fresh = |at: DateTime<Utc>| at <= now && now - at < TOLD_AGAIN_AFTER;
        self.errors.iter().any(|(at, known)| *known == error && is_fresh(*at))
    }

    /// Returns this with an error that is told now.
    pub fn with(mut self, error: u64, now: DateTime<Utc>) -> Self {
        self.errors.retain(|(_, known)| *known != error);
        self.errors.push((now, error));
        let surplus = self.errors.len().saturating_sub(MAX_ERRORS);
        self.errors.drain(..surplus);
        self
    }

    /// Returns this after something more was told, by somebody who may not have known all of this.
    pub fn joined(self, later: Self) -> Self {
        let last_told = |told: &Self, error| told.errors.iter().find(|(_, known)| *known == error).map(|(at, _)| *at);
        let join = |told: Self, (at, error): (DateTime<Utc>, u64)| {
            let at = last_told(&told, error).map_or(at, |known| at.max(known));
            told.with(error, at)
        };
        later.errors.into_iter().fold(self, join).failing(later.is_failing)
    }

    /// Returns this as it is while the task is failing, or no longer.
    pub fn failing(self, is_failing: bool) -> Self {
        Self { is_failing, ..self }
    }

    /// Reads what `status.ini` keeps. What makes no sense was not told.
    pub fn parse(text: &str) -> Self {
        let error = |word: &str| {
            let (at, error) = word.split_once('/')?;
            let at = DateTime::parse_from_rfc3339(at).ok()?.to_utc();
            Some((at, u64::from_str_radix(error, 16).ok()?))
        };
        let words = || text.split_whitespace();
        Self { errors: words().filter_map(error).collect(), is_failing: words().any(|word| word == FAILING) }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.errors.iter().map(|(at, error)| {
            let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
            format!("{at}/{error:016x}")
        });
        let words: Vec<String> = self.is_failing.then(|| FAILING.to_owned()).into_iter().chain(errors).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    #[test]
    fn error_is_fresh_for_a_day() {
        let told = Told::default().with(7, at(100));
        for (hour, expected) in [(99, false), (100, true), (122, true), (123, false), (200, false)] {
            assert_eq!(told.has(7, at(hour)), expected, "{hour}");
        }
        assert!(!told.has(8, at(100)));
    }

    #[test]
    fn errors_that_take_turns_are_each_remembered() {
        let told = (0..20).fold(Told::default(), |told, turn| told.with(turn % 2, at(turn.cast_signed())));
        assert!(told.has(0, at(20)) && told.has(1, at(20)));
        assert_eq!(told.errors.len(), 2);
        let many = (0..20).fold(Told::default(), |told, error| told.with(error, at(0)));
        assert_eq!((many.errors.len(), many.has(19, at(0)), many.has(0, at(0))), (MAX_ERRORS, true, false));
    }

    #[test]
    fn errors_that_were_told_at_once_are_both_remembered() {
        let base = Told::default().with(1, at(1));
        let (one, other) = (base.clone().with(2, at(2)).failing(true), base.clone().with(3, at(3)).failing(true));
        let joined = base.joined(one).joined(other);
        assert_eq!([1, 2, 3].map(|error| joined.has(error, at(4))), [true; 3]);
        assert!(joined.is_failing);
        assert!(!joined.clone().joined(joined.failing(false)).is_failing);
    }

    #[test]
    fn what_is_kept_is_read_back() {
        for told in [
            Told::default(),
            Told::default().with(u64::MAX, at(5)).failing(true),
            Told::default().with(1, at(5)).with(2, at(6)),
            Told::default().failing(true),
        ] {
            assert_eq!(Told::parse(&told.to_string()), told);
        }
        assert_eq!(Told::parse("what 1970-01-01/x nonsense /"), Told::default());
    }
}
