//! Signals to the daemon, passed to the core as inputs.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::io;

use crate::core::{CoreHandle, command::Input};

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

/// The signals that the daemon listens to. As long as this lives, none of them ends the process.
#[derive(Debug)]
pub struct Signals(system::Signals);

impl Signals {
    /// Begins to listen.
    pub fn listen() -> io::Result<Self> {
        system::Signals::listen().map(Self)
    }

    /// Passes signals to the core. Returns the first one that came when it was gone.
    ///
    /// SIGHUP is harmless: `restic unlock` sends it to the process that a lock names, which can be anybody by then.
    pub async fn pass_to(mut self, core: CoreHandle) -> Input {
        loop {
            let input = self.0.next().await;
            if let Err(input) = core.pass(input).await {
                return input;
            }
        }
    }
}
