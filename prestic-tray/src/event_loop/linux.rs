//! A queue is all that it takes: the icon lives on the session's bus, and threads of its own serve that.

use std::{
    ops::ControlFlow,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use crate::{exit::Exit, message::Message};

/// More messages than these wait only if the desktop does not answer.
const CAPACITY: usize = 16;

/// The queue's end at the main thread.
#[derive(Debug)]
pub struct EventLoop {
    sender: Sender,
    receiver: Receiver<Message>,
}

/// The queue's other end.
#[derive(Debug, Clone)]
pub struct Sender(SyncSender<Message>);

impl Sender {
    /// Sends a message, if there is room.
    pub fn send(&self, message: Message) -> bool {
        self.0.try_send(message).is_ok()
    }
}

impl EventLoop {
    /// Makes an empty queue.
    #[expect(clippy::new_without_default, reason = "elsewhere making one is more than that")]
    pub fn new() -> Self {
        let (sender, receiver) = sync_channel(CAPACITY);
        Self { sender: Sender(sender), receiver }
    }

    /// Returns what sends messages.
    pub fn sender(&self) -> Sender {
        self.sender.clone()
    }

    /// Calls back for each message until that tells the end.
    pub fn run(self, mut handle: impl FnMut(Message) -> ControlFlow<Exit> + 'static) -> Exit {
        let mut message = Some(Message::Started);
        loop {
            let Some(next) = message.take().or_else(|| self.receiver.recv().ok()) else { return Exit::OK };
            if let ControlFlow::Break(exit) = handle(next) {
                return exit;
            }
        }
    }
}
