//! Systems that are not asked: that the machine was suspended looks like a clock that was set forward.

use chrono::TimeDelta;

/// Whether the clock that nobody sets goes on while the machine is suspended.
pub(in crate::clock) const INSTANTS_COUNT_SUSPENDS: bool = false;

/// Returns nothing.
pub(in crate::clock) fn up_for() -> Option<TimeDelta> {
    None
}

/// Returns nothing.
pub(in crate::clock) fn suspended() -> TimeDelta {
    TimeDelta::zero()
}
