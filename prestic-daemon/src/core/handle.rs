//! The core's loop: takes inputs, lets the planner decide, does what it decided.

use std::{collections::HashMap, io, path::Path, sync::Arc};

use chrono::Local;
use prestic_proto::{
    error::ApiError,
    event::{EventKind, Watched},
    home::Home,
    outcome::Outcome,
    profile::ConfigReport,
    run::{Finished, RunId, RunState},
    status::{ConfigState, Status},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{self, JoinSet},
};

use crate::{
    clock,
    config::{self, Config, Loaded, Profile},
    core::{
        action::Action,
        command::{Command, CoreHandle, INBOX, Input},
        events::Events,
        memory,
        planner::{Planner, RunNews},
        saver::Saver,
        state::{State, TaskPlan, TaskState},
        view,
    },
    log_files,
    records::{Record, RecordFolder, Stage},
    runs::{Driver, Found, Job, ResticVersions},
    schedule::Schedule,
    status_ini::{StatusIni, TaskEntry},
    supervise::feed::Order,
};

/// The owner of all state.
#[derive(Debug)]
pub struct Core {
    home: Home,
    planner: Planner<Local>,
    config: Config,
    config_state: ConfigState,
    started_at: chrono::DateTime<chrono::Utc>,
    records: RecordFolder,
    saver: Saver,
    events: Events,
    inbox: mpsc::Receiver<Input>,
    handle: CoreHandle,
    ticks: watch::Sender<u64>,
    drivers: JoinSet<()>,
    driven: HashMap<task::Id, RunId>,
    orders: HashMap<RunId, mpsc::Sender<Order>>,
    versions: Arc<ResticVersions>,
    reload_replies: Vec<oneshot::Sender<Result<ConfigReport, ApiError>>>,
}

impl Core {
    /// Reads everything that is on disk and takes over the runs that are under way.
    ///
    /// With errors in the configuration, the profiles without any are live.
    pub fn start(home: Home) -> io::Result<Self> {
        let now = clock::now();
        let (status, warning) = StatusIni::load(&home.status_file(), now);
        if let Some(warning) = warning {
            tracing::warn!("{warning}");
        }
        let records = RecordFolder::open(home.runs_dir())?;
        let (ticks, tick_receiver) = watch::channel(0);
        let (inbox_sender, inbox) = mpsc::channel(INBOX);
        let instance = u64::try_from(now.timestamp_millis()).unwrap_or_default();
        let mut core = Self {
            planner: Planner::new(Local),
            config: Config::default(),
            config_state: ConfigState { path: home.config_file(), loaded_at: None, errors: Vec::new(), warnings: Vec::new() },
            started_at: now,
            records,
            saver: Saver::start(home.status_file(), status),
            events: Events::new(instance),
            inbox,
            handle: CoreHandle::new(inbox_sender, tick_receiver),
            ticks,
            drivers: JoinSet::new(),
            driven: HashMap::new(),
            orders: HashMap::new(),
            versions: Arc::default(),
            reload_replies: Vec::new(),
            home,
        };
        core.saver.set_daemon_pid(std::process::id());
        let loaded = config::load(&core.home.config_file());
        core.adopt(&loaded.config)?;
        core.use_config(loaded);
        Ok(core)
    }

    /// Returns the way to this core.
    pub fn handle(&self) -> CoreHandle {
        self.handle.clone()
    }

    /// Returns which start of the daemon this is.
    pub fn instance(&self) -> u64 {
        self.events.instance()
    }

    /// Serves until a shutdown has ended every run.
    pub async fn run(mut self) {
        while !(self.planner.state().is_shutting_down && self.drivers.is_empty()) {
            let wake_at = self.planner.next_wake();
            tokio::select! {
                Some(input) = self.inbox.recv() => self.take(input),
                Some(driver) = self.drivers.join_next_with_id() => self.join(driver),
                () = clock::sleep_until(wake_at) => {
                    let actions = self.planner.wake(clock::now());
                    self.perform(actions);
                }
            }
        }
        self.saver.set_daemon_pid(0);
        self.saver.finish().await;
    }

    fn adopt(&mut self, config: &Config) -> io::Result<()> {
        for run in self.records.runs()? {
            let record = match self.records.read(run) {
                Ok(record) => record,
                Err(error) => {
                    tracing::warn!("the record of run {run} cannot be read and is set aside: {error}");
                    self.records.set_aside(run)?;
                    continue;
                }
            };
            let profile = config.profile(&record.task).cloned();
            let repository = profile.as_ref().and_then(|profile| profile.repository()).unwrap_or_default();
            let found = Found::look(&self.records, record)?;
            self.planner.adopt(&found.record, repository.to_owned(), found.is_lost());
            if !found.record.is_finished() {
                let condition = if found.is_supervised { "is still under way" } else { "has lost its supervisor" };
                tracing::info!("run {run} of task `{}` {condition}", found.record.task);
                let driver = self.new_driver(run, profile);
                self.spawn_driver(run, driver.adopt(found));
            }
        }
        let forgotten = self.planner.forget_oldest();
        self.perform(forgotten);
        Ok(())
    }

