//! Makes a configuration live, or keeps the one that is.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::TimeDelta;
use prestic_proto::{
    change::{Reloaded, TaskChange},
    error::ApiError,
    event::EventKind,
    notification::NotificationState,
    profile::ConfigProblem,
    system::WebState,
};
use tokio::{
    sync::{oneshot, watch},
    task,
};

use crate::{
    clock,
    conditions::Conditions,
    config::{self, Loaded, Profile, Reading, changes},
    core::{
        Core,
        command::Input,
        daemon_log::log_fact,
        memory,
        planner::Limits,
        state::{State, TaskPlan},
    },
    fingerprint::fingerprint,
    records::RepositoryUse,
    web::WebSettings,
};

/// Where the answer to a reload goes.
pub(super) type ReloadReply = oneshot::Sender<Result<Reloaded, ApiError>>;

/// How many changes the daemon's log tells one by one.
const LOGGED_CHANGES: usize = 20;

/// Why the configuration is read, the most insistent one last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// A file has changed. Somebody may still be writing it, so errors in it are none yet.
    Changed,
    /// A file has changed, and was left alone since.
    Settled,
    /// Somebody wants it.
    Asked,
}

/// The readings of the configuration that are under way and wanted.
#[derive(Debug, Default)]
pub(super) struct Reloads {
    reading: Option<Reason>,
    /// Why it is to be read once more, after the reading under way.
    wanted: Option<Reason>,
    waiting: Vec<ReloadReply>,
    /// Those whom the reading under way answers.
    answered_next: Vec<ReloadReply>,
    /// The fingerprint of what was made live or rejected last.
    judged: Option<u64>,
    /// What keeps changes from being noticed.
    watch_trouble: Option<ConfigProblem>,
}

impl Core {
    /// Makes the valid profiles of the daemon's first configuration live.
    pub(super) fn begin_with(&mut self, loaded: Loaded) {
        self.reloads.judged = Some(loaded.fingerprint);
        self.config_watch.follow(loaded.watch.clone());
        self.use_config(loaded, Vec::new());
    }

    /// Makes the valid profiles of a file live.
    fn use_config(&mut self, loaded: Loaded, changes: Vec<TaskChange>) {
        let Loaded { config, report, .. } = loaded;
        let machine = crate::process::machine_id();
        let plans = config.tasks().map(|profile| plan(profile, &self.config_state.path, &machine));
        let now = clock::now();
        let saver = &self.saver;
        let recall = |task: &str, state: &State| {
            let runs = state.runs.values().map(|entry| &entry.run).filter(|run| run.task == task);
            memory::recall(saver.task(task).as_ref(), runs, now)
        };
        let limits = Limits { max_parallel: config.settings.max_parallel, startup_delay: delta(config.settings.startup_delay) };
        let actions = self.planner.configure(plans.collect(), limits, recall, now);
        self.keyring.set_limit(config.settings.keyring_timeout);
        self.web_settings.send_if_modified(|known| {
            let is_new = *known != config.settings.web;
            known.clone_from(&config.settings.web);
            is_new
        });
        self.is_silent.send_if_modified(|known| std::mem::replace(known, config.settings.is_silent) != *known);
        let groups = config.tasks().filter_map(|task| Some((task.name().to_owned(), task.group()?.to_owned())));
        self.history.configure(config.settings.history_runs, groups.collect());
        self.config = config;
        self.config_state.loaded_at = report.errors.is_empty().then_some(now);
        self.config_state.warnings = report.warnings.iter().chain(&self.reloads.watch_trouble).cloned().collect();
        self.config_state.errors.clone_from(&report.errors);
        for problem in report.errors.iter().chain(&report.warnings) {
            tracing::warn!("{problem}");
        }
        log_changes(&changes);
        tracing::info!("{} tasks in {}", self.planner.state().tasks.len(), self.config_state.path.display());
        let tasks = self.planner.state().tasks.len();
        self.announce(EventKind::ConfigLoaded { tasks, warnings: report.warnings, changes });
        self.perform(actions);
    }

    /// Reads the configuration again, for whoever wants to know the answer. What is asked for while it is being read is
    /// answered by another reading: the file may have changed since that one began.
    pub(super) fn reload(&mut self, reply: Option<ReloadReply>) {
        self.phases.reload_begins();
        self.reloads.waiting.extend(reply);
        self.want_config(Reason::Asked);
    }

    /// Reads the configuration again because it may have changed.
    pub(super) fn config_changed(&mut self, is_settled: bool) {
        self.want_config(if is_settled { Reason::Settled } else { Reason::Changed });
    }

    fn want_config(&mut self, reason: Reason) {
        self.reloads.wanted = self.reloads.wanted.max(Some(reason));
        if self.reloads.reading.is_none() {
            self.read_config();
        }
    }

    /// Reads the configuration beside the core, which gets it as an input.
    fn read_config(&mut self) {
        self.reloads.reading = self.reloads.wanted.take();
        self.reloads.answered_next = std::mem::take(&mut self.reloads.waiting);
        let known = self.reloads.judged.filter(|_| self.reloads.reading != Some(Reason::Asked));
        let (path, handle) = (self.home.config_file(), self.handle());
        self.errands.spawn(async move {
            let reading = task::spawn_blocking(move || config::load_if_changed(&path, known)).await;
            // The core may have gone meanwhile.
            let _ = handle.send(Input::ConfigRead(reading)).await;
        });
    }

