//! Follows a run to its end: passes the supervisor's reports to the core and the core's orders to the supervisor.
//!
//! The lock decides whether the run goes on, not the feed: as long as it is held, a feed that breaks is connected again. An
//! order that no feed takes is carried out here, on restic itself.

use std::{
    future, io,
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use chrono::{DateTime, Utc};
use prestic_proto::{endpoint, lock::LockHolder, outcome::Outcome, run::RunId};
use tokio::time::timeout;

use crate::{
    clock::Stopwatch,
    core::news::RunNews,
    patience::with_patience,
    process::{self, ProcessId},
    records::{Record, RecordFolder, Stage},
    runs::{
        driver::{Driver, blocking},
        link::Link,
    },
    supervise::{
        feed::{Order, Report, StopCause},
        stop::{StopAction, StopPlan},
    },
};

/// How long a supervisor may take to accept a connection, or an order.
const LINK_LIMIT: Duration = Duration::from_secs(5);

/// The pauses between two attempts to connect: a supervisor of which only the lock is seen yet will listen soon.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How far the following of one run has come.
#[derive(Debug)]
struct Following {
    socket: PathBuf,
    link: Option<Link>,
    /// How long to wait before the next attempt to connect.
    pause: Duration,
    has_warned: bool,
    /// The restic of which the core knows that it runs, or has run.
    told_restic: Option<ProcessId>,
    /// Whether the supervisor's lock is free.
    is_unlocked: bool,
    /// Whether the supervisor said that it is over, or cannot be reached and has gone.
    is_over: bool,
    /// An order that nobody has taken yet.
    undelivered: Option<Order>,
    direct: DirectStop,
}

/// The stopping of a restic whose supervisor cannot be told to do it.
#[derive(Debug)]
struct DirectStop {
    restic: Option<ProcessId>,
    plan: StopPlan,
    stopwatch: Stopwatch,
}

impl Following {
    fn new(socket: PathBuf) -> Self {
        Self {
            socket,
            link: None,
            pause: Duration::ZERO,
            has_warned: false,
            told_restic: None,
            is_unlocked: false,
            is_over: false,
            undelivered: None,
            direct: DirectStop { restic: None, plan: StopPlan::default(), stopwatch: Stopwatch::start() },
        }
    }

    fn lose_link(&mut self) {
        self.link = None;
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
    }
}

impl DirectStop {
    fn request(&mut self, restic: ProcessId, grace_ms: u64, by: StopCause) -> io::Result<()> {
        let action = self.plan.request(self.stopwatch.elapsed_ms(), grace_ms, by);
        self.restic = Some(restic);
        self.act(action)
    }

    fn act(&self, action: Option<StopAction>) -> io::Result<()> {
        match (action, &self.restic) {
            (Some(StopAction::Interrupt), Some(restic)) => process::interrupt(restic),
            (Some(StopAction::Kill), Some(restic)) => process::kill(restic),
            _ => Ok(()),
        }
    }

    /// Waits until the grace is over; for ever if there is none.
    async fn wait(&self) {
        match self.plan.time_left(self.stopwatch.elapsed_ms()) {
            Some(left) => tokio::time::sleep(left).await,
            None => future::pending().await,
        }
    }
}

/// What there is to deal with.
enum Event {
    Report(io::Result<Option<Report>>),
    Connected(io::Result<Link>),
    Order(Order),
    Unlocked,
    GraceOver,
}

impl Driver {
    /// Passes news and orders until the run has ended, and tells how it did.
    pub(super) async fn follow(&mut self) {
        let mut unlocked = pin!(wait_until_unlocked(self.records.clone(), self.run));
        let mut following = Following::new(endpoint::run_socket(&self.home, self.run));
        while !(following.is_over && following.is_unlocked) {
            let (is_unlocked, is_over) = (following.is_unlocked, following.is_over);
            let event = tokio::select! {
                report = next_report(&mut following.link) => Event::Report(report),
                link = connect(&following.socket, following.pause), if following.link.is_none() && !is_over => {
                    Event::Connected(link)
                }
                Some(order) = self.orders.recv() => Event::Order(order),
                () = &mut unlocked, if !is_unlocked => Event::Unlocked,
                () = following.direct.wait() => Event::GraceOver,
            };
            self.deal_with(event, &mut following).await;
        }
        self.end_followed(following.direct.plan.cause()).await;
    }

    async fn deal_with(&mut self, event: Event, following: &mut Following) {
        match event {
            Event::Report(Ok(Some(Report::Finished))) => {
                following.link = None;
                following.is_over = true;
            }
            Event::Report(Ok(Some(report))) => {
                if let Err(error) = self.pass(report, following).await {
                    self.lose(following, &error);
                }
            }
            // What the supervisor wrote last tells more than the end of its feed. One that ends before it has taken the
            // connection resets it.
            Event::Report(Ok(None)) => following.lose_link(),
            Event::Report(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => following.lose_link(),
            Event::Report(Err(error)) => self.lose(following, &error),
            Event::Connected(Ok(link)) => {
                following.link = Some(link);
                self.deliver(following).await;
            }
            Event::Connected(Err(_)) if following.is_unlocked => following.is_over = true,
            Event::Connected(Err(error)) => {
                following.lose_link();
                if following.pause == LONGEST_PAUSE {
                    self.lose(following, &error);
                }
                // The record can tell as much, if it can be read.
                if following.told_restic.is_none() {
                    let _ = self.tell_start(following).await;
                }
                self.deliver(following).await;
            }
            Event::Order(order) => {
                if following.is_over {
                    return;
                }
                following.undelivered = Some(merge(following.undelivered, order));
                if following.link.is_none() {
                    following.link = connect(&following.socket, Duration::ZERO).await.ok();
                }
                self.deliver(following).await;
            }
            Event::Unlocked => {
                following.is_unlocked = true;
                following.pause = Duration::ZERO;
            }
            Event::GraceOver => {
                let direct = &mut following.direct;
                let action = direct.plan.due(direct.stopwatch.elapsed_ms());
                if let Err(error) = direct.act(action) {
                    tracing::error!("restic of run {} cannot be killed: {error}", self.run);
                }
            }
        }
    }

    fn lose(&self, following: &mut Following, error: &io::Error) {
        following.lose_link();
        if !std::mem::replace(&mut following.has_warned, true) {
            let socket = following.socket.display();
            tracing::warn!("the supervisor of run {} cannot be heard on {socket}, which is tried again: {error}", self.run);
        }
    }

    async fn pass(&self, report: Report, following: &mut Following) -> io::Result<()> {
        match report {
            Report::Started => self.tell_start(following).await?,
            Report::WaitingForLock { holders, until } => self.tell_wait(holders, until).await?,
            Report::LimitNear(near) => self.tell(RunNews::LimitNear(near)).await,
            Report::Progress(progress) => self.tell(RunNews::Progress(progress)).await,
            Report::Stopping => self.tell(RunNews::Stopping).await,
            Report::LogGrew => self.tell(RunNews::LogGrew).await,
            Report::Finished => {}
        }
        Ok(())
    }

    /// Tells the core that restic was kept out. The record says where its log is.
    async fn tell_wait(&self, holders: Vec<LockHolder>, until: Option<DateTime<Utc>>) -> io::Result<()> {
        let (Stage::Waiting { log_file, .. } | Stage::Running { log_file, .. }) = self.read_record().await?.stage else {
            return Ok(());
        };
        self.tell(RunNews::WaitingForLock { log_file, holders, until }).await;
        Ok(())
    }

    /// Tells the core that restic runs, once for each that is started, when the record says so.
    async fn tell_start(&self, following: &mut Following) -> io::Result<()> {
        if let Stage::Running { started_at, restic, log_file } = self.read_record().await?.stage
            && following.told_restic.as_ref() != Some(&restic)
        {
            following.told_restic = Some(restic.clone());
            self.tell(RunNews::Started { at: started_at, pid: restic.pid, log_file }).await;
        }
        Ok(())
    }

    /// Gives the order that waits to the supervisor, or carries it out if it cannot be told; else the order waits on.
    async fn deliver(&self, following: &mut Following) {
        let Some(order) = following.undelivered else { return };
        // restic is interrupted once only: what was begun here is ended here.
        let is_ours = following.direct.plan.cause().is_some();
        if let Some(link) = following.link.as_mut().filter(|_| !is_ours) {
            match timeout(with_patience(LINK_LIMIT), link.send(order)).await {
                Ok(Ok(())) => {
                    following.undelivered = None;
                    return;
                }
                Ok(Err(error)) => self.lose(following, &error),
                Err(elapsed) => self.lose(following, &elapsed.into()),
            }
        }
        let Ok(Record { stage: Stage::Running { restic, .. }, .. }) = self.read_record().await else { return };
        following.undelivered = None;
        // Who is told that restic stops has to know that it runs.
        let _ = self.tell_start(following).await;
        let Order::Stop { grace_ms, by } = order;
        tracing::warn!("the supervisor of run {} cannot be told to stop: stopping restic (process {})", self.run, restic.pid);
        match following.direct.request(restic, grace_ms, by) {
            Ok(()) => self.tell(RunNews::Stopping).await,
            Err(error) => tracing::error!("restic of run {} cannot be stopped: {error}", self.run),
        }
    }

    async fn read_record(&self) -> io::Result<Record> {
        let (records, run) = (self.records.clone(), self.run);
        blocking(move || records.read(run)).await
    }

    /// Tells how a run ended that nobody leads any more.
    async fn end_followed(&mut self, stopped_here: Option<StopCause>) {
        match self.read_record().await {
            Ok(mut record) if record.is_finished() => {
                if let Some(cause) = stopped_here
                    && amend(&mut record, cause)
                {
                    self.write_end(&record).await;
                }
                self.tell(RunNews::Ended(Box::new(record))).await;
            }
            Ok(record) => self.recover(record, stopped_here).await,
            Err(error) => self.tell(RunNews::Gone(format!("the record of the run cannot be read: {error}"))).await,
        }
    }
}

/// Returns the order that does what both want. The first cause counts, and the shorter grace.
fn merge(earlier: Option<Order>, order: Order) -> Order {
    match (earlier, order) {
        (Some(Order::Stop { grace_ms: earlier_ms, by }), Order::Stop { grace_ms, .. }) => {
            Order::Stop { grace_ms: grace_ms.min(earlier_ms), by }
        }
        (None, order) => order,
    }
}

/// Gives a run its outcome that was stopped without its supervisor's knowledge. Returns whether that changes it.
fn amend(record: &mut Record, cause: StopCause) -> bool {
    let Stage::Finished { finished, .. } = &mut record.stage else { return false };
    let was_stopped_by_us = !matches!(
        finished.outcome,
        Outcome::Succeeded | Outcome::Stopped | Outcome::Interrupted | Outcome::SpawnFailed(_) | Outcome::TimedOut(_)
    ) && finished.exit_code != Some(0);
    if was_stopped_by_us {
        finished.outcome = cause.outcome();
    }
    was_stopped_by_us
}

/// Waits for the end of a supervisor. That its lock cannot be looked at does not mean that it is free.
async fn wait_until_unlocked(records: RecordFolder, run: RunId) {
    loop {
        let records = records.clone();
        match blocking(move || records.wait_until_unsupervised(run)).await {
            Ok(()) => return,
            Err(error) => tracing::warn!("the lock of run {run} cannot be waited for, which is tried again: {error}"),
        }
        tokio::time::sleep(LONGEST_PAUSE).await;
    }
}

async fn next_report(link: &mut Option<Link>) -> io::Result<Option<Report>> {
    match link {
        Some(link) => link.next().await,
        None => future::pending().await,
    }
}

async fn connect(socket: &Path, pause: Duration) -> io::Result<Link> {
    tokio::time::sleep(pause).await;
    timeout(with_patience(LINK_LIMIT), Link::connect(socket)).await?
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
