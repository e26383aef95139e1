//! Wakes the core when something is due, and when the time is not what it was: set, slept through, or of another zone.

use std::{
    io,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use clap::ValueEnum;

use crate::clock::{now, readings::Readings, system, zone::Zone};

/// The longest sleep without a look at the clocks where nothing tells of a change.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// How long after its files have changed the zone is looked at. Installers change one after the other, and chrono goes on
/// with what it has read of them less than a second ago.
const ZONE_SETTLES: Duration = Duration::from_millis(1500);

/// How an alarm knows when to wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClockKind {
    /// The system's timer tells when it is time, and when the clock was set (Linux)
    Timer,
    /// A look at the clocks every 30 seconds; also where the clock is a faked one
    Poll,
}

/// Why an alarm woke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woke {
    /// The instant has come.
    Due,
    /// Somebody has set the wall clock.
    ClockSet {
        /// How far; less than nothing if it was set back.
        by: TimeDelta,
    },
    /// The machine was suspended.
    Resumed {
        /// How long.
        after: TimeDelta,
    },
    /// The system's time zone is another one.
    ZoneChanged,
}

/// What ended a sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// It is time, or the clocks are worth a look.
    Clock,
    /// Something was done to the files that say which zone it is.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing tells of them there"))]
    ZoneFiles,
}

/// An alarm clock by the wall clock.
#[derive(Debug)]
pub struct Alarm {
    sleeper: Sleeper,
    beginning: Instant,
    seen: Readings,
    zone: Zone,
    /// When the zone is to be looked at. Waits that are dropped all the time must not put that off.
    zone_look_at: Option<Instant>,
    /// Whether its files were written since.
    is_zone_touched: bool,
}

#[derive(Debug)]
enum Sleeper {
    Timer(system::Timer),
    Poll,
}

impl Sleeper {
    /// Returns when to look at the zone, though nothing has told of a change.
    fn next_zone_look(&self) -> Option<Instant> {
        match self {
            Self::Timer(_) => None,
            Self::Poll => Some(Instant::now() + LONGEST_SLEEP),
        }
    }
}

impl Alarm {
    /// Makes an alarm, within a runtime. Not every system has every kind.
    pub fn new(kind: ClockKind) -> io::Result<Self> {
        let sleeper = match kind {
            ClockKind::Timer => Sleeper::Timer(system::Timer::new()?),
            ClockKind::Poll => Sleeper::Poll,
        };
        let beginning = Instant::now();
        let (seen, zone) = (Readings::take(beginning), Zone::look(now()));
        Ok(Self { zone_look_at: sleeper.next_zone_look(), sleeper, beginning, seen, zone, is_zone_touched: false })
    }

    /// Makes the best alarm that this system has.
    pub fn best() -> io::Result<Self> {
        Self::new(ClockKind::Timer).or_else(|error| {
            if error.kind() != io::ErrorKind::Unsupported {
                tracing::warn!("the system's timer cannot be used, so the clock is looked at every 30 s: {error}");
            }
            Self::new(ClockKind::Poll)
        })
    }

    /// Waits until an instant has come, or until there is something else to know of the time.
    ///
    /// Nothing is lost if this is dropped before it is ready: the next call tells it.
    pub async fn wait(&mut self, until: Option<DateTime<Utc>>) -> Woke {
        loop {
            if let Some(woke) = self.look(until) {
                return woke;
            }
            match self.sleep(until).await {
                Cause::ZoneFiles => {
                    self.is_zone_touched = true;
                    self.zone_look_at = Some(Instant::now() + ZONE_SETTLES);
                }
                // There may be no watch on the files, and what is due is due by the zone of now.
                Cause::Clock if self.zone_look_at.is_none() => self.zone_look_at = Some(Instant::now()),
                Cause::Clock => {}
            }
        }
    }

    fn look(&mut self, until: Option<DateTime<Utc>>) -> Option<Woke> {
        let now = Readings::take(self.beginning);
        if let Some(woke) = self.seen.follow(now) {
            return Some(woke);
        }
        if self.zone_look_at.is_some_and(|at| at <= Instant::now()) {
            self.zone_look_at = self.sleeper.next_zone_look();
            let was_touched = std::mem::take(&mut self.is_zone_touched);
            if self.zone.has_changed(now.wall) || was_touched {
                return Some(Woke::ZoneChanged);
            }
        }
        until.is_some_and(|at| at <= now.wall).then_some(Woke::Due)
    }

    /// Sleeps, at most until the instant.
    async fn sleep(&mut self, until: Option<DateTime<Utc>>) -> Cause {
        let left = |at: DateTime<Utc>| (at - now()).to_std().unwrap_or_default();
        let zone_look_at = self.zone_look_at;
        let slept = match &mut self.sleeper {
            Sleeper::Timer(timer) => tokio::select! {
                slept = timer.sleep(until) => slept,
                () = sleep_until(zone_look_at) => Ok(Cause::Clock),
            },
            Sleeper::Poll => tokio::select! {
                () = tokio::time::sleep(until.map_or(LONGEST_SLEEP, |at| left(at).min(LONGEST_SLEEP))) => Ok(Cause::Clock),
                () = sleep_until(zone_look_at) => Ok(Cause::Clock),
            },
        };
        slept.unwrap_or_else(|error| {
            tracing::error!("the system's timer does not work any more, so the clock is looked at every 30 s: {error}");
            self.sleeper = Sleeper::Poll;
            Cause::Clock
        })
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarms() -> [Alarm; 2] {
        [Alarm::new(ClockKind::Poll), Alarm::best()].map(Result::unwrap)
    }

    #[tokio::test]
    async fn alarm_wakes_when_its_instant_has_come() {
        for mut alarm in alarms() {
            let at = now() + TimeDelta::milliseconds(30);
            assert_eq!(alarm.wait(Some(at)).await, Woke::Due);
            assert!(now() >= at);
        }
    }

    #[tokio::test]
    async fn alarm_for_a_past_instant_wakes_again_and_again() {
        for mut alarm in alarms() {
            for _ in 0..3 {
                assert_eq!(alarm.wait(Some(DateTime::UNIX_EPOCH)).await, Woke::Due);
            }
        }
    }

    #[tokio::test]
    async fn clock_that_was_set_is_told_before_what_is_due_and_once() {
        for mut alarm in alarms() {
            alarm.seen.wall -= TimeDelta::hours(1);
            let Woke::ClockSet { by } = alarm.wait(Some(DateTime::UNIX_EPOCH)).await else { panic!("the clock was set") };
            assert!((by - TimeDelta::hours(1)).abs() < TimeDelta::seconds(2), "{by}");
            assert_eq!(alarm.wait(Some(DateTime::UNIX_EPOCH)).await, Woke::Due);
        }
    }

    #[tokio::test]
    async fn resume_is_told_before_what_is_due_and_once() {
        for mut alarm in alarms() {
            alarm.seen.wall -= TimeDelta::hours(8);
            alarm.seen.suspended -= TimeDelta::hours(8);
            let Woke::Resumed { after } = alarm.wait(Some(DateTime::UNIX_EPOCH)).await else { panic!("it was suspended") };
            assert!((after - TimeDelta::hours(8)).abs() < TimeDelta::seconds(2), "{after}");
            assert_eq!(alarm.wait(Some(DateTime::UNIX_EPOCH)).await, Woke::Due);
        }
    }

    #[tokio::test]
    async fn nothing_is_told_when_nothing_is_due() {
        for mut alarm in alarms() {
            let waited = tokio::time::timeout(Duration::from_millis(30), alarm.wait(None)).await;
            assert!(waited.is_err(), "{waited:?}");
        }
    }
}
