//! macOS: one clock counts the time in which the machine was suspended, and one does not.

use chrono::TimeDelta;

/// Rust measures by the clock that stands still while the machine is suspended.
pub(in crate::clock) const INSTANTS_COUNT_SUSPENDS: bool = false;

/// Returns for how long the machine has been up, suspended or not.
pub(in crate::clock) fn up_for() -> Option<TimeDelta> {
    read(libc::CLOCK_MONOTONIC_RAW)
}

/// Returns how long the machine has been suspended since it was started.
pub(in crate::clock) fn suspended() -> TimeDelta {
    up_for().zip(read(libc::CLOCK_UPTIME_RAW)).map_or_else(TimeDelta::zero, |(up, awake)| up - awake)
}

fn read(clock: libc::clockid_t) -> Option<TimeDelta> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the answer can be written.
    let is_known = unsafe { libc::clock_gettime(clock, &raw mut time) } == 0;
    if is_known { TimeDelta::new(time.tv_sec, u32::try_from(time.tv_nsec).ok()?) } else { None }
}
