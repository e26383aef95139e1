//! Makes a configuration live, or keeps the one that is.

use std::path::PathBuf;

use prestic_proto::{
    change::{Reloaded, TaskChange},
    error::ApiError,
    event::EventKind,
    profile::ConfigProblem,
};
use tokio::{sync::oneshot, task};

use crate::{
    clock,
    config::{self, Loaded, Reading, changes},
    core::{
        Core,
        command::Input,
        memory,
        state::{State, TaskPlan},
    },
    schedule::Schedule,
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
        let plans = config.tasks().map(|profile| TaskPlan {
            name: profile.name().to_owned(),
            schedule: profile.schedule().and_then(|text| Schedule::parse(text).ok()).filter(|schedule| !schedule.is_never()),
            repository: profile.repository_id().map(|id| id.to_string()).unwrap_or_default(),
        });
        let now = clock::now();
        let saver = &self.saver;
        let recall = |task: &str, state: &State| {
            let runs = state.runs.values().map(|entry| &entry.run).filter(|run| run.task == task);
            memory::recall(saver.task(task).as_ref(), runs)
        };
        let actions = self.planner.configure(plans.collect(), config.settings.max_parallel, recall, now);
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
        if self.reloads.wanted.is_some() {
            self.read_config();
        }
    }

    /// Makes what was read live or rejects it; does neither while somebody may still be writing it.
    fn judge(&mut self, loaded: Loaded, reason: Option<Reason>) -> Option<Result<Reloaded, ApiError>> {
        let has_errors = !loaded.report.errors.is_empty();
        if has_errors && reason == Some(Reason::Changed) {
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
