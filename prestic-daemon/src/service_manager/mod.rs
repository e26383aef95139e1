//! Tells the service manager that started the daemon how it is: ready, reloading, stopping, alive.

mod message;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

use std::time::Duration;

use chrono::Local;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use crate::{
    clock,
    core::{
        CoreHandle,
        command::{Command, CoreGone},
        phase::Phase,
    },
};

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use other as system;

/// How long a sentence about the daemon stands before the next one: runs that start together need one only.
const STATUS_REST: Duration = Duration::from_secs(1);

/// The way to the service manager.
#[derive(Debug)]
pub struct ServiceManager(system::ServiceManager);

impl ServiceManager {
    /// Finds out whether a service manager wants to hear from this process, and keeps that from every child.
    ///
    /// # Safety
    ///
    /// No other thread of the process may run yet: the environment is changed.
    pub unsafe fn take_from_environment() -> Option<Self> {
        // SAFETY: the caller promises the same.
        unsafe { system::ServiceManager::take_from_environment() }.map(Self)
    }

    /// Tells it that clients can connect, and then what happens until the core has gone.
    pub async fn follow(self, core: CoreHandle, phase: watch::Receiver<Phase>) {
        let mut teller = Teller { manager: self.0, core, phase, told_reloads: 0, sentence: String::new() };
        // The core has gone, and the rest of the daemon follows it.
        let _ = teller.tell().await;
    }
}

struct Teller {
    manager: system::ServiceManager,
    core: CoreHandle,
    phase: watch::Receiver<Phase>,
    told_reloads: u64,
    sentence: String,
}

impl Teller {
    async fn tell(&mut self) -> Result<(), CoreGone> {
        let mut ticks = self.core.ticks();
        let mut pulse = self.manager.watchdog().map(|limit| {
            let mut pulse = interval(limit / 2);
            pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
            pulse
        });
        self.manager.send(message::READY).await;
        self.look(false).await?;
        let mut rests_until = Some(Instant::now() + STATUS_REST);
        loop {
            tokio::select! {
                changed = self.phase.changed() => {
                    changed.map_err(|_| CoreGone)?;
                    self.tell_phase().await;
                }
                changed = ticks.changed(), if rests_until.is_none() => {
                    changed.map_err(|_| CoreGone)?;
                    self.look(false).await?;
                    rests_until = Some(Instant::now() + STATUS_REST);
                }
                () = sleep_until(rests_until.unwrap_or_else(Instant::now)), if rests_until.is_some() => rests_until = None,
                () = beat(pulse.as_mut()) => self.look(true).await?,
            }
        }
    }

    /// Asks the core how it is: a core that hangs does not answer, and then nobody says that the daemon is alive.
    async fn look(&mut self, is_pulse: bool) -> Result<(), CoreGone> {
        let glance = self.core.ask(Command::Glance).await?;
        let sentence = glance.sentence(clock::now(), &Local);
        let is_news = sentence != self.sentence;
        if let Some(message) = message::alive(is_pulse, is_news.then_some(&sentence)) {
            self.manager.send(&message).await;
        }
        self.sentence = sentence;
        Ok(())
    }

    async fn tell_phase(&mut self) {
        let phase = *self.phase.borrow_and_update();
        if phase.reloads != self.told_reloads {
            self.told_reloads = phase.reloads;
            // One that is over already is told nevertheless: somebody may wait for both messages.
            self.manager.send(&message::reloading(system::monotonic())).await;
        }
        if let Some(within) = phase.ends_within {
            self.manager.send(&message::stopping(within)).await;
        } else if !phase.is_reloading {
            self.manager.send(message::READY).await;
        }
    }
}

async fn beat(pulse: Option<&mut tokio::time::Interval>) {
    match pulse {
        Some(pulse) => {
            pulse.tick().await;
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