    fn use_config(&mut self, loaded: Loaded) {
        let Loaded { config, report } = loaded;
        let plans = config.tasks().map(|profile| TaskPlan {
            name: profile.name().to_owned(),
            schedule: profile.schedule().and_then(|text| Schedule::parse(text).ok()).filter(|schedule| !schedule.is_never()),
            repository: profile.repository().unwrap_or_default().to_owned(),
        });
        let now = clock::now();
        let saver = &self.saver;
        let recall = |task: &str, state: &State| {
            let runs = state.runs.values().map(|entry| &entry.run).filter(|run| run.task == task);
            memory::recall(saver.task(task).as_ref(), runs)
        };
        let actions = self.planner.configure(plans.collect(), config.settings.max_parallel, recall, now);
        self.config = config;
        self.config_state.loaded_at = Some(now);
        self.config_state.warnings.clone_from(&report.warnings);
        self.config_state.errors.clone_from(&report.errors);
        for problem in report.errors.iter().chain(&report.warnings) {
            tracing::warn!("{problem}");
        }
        tracing::info!("{} tasks in {}", self.planner.state().tasks.len(), self.config_state.path.display());
        let tasks = self.planner.state().tasks.len();
        self.announce(EventKind::ConfigLoaded { tasks, warnings: report.warnings });
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
            Input::ConfigRead(loaded) => self.config_read(*loaded),
            Input::Hangup => self.read_config(),
            Input::Terminate => self.shut_down(),
        }
    }

    fn obey(&mut self, command: Command) {
        // Whoever asked may have gone: then nobody misses the answer.
        match command {
            Command::Status(reply) => drop(reply.send(self.view_status())),
            Command::EventsAfter(cursor, reply) => {
                let watched = self.events.after(cursor).map_or(Watched::Resync, |events| Watched::Events {
                    events,
                    progress: self.progress(),
                    next: self.events.cursor(),
                });
                drop(reply.send(watched));
            }
            Command::Run(task, extra_args, reply) => {
                let requested = self.planner.request(&task, extra_args, clock::now());
                let answer = match requested {
                    Ok((run, actions)) => {
                        self.perform(actions);
                        Ok(run)
                    }
                    Err(ApiError::UnknownTask { name, .. }) => Err(view::unknown_task(&self.config, &name)),
                    Err(error) => Err(error),
                };
                drop(reply.send(answer));
            }
            Command::FindRun(selector, reply) => {
                drop(reply.send(view::find_run(self.planner.state(), &self.config, &selector).cloned()));
            }
            Command::Stop(selector, reply) => {
                let run = view::run_to_stop(self.planner.state(), &self.config, &selector);
                let answer = run.and_then(|run| {
                    let actions = self.planner.stop(run, clock::now())?;
                    self.perform(actions);
                    Ok(run)
                });
                drop(reply.send(answer));
            }
            Command::History(task, limit, reply) => {
                let runs = view::history(self.planner.state(), task.as_deref(), limit);
                let answer = match task {
                    Some(task) if runs.is_empty() && !self.planner.state().tasks.contains_key(&task) => {
                        Err(view::unknown_task(&self.config, &task))
                    }
                    _ => Ok(runs),
                };
                drop(reply.send(answer));
            }
            Command::Profiles(reply) => drop(reply.send(self.config.profiles().map(|profile| profile.summary()).collect())),
            Command::Profile(name, reply) => {
                let details = self.config.profile(&name).map(|profile| profile.details());
                let answer =
                    details.ok_or_else(|| ApiError::UnknownProfile { similar: self.config.similar_profile(&name), name });
                drop(reply.send(answer));
            }
            Command::Reload(reply) => {
                self.reload_replies.push(reply);
                self.read_config();
            }
            Command::ShutDown(reply) => {
                self.shut_down();
                let _ = reply.send(());
            }
        }
    }

    fn view_status(&self) -> Status {
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            home: self.home.root().to_owned(),
            started_at: self.started_at,
            config: self.config_state.clone(),
            tasks: view::tasks(self.planner.state(), &self.config),
            runs: view::active_runs(self.planner.state()),
            cursor: self.events.cursor(),
        }
    }

    fn progress(&self) -> Vec<(RunId, prestic_proto::progress::Progress)> {
        let runs = self.planner.state().launched();
        runs.filter_map(|entry| Some((entry.run.id, entry.run.progress.clone()?))).collect()
    }

    /// Reads the configuration beside the core, which gets it as an input.
    fn read_config(&self) {
        let (path, handle) = (self.home.config_file(), self.handle());
        tokio::spawn(async move {
            if let Ok(loaded) = task::spawn_blocking(move || config::load(&path)).await {
                // The core may have gone meanwhile.
                let _ = handle.send(Input::ConfigRead(Box::new(loaded))).await;
            }
        });
    }

    fn config_read(&mut self, loaded: Loaded) {
        let report = loaded.report.clone();
        let answer = if report.errors.is_empty() {
            self.use_config(loaded);
            Ok(report)
        } else {
            for problem in &report.errors {
                tracing::error!("{problem}");
            }
            self.config_state.errors.clone_from(&report.errors);
            self.announce(EventKind::ConfigRejected { errors: report.errors.clone() });
            Err(ApiError::BadConfig(report.errors))
        };
        for reply in self.reload_replies.drain(..) {
            drop(reply.send(answer.clone()));
        }
    }

    fn shut_down(&mut self) {
        if !self.planner.state().is_shutting_down {
            tracing::info!("shutting down");
            self.announce(EventKind::ShuttingDown);
        }
        let actions = self.planner.shut_down(clock::now());
        self.perform(actions);
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Announce(run) => {
                    log_milestone(&run);
                    self.announce(EventKind::Run { run });
                }
                Action::Launch(run) => self.launch(run),
                Action::Stop { run, at_once } => self.order_stop(run, at_once),
                Action::SaveStatus(task) => self.save_status(&task),
                Action::PruneLogs(task) => self.prune_logs(task),
                Action::Forget(run) => {
                    if let Err(error) = self.records.remove(run) {
                        tracing::warn!("the record of run {run} cannot be removed: {error}");
                    }
                }
            }
        }
    }

    fn announce(&mut self, kind: EventKind) {
        self.events.push(clock::now(), kind);
        self.tick();
    }

    fn tick(&self) {
        self.ticks.send_modify(|tick| *tick += 1);
    }

    fn launch(&mut self, run: RunId) {
        let Some(entry) = self.planner.state().runs.get(&run) else { return };
        let record = Record {
            run,
            task: entry.run.task.clone(),
            trigger: entry.run.trigger,
            due_at: entry.run.due_at,
            created_at: entry.run.created_at,
            stage: Stage::Planned,
        };
        let profile = self.config.profile(&record.task).cloned();
        let job = Job { record, extra_args: entry.extra_args.clone() };
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
        if let Ok(mut record) = self.records.read(run) {
            let finished = Finished { at: clock::now(), duration_ms: 0, exit_code: None, outcome: Outcome::Interrupted };
            let last_lines = vec![breakdown];
            record.stage = Stage::Finished { started_at: None, log_file: None, finished, summary: None, last_lines };
            let actions = self.planner.hear(run, RunNews::Ended(Box::new(record)), clock::now());
            self.perform(actions);
        }
    }

    fn order_stop(&self, run: RunId, at_once: bool) {
        let grace = if at_once { std::time::Duration::ZERO } else { self.config.settings.stop_grace };
        let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        if let Some(orders) = self.orders.get(&run) {
            // A full queue holds the same order already.
            let _ = orders.try_send(Order::Stop { grace_ms });
        }
    }

    fn save_status(&self, name: &str) {
        let state = self.planner.state();
        let Some(task) = state.tasks.get(name) else { return };
        let active = task.active.and_then(|run| state.runs.get(&run)).map(|entry| &entry.run);
        self.saver.update_task(name, |known| status_entry(task, active, known));
    }

    fn prune_logs(&self, task: String) {
        let Some(days) = self.config.profile(&task).and_then(|profile| profile.prune_logs_after()) else { return };
        let (logs, now) = (self.home.logs_dir(), clock::now());
        // The log of a failed run is kept, and one that cannot be read may be one.
        let keep = |logs: &Path, name: &str| log_files::is_failed_log(&logs.join(name)).unwrap_or(true);
        task::spawn_blocking(move || match log_files::prune(&logs, &task, days, now, |name| keep(&logs, name)) {
            Ok(removed) if !removed.is_empty() => {
                tracing::info!("removed {} logs of task `{task}` older than {days} days", removed.len());
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("old logs of task `{task}` cannot be removed: {error}"),
        });
    }
}

