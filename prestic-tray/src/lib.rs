//! PRestic's icon in the tray: a client of the daemon, which it starts where none runs.
//!
//! It knows nothing of the daemon but `prestic-proto`. Two threads do the work: [`bridge`] talks to the daemon and to the desktop,
//! and the main thread owns icon and menu, which belong to one thread on every system. What is shown is decided by [`model`] alone.

use std::{env, io::Write, ops::ControlFlow, process::ExitCode};

pub mod cli;
pub mod exit;
pub mod instance;

pub mod bridge;
pub mod desktop;
pub mod event_loop;
pub mod message;
pub mod performance;
pub mod reason;

pub mod icon;
pub mod label;
pub mod menu;
pub mod model;

pub mod clock;

use bridge::Bridge;
use cli::Options;
use event_loop::{EventLoop, Sender};
use exit::Exit;
use instance::Instance;
use menu::TrayMenu;
use message::Message;
use model::{Action, Daemon, Known};
use prestic_proto::home::Home;

/// The program's name for the desktop.
pub const NAME: &str = "PRestic";

/// Shows the icon until the user or the session ends it.
pub fn main() -> ExitCode {
    let options = match cli::parse(env::args_os()) {
        Ok(options) => options,
        Err(error) => {
            // Whoever closed the pipe has read enough.
            let _ = error.print();
            return if error.use_stderr() { Exit::USAGE } else { Exit::OK }.into();
        }
    };
    let exit = match Home::from_environment() {
        Ok(home) => run(home, options),
        Err(error) => complain(&error, Exit::USAGE),
    };
    exit.into()
}

fn run(home: Home, options: Options) -> Exit {
    let _instance = match Instance::acquire(&home) {
        Ok(instance) => instance,
        Err(error) => return complain(&error, error.exit()),
    };
    let event_loop = EventLoop::new();
    let mut shown = Shown { home, sender: event_loop.sender(), options, parts: None };
    event_loop.run(move |message| shown.handle(message))
}

/// What the main thread owns.
struct Shown {
    home: Home,
    sender: Sender,
    options: Options,
    parts: Option<(TrayMenu, Bridge)>,
}

impl Shown {
    fn handle(&mut self, message: Message) -> ControlFlow<Exit> {
        if matches!(message, Message::Started) {
            return self.start();
        }
        let Some((menu, bridge)) = &mut self.parts else { return ControlFlow::Continue(()) };
        match message {
            Message::Started => {}
            Message::Show(known) => menu.show(&model::model(&known, &clock::moment())),
            Message::Panel(panel) => menu.set_panel(panel),
            Message::Clicked(id) => match menu.action(&id) {
                Some(Action::QuitTray) => return ControlFlow::Break(Exit::OK),
                Some(action) => bridge.perform(action),
                None => {}
            },
            Message::Activated => bridge.perform(Action::OpenWeb),
            Message::Ended => return ControlFlow::Break(Exit::OK),
            Message::Broken => return ControlFlow::Break(Exit::PROBLEMS),
        }
        ControlFlow::Continue(())
    }

    fn start(&mut self) -> ControlFlow<Exit> {
        let first = model::model(&Known { daemon: Daemon::Starting, notice: None }, &clock::moment());
        let panel = self.options.theme.panel().unwrap_or_default();
        let menu = match TrayMenu::new(first, panel, self.sender.clone()) {
            Ok(menu) => menu,
            Err(error) => return ControlFlow::Break(complain(&error, Exit::NO_DESKTOP)),
        };
        match Bridge::start(self.home.clone(), self.sender.clone(), self.options.clone()) {
            Ok(bridge) => self.parts = Some((menu, bridge)),
            Err(error) => return ControlFlow::Break(complain(&error, Exit::PROBLEMS)),
        }
        ControlFlow::Continue(())
    }
}

/// Tells what went wrong and why.
fn complain(error: &dyn std::error::Error, exit: Exit) -> Exit {
    let mut text = format!("error: {error}\n");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!("  because: {cause}\n"));
        source = cause.source();
    }
    // There is nobody else to tell.
    let _ = std::io::stderr().write_all(text.as_bytes());
    exit
}
