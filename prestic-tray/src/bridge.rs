//! The thread that talks: to the daemon, whose status it follows, and to the desktop. It owns what is known, and tells the main thread.
//!
//! It decides nothing about what is shown, and never blocks on the main thread.

use std::{io, process::Child, thread, time::Duration};

use prestic_proto::{client::Client, event::Cursor, home::Home, system::WebState};
use tokio::{sync::mpsc, task::JoinSet, time::Instant};

use crate::{
    cli::Options,
    desktop::{DesktopEvent, Session},
    event_loop::Sender,
    icon::Panel,
    message::Message,
    model::{About, Action, Daemon, Known, Notice},
    performance::{Means, Performed, perform},
};

mod steps;

use steps::{Start, Step, Stepped, connect, follow};

/// How often what is shown may change.
const PAUSE_BETWEEN_CHANGES: Duration = Duration::from_secs(1);
/// The first and the longest pause between two attempts to connect.
const RETRY_PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// How long it is told what came of a click. Nobody remembers an older one.
const NOTICE_LIMIT: Duration = Duration::from_secs(10 * 60);
/// More clicks than these are not waited for.
const CLICKS: usize = 16;

/// The main thread's end of the bridge. Dropped, it ends the thread.
pub struct Bridge {
    /// None once it is being dropped.
    actions: Option<mpsc::Sender<Action>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Bridge {
    /// Starts the thread.
    pub fn start(home: Home, sender: Sender, options: Options) -> io::Result<Self> {
        let (actions, chosen) = mpsc::channel(CLICKS);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = thread::Builder::new().name("bridge".to_owned()).spawn(move || {
            let _alarm = Alarm(sender.clone());
            runtime.block_on(attend(Attendant::new(home, sender), options, chosen));
            // A daemon that is being started, or a bus that does not answer, is not waited for.
            runtime.shutdown_background();
        })?;
        Ok(Self { actions: Some(actions), thread: Some(thread) })
    }

    /// Has an action performed.
    pub fn perform(&self, action: Action) {
        if let Some(actions) = &self.actions {
            // Who clicks faster than anything happens does not mean it.
            let _ = actions.try_send(action);
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.actions = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been told already.
            let _ = thread.join();
        }
    }
}

/// Tells the main thread if this one panics.
struct Alarm(Sender);

impl Drop for Alarm {
    fn drop(&mut self) {
        if thread::panicking() {
            // Who cannot be told has more to do than to show what was.
            let _ = self.0.send(Message::Broken);
        }
    }
}

/// What the thread owns.
struct Attendant {
    home: Home,
    sender: Sender,
    known: Known,
    client: Option<Client>,
    /// A daemon of ours, whose end somebody has to take note of.
    child: Option<Child>,
    noticed_at: Option<Instant>,
    retry_pause: Duration,
    /// Whether the main thread does not know yet what is known here.
    is_news: bool,
    /// When the main thread may be told the next time.
    may_tell_at: Instant,
    /// Whether it is to end.
    is_over: bool,
}

async fn attend(mut attendant: Attendant, options: Options, mut chosen: mpsc::Receiver<Action>) {
    let mut session = Session::connect().await.ok();
    if session.is_none() {
        // The icon was taken a moment ago, so there was a session.
        attendant.finish();
    }
    // When a notification says that there is no tray.
    let mut complain_at = None;
    if let Some(session) = &session {
        if options.theme.panel().is_none() {
            attendant.tell_panel(session.panel().await);
        }
        if !session.has_tray().await {
            complain_at = Some(Instant::now() + options.tray_wait());
        }
    }
    let mut performing = JoinSet::new();
    let mut step = connect(attendant.home.clone(), Start::IfNeeded, Duration::ZERO);
    loop {
        tokio::select! {
            // What there is to tell is told before more is asked for.
            stepped = &mut step, if !attendant.is_news => step = attendant.take(stepped),
            () = tokio::time::sleep_until(attendant.may_tell_at), if attendant.is_news => attendant.tell(),
            action = chosen.recv() => {
                let Some(action) = action else { return };
                attendant.begin(&action);
                performing.spawn(perform(action, attendant.means()));
            }
            Some(performed) = performing.join_next() => {
                // One that panicked has told so already.
                let Ok(performed) = performed else { continue };
                let (is_other_daemon, was_ending) =
                    (matches!(performed, Performed::Started(_)), attendant.known.daemon == Daemon::Ending);
                let told = attendant.end(performed);
                // One that is being started for the first time is waited for already.
                if is_other_daemon || (was_ending && attendant.known.daemon == Daemon::Starting) {
                    step = connect(attendant.home.clone(), Start::Never, Duration::ZERO);
                }
                if let Some((summary, body)) = told
                    && let Some(session) = &session
                {
                    let notifier = session.notifier();
                    performing.spawn(async move {
                        notifier.show(&summary, &body).await;
                        Performed::Done
                    });
                }
            }
            event = next_event(&mut session) => match event {
                DesktopEvent::Tray { is_there } => complain_at = if is_there { None } else { complain_at },
                DesktopEvent::Panel(panel) => if options.theme.panel().is_none() { attendant.tell_panel(panel) },
                DesktopEvent::Ended => {
                    // It would tell so again and again.
                    session = None;
                    attendant.finish();
                }
            },
            () = sleep_until(complain_at), if attendant.known.daemon != Daemon::Starting => {
                complain_at = None;
                if let Some(session) = &session {
                    let (notifier, body) = (session.notifier(), attendant.way_without_tray());
                    performing.spawn(async move {
                        notifier.show("PRestic runs without an icon", &body).await;
                        Performed::Done
                    });
                }
            }
        }
    }
}

async fn next_event(session: &mut Option<Session>) -> DesktopEvent {
    match session {
        Some(session) => session.next().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

impl Attendant {
    fn new(home: Home, sender: Sender) -> Self {
        Self {
            home,
            sender,
            known: Known { daemon: Daemon::Starting, notice: None },
            client: None,
            child: None,
            noticed_at: None,
            retry_pause: RETRY_PAUSES.0,
            is_news: false,
            may_tell_at: Instant::now(),
            is_over: false,
        }
    }

    /// Takes in what came of a step, and returns the next one.
    fn take(&mut self, stepped: Stepped) -> Step {
        if self.noticed_at.is_some_and(|noticed_at| noticed_at.elapsed() >= NOTICE_LIMIT) {
            (self.known.notice, self.noticed_at) = (None, None);
        }
        match stepped {
            Stepped::Connected(client, status, child) => {
                self.child = child.or(self.child.take());
                self.retry_pause = RETRY_PAUSES.0;
                self.client = Some(client.clone());
                let cursor = status.cursor;
                self.learn(Daemon::Live(status));
                follow(client, cursor)
            }
            Stepped::NotConnected { reason, can_start, start_failure, child } => {
                self.child = child.or(self.child.take());
                self.client = None;
                self.learn(Daemon::Unreachable { reason, can_start });
                // The next attempt to connect knows nothing of it.
                if let Some(failure) = start_failure {
                    self.notice(Notice { text: format!("Cannot start the daemon: {failure}"), about: About::Refusal });
                }
                self.retry()
            }
            Stepped::Changed(status) => {
                let cursor = status.cursor;
                self.learn(Daemon::Live(status));
                self.follow_on(cursor)
            }
            Stepped::Progress(progress, cursor) => {
                if let Daemon::Live(status) = &mut self.known.daemon {
                    for (id, progress) in progress {
                        if let Some(run) = status.runs.iter_mut().find(|run| run.id == id) {
                            run.progress = Some(progress);
                        }
                    }
                }
                // A minute that has passed is news, too: texts tell how far off things are.
                self.is_news = true;
                self.follow_on(cursor)
            }
            Stepped::Lost => {
                self.client = None;
                self.learn(Daemon::Unreachable { reason: "it has gone away, or does not answer".to_owned(), can_start: true });
                self.retry()
            }
        }
    }

    fn learn(&mut self, daemon: Daemon) {
        // While the daemon ends because the user wants it, nothing else is to be said of it.
        if self.known.daemon != Daemon::Ending || matches!(daemon, Daemon::Unreachable { .. }) {
            self.known.daemon = daemon;
            self.is_news = true;
        }
    }

    fn follow_on(&self, cursor: Cursor) -> Step {
        match &self.client {
            Some(client) => follow(client.clone(), cursor),
            None => connect(self.home.clone(), Start::Never, Duration::ZERO),
        }
    }

    fn retry(&mut self) -> Step {
        if let Some(mut child) = self.child.take()
            && let Ok(None) = child.try_wait()
        {
            self.child = Some(child);
        }
        let pause = self.retry_pause;
        self.retry_pause = RETRY_PAUSES.1.min(pause * 2);
        connect(self.home.clone(), Start::Never, pause)
    }

    /// Takes note of what the user wants.
    fn begin(&mut self, action: &Action) {
        if self.known.notice.take().is_some() {
            self.is_news = true;
        }
        if *action == Action::QuitBoth {
            self.known.daemon = Daemon::Ending;
            self.is_news = true;
        }
    }

    fn means(&self) -> Means {
        let has_web = matches!(&self.known.daemon, Daemon::Live(status) if matches!(status.web, WebState::Listening { .. }));
        Means { home: self.home.clone(), client: self.client.clone(), has_web }
    }

    /// Takes note of what came of it, and returns what a notification has to say.
    fn end(&mut self, performed: Performed) -> Option<(String, String)> {
        match performed {
            Performed::Done => None,
            Performed::Said(notice) => {
                self.notice(notice);
                None
            }
            Performed::Refused { what, why, about } => {
                if self.known.daemon == Daemon::Ending {
                    self.known.daemon = Daemon::Starting;
                }
                // The notification has room for the rest.
                let text = format!("Cannot {what}: {}", why.lines().next().unwrap_or_default());
                self.notice(Notice { text, about });
                Some((format!("PRestic cannot {what}"), why))
            }
            Performed::Started(child) => {
                self.child = child.or(self.child.take());
                None
            }
            Performed::AllEnded => {
                self.finish();
                None
            }
        }
    }

    fn notice(&mut self, notice: Notice) {
        (self.known.notice, self.noticed_at) = (Some(notice), Some(Instant::now()));
        self.is_news = true;
    }

    /// Tells the main thread what is known, or tries again in a moment.
    fn tell(&mut self) {
        let message = if self.is_over { Message::Ended } else { Message::Show(Box::new(self.known.clone())) };
        self.is_news = !self.sender.send(message);
        self.may_tell_at = Instant::now() + PAUSE_BETWEEN_CHANGES;
    }

    fn tell_panel(&self, panel: Panel) {
        // A color that gets lost is no harm.
        let _ = self.sender.send(Message::Panel(panel));
    }

    /// Has the main thread told at once that this is the end. It ends this one then.
    fn finish(&mut self) {
        self.is_over = true;
        self.is_news = true;
        self.may_tell_at = Instant::now();
    }

    fn way_without_tray(&self) -> String {
        let way = match &self.known.daemon {
            Daemon::Live(status) => match &status.web {
                WebState::Listening { address } => format!("Your backups are at http://{address}/."),
                WebState::Off | WebState::Unavailable { .. } => "See your backups with `prestic-ctl status`.".to_owned(),
            },
            _ => "The daemon cannot be reached.".to_owned(),
        };
        format!(
            "{way} The icon comes as soon as this desktop shows trays; GNOME needs an extension such as AppIndicator for that."
        )
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::{event_loop::EventLoop, exit::Exit};

    #[test]
    fn bridge_that_panics_takes_the_icon_with_it() {
        let event_loop = EventLoop::new();
        let alarm = Alarm(event_loop.sender());
        thread::spawn(move || {
            let _alarm = alarm;
            panic!("as the test wants it");
        })
        .join()
        .unwrap_err();
        let exit = event_loop.run(|message| match message {
            Message::Broken => ControlFlow::Break(Exit::PROBLEMS),
            _ => ControlFlow::Continue(()),
        });
        assert_eq!(exit, Exit::PROBLEMS);
    }
}
