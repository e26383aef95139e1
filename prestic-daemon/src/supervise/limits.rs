//! Decides when a run that takes too long is warned of, and when it is ended. Pure.
//!
//! Time is that of a stopwatch that stands still while the machine is suspended; only the end of a window is an instant of the
//! wall clock. A moment that nobody looked at, because the machine or this process was stopped, is held against no restic.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::limit::{Limit, LimitNear};
use serde::{Deserialize, Serialize};

use crate::process::Activity;

#[cfg(test)]
mod tests;

/// How long a run may take. None is for ever.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// How long restic may run.
    pub max_runtime_ms: Option<u64>,
    /// How long nothing may move.
    pub no_progress_ms: Option<u64>,
    /// When the window ends in which the run may go on.
    pub ends_at: Option<DateTime<Utc>>,
    /// How long the run waits for a lock of somebody else.
    pub wait_for_lock_ms: Option<u64>,
    /// How long restic has to end after one of these has interrupted it.
    pub stop_grace_ms: u64,
}

/// The longest time between two looks: the wall clock can be set, and timers stand still while the machine is suspended.
pub const LONGEST_LOOK_PAUSE_MS: u64 = 30_000;

/// How many times restic is looked at in the time in which it has to move, and the shortest time between two looks.
const LOOKS: u64 = 8;
const SHORTEST_LOOK_PAUSE_MS: u64 = 50;

/// How much later than planned a look can come on a busy machine. Later, and nothing could run.
const LATE_MS: u64 = 5_000;

/// What a restic uses that hangs: it was measured at less than 1 ms of CPU and 10 bytes in a second, apart from its output.
const IDLE_CPU_PER_MILLE: u64 = 10;
const IDLE_CPU_MS: u64 = 20;
const IDLE_BYTES_PER_SECOND: u64 = 1024;

/// What is seen of a restic at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readings {
    /// What the stopwatch shows that was started with restic.
    pub at_ms: u64,
    /// What the wall clock shows.
    pub now: DateTime<Utc>,
    /// How many of its lines told something new.
    pub steps: u64,
    /// How many bytes it has written on its standard output and error.
    pub output_bytes: u64,
    /// What it and its helpers have used, where the system tells.
    pub activity: Option<Activity>,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitAction {
    /// Nothing.
    GoOn,
    /// Tell that a limit is near, or that none is any more.
    Tell(Option<LimitNear>),
    /// Stop restic.
    Stop(Limit),
}

/// Watches the limits of one restic.
#[derive(Debug)]
pub struct LimitWatch {
    limits: Limits,
    last: Option<Readings>,
    /// When it moved last.
    moved_at_ms: u64,
    told: Option<LimitNear>,
}

impl LimitWatch {
    /// Starts with a restic that has just been started.
    pub fn new(limits: &Limits) -> Self {
        Self { limits: limits.clone(), last: None, moved_at_ms: 0, told: None }
    }

    /// Whether it has to be known what restic's processes use.
    pub fn wants_activity(&self) -> bool {
        self.limits.no_progress_ms.is_some()
    }

    /// Looks at restic and decides.
    pub fn look(&mut self, readings: Readings) -> LimitAction {
        let has_moved = self.last.is_none_or(|last| has_moved(last, readings) || self.was_away(last, readings));
        if has_moved {
            self.moved_at_ms = readings.at_ms;
        }
        self.last = Some(readings);
        if let Some(limit) = self.exceeded(readings) {
            return LimitAction::Stop(limit);
        }
        let near = self.near(readings);
        if near.map(|near| near.limit) == self.told.map(|told| told.limit) {
            return LimitAction::GoOn;
        }
        self.told = near;
        LimitAction::Tell(near)
    }

