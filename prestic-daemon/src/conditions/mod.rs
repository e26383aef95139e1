//! What has to be true of the machine before a run may start, and how to find out.
//!
//! It owns the questions to the system and the rules that turn what it answers into a yes or a no. It never decides what
//! happens to a run that is held back.

mod changes;
mod hosts;
mod metered;
mod mounts;
pub mod new_place;
mod paths;
mod power;
mod questions;
mod route;

#[cfg(test)]
mod tests;

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::join_all;
use prestic_proto::condition::Unmet;
use tokio::time::timeout;

use self::{
    hosts::Hosts,
    paths::{Paths, Seen},
    power::Power,
    questions::Questions,
};

pub use route::has_route;

/// How long the kernel may take to tell the state of the power supplies, which can mean to ask a slow controller.
const POWER_LIMIT: Duration = Duration::from_secs(3);

/// How long the bus and NetworkManager together may take to answer.
const BUS_LIMIT: Duration = Duration::from_secs(3);

/// What a profile wants of the machine before it runs. The default wants nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The machine must not run on battery.
    pub only_on_ac: bool,
    /// As long as the machine runs on battery, this must have so many percent.
    pub min_battery: Option<u8>,
    /// The network must not be metered.
    pub not_metered: bool,
    /// These must exist, and must not look like the place of a disk that is not mounted.
    pub require_paths: Vec<PathBuf>,
    /// These, each a host and a port, must take connections.
    pub require_hosts: Vec<String>,
    /// There must be a way to other machines at all.
    pub route: bool,
}

impl Conditions {
    /// Whether there is nothing to find out.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn wants_power(&self) -> bool {
        self.only_on_ac || self.min_battery.is_some()
    }
}

/// Where the answers are. Tests have places of their own.
#[derive(Debug, Clone)]
struct Places {
    /// Linux' folder with one folder for each power supply.
    power_supply: PathBuf,
    /// The list of what is to be mounted.
    fstab: PathBuf,
    /// systemd's folder with its units, of which those for disks say where these are to be mounted too.
    units: PathBuf,
    /// The list of what is mounted.
    mountinfo: PathBuf,
    /// The address of the system bus, where it is not the usual one.
    system_bus: Option<String>,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            power_supply: "/sys/class/power_supply".into(),
            fstab: "/etc/fstab".into(),
            units: "/etc/systemd/system".into(),
            mountinfo: "/proc/self/mountinfo".into(),
            system_bus: None,
        }
    }
}

/// Finds out which conditions hold. The default one asks the real machine.
///
/// Clones share what they wait for, so that one probe for the whole daemon has at most one thread for each path that does not
/// answer.
#[derive(Debug, Clone, Default)]
pub struct Probe {
    places: Arc<Places>,
    power: Questions<(), Result<Power, String>>,
    paths: Paths,
    hosts: Hosts,
    said: Arc<Mutex<HashSet<String>>>,
}

impl Probe {
    /// Returns every condition that does not hold, in the order of the options.
    ///
    /// It takes as long as the slowest answer: at most ten seconds, for a host whose name and which itself answer at the last
    /// moment. Power and network do not hold a run back when nothing can be found out about them; paths and hosts do.
    pub async fn unmet(&self, conditions: &Conditions) -> Vec<Unmet> {
        let (power, is_metered, paths, hosts) = tokio::join!(
            self.power(conditions.wants_power()),
            self.is_metered(conditions.not_metered),
            join_all(conditions.require_paths.iter().map(|path| self.path(path))),
            join_all(conditions.require_hosts.iter().map(|host| self.host(host))),
        );
        let mut unmet = Vec::new();
        if let Some(power) = power {
            unmet.extend(power.unmet(conditions.only_on_ac, conditions.min_battery));
        }
        if is_metered {
            unmet.push(Unmet::Metered);
        }
        unmet.extend(paths.into_iter().chain(hosts).flatten());
        if conditions.route && !has_route() {
            unmet.push(Unmet::NoRoute);
        }
        unmet
    }

    /// Returns when one of the conditions may have changed, and after a minute in any case.
    pub async fn changed(&self, conditions: &Conditions) {
        changes::wait(&self.places, conditions).await;
    }

    async fn power(&self, is_wanted: bool) -> Option<Power> {
        if !is_wanted {
            return None;
        }
        let root = self.places.power_supply.clone();
        let read = move |(): &()| power::read(&root).map_err(|error: io::Error| error.to_string());
        let answer = self.power.ask((), POWER_LIMIT, read).await.unwrap_or_else(|| Err(no_answer(POWER_LIMIT)));
        answer.map_err(|reason| self.warn("power supply is taken for mains", &reason)).ok()
    }

    async fn is_metered(&self, is_wanted: bool) -> bool {
        if !is_wanted {
            return false;
        }
        let answer = match timeout(BUS_LIMIT, metered::is_metered(self.places.system_bus.as_deref())).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(no_answer(BUS_LIMIT)),
        };
        answer.map_err(|reason| self.warn("network is taken for not metered", &reason)).unwrap_or(false)
    }

    async fn path(&self, path: &Path) -> Option<Unmet> {
        let not_mounted = match self.paths.look(path, &self.places).await {
            Seen::There => return None,
            Seen::Missing => false,
            Seen::NotMounted => true,
            Seen::Hidden(reason) => {
                self.warn(&format!("path `{}` is taken for missing", path.display()), &reason);
                false
            }
        };
        Some(Unmet::PathMissing { path: path.to_owned(), not_mounted })
    }

    async fn host(&self, host: &str) -> Option<Unmet> {
        let reason = self.hosts.connect(host).await.err()?;
        Some(Unmet::HostUnreachable { host: host.to_owned(), reason })
    }

    /// Says once what cannot be found out and what that means.
    fn warn(&self, meaning: &str, reason: &str) {
        if self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(meaning.to_owned()) {
            tracing::warn!("the {meaning}, because it cannot be found out: {reason}");
        }
    }
}

/// Returns the words for a question that was given up.
fn no_answer(limit: Duration) -> String {
    format!("no answer in {} s", limit.as_secs())
}
