//! Makes a configuration live, or keeps the one that is.

use prestic_proto::{
    error::ApiError,
    event::EventKind,
    profile::{ConfigProblem, ConfigReport},
};
use tokio::{sync::oneshot, task};

use crate::{
    clock,
    config::{self, Loaded},
    core::{
        Core,
        command::Input,
        memory,
        state::{State, TaskPlan},
    },
    schedule::Schedule,
};

/// Where the answer to a reload goes.
pub(super) type ReloadReply = oneshot::Sender<Result<ConfigReport, ApiError>>;

/// The reloads that were asked for.
#[derive(Debug, Default)]
pub(super) struct Reloads {
    is_reading: bool,
    /// Whether somebody has asked since the reading began.
    is_wanted: bool,
    waiting: Vec<ReloadReply>,
    /// Those whom the reading under way answers.
    answered_next: Vec<ReloadReply>,
}

impl Core {
    /// Makes the valid profiles of a file live.
    pub(super) fn use_config(&mut self, loaded: Loaded) {
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

    /// Reads the configuration again, for whoever wants to know the answer. What is asked for while it is being read is
    /// answered by another reading: the file may have changed since that one began.
    pub(super) fn reload(&mut self, reply: Option<ReloadReply>) {
        self.reloads.waiting.extend(reply);
        self.reloads.is_wanted = true;
        if !self.reloads.is_reading {
            self.read_config();
        }
    }

    /// Reads the configuration beside the core, which gets it as an input.
    fn read_config(&mut self) {
        self.reloads.is_reading = true;
        self.reloads.is_wanted = false;
        self.reloads.answered_next = std::mem::take(&mut self.reloads.waiting);
        let (path, handle) = (self.home.config_file(), self.handle());
        self.errands.spawn(async move {
            let reading = task::spawn_blocking(move || config::load(&path)).await;
            // The core may have gone meanwhile.
            let _ = handle.send(Input::ConfigRead(reading.map(Box::new))).await;
        });
    }

    /// Takes what has been read. With any error, what is live stays.
    pub(super) fn config_read(&mut self, reading: Result<Box<Loaded>, task::JoinError>) {
        let answer = match reading {
            Ok(loaded) if loaded.report.errors.is_empty() => {
                let report = loaded.report.clone();
                self.use_config(*loaded);
                Ok(report)
            }
            Ok(loaded) => Err(self.reject(loaded.report.errors)),
            Err(error) => {
                let message = format!("reading the configuration broke down: {error}");
                let file = self.home.config_file();
                Err(self.reject(vec![ConfigProblem { file, line: None, section: None, key: None, message, hint: None }]))
            }
        };
        for reply in self.reloads.answered_next.drain(..) {
            drop(reply.send(answer.clone()));
        }
        self.reloads.is_reading = false;
        if self.reloads.is_wanted {
            self.read_config();
        }
    }

    fn reject(&mut self, errors: Vec<ConfigProblem>) -> ApiError {
        for problem in &errors {
            tracing::error!("{problem}");
        }
        self.config_state.errors.clone_from(&errors);
        self.announce(EventKind::ConfigRejected { errors: errors.clone() });
        ApiError::BadConfig(errors)
    }
}
