//! SIGTERM, SIGINT, SIGHUP and SIGUSR1.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::core::command::Input;

#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    hand_over: Signal,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            hand_over: signal(SignalKind::user_defined1())?,
        })
    }

    pub(super) async fn next(&mut self) -> Input {
        tokio::select! {
            _ = self.terminate.recv() => Input::Terminate,
            _ = self.interrupt.recv() => Input::Terminate,
            _ = self.hangup.recv() => Input::Hangup,
            _ = self.hand_over.recv() => Input::HandOver,
        }
    }
}
