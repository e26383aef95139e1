//! Windows: one clock counts the time in which the machine was suspended, and one does not.

use chrono::TimeDelta;
use windows_sys::Win32::System::{SystemInformation::GetTickCount64, WindowsProgramming::QueryUnbiasedInterruptTime};

/// The performance counter goes on while the machine is suspended.
pub(in crate::clock) const INSTANTS_COUNT_SUSPENDS: bool = true;

/// A unit of the clock that does not count suspends: 100 ns.
const UNITS_PER_MS: u64 = 10_000;

/// Returns for how long the machine has been up, suspended or not. A shutdown for a fast start counts as a suspend.
pub(in crate::clock) fn up_for() -> Option<TimeDelta> {
    // SAFETY: the call takes nothing.
    milliseconds(unsafe { GetTickCount64() })
}

/// Returns how long the machine has been suspended since it was started.
pub(in crate::clock) fn suspended() -> TimeDelta {
    let mut awake = 0;
    // SAFETY: the answer can be written.
    let is_known = unsafe { QueryUnbiasedInterruptTime(&raw mut awake) } != 0;
    let awake = if is_known { milliseconds(awake / UNITS_PER_MS) } else { None };
    up_for().zip(awake).map_or_else(TimeDelta::zero, |(up, awake)| up - awake)
}

fn milliseconds(count: u64) -> Option<TimeDelta> {
    TimeDelta::try_milliseconds(i64::try_from(count).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_is_up_and_is_not_suspended_while_it_is_asked() {
        assert!(up_for().unwrap() > TimeDelta::zero());
        let before = suspended();
        assert!((suspended() - before).abs() < TimeDelta::seconds(1));
    }
}
