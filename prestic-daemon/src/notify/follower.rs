//! Follows what happens, as a client does, and has it shown.
//!
//! What comes while the desktop is slow waits in the core's ring of events; what falls out of that is looked up in the runs that
//! the core remembers. So nothing here is unbounded, and nobody waits for it.

use std::{collections::HashSet, time::Duration};

use chrono::{DateTime, Local, TimeDelta, Utc};
use prestic_proto::{
    error::ApiError,
    event::{Cursor, Event, EventKind, Watched},
    home::Home,
    notification::{NotificationServer, NotificationState},
    run::Run,
};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    clock,
    core::{
        CoreHandle,
        command::{Command, CoreGone, Input},
    },
    notify::{
        Moment, TaskNews, actions,
        decide::{self, Decision},
        desktop::{Desktop, Heard, NotShown},
        flood::{Flood, GATHERING_MORE},
        notice::{Answer, Choice, News, Notice, Subject, Urgency},
        standing::{Change, Standing},
    },
    rpc::Server,
};

/// How long one look for news may wait: so long that waiting wakes nobody.
const WAIT: Duration = Duration::from_secs(365 * 24 * 3600);

/// So many notifications are kept that could not be shown.
const MAX_UNSHOWN: usize = 16;

/// How many clients may wait for a notification for trying.
const MAX_TRIALS: usize = 4;

type Trial = oneshot::Sender<Result<NotificationServer, ApiError>>;

/// The way to whoever shows notifications, cheap to clone.
#[derive(Debug, Clone)]
pub struct NotifyHandle(mpsc::Sender<Trial>);

/// What was asked of it.
#[derive(Debug)]
pub struct Trials(mpsc::Receiver<Trial>);

/// Makes the way there, and its end.
pub fn channel() -> (NotifyHandle, Trials) {
    let (sender, receiver) = mpsc::channel(MAX_TRIALS);
    (NotifyHandle(sender), Trials(receiver))
}

impl NotifyHandle {
    /// Shows a notification for trying, and returns what has shown it.
    pub async fn try_out(&self) -> Result<NotificationServer, ApiError> {
        let (reply, answer) = oneshot::channel();
        self.0.try_send(reply).map_err(|_| ApiError::Busy("trials of notifications".to_owned()))?;
        answer.await.unwrap_or(Err(ApiError::ShuttingDown))
    }
}

/// Tells the desktop what happens, until the core has gone.
pub async fn run(core: CoreHandle, server: Server, home: Home, is_silent: watch::Receiver<bool>, trials: Trials) {
    let mut follower = Follower {
        core,
        server,
        home,
        is_silent,
        desktop: Desktop::default(),
        floods: News::ALL.map(Flood::new),
        standing: Standing::default(),
        unshown: Vec::new(),
        is_over: false,
        seen_until: clock::now(),
    };
    // It follows until the core has gone. There is no later for what waits then.
    let _: Result<(), CoreGone> = follower.follow(trials).await;
    follower.tell_gathered(|_| true).await;
}

struct Follower {
    core: CoreHandle,
    server: Server,
    home: Home,
    is_silent: watch::Receiver<bool>,
    desktop: Desktop,
    /// One for each kind of news.
    floods: [Flood; News::ALL.len()],
    standing: Standing,
    /// What matters and could not be shown: it is tried again when somebody is there, and with the next notification.
    unshown: Vec<Notice>,
    /// Whether the daemon goes down: that its runs end then is no news.
    is_over: bool,
    /// When the last event happened that was looked at.
    seen_until: DateTime<Utc>,
}

impl Follower {
    async fn follow(&mut self, mut trials: Trials) -> Result<(), CoreGone> {
        self.take_settings().await?;
        // What happened while the daemon started is news, too.
        let mut cursor = Cursor { seq: 0, ..self.begin().await? };
        loop {
            let core = self.core.clone();
            tokio::select! {
                watched = core.watch(cursor, WAIT) => cursor = self.take(watched?, cursor).await?,
                Some(reply) = trials.0.recv() => {
                    let shown = self.try_out().await;
                    // Whoever has asked may have gone.
                    let _ = reply.send(shown);
                }
                heard = self.desktop.hear() => match heard {
                    Heard::Chosen(answer) => self.obey(answer).await,
                    Heard::Ready => self.tell_unshown().await,
                    Heard::Nothing => {}
                },
                () = wait_until(self.floods.iter().filter_map(Flood::due_at).min()) => {
                    let now = clock::now();
                    self.tell_gathered(|flood| flood.is_due(now)).await;
                }
                changed = self.is_silent.changed() => {
                    changed.map_err(|_| CoreGone)?;
                    self.take_settings().await?;
                    // Nobody has heard of what was wrong meanwhile.
                    self.standing = Standing::default();
                    self.begin().await?;
                }
            }
        }
    }

