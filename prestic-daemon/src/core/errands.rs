//! What is done beside the core, by tasks that it owns: whoever waits for it hears of it through the inbox.

use std::{io, path::Path};

use prestic_proto::run::RunId;
use tokio::task;

use crate::{
    clock,
    core::{Core, action::Asking, command::Input, handle::new_record, news::RunNews},
    log_files,
    records::Stage,
};

impl Core {
    /// Writes the record of an occurrence that was let go, beside the core.
    pub(super) fn record_skip(&mut self, run: RunId) {
        let Some(entry) = self.planner.state().runs.get(&run) else { return };
        let Some(finished) = entry.run.finished().cloned() else { return };
        let stage = Stage::Finished { started_at: None, log_file: None, finished, summary: None, last_lines: Vec::new() };
        let record = new_record(entry, stage);
        let (records, core) = (self.records.clone(), self.handle());
        self.errands.spawn(async move {
            let written = task::spawn_blocking(move || records.write(&record)).await;
            if let Err(error) = written.unwrap_or_else(|error| Err(io::Error::other(error))) {
                tracing::error!("the record of run {run}, which was skipped, cannot be written: {error}");
            }
            // The occurrence is let go all the same.
            let _ = core.send(Input::Run(run, RunNews::Recorded)).await;
        });
    }

    /// Finds out, beside the core, which conditions of a queued run do not hold.
    pub(super) fn ask_conditions(&mut self, run: RunId, question: u32, when: Asking) {
        let state = self.planner.state();
        let Some(entry) = state.runs.get(&run) else { return };
        let Some(task) = state.tasks.get(&entry.run.task) else { return };
        let conditions = task.plan.conditions_of(&entry.run);
        let (probe, core) = (self.probe.clone(), self.handle());
        self.errands.spawn(async move {
            if when == Asking::AfterChange {
                probe.changed(&conditions).await;
            }
            let unmet = probe.unmet(&conditions).await;
            let _ = core.send(Input::Conditions { run, question, unmet }).await;
        });
    }

    /// Removes old logs of a task.
    pub(super) fn prune_logs(&mut self, task: String) {
        let Some(days) = self.config.profile(&task).and_then(|profile| profile.prune_logs_after()) else { return };
        let (logs, now) = (self.home.logs_dir(), clock::now());
        // The log of a failed run is kept, and one that cannot be read may be one.
        let keep = |logs: &Path, name: &str| log_files::is_failed_log(&logs.join(name)).unwrap_or(true);
        self.errands.spawn_blocking(move || match log_files::prune(&logs, &task, days, now, |name| keep(&logs, name)) {
            Ok(removed) if !removed.is_empty() => {
                tracing::info!("removed {} logs of task `{task}` older than {days} days", removed.len());
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("old logs of task `{task}` cannot be removed: {error}"),
        });
    }
}
