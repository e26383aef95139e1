//! What clocks on the wall of a zone show, and when they first show it: all that gaps and overlaps do to schedules.
//!
//! Only the distance from UTC at instants is asked for, so that every zone behaves alike.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::zone::{FARTHEST_FROM_UTC, Zone};

/// Clocks never jumped farther: Samoa left out a whole day in 2011.
pub(super) const LONGEST_JUMP: TimeDelta = TimeDelta::hours(25);

/// Returns what a clock shows at an instant.
pub(super) fn shown(at: DateTime<Utc>, zone: Zone) -> NaiveDateTime {
    at.naive_utc() + TimeDelta::seconds(zone.seconds_ahead(at.naive_utc()))
}

/// Returns the latest local time that a clock has shown up to an instant; where it went back, that is more than it shows.
pub(super) fn reached(at: DateTime<Utc>, zone: Zone) -> NaiveDateTime {
    let now_shown = shown(at, zone);
    let minute_began_at = at - TimeDelta::seconds(now_shown.and_utc().timestamp().rem_euclid(60));
    if let Some(change) = first_change(minute_began_at, at, zone) {
        // The clocks changed within a minute (Liberia's did in 1972): what they jumped over comes with the next one.
        return reached(change - TimeDelta::seconds(1), zone);
    }
    let changes = changes(at - LONGEST_JUMP, at, zone);
    let highest = changes.map(|change| change.at.naive_utc() + change.ahead_before - TimeDelta::seconds(1)).max();
    highest.map_or(now_shown, |highest| highest.max(now_shown))
}

/// Returns the first instant at which a clock shows a local time, or a later one because it jumped over that.
///
/// Past a gap it is the first whole minute.
pub(super) fn first_reach(local: NaiveDateTime, zone: Zone) -> DateTime<Utc> {
    let start = local.and_utc() - FARTHEST_FROM_UTC;
    let mut ahead = zone_ahead(start, zone);
    for change in changes(start, local.and_utc() + FARTHEST_FROM_UTC, zone) {
        if local.and_utc() - ahead < change.at {
            break;
        }
        ahead = change.ahead_after;
        if local.and_utc() - ahead <= change.at {
            return change.at + to_whole_minute(shown(change.at, zone));
        }
    }
    local.and_utc() - ahead
}

/// Returns what is left of a minute that has begun.
pub(super) fn to_whole_minute(local: NaiveDateTime) -> TimeDelta {
    TimeDelta::seconds((-local.and_utc().timestamp()).rem_euclid(60))
}

/// Returns the first instant in `(from, to]` from which on the clocks are another distance from UTC.
pub(super) fn first_change(from: DateTime<Utc>, to: DateTime<Utc>, zone: Zone) -> Option<DateTime<Utc>> {
    changes(from, to, zone).next().map(|change| change.at)
}

/// An instant at which clocks are set.
struct Change {
    at: DateTime<Utc>,
    ahead_before: TimeDelta,
    ahead_after: TimeDelta,
}

/// Returns the changes in `(from, to]`. One that is taken back by another one in between is not seen.
fn changes(from: DateTime<Utc>, to: DateTime<Utc>, zone: Zone) -> impl Iterator<Item = Change> {
    let last = zone_ahead(to, zone);
    let mut start = from;
    let mut ahead_before = zone_ahead(from, zone);
    std::iter::from_fn(move || {
        if ahead_before == last {
            return None;
        }
        let (mut before, mut after) = (start.timestamp(), to.timestamp());
        while after - before > 1 {
            let middle = before.midpoint(after);
            match zone_ahead(DateTime::from_timestamp(middle, 0)?, zone) == ahead_before {
                true => before = middle,
                false => after = middle,
            }
        }
        start = DateTime::from_timestamp(after, 0)?;
        let change = Change { at: start, ahead_before, ahead_after: zone_ahead(start, zone) };
        ahead_before = change.ahead_after;
        Some(change)
    })
}

fn zone_ahead(at: DateTime<Utc>, zone: Zone) -> TimeDelta {
    TimeDelta::seconds(zone.seconds_ahead(at.naive_utc()))
}