    /// Takes in whether anything is wanted at all.
    async fn take_settings(&mut self) -> Result<(), CoreGone> {
        let is_silent = *self.is_silent.borrow_and_update();
        if is_silent {
            self.desktop = Desktop::default();
            self.unshown.clear();
        }
        self.core.send(Input::Notifications(if is_silent { NotificationState::Off } else { NotificationState::Unused })).await
    }

    /// Takes in what is wrong by the status, and returns from where on to follow.
    async fn begin(&mut self) -> Result<Cursor, CoreGone> {
        let status = self.core.ask(Command::Status).await?;
        for change in self.standing.all(&status) {
            match change {
                Change::Tell(notice) => self.tell(notice).await,
                Change::Over(subject) => {
                    self.unshown.retain(|notice| notice.subject != subject);
                    self.desktop.close(&subject).await;
                }
                Change::Nothing => {}
            }
        }
        for task in status.tasks.iter().filter(|task| task.overdue_since.is_some()) {
            self.take_overdue(&task.name, task.last_success_at).await?;
        }
        Ok(status.cursor)
    }

    async fn take(&mut self, watched: Watched, cursor: Cursor) -> Result<Cursor, CoreGone> {
        match watched {
            Watched::Events { events, next, .. } => {
                for event in events {
                    self.take_event(event).await?;
                }
                Ok(next)
            }
            Watched::Resync => {
                let since = self.seen_until;
                let next = self.begin().await?;
                tracing::debug!("notifications have fallen behind event {}", cursor.seq);
                let runs = self.core.ask(|reply| Command::RememberedRuns(None, reply)).await?.unwrap_or_default();
                let is_new = |run: &&Run| run.finished().is_some_and(|finished| finished.at > since);
                // The newest comes first. Of a task only how it is now matters by then, and a time that was skipped changes nothing.
                let mut tasks = HashSet::new();
                for run in runs.iter().filter(is_new).filter(|run| tasks.insert((&run.task, run.is_skipped()))) {
                    self.take_run(run).await?;
                }
                Ok(next)
            }
        }
    }

    async fn take_event(&mut self, event: Event) -> Result<(), CoreGone> {
        self.seen_until = event.at;
        match event.kind {
            EventKind::Run { run } => self.take_run(&run).await,
            EventKind::Overdue { task, last_success_at } => self.take_overdue(&task, last_success_at).await,
            EventKind::ConfigLoaded { .. }
            | EventKind::ConfigRejected { .. }
            | EventKind::Web { .. }
            | EventKind::Resumed { .. } => self.begin().await.map(drop),
            EventKind::ShuttingDown => {
                self.is_over = true;
                self.tell_gathered(|_| true).await;
                Ok(())
            }
            EventKind::Paused { .. }
            | EventKind::LimitNear { .. }
            | EventKind::Notifications { .. }
            | EventKind::Job { .. }
            | EventKind::SnapshotsChanged { .. } => Ok(()),
        }
    }

    async fn take_run(&mut self, run: &Run) -> Result<(), CoreGone> {
        if self.is_over || !decide::can_matter(run) {
            return Ok(());
        }
        let Some(news) = self.news(&run.task).await? else { return Ok(()) };
        if run.finished().is_some_and(|finished| finished.outcome.is_success()) {
            self.settle(&run.task).await;
        }
        let decision = decide::of_run(run, &news, &moment());
        self.carry_out(&run.task, decision).await
    }

    async fn take_overdue(&mut self, task: &str, last_success_at: Option<DateTime<Utc>>) -> Result<(), CoreGone> {
        let Some(news) = self.news(task).await? else { return Ok(()) };
        let decision = decide::of_overdue(task, last_success_at, &news, &moment());
        self.carry_out(task, decision).await
    }

    async fn news(&self, task: &str) -> Result<Option<TaskNews>, CoreGone> {
        self.core.ask(|reply| Command::TaskNews(task.to_owned(), reply)).await
    }

    /// Takes in that a task works: what was not told yet of it is over, and what was told of many if it was the last of them.
    async fn settle(&mut self, task: &str) {
        for kind in [News::Failed, News::Overdue] {
            if self.floods[kind as usize].settle(task) {
                self.desktop.close(&Subject::Many(kind)).await;
            }
        }
        let subject = Subject::Task(task.to_owned());
        for flood in &mut self.floods {
            flood.forget(&subject);
        }
        self.unshown.retain_mut(|notice| match notice.subject {
            Subject::Many(_) => {
                notice.told.retain(|(told, _)| told != task);
                !notice.told.is_empty()
            }
            _ => notice.subject != subject,
        });
    }

    async fn carry_out(&mut self, task: &str, decision: Decision) -> Result<(), CoreGone> {
        match decision {
            Decision::Nothing => {}
            Decision::Note(told) => self.core.send(Input::Told(task.to_owned(), told)).await?,
            Decision::Tell(notice) => self.tell(notice).await,
            Decision::Gather(kind, notice) => self.gather(kind, task, notice),
        }
        Ok(())
    }

