//! Spreads starts over a while, so that not everybody begins at the same second.

use chrono::{DateTime, TimeDelta, Utc};

use crate::fingerprint::fingerprint;

/// Returns the instant at which a run that is due at `nominal` really starts: up to `window` later, in whole seconds, and
/// before the `next` one is due.
///
/// The delay follows from the seed and the instant alone, so it survives restarts, and differs from day to day.
pub fn spread(seed: u64, nominal: DateTime<Utc>, next: Option<DateTime<Utc>>, window: TimeDelta) -> DateTime<Utc> {
    let room = next.map_or(window, |next| window.min(next - nominal)).num_seconds();
    let Some(room) = u64::try_from(room).ok().filter(|room| *room > 0) else { return nominal };
    let bytes = [seed.to_le_bytes(), nominal.timestamp().to_le_bytes()].concat();
    // The upper half of the product is evenly spread; a remainder would show how weak the hash is in its lower bits.
    let delay = (u128::from(fingerprint(&bytes)) * u128::from(room)) >> u64::BITS;
    nominal + TimeDelta::seconds(i64::try_from(delay).expect("it is less than the room, which was an i64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000 + day)
    }

    fn delay(seed: u64, day: i64, window: TimeDelta) -> i64 {
        (spread(seed, at(day), None, window) - at(day)).num_seconds()
    }

    #[test]
    fn delay_is_the_same_whenever_it_is_asked_for() {
        let hour = TimeDelta::hours(1);
        assert_eq!(spread(1, at(0), None, hour).to_rfc3339(), "2024-10-04T00:51:41+00:00");
        assert_eq!(delay(1, 0, hour), delay(1, 0, hour));
        assert_ne!(delay(1, 0, hour), delay(2, 0, hour));
        assert_ne!(delay(1, 0, hour), delay(1, 1, hour));
    }

    #[test]
    fn delays_fill_the_window_evenly() {
        let mut hits = [0_u32; 10];
        for seed in 0..100 {
            for day in 0..100 {
                let delay = delay(fingerprint(&[seed]), day, TimeDelta::seconds(10));
                hits[usize::try_from(delay).unwrap()] += 1;
            }
        }
        assert!(hits.iter().all(|count| (900..1100).contains(count)), "{hits:?}");
    }

    #[test]
    fn delayed_start_is_before_the_next_one() {
        for day in 0..1000 {
            let next = at(day) + TimeDelta::seconds(3);
            assert!(spread(9, at(day), Some(next), TimeDelta::hours(5)) < next);
        }
    }

    #[test]
    fn without_room_there_is_no_delay() {
        assert_eq!(delay(1, 0, TimeDelta::zero()), 0);
        assert_eq!(spread(1, at(0), Some(at(0)), TimeDelta::hours(1)), at(0));
        assert_eq!(spread(1, at(0), Some(at(-1)), TimeDelta::hours(1)), at(0));
    }
}
