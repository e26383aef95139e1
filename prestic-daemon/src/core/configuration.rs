//! Makes a configuration live, or keeps the one that is.

use prestic_proto::{error::ApiError, event::EventKind};
use tokio::task;

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

impl Core {
    /// Makes the valid profiles of a file live.
    pub(super) fn use_config(&mut self, loaded: Loaded) {
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

    /// Reads the configuration beside the core, which gets it as an input.
    pub(super) fn read_config(&self) {
        let (path, handle) = (self.home.config_file(), self.handle());
        tokio::spawn(async move {
            if let Ok(loaded) = task::spawn_blocking(move || config::load(&path)).await {
                // The core may have gone meanwhile.
                let _ = handle.send(Input::ConfigRead(Box::new(loaded))).await;
            }
        });
    }

    /// Takes what has been read. With any error, what is live stays.
    pub(super) fn config_read(&mut self, loaded: Loaded) {
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
}