    /// Has news wait for its like. A task has one notification: what says less gives way to what is still to be told.
    fn gather(&mut self, kind: News, task: &str, notice: Notice) {
        let is_failure = |unshown: &Notice| unshown.told.iter().any(|(told, state)| told == task && state.is_failing);
        let graver = kind.graver();
        let waits_for_graver = graver.iter().any(|graver| self.floods[*graver as usize].waits_for(&notice.subject));
        if waits_for_graver || (!graver.is_empty() && self.unshown.iter().any(is_failure)) {
            return;
        }
        for flood in &mut self.floods {
            flood.forget(&notice.subject);
        }
        self.floods[kind as usize].add(notice, clock::now());
    }

    async fn tell_gathered(&mut self, is_wanted: impl Fn(&Flood) -> bool) {
        let now = clock::now();
        for index in 0..self.floods.len() {
            if is_wanted(&self.floods[index]) {
                for notice in self.floods[index].take(now) {
                    self.tell(notice).await;
                }
            }
        }
    }

    /// Shows a notification, and after it what could not be shown before.
    async fn tell(&mut self, mut notice: Notice) {
        let is_replaced =
            |unshown: &mut Notice| unshown.subject == notice.subject || notice.replaces.contains(&unshown.subject);
        let replaced: Vec<Notice> = self.unshown.extract_if(.., is_replaced).collect();
        if matches!(notice.subject, Subject::Many(_)) {
            // It tells of them, too.
            notice.told.extend(replaced.into_iter().flat_map(|replaced| replaced.told));
        }
        if self.try_to_tell(notice).await {
            self.tell_unshown().await;
        }
    }

    async fn tell_unshown(&mut self) {
        let mut unshown = std::mem::take(&mut self.unshown).into_iter();
        for notice in unshown.by_ref() {
            if !self.try_to_tell(notice).await {
                break;
            }
        }
        // Each would wait for a desktop that hangs.
        self.unshown.extend(unshown);
    }

    /// Shows a notification, and has it noted that it was shown. What matters is kept if it was not.
    async fn try_to_tell(&mut self, notice: Notice) -> bool {
        if *self.is_silent.borrow() {
            return false;
        }
        let shown = self.desktop.show(&notice).await;
        self.report(&shown).await;
        if shown.is_ok() {
            for (task, told) in notice.told {
                self.send(Input::Told(task, told)).await;
            }
        } else if notice.urgency != Urgency::Low && self.unshown.len() < MAX_UNSHOWN {
            self.unshown.push(notice);
        }
        shown.is_ok()
    }

    /// Sends something to the core. What is shown when it has gone is noted nowhere.
    async fn send(&self, input: Input) {
        let _: Result<(), CoreGone> = self.core.send(input).await;
    }

    async fn report(&self, shown: &Result<NotificationServer, NotShown>) {
        let state = match shown {
            Ok(server) => NotificationState::Working { server: server.to_string() },
            Err(NotShown::NoDesktop) => NotificationState::NoDesktop,
            Err(error) => NotificationState::Unavailable { reason: error.to_string(), hint: error.hint().to_owned() },
        };
        self.send(Input::Notifications(state)).await;
    }

    async fn try_out(&mut self) -> Result<NotificationServer, ApiError> {
        if *self.is_silent.borrow() {
            return Err(ApiError::NoNotifications {
                reason: "they are off".to_owned(),
                hint: "remove `notifications = off` from [prestic]".to_owned(),
            });
        }
        let shown = self.desktop.show(&trial()).await;
        self.report(&shown).await;
        if shown.is_ok() {
            self.tell_unshown().await;
        }
        shown.map_err(|error| ApiError::NoNotifications { reason: error.to_string(), hint: error.hint().to_owned() })
    }

    async fn obey(&mut self, answer: Answer) {
        if let Some(notice) = actions::carry_out(answer, &self.server, &self.home).await {
            self.tell(notice).await;
        }
    }
}

fn trial() -> Notice {
    Notice {
        subject: Subject::Trial,
        replaces: Vec::new(),
        summary: "PRestic can reach you".to_owned(),
        body:
            "This is how you will hear of backups that fail. Which news you get is set by “notifications” in the configuration."
                .to_owned(),
        urgency: Urgency::Low,
        choices: vec![Choice { label: "Open PRestic", answer: Answer::OpenWeb }],
        told: Vec::new(),
    }
}

fn moment() -> Moment {
    Moment { now: clock::now(), local: |at| at.with_timezone(&Local).fixed_offset() }
}

/// Waits until then, but not for long because the clock was set back; for ever without an instant.
async fn wait_until(at: Option<DateTime<Utc>>) {
    match at {
        Some(at) => {
            let left = (at - clock::now()).clamp(TimeDelta::zero(), GATHERING_MORE);
            tokio::time::sleep(left.to_std().unwrap_or_default()).await;
        }
        None => std::future::pending().await,
    }
}
