//! Windows and macOS: the system's own event loop, on the main thread, where icon and menu have to be.

use std::{cell::Cell, ops::ControlFlow, rc::Rc};

use tao::{
    event::{Event, StartCause},
    event_loop::{ControlFlow as LoopFlow, EventLoop as SystemLoop, EventLoopBuilder, EventLoopProxy},
    platform::run_return::EventLoopExtRunReturn,
};

use crate::{exit::Exit, message::Message};

/// The system's event loop.
pub struct EventLoop(SystemLoop<Message>);

/// What wakes it.
#[derive(Clone)]
pub struct Sender(EventLoopProxy<Message>);

impl Sender {
    /// Sends a message.
    pub fn send(&self, message: Message) -> bool {
        self.0.send_event(message).is_ok()
    }
}

impl EventLoop {
    /// Makes the loop. On macOS the program has no place in the dock.
    #[expect(clippy::new_without_default, reason = "making one reaches out to the system")]
    pub fn new() -> Self {
        let system = EventLoopBuilder::with_user_event().build();
        #[cfg(target_os = "macos")]
        let system = {
            use tao::platform::macos::{ActivationPolicy, EventLoopExtMacOS};
            let mut system = system;
            system.set_activation_policy(ActivationPolicy::Accessory);
            system
        };
        Self(system)
    }

    /// Makes the loop for a test, which never is on the main thread.
    #[cfg(all(test, windows))]
    pub(crate) fn on_any_thread() -> Self {
        use tao::platform::windows::EventLoopBuilderExtWindows;
        Self(EventLoopBuilder::with_user_event().with_any_thread(true).build())
    }

    /// Returns what sends messages.
    pub fn sender(&self) -> Sender {
        Sender(self.0.create_proxy())
    }

    /// Calls back for each message until that tells the end.
    pub fn run(mut self, mut handle: impl FnMut(Message) -> ControlFlow<Exit> + 'static) -> Exit {
        let exit = Rc::new(Cell::new(Exit::OK));
        let told = Rc::clone(&exit);
        self.0.run_return(move |event, _, flow| {
            let message = match event {
                Event::NewEvents(StartCause::Init) => Message::Started,
                Event::UserEvent(message) => message,
                _ => return,
            };
            *flow = match handle(message) {
                ControlFlow::Continue(()) => LoopFlow::Wait,
                ControlFlow::Break(exit) => {
                    told.set(exit);
                    LoopFlow::Exit
                }
            };
        });
        exit.get()
    }
}
