//! The core's loop: takes inputs, lets the planner decide, does what it decided.

use std::{collections::HashMap, io, sync::Arc, time::Duration};

use chrono::{DateTime, Local, TimeDelta, Utc};
use prestic_proto::{
    event::EventKind, home::Home, notification::NotificationState, run::RunId, status::ConfigState, system::WebState,
};
use tokio::{
    sync::{mpsc, watch},
    task::{self, JoinSet},
};

use crate::{
    clock::{self, Alarm, Woke},
    conditions::Probe,
    config::{self, Config, Profile},
    config_watch::ConfigWatch,
    core::{
        action::Action,
        command::{CoreHandle, INBOX, Input},
        configuration::Reloads,
        daemon_log::{log_fact, log_milestone},
        ending::Ending,
        events::Events,
        memory,
        news::RunNews,
        phase::{Phase, Phases},
        planner::Planner,
        saver::Saver,
        state::RunEntry,
    },
    history::{History, HistoryWriter},
    keyring::Keyring,
    records::{Record, RecordFolder, Stage},
    runs::{Driver, Found, Job, ResticVersions},
    status_ini::{StatusIni, TaskEntry},
    succession::Successor,
    supervise::feed::{Order, StopCause},
    web::WebSettings,
};

/// The owner of all state.
#[derive(Debug)]
pub struct Core {
    pub(super) home: Home,
    pub(super) planner: Planner,
    pub(super) config: Config,
    pub(super) config_state: ConfigState,
    pub(super) started_at: DateTime<Utc>,
    pub(super) records: RecordFolder,
    pub(super) saver: Saver,
    pub(super) history: History,
    history_writer: HistoryWriter,
    pub(super) events: Events,
    pub(super) inbox: mpsc::Receiver<Input>,
    pub(super) handle: CoreHandle,
    pub(super) ticks: watch::Sender<u64>,
    pub(super) drivers: JoinSet<()>,
    pub(super) driven: HashMap<task::Id, RunId>,
    pub(super) orders: HashMap<RunId, mpsc::Sender<Order>>,
    pub(super) versions: Arc<ResticVersions>,
    pub(super) reloads: Reloads,
    pub(super) config_watch: ConfigWatch,
    /// Readings of the configuration and removals of old logs: nobody waits for them.
    pub(super) errands: JoinSet<()>,
    /// The way to passwords in the keyring.
    pub(super) keyring: Keyring,
    /// What looks at the conditions of runs.
    pub(super) probe: Probe,
    /// How the web interface is.
    pub(super) web: WebState,
    /// How the live configuration wants it.
    pub(super) web_settings: watch::Sender<WebSettings>,
    /// How desktop notifications are.
    pub(super) notifications: NotificationState,
    /// Whether the live configuration wants none.
    pub(super) is_silent: watch::Sender<bool>,
    /// How it ends.
    pub(super) ending: Ending,
    /// What a service manager is told.
    pub(super) phases: Phases,
}

impl Core {
    /// Reads everything that is on disk and takes over the runs that are under way.
    ///
    /// With errors in the configuration, the profiles without any are live.
    pub fn start(home: Home) -> io::Result<Self> {
        let now = clock::now();
        let (status, warning) = StatusIni::load(&home.status_file(), now);
        if let Some(warning) = warning {
            let cause = std::error::Error::source(&warning).map(|cause| format!(": {cause}")).unwrap_or_default();
            tracing::warn!("{warning}{cause}");
        }
        let records = RecordFolder::open(home.runs_dir())?;
        let history = History::new(home.clone());
        let (ticks, tick_receiver) = watch::channel(0);
        let (inbox_sender, inbox) = mpsc::channel(INBOX);
        let instance = u64::try_from(now.timestamp_millis()).unwrap_or_default();
        let handle = CoreHandle::new(inbox_sender, tick_receiver);
        let mut core = Self {
            planner: Planner::new(),
            config: Config::default(),
            config_state: ConfigState { path: home.config_file(), loaded_at: None, errors: Vec::new(), warnings: Vec::new() },
            started_at: now,
            history_writer: HistoryWriter::start(history.clone(), records.clone()),
            history,
            records,
            saver: Saver::start(home.status_file(), status),
            events: Events::new(instance),
            inbox,
            config_watch: ConfigWatch::start(handle.clone()),
            handle,
            ticks,
            drivers: JoinSet::new(),
            driven: HashMap::new(),
            orders: HashMap::new(),
            versions: Arc::default(),
            reloads: Reloads::default(),
            errands: JoinSet::new(),
            keyring: Keyring::default(),
            probe: Probe::default(),
            web: WebState::Off,
            web_settings: watch::Sender::default(),
            notifications: NotificationState::default(),
            is_silent: watch::Sender::default(),
            ending: Ending::default(),
            phases: Phases::default(),
            home,
        };
        core.saver.set_daemon_pid(std::process::id());
        core.planner.reserve(RunId(core.saver.last_run()));
        // The history may be all that is left of an earlier home.
        if let Some(newest) = core.history.newest_run() {
            core.planner.reserve(newest);
        }
        core.planner.restore_pause(core.saver.pause());
        let loaded = config::load(&core.home.config_file());
        core.adopt(&loaded.config)?;
        core.announce_unseen_ends();
        core.begin_with(loaded);
        if let Some(booted_at) = clock::booted_at() {
            let actions = core.planner.booted(booted_at, now);
            core.perform(actions);
        }
        Ok(core)
    }

