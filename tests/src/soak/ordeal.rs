//! What is done to the daemon: crashes, suspends and clocks that somebody sets, drawn by chance from a seed.

use std::fmt;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use prestic_proto::run::RunId;

/// One thing that happens to the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordeal {
    /// It is killed, and started again after a while.
    Crash {
        /// After how long.
        lasts: TimeDelta,
    },
    /// All its processes stand still while the time goes on.
    Suspend {
        /// For how long.
        lasts: TimeDelta,
    },
    /// Somebody sets the clock.
    Set {
        /// By how much; back, if it is less than nothing.
        by: TimeDelta,
    },
    /// It is killed, and the clock is set before it is started again.
    SetWhileDown {
        /// By how much.
        by: TimeDelta,
    },
}

impl fmt::Display for Ordeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = TimeDelta::num_minutes;
        match self {
            Self::Crash { lasts } => write!(f, "kill -9, down for {} min", minutes(lasts)),
            Self::Suspend { lasts } => write!(f, "suspended for {} min", minutes(lasts)),
            Self::Set { by } => write!(f, "clock set by {} min", minutes(by)),
            Self::SetWhileDown { by } => write!(f, "kill -9, clock set by {} min while down", minutes(by)),
        }
    }
}

/// One that is to come.
#[derive(Debug, Clone, Copy)]
pub struct Planned {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub ordeal: Ordeal,
}

/// One that is over.
#[derive(Debug, Clone, Copy)]
pub struct Suffered {
    /// What.
    pub ordeal: Ordeal,
    /// What the clock showed before.
    pub from: DateTime<Utc>,
    /// What it showed when the daemon was there again.
    pub to: DateTime<Utc>,
    /// The last run that had its number before.
    pub last_run: RunId,
}

/// How far a clock may be set back before what is dealt with counts as a mistake.
const MISTAKE: TimeDelta = TimeDelta::hours(3);

impl Suffered {
    /// Returns what the clock was set to, if it was set back so far that what was dealt with by then may be due again.
    pub fn corrected_to(&self) -> Option<DateTime<Utc>> {
        match self.ordeal {
            Ordeal::Set { by } | Ordeal::SetWhileDown { by } if by < -MISTAKE => Some(self.from + by),
            _ => None,
        }
    }
}

/// A minute of the hour at which nothing is due, and nothing has been for a while.
const QUIET_MINUTE: u32 = 55;

/// Numbers by chance, the same ones for the same seed (SplitMix64).
#[derive(Debug)]
pub struct Chance(pub u64);

impl Chance {
    /// Returns a number from the first one on and before the second one.
    pub fn between(&mut self, from: i64, until: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let room = u64::try_from(until - from).expect("the range is not empty");
        from + i64::try_from((mixed ^ (mixed >> 31)) % room).expect("it is less than an i64")
    }

    /// Draws what happens between two instants. `due` are the instants at which something is due: half of the crashes come
    /// just after one of them, when there is most to lose.
    pub fn ordeals(&mut self, from: DateTime<Utc>, until: DateTime<Utc>, due: &[DateTime<Utc>]) -> Vec<Planned> {
        let hours = |hours| TimeDelta::hours(hours);
        let mut corrections = [Ordeal::SetWhileDown { by: hours(-5) }, Ordeal::Set { by: hours(-6) }].into_iter();
        let mut next_correction = from + (until - from) / 3;
        let mut planned = Vec::new();
        let mut at = from + TimeDelta::minutes(self.between(60, 300));
        while at < until {
            let correction = if at > next_correction { corrections.next() } else { None };
            let ordeal = correction.unwrap_or_else(|| self.ordeal());
            if correction.is_some() {
                next_correction += (until - from) / 3;
                at += TimeDelta::minutes(i64::from((60 + QUIET_MINUTE - at.minute()) % 60));
            } else if matches!(ordeal, Ordeal::Crash { .. }) && self.between(0, 2) == 0 {
                let next = due.iter().find(|due| **due >= at).copied();
                at = next.unwrap_or(at) + TimeDelta::seconds(self.between(0, 240));
            }
            planned.push(Planned { at, ordeal });
            let lasts = match ordeal {
                Ordeal::Crash { lasts } | Ordeal::Suspend { lasts } => lasts,
                Ordeal::Set { by } | Ordeal::SetWhileDown { by } => by.max(TimeDelta::zero()),
            };
            at += lasts + TimeDelta::minutes(self.between(60, 420));
        }
        planned
    }

    fn ordeal(&mut self) -> Ordeal {
        let kind = self.between(0, 100);
        let minutes = |minutes| TimeDelta::minutes(minutes);
        match kind {
            0..55 => Ordeal::Crash { lasts: minutes(self.between(1, 40)) },
            55..70 => Ordeal::Crash { lasts: minutes(self.between(60, 14 * 60)) },
            70..85 => Ordeal::Suspend { lasts: minutes(self.between(10, 9 * 60)) },
            85..92 => Ordeal::Set { by: minutes(self.between(2, 100)) },
            _ => Ordeal::Set { by: minutes(-self.between(2, 150)) },
        }
    }
}