    /// Returns how long there is no need to look.
    pub fn time_left(&self, at_ms: u64) -> Option<Duration> {
        let limits = &self.limits;
        let runtime = limits.max_runtime_ms.map(|max_ms| {
            let warning_at_ms = warning_at(max_ms);
            if at_ms < warning_at_ms { warning_at_ms - at_ms } else { max_ms.saturating_sub(at_ms) }
        });
        let progress = limits.no_progress_ms.map(|limit_ms| {
            let left_ms = (self.moved_at_ms + limit_ms).saturating_sub(at_ms);
            left_ms.min(look_pause(limit_ms))
        });
        let window = limits.ends_at.zip(self.last).map(|(ends_at, last)| {
            let left_ms = u64::try_from((ends_at - last.now).num_milliseconds()).unwrap_or_default();
            left_ms.saturating_sub(at_ms.saturating_sub(last.at_ms))
        });
        let first_look = (limits.ends_at.is_some() && self.last.is_none()).then_some(0);
        let least_ms = [runtime, progress, window, first_look].into_iter().flatten().min()?;
        Some(Duration::from_millis(least_ms.clamp(1, LONGEST_LOOK_PAUSE_MS)))
    }

    fn exceeded(&self, readings: Readings) -> Option<Limit> {
        let limits = &self.limits;
        let idle_ms = readings.at_ms - self.moved_at_ms;
        if limits.ends_at.is_some_and(|ends_at| ends_at <= readings.now) {
            Some(Limit::Window)
        } else if limits.max_runtime_ms.is_some_and(|max_ms| max_ms <= readings.at_ms) {
            Some(Limit::MaxRuntime)
        } else {
            limits.no_progress_ms.filter(|limit_ms| *limit_ms <= idle_ms).map(|_| Limit::NoProgress)
        }
    }

    /// Returns the limit that comes first of those that are near: from 80 % of the runtime on, or from half of the time in
    /// which nothing moves.
    fn near(&self, readings: Readings) -> Option<LimitNear> {
        let after = |limit, left_ms| LimitNear { limit, stops_at: readings.now + milliseconds(left_ms) };
        let idle_ms = readings.at_ms - self.moved_at_ms;
        let runtime = self.limits.max_runtime_ms.filter(|max_ms| warning_at(*max_ms) <= readings.at_ms);
        let progress = self.limits.no_progress_ms.filter(|limit_ms| limit_ms.div_ceil(2) <= idle_ms);
        let runtime = runtime.map(|max_ms| after(Limit::MaxRuntime, max_ms - readings.at_ms));
        let progress = progress.map(|limit_ms| after(Limit::NoProgress, limit_ms - idle_ms));
        runtime.into_iter().chain(progress).min_by_key(|near| near.stops_at)
    }

    /// Whether the machine was suspended since the last look, or this process was stopped.
    fn was_away(&self, last: Readings, readings: Readings) -> bool {
        let passed_ms = readings.at_ms - last.at_ms;
        let planned_ms = self.limits.no_progress_ms.map_or(LONGEST_LOOK_PAUSE_MS, look_pause);
        readings.now - last.now > milliseconds(passed_ms + LATE_MS) || passed_ms > planned_ms + LATE_MS
    }
}

fn has_moved(last: Readings, readings: Readings) -> bool {
    if last.steps != readings.steps {
        return true;
    }
    let (Some(before), Some(after)) = (last.activity, readings.activity) else { return false };
    let passed_ms = readings.at_ms - last.at_ms;
    let cpu_ms = after.cpu_ms.saturating_sub(before.cpu_ms);
    let told_bytes = readings.output_bytes - last.output_bytes;
    let bytes = after.io_bytes.saturating_sub(before.io_bytes).saturating_sub(told_bytes);
    cpu_ms > (passed_ms * IDLE_CPU_PER_MILLE / 1000).max(IDLE_CPU_MS)
        || bytes > passed_ms * IDLE_BYTES_PER_SECOND / 1000 + IDLE_BYTES_PER_SECOND
}

fn look_pause(no_progress_ms: u64) -> u64 {
    (no_progress_ms / LOOKS).clamp(SHORTEST_LOOK_PAUSE_MS, LONGEST_LOOK_PAUSE_MS)
}

fn warning_at(max_runtime_ms: u64) -> u64 {
    max_runtime_ms / 5 * 4
}

fn milliseconds(count: u64) -> TimeDelta {
    i64::try_from(count).ok().and_then(TimeDelta::try_milliseconds).unwrap_or(TimeDelta::MAX)
}
