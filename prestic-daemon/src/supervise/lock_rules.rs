//! Decides what to do about the locks that keep restic out of its repository. Pure.
//!
//! `restic unlock` removes every lock that is older than 30 minutes, and of this machine's those whose process it cannot
//! signal; it does send the others SIGHUP. So it is run only when each lock that it would remove is one that nobody uses any
//! more, and none of them names a process that would be signalled. That this machine has no process of a lock's number proves
//! nothing if another machine has the same name, unless a restic of that number was started here. `--remove-all` is never used.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    fingerprint::fingerprint,
    restic::lock::{Lock, in_the_way},
};

#[cfg(test)]
mod tests;

/// How long things take about locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockRules {
    /// The age from which on restic itself takes a lock for stale.
    pub old_after: TimeDelta,
    /// How long such a lock must have stayed the same: a restic that lives makes a new one every five minutes.
    pub second_read_after: Duration,
    /// The pause before restic is tried for the first time again.
    pub first_pause: Duration,
    /// The longest such pause.
    pub longest_pause: Duration,
}

impl Default for LockRules {
    fn default() -> Self {
        Self {
            old_after: TimeDelta::minutes(30),
            second_read_after: Duration::from_secs(6 * 60),
            first_pause: Duration::from_secs(5),
            longest_pause: Duration::from_secs(60),
        }
    }
}

/// What a run has seen of the locks since the first time that it was kept out. All instants are of one stopwatch.
#[derive(Debug, Default)]
pub struct Seen {
    /// The locks that are there, each with the instant at which it was seen first.
    pub locks: Vec<(Lock, Duration)>,
    /// The locks that were in the way when restic was kept out; none before the first look after that.
    pub blocking: Option<Vec<Lock>>,
    /// The ids of locks that `unlock` has been run for, and has not removed.
    pub resisting: Vec<String>,
    /// How often restic was kept out by a lock that had gone when the locks were looked at.
    pub riddles: u32,
    /// How many pauses there have been.
    pub pauses: u32,
}

impl Seen {
    /// Takes what there is now.
    pub fn take(&mut self, locks: Vec<Lock>, at: Duration) {
        let first_seen = |lock: &Lock| self.locks.iter().find(|(known, _)| known == lock).map_or(at, |(_, seen_at)| *seen_at);
        self.locks = locks.into_iter().map(|lock| (first_seen(&lock), lock)).map(|(seen_at, lock)| (lock, seen_at)).collect();
    }

    /// Returns the locks that are there.
    pub fn all(&self) -> Vec<Lock> {
        self.locks.iter().map(|(lock, _)| lock.clone()).collect()
    }

    /// Notes that restic was kept out again.
    pub fn kept_out(&mut self) {
        self.blocking = None;
    }
}

/// The machine and the moment at which is decided.
pub struct Surroundings<'a> {
    /// The name of this machine.
    pub hostname: &'a str,
    /// Whether this machine has a process with this number.
    pub is_pid_in_use: &'a dyn Fn(u32) -> bool,
    /// Whether a restic that PRestic has started made this lock. Asked only of locks of this machine's dead processes.
    pub is_ours: &'a dyn Fn(&Lock) -> bool,
    /// What the wall clock says.
    pub now: DateTime<Utc>,
    /// What the stopwatch says.
    pub at: Duration,
    /// How long the run may still wait.
    pub time_left: Duration,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockDecision {
    /// Start restic.
    StartAgain,
    /// Run `restic unlock`, which removes these locks, and start restic.
    Unlock(Vec<Lock>),
    /// Look again after the pause.
    Wait {
        /// The pause.
        pause: Duration,
        /// For how long there may be waiting, from now on.
        at_most: Duration,
    },
    /// The run ends.
    GiveUp,
}

/// What is known of a lock's holder, and what `restic unlock` would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It may be in use, and is left alone by `unlock`.
    Held,
    /// It names a living process of this machine, which `unlock` would signal.
    HeldHere,
    /// It names no living process of this machine, and no restic of ours: another machine of the same name may use it.
    /// `unlock` would remove it.
    HeldByNamesake,
    /// Its process was a restic of ours, and has ended. `unlock` removes it.
    LeftHere,
    /// It is so old that `unlock` removes it, and has not been seen for long enough to know that nobody refreshes it.
    Suspect,
    /// It is so old that `unlock` removes it, and nobody has refreshed it.
    Abandoned,
}

/// Decides what to do about the locks that have been seen.
pub fn decide(seen: &mut Seen, surroundings: &Surroundings<'_>, rules: &LockRules) -> LockDecision {
    let locks = seen.all();
    let in_the_way = in_the_way(&locks);
    let Some(blocking) = &seen.blocking else {
        seen.blocking = Some(in_the_way.iter().copied().cloned().collect());
        return if in_the_way.is_empty() {
            seen.riddles += 1;
            if seen.riddles == 1 { LockDecision::StartAgain } else { wait(seen, None, surroundings, rules) }
        } else {
            act(seen, surroundings, rules)
        };
    };
    let is_there = |gone: &Lock| locks.iter().any(|lock| lock.to_holder().is_same(&gone.to_holder()));
    // What is in the way is not known for certain, so each change is worth a try.
    if blocking.iter().all(is_there) && !blocking.is_empty() {
        act(seen, surroundings, rules)
    } else {
        LockDecision::StartAgain
    }
}

