//! What can be asked of the core.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use prestic_proto::{
    change::Reloaded,
    condition::Unmet,
    error::ApiError,
    event::{Cursor, EventKind, Watched},
    notification::NotificationState,
    profile::{ProfileDetails, ProfileSummary},
    run::{Run, RunId},
    service::{RunRequest, RunSelector},
    status::{Status, Upcoming},
    system::{EventFeed, WebState},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinError,
};

use crate::{
    config::{Profile, Reading},
    core::{glance::Glance, news::RunNews},
    notify::{TaskNews, told::Told},
    succession::Successor,
};

/// How many inputs may wait for the core. Whoever sends the next one waits.
pub const INBOX: usize = 256;

type Reply<T> = oneshot::Sender<T>;

/// A question or an order, with the place for its answer.
#[derive(Debug)]
pub enum Command {
    /// Everything at a glance.
    Status(Reply<Status>),
    /// The events after a cursor, without waiting.
    EventsAfter(Cursor, Reply<Watched>),
    /// Queue a run of a task.
    Run(RunRequest, Reply<Result<RunId, ApiError>>),
    /// Pause a task, or all.
    Pause(Option<String>, Option<DateTime<Utc>>, Reply<Result<(), ApiError>>),
    /// End the pause of a task, or of all.
    Resume(Option<String>, Reply<Result<(), ApiError>>),
    /// The coming runs of a task, or of all, after an instant, and how many.
    Upcoming(Option<String>, Option<DateTime<Utc>>, usize, Reply<Result<Vec<Upcoming>, ApiError>>),
    /// One run.
    FindRun(RunSelector, Reply<Result<Run, ApiError>>),
    /// Stop a run.
    Stop(RunSelector, Reply<Result<RunId, ApiError>>),
    /// The runs of a task, of a group, or of all, that the core remembers, newest first.
    RememberedRuns(Option<String>, Reply<Result<Vec<Run>, ApiError>>),
    /// All profiles.
    Profiles(Reply<Vec<ProfileSummary>>),
    /// One profile.
    Profile(String, Reply<Result<ProfileDetails, ApiError>>),
    /// A profile itself: with secrets, so for nobody outside the daemon.
    FindProfile(String, Reply<Result<Arc<Profile>, ApiError>>),
    /// All profiles themselves.
    FindProfiles(Reply<Vec<Arc<Profile>>>),
    /// What notifications need to know of a task; none if there is no such task.
    TaskNews(String, Reply<Option<TaskNews>>),
    /// Which events are kept.
    EventFeed(Reply<EventFeed>),
    /// Read the configuration again.
    Reload(Reply<Result<Reloaded, ApiError>>),
    /// What a line about the daemon says.
    Glance(Reply<Glance>),
    /// Stop all runs, then the daemon.
    ShutDown(Reply<()>),
    /// End the daemon and leave the runs to the next one.
    HandOver(Reply<()>),
    /// An upgrade has been installed: leave the runs to it, which takes the place of this program, if nothing is lost by that.
    MakeWay {
        /// The upgrade.
        successor: Successor,
        /// Whether it has waited for long, so that occurrences may count as missed.
        is_urgent: bool,
        /// Tells whether the daemon ends.
        reply: Reply<bool>,
    },
}

/// Everything that reaches the core.
#[derive(Debug)]
pub enum Input {
    /// From a client.
    Command(Command),
    /// From a run's driver.
    Run(RunId, RunNews),
    /// Which conditions of a queued run do not hold.
    Conditions {
        /// The run.
        run: RunId,
        /// The question that this answers.
        question: u32,
        /// Those that do not hold.
        unmet: Vec<Unmet>,
    },
    /// The configuration has been read.
    ConfigRead(Result<Reading, JoinError>),
    /// A file of the configuration has changed, or may have.
    ConfigChanged {
        /// Whether it has been left alone for so long that nobody is still writing it.
        is_settled: bool,
    },
    /// Why changes of the configuration are not, or not all, noticed; none if they are.
    ConfigWatch(Option<String>),
    /// The web interface listens, or cannot.
    Web(WebState),
    /// Notifications reach somebody, or do not.
    Notifications(NotificationState),
    /// What the desktop was told of a task.
    Told(String, Told),
    /// Something happened beside the core that clients want to hear of.
    Fact(EventKind),
    /// SIGHUP: read the configuration again.
    Hangup,
    /// SIGTERM, SIGINT or the like: go down; the second time at once.
    Terminate,
    /// SIGUSR1: end, and leave the runs to the next daemon.
    HandOver,
}

/// The way to the core, cheap to clone.
#[derive(Debug, Clone)]
pub struct CoreHandle {
    inbox: mpsc::Sender<Input>,
    ticks: watch::Receiver<u64>,
}

/// The core has gone: the daemon is at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreGone;

impl CoreHandle {
    /// Makes a handle of the core's inbox and of the counter that it moves whenever there is something new.
    pub fn new(inbox: mpsc::Sender<Input>, ticks: watch::Receiver<u64>) -> Self {
        Self { inbox, ticks }
    }

    /// Sends an input that has no answer.
    pub async fn send(&self, input: Input) -> Result<(), CoreGone> {
        self.inbox.send(input).await.map_err(|_| CoreGone)
    }

    /// Sends an input, and gives it back if the core has gone.
    pub async fn pass(&self, input: Input) -> Result<(), Input> {
        self.inbox.send(input).await.map_err(|error| error.0)
    }

    /// Asks, and waits for the answer.
    pub async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, CoreGone> {
        let (reply, answer) = oneshot::channel();
        self.send(Input::Command(command(reply))).await?;
        answer.await.map_err(|_| CoreGone)
    }

    /// Returns the events after a cursor, waiting for news if there are none.
    pub async fn watch(&self, after: Cursor, wait: Duration) -> Result<Watched, CoreGone> {
        let mut ticks = self.ticks.clone();
        ticks.borrow_and_update();
        let found = self.ask(|reply| Command::EventsAfter(after, reply)).await?;
        if !matches!(&found, Watched::Events { events, .. } if events.is_empty()) {
            return Ok(found);
        }
        match tokio::time::timeout(wait, ticks.changed()).await {
            Ok(Ok(())) => self.ask(|reply| Command::EventsAfter(after, reply)).await,
            Ok(Err(_)) => Err(CoreGone),
            Err(_) => Ok(found),
        }
    }

    /// Returns a counter that moves whenever there is something new.
    pub fn ticks(&self) -> watch::Receiver<u64> {
        self.ticks.clone()
    }
}