    /// Takes what has been read. With any error, what is live stays.
    pub(super) fn config_read(&mut self, reading: Result<Reading, task::JoinError>) {
        let reason = self.reloads.reading.take();
        let replies = std::mem::take(&mut self.reloads.answered_next);
        let answer = match reading {
            Ok(Reading::Same(watch)) => {
                self.config_watch.follow(watch);
                None
            }
            Ok(Reading::New(loaded)) => {
                self.config_watch.follow(loaded.watch.clone());
                self.judge(*loaded, reason)
            }
            Err(error) => {
                let message = format!("reading the configuration broke down: {error}");
                Some(Err(self.reject(vec![problem(self.home.config_file(), message, None)])))
            }
        };
        if let Some(answer) = answer {
            for reply in replies {
                drop(reply.send(answer.clone()));
            }
        }
        if self.reloads.wanted != Some(Reason::Asked) {
            self.phases.reload_ends();
        }
        if self.reloads.wanted.is_some() {
            self.read_config();
        }
    }

    /// Makes what was read live or rejects it; does neither while somebody may still be writing it.
    fn judge(&mut self, loaded: Loaded, reason: Option<Reason>) -> Option<Result<Reloaded, ApiError>> {
        let has_errors = !loaded.report.errors.is_empty();
        // A file of which only the beginning is there can be a valid one, with fewer tasks.
        let loses_tasks = self.config.tasks().any(|task| loaded.config.profile(task.name()).is_none());
        if (has_errors || loses_tasks) && reason == Some(Reason::Changed) {
            self.config_watch.look_again();
            return None;
        }
        self.reloads.judged = Some(loaded.fingerprint);
        if has_errors {
            return Some(Err(self.reject(loaded.report.errors)));
        }
        let (report, changes) = (loaded.report.clone(), changes::between(&self.config, &loaded.config));
        self.use_config(loaded, changes.clone());
        Some(Ok(Reloaded { report, changes }))
    }

    fn reject(&mut self, errors: Vec<ConfigProblem>) -> ApiError {
        for problem in &errors {
            tracing::error!("{problem}");
        }
        self.config_state.errors.clone_from(&errors);
        self.announce(EventKind::ConfigRejected { errors: errors.clone() });
        ApiError::BadConfig(errors)
    }

    /// Notes whether changes of the configuration are noticed. The daemon goes on without it.
    pub(super) fn watch_is(&mut self, trouble: Option<String>) {
        let known = self.reloads.watch_trouble.take();
        self.config_state.warnings.retain(|warning| Some(warning) != known.as_ref());
        self.reloads.watch_trouble = trouble.map(|trouble| {
            let message = format!("changes of the configuration may go unnoticed: {trouble}");
            let hint = "run `prestic-ctl reload` after each change";
            problem(self.home.config_file(), message, Some(hint.to_owned()))
        });
        if let Some(warning) = &self.reloads.watch_trouble {
            tracing::warn!("{warning}");
            self.config_state.warnings.push(warning.clone());
        }
    }

    /// Returns how the live configuration wants the web interface, now and after each change, until the core has ended.
    pub fn web_settings(&self) -> watch::Receiver<WebSettings> {
        self.web_settings.subscribe()
    }

    /// Returns whether the live configuration wants no notifications, now and after each change, until the core has ended.
    pub fn is_silent(&self) -> watch::Receiver<bool> {
        self.is_silent.subscribe()
    }

    /// Notes how desktop notifications are.
    pub(super) fn notifications_are(&mut self, state: NotificationState) {
        if self.notifications != state {
            self.notifications = state.clone();
            log_fact(&EventKind::Notifications { state: state.clone() });
            self.announce(EventKind::Notifications { state });
        }
    }

    /// Notes how the web interface is.
    pub(super) fn web_is(&mut self, state: WebState) {
        if self.web != state {
            self.web = state.clone();
            log_fact(&EventKind::Web { state: state.clone() });
            self.announce(EventKind::Web { state });
        }
    }
}

fn problem(file: PathBuf, message: String, hint: Option<String>) -> ConfigProblem {
    ConfigProblem { file, line: None, section: None, key: None, message, hint }
}

fn log_changes(changes: &[TaskChange]) {
    for change in changes.iter().take(LOGGED_CHANGES) {
        tracing::info!("{change}");
    }
    if changes.len() > LOGGED_CHANGES {
        tracing::info!("… and {} more changes", changes.len() - LOGGED_CHANGES);
    }
}

/// Returns what the planner needs to know of a task.
fn plan(profile: &Profile, config_file: &Path, machine: &str) -> TaskPlan {
    let timing = profile.timing();
    TaskPlan {
        name: profile.name().to_owned(),
        group: profile.group().map(str::to_owned),
        schedule: timing.schedule,
        zone: timing.zone,
        catch_up: timing.catch_up,
        random_delay: timing.random_delay.map(delta),
        seed: fingerprint(format!("{machine}\n{}\n{}", config_file.display(), profile.name()).as_bytes()),
        deadline: timing.deadline.map(delta),
        overlap: profile.overlap(),
        priority: profile.priority().into(),
        needs: profile.needs().to_vec(),
        conditions: Conditions {
            only_on_ac: profile.only_on_ac(),
            min_battery: profile.min_battery(),
            not_metered: profile.not_metered(),
            require_paths: profile.require_paths(),
            require_hosts: profile.require_hosts().to_vec(),
            route: false,
        },
        needs_network: profile.needs_network(),
        window: profile.window(),
        overdue_after: profile.overdue_after().map(delta),
        retry: profile.retry(),
        retry_delay: delta(profile.retry_delay()),
        repositories: profile
            .repositories_used()
            .into_iter()
            .map(|(repository, access)| RepositoryUse { repository, access })
            .collect(),
    }
}

/// No duration of a configuration is too long for this.
fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
