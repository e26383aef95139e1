//! Waits until a condition may have changed, so that a run that is held back need not be asked about again and again.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

use std::time::Duration;

use tokio::time::{sleep, timeout};

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use other as system;

use crate::conditions::{Conditions, Places};

/// The longest wait: not everything tells of its changes, a server that comes up least of all.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How long a change gets to be complete. A network that comes up does so in many steps.
const SETTLING: Duration = Duration::from_secs(1);

/// Returns when one of the conditions may have changed, and after a minute in any case.
pub(super) async fn wait(places: &Places, conditions: &Conditions) {
    if timeout(LONGEST_WAIT, system::wait(places, conditions)).await.is_ok() {
        sleep(SETTLING).await;
    }
}
