//! Desktop notifications: what is worth one, and showing it.
//!
//! [`decide`], [`flood`] and [`standing`] say what is told, and are pure. [`follower`] follows the core's events as a client
//! does, in a task of its own, so that no desktop ever holds a run up. [`desktop`] shows what it is given.

pub mod notice;
pub mod told;

pub mod decide;
pub mod flood;
pub mod plain;
pub mod standing;

mod actions;
pub mod desktop;
pub mod follower;

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Utc};
pub use follower::{NotifyHandle, channel, run};

use crate::{config::Profile, notify::told::Told};

/// What has to be known of a task before anything is told of it.
#[derive(Debug, Clone)]
pub struct TaskNews {
    /// Its configuration.
    pub profile: Arc<Profile>,
    /// Whether it, or every task, is paused.
    pub is_paused: bool,
    /// When a failed run is tried again.
    pub retry_at: Option<DateTime<Utc>>,
    /// When it is due next.
    pub next_run_at: Option<DateTime<Utc>>,
    /// What was told of it before.
    pub told: Told,
}

/// What time it is, and what the machine's clocks make of it.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// What time it is.
    pub now: DateTime<Utc>,
    /// Returns an instant as the machine's clocks show it.
    pub local: fn(DateTime<Utc>) -> DateTime<FixedOffset>,
}

impl Moment {
    /// Returns an instant as people say it: the time of day if it is near, the day with it if not.
    pub fn time(&self, at: DateTime<Utc>) -> String {
        let (there, here) = ((self.local)(at), (self.local)(self.now));
        let format = if there.date_naive() == here.date_naive() { "%H:%M" } else { "%a %-d %b, %H:%M" };
        there.format(format).to_string()
    }
}
