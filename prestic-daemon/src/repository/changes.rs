//! Notices when a run has changed the snapshots of a repository, and tells whoever shows them.

use std::{collections::BTreeSet, time::Duration};

use prestic_proto::{
    event::{Event, EventKind, Watched},
    outcome::Outcome,
    run::Run,
};

use super::Repositories;
use crate::{
    config::{Profile, repository_identity::RepositoryId},
    core::command::{Command, CoreGone, Input},
};

/// How long one wait for news is. Waiting costs nothing.
const WAIT: Duration = Duration::from_secs(3600);

/// Commands of restic that make or remove snapshots, or write them anew.
const CHANGING: [&str; 7] = ["backup", "copy", "forget", "recover", "repair", "rewrite", "tag"];

impl Repositories {
    /// Follows the core's events until it has gone. Whoever starts this joins it.
    pub async fn follow(self) {
        // The core goes last, so there is nothing else to tell.
        let _: Result<(), CoreGone> = self.follow_core().await;
    }

    async fn follow_core(&self) -> Result<(), CoreGone> {
        let mut cursor = self.core.ask(Command::Status).await?.cursor;
        loop {
            match self.core.watch(cursor, WAIT).await? {
                Watched::Events { events, next, .. } => {
                    cursor = next;
                    self.take(&events).await?;
                }
                Watched::Resync => {
                    self.lists.clear();
                    cursor = self.core.ask(Command::Status).await?.cursor;
                }
            }
        }
    }

    async fn take(&self, events: &[Event]) -> Result<(), CoreGone> {
        let tasks: BTreeSet<&str> = events.iter().filter_map(|event| ended_task(&event.kind)).collect();
        let mut changed: BTreeSet<RepositoryId> = BTreeSet::new();
        for task in tasks {
            match self.core.ask(|reply| Command::FindProfile(task.to_owned(), reply)).await? {
                Ok(profile) if changes_snapshots(&profile) => changed.extend(profile.repository_id()),
                Ok(_) => {}
                // The run has outlived its task in the configuration, so that nobody knows which repository it had.
                Err(_) => {
                    self.lists.clear();
                    let all = self.core.ask(Command::FindProfiles).await?;
                    changed.extend(all.iter().filter_map(|profile| profile.repository_id()));
                }
            }
        }
        for repository in changed {
            self.lists.forget(&repository);
            let profiles = self.profiles_of(&repository).await;
            self.core.send(Input::Fact(EventKind::SnapshotsChanged { profiles })).await?;
        }
        Ok(())
    }
}

fn changes_snapshots(profile: &Profile) -> bool {
    profile.command().iter().any(|word| CHANGING.contains(&word.as_str()))
}

/// Returns the task of a run that has ended after restic was started for it.
fn ended_task(kind: &EventKind) -> Option<&str> {
    let EventKind::Run { run } = kind else { return None };
    has_run(run).then_some(&run.task)
}

fn has_run(run: &Run) -> bool {
    run.finished().is_some_and(|finished| !matches!(finished.outcome, Outcome::Skipped(_)))
}