    /// Returns the way to this core.
    pub fn handle(&self) -> CoreHandle {
        self.handle.clone()
    }

    /// Returns the history of the runs that have ended.
    pub fn history(&self) -> History {
        self.history.clone()
    }

    /// Returns the way to passwords in the keyring: one for all, so that it is not asked for the same twice at a time.
    pub fn keyring(&self) -> Keyring {
        self.keyring.clone()
    }

    /// Returns which start of the daemon this is.
    pub fn instance(&self) -> u64 {
        self.events.instance()
    }

    /// Returns where the daemon is in its life, now and after each change, until the core has ended.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.phases.subscribe()
    }

    /// Serves until every run has ended or been left to the next daemon. Returns the program that is to be that.
    pub async fn run(mut self, mut alarm: Alarm) -> Option<Successor> {
        while !self.has_ended() {
            let wake_at = self.planner.next_wake();
            tokio::select! {
                Some(input) = self.inbox.recv() => self.take(input),
                Some(driver) = self.drivers.join_next_with_id() => self.join(driver),
                Some(_) = self.errands.join_next() => {}
                () = self.ending.limit() => {
                    tracing::error!("some runs do not end: they are left to their supervisors, and to the next daemon");
                    break;
                }
                woke = alarm.wait(wake_at) => self.wake(woke),
            }
        }
        // The last words of the drivers may still be in the inbox. Whoever comes later is to see that nobody listens.
        self.inbox.close();
        while let Ok(input) = self.inbox.try_recv() {
            self.take(input);
        }
        self.saver.set_daemon_pid(0);
        self.saver.finish().await;
        self.history_writer.finish().await;
        self.ending.successor
    }

    fn adopt(&mut self, config: &Config) -> io::Result<()> {
        for run in self.records.numbers()? {
            self.planner.reserve(run);
        }
        for run in self.records.runs()? {
            let record = match self.records.read(run) {
                Ok(record) => record,
                Err(error) => {
                    tracing::warn!("the record of run {run} cannot be read and is set aside: {error}");
                    if let Err(error) = self.records.set_aside(run) {
                        tracing::error!("it cannot be set aside: {error}");
                    }
                    continue;
                }
            };
            let profile = config.profile(&record.task).cloned();
            let found = match Found::look(&self.records, record) {
                Ok(found) => found,
                Err(error) => {
                    tracing::error!("run {run} cannot be taken over from {}: {error}", self.records.path().display());
                    continue;
                }
            };
            self.planner.adopt(&found.record, found.is_lost());
            if !found.record.is_finished() {
                let condition = if found.is_supervised { "is still under way" } else { "has lost its supervisor" };
                tracing::info!("run {run} of task `{}` {condition}", found.record.task);
                let driver = self.new_driver(run, profile);
                self.spawn_driver(run, driver.adopt());
            }
        }
        let forgotten = self.planner.forget_oldest();
        self.perform(forgotten);
        Ok(())
    }

    fn wake(&mut self, woke: Woke) {
        let now = clock::now();
        let actions = match woke {
            Woke::Due => self.planner.wake(now),
            Woke::ClockSet { by } => {
                tracing::info!("the clock was set by {} s", rounded_seconds(by));
                self.planner.clock_changed(now)
            }
            Woke::ZoneChanged => {
                tracing::info!("the system's time zone has changed: local time is {}", now.with_timezone(&Local));
                self.planner.clock_changed(now)
            }
            Woke::Resumed { after } => {
                tracing::info!("the machine was suspended for {} s", rounded_seconds(after));
                self.planner.resumed(now)
            }
        };
        self.perform(actions);
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Command(command) => self.obey(command),
            Input::Run(run, news) => {
                let actions = self.planner.hear(run, news, clock::now());
                self.perform(actions);
                self.tick();
            }
            Input::Conditions { run, question, unmet } => {
                let actions = self.planner.hear_conditions(run, question, unmet, clock::now());
                self.perform(actions);
            }
            Input::ConfigRead(reading) => self.config_read(reading),
            Input::ConfigChanged { is_settled } => self.config_changed(is_settled),
            Input::ConfigWatch(trouble) => self.watch_is(trouble),
            Input::Web(state) => self.web_is(state),
            Input::Notifications(state) => self.notifications_are(state),
            Input::Told(task, told) => {
                self.saver.update_task(&task, |known| TaskEntry { told: known.told.clone().joined(told), ..known });
            }
            Input::Fact(kind) => {
                log_fact(&kind);
                self.announce(kind);
            }
            Input::Hangup => self.reload(None),
            Input::Terminate => self.shut_down(),
            Input::HandOver => self.hand_over(),
        }
    }

    pub(super) fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Announce(run) => {
                    log_milestone(&run);
                    self.announce(EventKind::Run { run });
                }
                Action::Tell(kind) => {
                    log_fact(&kind);
                    self.announce(kind);
                }
                Action::AnnounceLimit(run) => self.announce_limit(run),
                Action::Warn(message) => tracing::warn!("{message}"),
                Action::NumberGiven(run) => self.saver.set_last_run(run.0),
                Action::Launch { run, ends_at } => self.launch(run, ends_at),
                Action::Ask { run, question, when } => self.ask_conditions(run, question, when),
                Action::RecordSkip(run) => self.record_skip(run),
                Action::Stop { run, by, at_once } => self.order_stop(run, by, at_once),
                Action::SaveStatus(task) => self.save_status(&task),
                Action::SavePause => self.saver.set_pause(self.planner.state().pause),
                Action::PruneLogs(task) => self.prune_logs(task),
                Action::AddToHistory(run) => self.history.add(*run),
                Action::Forget(run) => self.history.forget(run),
            }
        }
    }

    fn launch(&mut self, run: RunId, ends_at: Option<DateTime<Utc>>) {
        let Some(entry) = self.planner.state().runs.get(&run) else { return };
        let record = new_record(entry, Stage::Planned);
        let profile = self.config.profile(&record.task).cloned();
        let stop_grace = self.config.settings.stop_grace;
        let job = Job { record, extra_args: entry.extra_args.clone(), ends_at, stop_grace };
        let driver = self.new_driver(run, profile);
        self.spawn_driver(run, driver.launch(job));
    }

    fn new_driver(&mut self, run: RunId, profile: Option<Arc<Profile>>) -> Driver {
        // Two orders at most are under way: stop, and stop at once.
        let (sender, orders) = mpsc::channel(4);
        self.orders.insert(run, sender);
        Driver {
            run,
            profile,
            core: self.handle(),
            home: self.home.clone(),
            records: self.records.clone(),
            versions: Arc::clone(&self.versions),
            keyring: self.keyring.clone(),
            orders,
        }
    }

    fn spawn_driver(&mut self, run: RunId, driver: impl Future<Output = ()> + Send + 'static) {
        let id = self.drivers.spawn(driver).id();
        self.driven.insert(id, run);
    }

    /// A driver has told all it knew before it ended; one that broke down leaves its run without an end.
    fn join(&mut self, driver: Result<(task::Id, ()), task::JoinError>) {
        let (id, breakdown) = match driver {
            Ok((id, ())) => (id, None),
            Err(error) => (error.id(), Some(error.to_string())),
        };
        let Some(run) = self.driven.remove(&id) else { return };
        self.orders.remove(&run);
        let Some(breakdown) = breakdown else { return };
        tracing::error!("the driver of run {run} broke down: {breakdown}");
        let news = RunNews::Gone(format!("what followed this run broke down: {breakdown}"));
        let actions = self.planner.hear(run, news, clock::now());
        self.perform(actions);
    }

    fn order_stop(&self, run: RunId, by: StopCause, at_once: bool) {
        let grace = if at_once { Duration::ZERO } else { self.config.settings.stop_grace };
        let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        if let Some(orders) = self.orders.get(&run) {
            // A full queue holds the same order already.
            let _ = orders.try_send(Order::Stop { grace_ms, by });
        }
    }

    fn save_status(&self, name: &str) {
        let state = self.planner.state();
        let Some(task) = state.tasks.get(name) else { return };
        let active = task.active.and_then(|run| state.runs.get(&run)).map(|entry| &entry.run);
        self.saver.update_task(name, |known| memory::status_entry(task, active, known));
    }
}

fn rounded_seconds(duration: TimeDelta) -> i64 {
    (duration + TimeDelta::milliseconds(500)).num_milliseconds().div_euclid(1000)
}

/// Returns the first record of a run, or that of one that never ran.
pub(super) fn new_record(entry: &RunEntry, stage: Stage) -> Record {
    Record {
        run: entry.run.id,
        task: entry.run.task.clone(),
        repositories: entry.repositories.to_vec(),
        trigger: entry.run.trigger.clone(),
        due_at: entry.run.due_at,
        missed: entry.run.missed,
        attempt: entry.run.attempt,
        restics: Vec::new(),
        created_at: entry.run.created_at,
        stage,
    }
}
