//! What to do about instants of a schedule that went by while nobody looked: the machine was off or asleep, or the
//! daemon was down.
//!
//! However many were missed, they make for one run at most.

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::outcome::COUNTED_MISSES;

use super::{Calendar, CatchUp, Schedule};

/// More than these are not counted.
pub const COUNTED: u32 = COUNTED_MISSES;

/// An instant that is no older than this is no missed one: it is being answered.
const ON_TIME: TimeDelta = TimeDelta::minutes(1);

/// PRestic's rule: what was missed less than a day ago can wait for a next time that is near.
const RECENT: TimeDelta = TimeDelta::hours(24);
const NEAR: TimeDelta = TimeDelta::hours(12);

/// What the time since the last instant that was handled asks for.
///
/// `at` is the latest instant that went by. Whatever is decided, all up to it are handled then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// No instant went by.
    Nothing,
    /// The schedule is due now, on time.
    Due {
        /// The instant.
        at: DateTime<Utc>,
        /// How many before it were missed, up to [`COUNTED`].
        missed: u32,
    },
    /// The missed ones ask for a run now.
    CatchUp {
        /// The latest of them.
        at: DateTime<Utc>,
        /// How many there are, up to [`COUNTED`].
        missed: u32,
    },
    /// The missed ones are let go.
    Skip {
        /// The latest of them.
        at: DateTime<Utc>,
        /// How many there are, up to [`COUNTED`].
        missed: u32,
    },
}

/// Decides about the instants after `last_due`, the last one that was handled, up to `now`.
///
/// By the rule `auto` a run that was missed is dropped when the oldest missed instant is less than 24 hours old and the next
/// one less than 12 hours away. The oldest one decides because it tells how long the task has been waiting. A schedule with
/// nothing but wild times, as minutes of every hour, just waits for its next one. `Within` looks at the latest one, which is
/// the one that would run.
pub fn missed(
    schedule: &Schedule,
    last_due: DateTime<Utc>,
    now: DateTime<Utc>,
    calendar: &Calendar,
    catch_up: CatchUp,
) -> Missed {
    let Some(oldest) = schedule.next_after(last_due, calendar).filter(|oldest| *oldest <= now) else {
        return Missed::Nothing;
    };
    let (at, count) = latest(schedule, oldest, now, calendar);
    if now - at <= ON_TIME {
        return Missed::Due { at, missed: count - 1 };
    }
    let is_caught_up = match catch_up {
        CatchUp::Auto => {
            let next_is_near = || schedule.next_after(now, calendar).is_some_and(|next| next - now < NEAR);
            !(schedule.is_wild() || (now - oldest < RECENT && next_is_near()))
        }
        CatchUp::Yes => true,
        CatchUp::No => false,
        CatchUp::Within(age) => now - at < age,
    };
    if is_caught_up { Missed::CatchUp { at, missed: count } } else { Missed::Skip { at, missed: count } }
}

/// Returns the latest instant up to `now`, and how many there are from the oldest on.
fn latest(schedule: &Schedule, oldest: DateTime<Utc>, now: DateTime<Utc>, calendar: &Calendar) -> (DateTime<Utc>, u32) {
    let mut at = oldest;
    for count in 1..COUNTED {
        match schedule.next_after(at, calendar) {
            Some(next) if next <= now => at = next,
            _ => return (at, count),
        }
    }
    (latest_of_many(schedule, at, now, calendar), COUNTED)
}

/// Finds the latest instant up to `now` by looking back from there, farther and farther, down to one that is known.
fn latest_of_many(schedule: &Schedule, known: DateTime<Utc>, now: DateTime<Utc>, calendar: &Calendar) -> DateTime<Utc> {
    let up_to_now = |after| schedule.next_after(after, calendar).filter(|next| *next <= now);
    let mut span = TimeDelta::minutes(1);
    let mut at = known;
    while now - span > known {
        if let Some(found) = up_to_now(now - span) {
            at = found;
            break;
        }
        span = span * 2;
    }
    while let Some(next) = up_to_now(at) {
        at = next;
    }
    at
}
