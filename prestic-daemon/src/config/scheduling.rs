//! What a profile says about when, in which order and under which conditions it runs.
//!
//! Owns how those values are written and what counts where they are not set. Deciding with them is the planner's.

use std::{fmt, path::PathBuf, time::Duration};

use super::{keys::Key, profile::Profile, value::Value};
use crate::schedule::{CatchUp, Schedule, Zone, window::Window};

/// What to do when a task is due while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlap {
    /// Let the later time go.
    #[default]
    Skip,
    /// Run once more when the run has ended.
    Queue,
    /// Stop the run and start anew.
    Replace,
}

/// The delay before a failed run is repeated, where none is set.
const RETRY_DELAY: Duration = Duration::from_secs(60);

/// The ranks that have a name.
const RANKS: [(&str, i64); 3] = [("low", -10), ("normal", 0), ("high", 10)];

impl Overlap {
    const ALL: [Self; 3] = [Self::Skip, Self::Queue, Self::Replace];

    /// Reads the word.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|overlap| text.eq_ignore_ascii_case(overlap.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Queue => "queue",
            Self::Replace => "replace",
        }
    }
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Reads a rank among the runs that wait.
pub(super) fn parse_priority(text: &str) -> Option<i64> {
    match RANKS.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)) {
        Some((_, rank)) => Some(*rank),
        None => text.parse::<i32>().ok().map(i64::from),
    }
}

/// Reads a percentage.
pub(super) fn parse_percent(text: &str) -> Option<u8> {
    let digits = text.strip_suffix('%').unwrap_or(text).trim_end();
    digits.parse().ok().filter(|percent| *percent <= 100 && digits.starts_with(|first: char| first.is_ascii_digit()))
}

/// Tells whether a word names a server and one of its ports.
pub(super) fn is_host_and_port(word: &str) -> bool {
    let Some((host, port)) = word.rsplit_once(':') else { return false };
    let is_address = host.starts_with('[') && host.ends_with(']') && host.len() > 2;
    let is_name = !host.is_empty() && !host.contains([':', '/', '[', ']', '@']);
    (is_address || is_name) && port.parse::<u16>().is_ok_and(|port| port > 0) && !port.starts_with('+')
}

/// When a task runs, the schedule's own modifiers and the options beside it taken together.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// When it is due; none if it runs only when asked to.
    pub schedule: Option<Schedule>,
    /// The zone that the schedule's times are in.
    pub zone: Zone,
    /// How much later than due it may start.
    pub random_delay: Option<Duration>,
    /// What to do about missed times.
    pub catch_up: CatchUp,
    /// How late it may start at all.
    pub deadline: Option<Duration>,
}

impl Profile {
    /// Returns when it runs. What stands in the schedule itself wins over the option of the same meaning.
    pub fn timing(&self) -> Timing {
        let schedule = self.schedule().and_then(|text| Schedule::parse(text).ok()).filter(|schedule| !schedule.is_never());
        let modifiers = schedule.as_ref().map(Schedule::modifiers).cloned().unwrap_or_default();
        let length = |modifier: Option<chrono::TimeDelta>, key: Key| match modifier {
            Some(length) => length.to_std().ok(),
            None => self.duration(key),
        };
        Timing {
            zone: self.zone(),
            random_delay: length(modifiers.random, Key::RandomDelay),
            catch_up: modifiers.catch_up.or_else(|| self.catch_up()).unwrap_or(CatchUp::Auto),
            deadline: length(modifiers.deadline, Key::Deadline),
            schedule,
        }
    }

    /// Returns the zone that its schedule and its window are in.
    pub fn zone(&self) -> Zone {
        self.text(Key::Timezone).and_then(|name| Zone::parse(name).ok()).unwrap_or(Zone::Machine)
    }

    /// Returns what to do about missed times, if an option of its own says so.
    pub fn catch_up(&self) -> Option<CatchUp> {
        self.text(Key::CatchUp).and_then(|text| CatchUp::parse(text).ok())
    }

    /// Returns what to do when it is due while it runs.
    pub fn overlap(&self) -> Overlap {
        if let Some(Value::Overlap(overlap)) = self.value(Key::Overlap) { *overlap } else { Overlap::default() }
    }

    /// Returns its rank among the runs that wait: the highest goes first.
    pub fn priority(&self) -> i32 {
        if let Some(Value::Int(rank)) = self.value(Key::Priority) { i32::try_from(*rank).unwrap_or_default() } else { 0 }
    }

    /// Returns the tasks and groups that must have succeeded since its last run, as written.
    pub fn needs(&self) -> &[String] {
        self.words(Key::Needs).unwrap_or_default()
    }

    /// Returns how often a run that failed is repeated.
    pub fn retry(&self) -> u32 {
        if let Some(Value::Int(times)) = self.value(Key::Retry) { u32::try_from(*times).unwrap_or_default() } else { 0 }
    }

    /// Returns how long to wait before the first repetition.
    pub fn retry_delay(&self) -> Duration {
        if let Some(Value::Duration(Some(delay))) = self.value(Key::RetryDelay) { *delay } else { RETRY_DELAY }
    }

    /// Returns how long a run may take.
    pub fn max_runtime(&self) -> Option<Duration> {
        self.duration(Key::MaxRuntime)
    }

    /// Returns how long a run may go without progress.
    pub fn no_progress_timeout(&self) -> Option<Duration> {
        self.duration(Key::NoProgressTimeout)
    }

    /// Tells whether it waits for mains power.
    pub fn only_on_ac(&self) -> bool {
        self.is_on(Key::OnlyOnAc)
    }

    /// Returns the charge that it waits for, in percent.
    pub fn min_battery(&self) -> Option<u8> {
        if let Some(Value::Percent(percent)) = self.value(Key::MinBattery) { *percent } else { None }
    }

    /// Tells whether it waits for a network that is not paid by volume.
    pub fn not_metered(&self) -> bool {
        self.is_on(Key::NotMetered)
    }

    /// Returns the files and folders that it waits for.
    pub fn require_paths(&self) -> Vec<PathBuf> {
        self.words(Key::RequirePath).unwrap_or_default().iter().map(PathBuf::from).collect()
    }

    /// Returns the servers that it waits for, each with its port.
    pub fn require_hosts(&self) -> &[String] {
        self.words(Key::RequireHost).unwrap_or_default()
    }

    /// Returns the part of the day that it runs in.
    pub fn window(&self) -> Option<Window> {
        self.text(Key::Window).and_then(|text| Window::parse(text).ok())
    }

    /// Returns how old its last success may be before it waits for no condition any more.
    pub fn overdue_after(&self) -> Option<Duration> {
        self.duration(Key::OverdueAfter)
    }

    fn is_on(&self, key: Key) -> bool {
        matches!(self.value(key), Some(Value::Bool(true)))
    }
}

#[cfg(test)]
#[path = "scheduling_tests.rs"]
mod tests;
