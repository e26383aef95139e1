//! Ends a run whose supervisor is gone.

use std::{io, time::Duration};

use crate::{
    config::{PASSWORD_VARIABLE, repository_access::RepositoryAccess},
    core::news::RunNews,
    process::{self, ProcessId},
    records::{Record, Stage},
    runs::{
        driver::{Driver, NotRead, blocking},
        found::end_as_interrupted,
    },
    supervise::{
        feed::{Order, StopCause},
        unlock,
    },
};

/// How long restic may take to clean up after it has lost its supervisor, which interrupts it.
const LOST_GRACE: Duration = Duration::from_secs(75);

impl Driver {
    /// Ends the run. restic was interrupted by the system when its supervisor went down; it gets its time.
    ///
    /// A stop that came before that decides the outcome.
    pub(super) async fn recover(&mut self, mut record: Record, stopped_before: Option<StopCause>) {
        if let Stage::Running { restic, .. } = &record.stage
            && process::is_alive(restic)
        {
            self.tell(RunNews::Stopping).await;
            self.outlive(restic.clone()).await;
        }
        let stopped_now = self.remove_lock(&record).await;
        end_as_interrupted(&mut record);
        if let (Stage::Finished { finished, .. }, Some(cause)) = (&mut record.stage, stopped_before.or(stopped_now)) {
            finished.outcome = cause.outcome();
        }
        self.write_end(&record).await;
        self.tell(RunNews::Ended(Box::new(record))).await;
    }

    /// An interrupted restic removes its lock; one that went down with the machine does not.
    ///
    /// Returns who stopped the run meanwhile: a keyring can let the look at the locks wait.
    async fn remove_lock(&mut self, record: &Record) -> Option<StopCause> {
        let Stage::Running { restic, .. } = &record.stage else { return None };
        let access = self.profile.as_ref().and_then(|profile| RepositoryAccess::of(profile, &self.home).ok())?;
        let RepositoryAccess { words, environment, keyring_entry, .. } = access;
        let password = match keyring_entry {
            Some(entry) => match self.wait_for_password(&record.task, &entry).await {
                Ok(password) => Some(password),
                Err(NotRead::NoSecret(refusal)) => {
                    tracing::warn!("the locks of run {} cannot be looked at: {refusal}", self.run);
                    return None;
                }
                Err(NotRead::Stopped(cause)) => return Some(cause),
            },
            None => None,
        };
        let (pid, records) = (restic.pid, self.records.clone());
        let removed = blocking(move || {
            let prepare = |command: &mut std::process::Command| {
                command.env_clear().envs(environment.iter().cloned());
                if let Some(password) = &password {
                    command.env(PASSWORD_VARIABLE, password.reveal());
                }
                process::restore_descriptor_limit(command);
            };
            unlock::unlock_after(&words, pid, |lock| records.have_made(lock), prepare).map_err(io::Error::other)
        });
        match removed.await {
            Ok(done) => tracing::info!("run {}: {done}", self.run),
            Err(error) => tracing::warn!("the locks of run {} cannot be looked at: {error}", self.run),
        }
        None
    }

    async fn outlive(&mut self, restic: ProcessId) {
        let run = self.run;
        let mut grace = LOST_GRACE;
        loop {
            let (watched, limit) = (restic.clone(), grace);
            let has_ended = tokio::select! {
                has_ended = blocking(move || process::wait_for_end(&watched, Some(limit))) => has_ended,
                Some(Order::Stop { grace_ms, .. }) = self.orders.recv() => {
                    grace = grace.min(Duration::from_millis(grace_ms));
                    continue;
                }
            };
            match has_ended {
                Ok(true) => return,
                Ok(false) => {
                    tracing::warn!("restic (process {}) of run {run} has not ended by itself: killing it", restic.pid);
                    if let Err(error) = process::kill(&restic) {
                        tracing::error!("process {} cannot be killed: {error}", restic.pid);
                        return;
                    }
                    grace = LOST_GRACE;
                }
                Err(error) => {
                    tracing::error!("process {} of run {run} cannot be watched: {error}", restic.pid);
                    return;
                }
            }
        }
    }
}
