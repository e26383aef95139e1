//! Ctrl-C as something to wait for.

use std::io;

use crate::system;

/// The Ctrl-Cs of the user. From the first such value on they no longer end the process.
pub struct Interrupts(Origin);

enum Origin {
    Signals(system::Interrupts),
    #[cfg(test)]
    Test(tokio::sync::mpsc::Receiver<()>),
}

impl Interrupts {
    /// Begins to listen.
    pub fn listen() -> io::Result<Self> {
        Ok(Self(Origin::Signals(system::interrupts()?)))
    }

    /// Returns interrupts that a test sends.
    #[cfg(test)]
    pub fn from_test(receiver: tokio::sync::mpsc::Receiver<()>) -> Self {
        Self(Origin::Test(receiver))
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        let next = match &mut self.0 {
            Origin::Signals(source) => source.recv().await,
            #[cfg(test)]
            Origin::Test(receiver) => receiver.recv().await,
        };
        if next.is_none() {
            // No more will come: wait for whatever else the caller waits for.
            std::future::pending::<()>().await;
        }
    }
}