fn act(seen: &mut Seen, surroundings: &Surroundings<'_>, rules: &LockRules) -> LockDecision {
    let standings: Vec<(&Lock, Standing)> =
        seen.locks.iter().map(|(lock, seen_at)| (lock, standing(lock, *seen_at, seen, surroundings, rules))).collect();
    let locks = seen.all();
    let in_the_way = in_the_way(&locks);
    let of = |wanted: &[Standing]| standings.iter().filter(|(_, standing)| wanted.contains(standing)).count();
    let is_in_the_way = |lock: &Lock| in_the_way.iter().any(|other| other.id == lock.id);
    let removed: Vec<Lock> = standings
        .iter()
        .filter(|(_, standing)| matches!(standing, Standing::LeftHere | Standing::Abandoned))
        .map(|(lock, _)| (*lock).clone())
        .collect();
    let would_harm = of(&[Standing::HeldHere, Standing::HeldByNamesake]) > 0;
    let suspects = of(&[Standing::Suspect]);
    if !would_harm && suspects == 0 && removed.iter().any(is_in_the_way) {
        return LockDecision::Unlock(removed);
    }
    let is_hopeful = !would_harm
        && suspects > 0
        && !standings.iter().any(|(lock, standing)| is_in_the_way(lock) && *standing == Standing::Held);
    let second_read = is_hopeful.then(|| {
        let last_seen_at = seen.locks.iter().zip(&standings).filter(|(_, (_, standing))| *standing == Standing::Suspect);
        let last_seen_at = last_seen_at.map(|((_, seen_at), _)| *seen_at).max().unwrap_or_default();
        (last_seen_at + rules.second_read_after).saturating_sub(surroundings.at)
    });
    wait(seen, second_read, surroundings, rules)
}

/// Returns the locks that `restic unlock` would remove, if it may be run now; else why not. For whoever asks, whether a run
/// waits or not.
pub fn removable(seen: &Seen, surroundings: &Surroundings<'_>, rules: &LockRules) -> Result<Vec<Lock>, String> {
    let mut removed = Vec::new();
    let mut in_use = Vec::new();
    for (lock, seen_at) in &seen.locks {
        let (host, pid) = (&lock.hostname, lock.pid);
        match standing(lock, *seen_at, seen, surroundings, rules) {
            Standing::LeftHere | Standing::Abandoned => removed.push(lock.clone()),
            Standing::Held => in_use.push(host.as_str()),
            Standing::HeldHere => {
                return Err(format!("process {pid} of this machine has a lock, and unlocking would signal it"));
            }
            Standing::HeldByNamesake => {
                return Err(format!(
                    "process {pid} was not started by PRestic, and may belong to another machine called {host}: its lock can \
                     be removed when it is {} minutes old",
                    rules.old_after.num_minutes()
                ));
            }
            Standing::Suspect => {
                let wait = (*seen_at + rules.second_read_after).saturating_sub(surroundings.at);
                let minutes = wait.as_secs().div_ceil(60);
                return Err(format!(
                    "the lock of {host} is old, but its holder may still live: look again in {minutes} min whether it was refreshed"
                ));
            }
        }
    }
    if removed.is_empty() && !in_use.is_empty() {
        in_use.dedup();
        return Err(format!("they may be in use by {}", in_use.join(", ")));
    }
    Ok(removed)
}

fn wait(seen: &mut Seen, second_read: Option<Duration>, surroundings: &Surroundings<'_>, rules: &LockRules) -> LockDecision {
    let at_most = second_read.unwrap_or_default().max(surroundings.time_left);
    if at_most.is_zero() {
        return LockDecision::GiveUp;
    }
    let pause = pause(seen.pauses, rules, surroundings.now).min(at_most);
    let pause = second_read.map_or(pause, |second_read| pause.min(second_read));
    seen.pauses += 1;
    LockDecision::Wait { pause, at_most }
}

/// Returns the pause before the next look: each is twice as long as the one before, up to a limit, and a little shorter than
/// that by chance, so that those who wait for the same lock do not come at the same time.
fn pause(number: u32, rules: &LockRules, now: DateTime<Utc>) -> Duration {
    let whole = rules.first_pause.saturating_mul(1 << number.min(16)).min(rules.longest_pause);
    let chance = fingerprint(&now.timestamp_millis().to_le_bytes()) % 256;
    whole - whole.mul_f64(chance as f64 / 256.0 / 5.0)
}

fn standing(lock: &Lock, seen_at: Duration, seen: &Seen, surroundings: &Surroundings<'_>, rules: &LockRules) -> Standing {
    if surroundings.now - lock.time > rules.old_after {
        return match surroundings.at.saturating_sub(seen_at) >= rules.second_read_after {
            _ if seen.resisting.contains(&lock.id) => Standing::Held,
            true => Standing::Abandoned,
            false => Standing::Suspect,
        };
    }
    match lock.hostname == surroundings.hostname && !lock.hostname.is_empty() {
        false => Standing::Held,
        true if (surroundings.is_pid_in_use)(lock.pid) => Standing::HeldHere,
        true if !(surroundings.is_ours)(lock) => Standing::HeldByNamesake,
        true if seen.resisting.contains(&lock.id) => Standing::Held,
        true => Standing::LeftHere,
    }
}