fn status_entry(task: &TaskState, active: Option<&prestic_proto::run::Run>, known: TaskEntry) -> TaskEntry {
    let mut entry = TaskEntry {
        started: active.and_then(|run| run.started_at),
        pid: active.and_then(prestic_proto::run::Run::pid).unwrap_or_default(),
        last_due: Some(task.handled_until),
        last_success: task.last_success_at,
        ..known
    };
    if let Some(last) = &task.last_run {
        entry.last_run = Some(last.at);
        entry.exit_code = last.exit_code;
        entry.outcome = Some(last.outcome.clone());
        entry.message = Some(last.message.clone());
        entry.run = last.id;
        entry.log_file.clone_from(&last.log_file);
    }
    if let Some(log_file) = active.and_then(|run| run.log_file.clone()) {
        entry.log_file = Some(log_file);
    }
    entry
}

fn log_milestone(run: &prestic_proto::run::Run) {
    let (id, task) = (run.id, &run.task);
    match &run.state {
        RunState::Queued => tracing::info!("run {id} of task `{task}` is queued ({})", run.trigger),
        RunState::Starting => tracing::info!("run {id} of task `{task}` starts ({})", run.trigger),
        RunState::Running { pid } => tracing::info!("run {id} of task `{task}` runs as process {pid}"),
        RunState::Stopping { .. } => tracing::info!("run {id} of task `{task}` is stopping"),
        RunState::Finished(finished) => tracing::info!("run {id} of task `{task}` {}", finished.outcome),
    }
}
