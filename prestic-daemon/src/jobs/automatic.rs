//! What is done without anybody asking: after a backup, its snapshot is indexed, and once a day the repository is measured.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use chrono::TimeDelta;
use prestic_proto::{
    error::ApiError,
    event::{Cursor, EventKind, Watched},
    job::JobRequest,
    run::{Run, RunId},
};

use tokio::task::JoinSet;

use super::{
    driver::{Chore, Shared},
    index::IndexKey,
    snapshots,
};
use crate::{
    clock,
    config::{Profile, snapshot_index::SnapshotIndex},
    core::command::{Command, CoreGone},
};

/// How long one look for news may wait: so long that waiting wakes nobody.
const WAIT: Duration = Duration::from_secs(365 * 24 * 3600);

/// How old the last measurement of a repository is before there is another one.
const MEASURED_FOR: TimeDelta = TimeDelta::hours(24);

/// What a task is, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TaskFacts {
    repository: String,
    is_backup: bool,
}

/// What there is to do for a repository as soon as no run uses it or waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Errand {
    profile: String,
    /// The snapshot that the last backup has made, as far as restic told; none if no backup has ended.
    backup: Option<Option<String>>,
    /// Whether the list of snapshots may be from before the backup.
    waits_for_list: bool,
}

/// The runs that have not ended, and what those that have leave to do.
#[derive(Debug, Default)]
struct Follower {
    active: BTreeMap<RunId, String>,
    errands: BTreeMap<String, Errand>,
}

impl Follower {
    /// Takes in how a run is now.
    fn take_in(&mut self, run: &Run, facts: Option<&TaskFacts>) {
        // A run can outlive its task in the configuration.
        self.active.remove(&run.id);
        let Some(facts) = facts else { return };
        let Some(finished) = run.finished() else {
            self.active.insert(run.id, facts.repository.clone());
            return;
        };
        if !finished.outcome.is_success() {
            return;
        }
        let errand = self.errands.entry(facts.repository.clone()).or_insert_with(|| Errand {
            profile: run.task.clone(),
            backup: None,
            waits_for_list: false,
        });
        if facts.is_backup {
            let snapshot = run.summary.as_ref().and_then(|summary| summary.snapshot_id.clone());
            *errand = Errand { profile: run.task.clone(), backup: Some(snapshot), waits_for_list: true };
        }
    }

    /// Takes in that the lists of snapshots of these profiles are read anew from now on.
    fn take_in_lists(&mut self, profiles: &[String]) {
        for errand in self.errands.values_mut().filter(|errand| profiles.contains(&errand.profile)) {
            errand.waits_for_list = false;
        }
    }

    /// Takes in all runs that there are, after it was not known what happened.
    fn begin_anew(&mut self) {
        self.active.clear();
        self.errands.values_mut().for_each(|errand| errand.waits_for_list = false);
    }

    /// Returns the repositories that runs use or wait for.
    fn busy(&self) -> BTreeSet<String> {
        self.active.values().cloned().collect()
    }

    /// Returns something that can be done now.
    fn take_due(&mut self) -> Option<(String, Errand)> {
        let busy = self.busy();
        let is_due = |(repository, errand): &(&String, &Errand)| !busy.contains(*repository) && !errand.waits_for_list;
        let repository = self.errands.iter().find(is_due)?.0.clone();
        self.errands.remove_entry(&repository)
    }
}

/// What is new.
#[derive(Debug)]
enum News {
    /// These are all runs that have not ended.
    All(Vec<Run>),
    /// These runs are not as they were, and then the lists of snapshots of these profiles.
    Some { runs: Vec<Run>, lists: Vec<String> },
    /// Nothing is new about runs.
    None,
}

impl News {
    fn has_runs(&self) -> bool {
        match self {
            Self::All(_) => true,
            Self::Some { runs, .. } => !runs.is_empty(),
            Self::None => false,
        }
    }
}

/// Follows the runs until the core has gone.
pub async fn follow(shared: Arc<Shared>) {
    // Its error is the core's end.
    let _: Result<(), CoreGone> = follow_runs(&shared).await;
}

async fn follow_runs(shared: &Arc<Shared>) -> Result<(), CoreGone> {
    let mut follower = Follower::default();
    let mut known: HashMap<String, Option<TaskFacts>> = HashMap::new();
    let mut cursor = None;
    // One errand at a time, however many repositories there are.
    let mut errand = JoinSet::new();
    loop {
        let news = tokio::select! {
            news = news(shared, &mut cursor, &mut known) => news?,
            Some(_) = errand.join_next() => News::None,
        };
        let runs = match &news {
            News::All(runs) => {
                // What ended while nobody looked is not made up for: the next backup comes.
                follower.begin_anew();
                runs.as_slice()
            }
            News::Some { runs, .. } => runs,
            News::None => &[],
        };
        for run in runs {
            if !known.contains_key(&run.task) {
                known.insert(run.task.clone(), facts_of(shared, &run.task).await?);
            }
            follower.take_in(run, known.get(&run.task).and_then(Option::as_ref));
        }
        if let News::Some { lists, .. } = &news {
            follower.take_in_lists(lists);
        }
        if news.has_runs() {
            shared.set_busy(follower.busy());
        }
        if errand.is_empty()
            && let Some((repository, due)) = follower.take_due()
        {
            let shared = shared.clone();
            errand.spawn(async move { run_errand(&shared, &repository, &due).await });
        }
    }
}

/// Waits for news of runs. Dropped before that, nothing is lost.
async fn news(
    shared: &Shared,
    cursor: &mut Option<Cursor>,
    known: &mut HashMap<String, Option<TaskFacts>>,
) -> Result<News, CoreGone> {
    loop {
        let Some(after) = *cursor else {
            let status = shared.core.ask(Command::Status).await?;
            *cursor = Some(status.cursor);
            return Ok(News::All(status.runs));
        };
        match shared.core.watch(after, WAIT).await? {
            Watched::Resync => *cursor = None,
            Watched::Events { events, next, .. } => {
                *cursor = Some(next);
                if events.iter().any(|event| matches!(event.kind, EventKind::ConfigLoaded { .. })) {
                    known.clear();
                }
                let (mut runs, mut lists) = (Vec::new(), Vec::new());
                for event in events {
                    match event.kind {
                        EventKind::Run { run } => runs.push(*run),
                        EventKind::SnapshotsChanged { profiles } => lists.extend(profiles),
                        _ => {}
                    }
                }
                // Progress is news, too, but not for us.
                if !runs.is_empty() || !lists.is_empty() {
                    return Ok(News::Some { runs, lists });
                }
            }
        }
    }
}

/// Returns what a task is; none if it is gone.
async fn facts_of(shared: &Shared, task: &str) -> Result<Option<TaskFacts>, CoreGone> {
    let found = shared.core.ask(|reply| Command::FindProfile(task.to_owned(), reply)).await?;
    Ok(found.ok().and_then(|profile| {
        let repository = profile.repository_id()?.as_str().to_owned();
        Some(TaskFacts { repository, is_backup: is_backup(&profile) })
    }))
}

fn is_backup(profile: &Profile) -> bool {
    profile.command().first().is_some_and(|command| command == "backup")
}

async fn run_errand(shared: &Arc<Shared>, repository: &str, errand: &Errand) {
    if let Err(error) = do_errand(shared, repository, errand).await
        && error != ApiError::ShuttingDown
    {
        shared.say_once(&errand.profile, Chore::Index, &error.to_string());
    }
}

async fn do_errand(shared: &Arc<Shared>, repository: &str, errand: &Errand) -> Result<(), ApiError> {
    let name = errand.profile.clone();
    let profile = shared.core.ask(|reply| Command::FindProfile(name, reply)).await.unwrap_or(Err(ApiError::ShuttingDown))?;
    if profile.snapshot_index() != SnapshotIndex::On {
        return Ok(());
    }
    if let Some(made) = &errand.backup {
        index_newest(shared, repository, &errand.profile, made.as_deref()).await?;
    }
    let sizes = shared.history.sizes(repository).await?;
    if sizes.last().is_none_or(|last| clock::now() - last.measured_at >= MEASURED_FOR) {
        shared.add(&errand.profile, repository, JobRequest::Measure, true).await?;
    }
    Ok(())
}

/// Has the snapshot that a backup has made indexed.
async fn index_newest(shared: &Arc<Shared>, repository: &str, profile: &str, made: Option<&str>) -> Result<(), ApiError> {
    let all = snapshots::list(&shared.repositories, profile).await?;
    let newest = match made {
        Some(made) => all.iter().find(|snapshot| snapshot.id.as_str().starts_with(made)),
        None => all.first(),
    };
    let Some(snapshot) = newest else { return Ok(()) };
    let key = IndexKey { repository: repository.to_owned(), tree: snapshot.tree.0.clone() };
    if !shared.store.has(&key) {
        shared.add(profile, repository, JobRequest::Index { snapshot: snapshot.id.clone() }, true).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use prestic_proto::{
        outcome::{Failure, Outcome},
        progress::Summary,
        run::{Finished, RunState, Trigger},
    };

    use super::*;

    fn run(id: u64, task: &str, outcome: Option<Outcome>) -> Run {
        let finished = |outcome| Finished { at: DateTime::UNIX_EPOCH, duration_ms: 1, exit_code: Some(0), outcome };
        Run {
            id: RunId(id),
            task: task.to_owned(),
            trigger: Trigger::Manual,
            due_at: None,
            missed: 0,
            attempt: 0,
            created_at: DateTime::UNIX_EPOCH,
            started_at: None,
            log_file: None,
            state: outcome.map_or(RunState::Starting, |outcome| RunState::Finished(finished(outcome))),
            progress: None,
            limit_near: None,
            summary: Some(Summary { snapshot_id: Some(format!("snapshot-{id}")), ..Summary::default() }),
            last_lines: Vec::new(),
        }
    }

    fn facts(is_backup: bool) -> TaskFacts {
        TaskFacts { repository: "r".to_owned(), is_backup }
    }

    #[test]
    fn nothing_is_done_while_runs_use_the_repository() {
        let mut follower = Follower::default();
        follower.take_in(&run(1, "home", None), Some(&facts(true)));
        follower.take_in(&run(2, "prune", None), Some(&facts(false)));
        follower.take_in(&run(1, "home", Some(Outcome::Succeeded)), Some(&facts(true)));
        assert_eq!(follower.busy().into_iter().collect::<Vec<_>>(), ["r"]);
        assert_eq!(follower.take_due(), None);
        follower.take_in(&run(2, "prune", Some(Outcome::Failed(Failure::Other))), Some(&facts(false)));
        assert_eq!(follower.take_due(), None, "the list of snapshots is from before the backup");
        follower.take_in_lists(&["other".to_owned(), "home".to_owned()]);
        let backup = Some(Some("snapshot-1".to_owned()));
        let errand = Errand { profile: "home".to_owned(), backup, waits_for_list: false };
        assert_eq!(follower.take_due(), Some(("r".to_owned(), errand)));
        assert_eq!(follower.take_due(), None);
        assert!(follower.busy().is_empty());
    }

    #[test]
    fn run_whose_task_is_gone_uses_nothing_any_more() {
        let mut follower = Follower::default();
        follower.take_in(&run(1, "home", None), Some(&facts(true)));
        follower.take_in(&run(1, "home", Some(Outcome::Succeeded)), None);
        assert!(follower.busy().is_empty());
    }

    #[test]
    fn run_without_success_leaves_nothing_to_do() {
        let mut follower = Follower::default();
        follower.take_in(&run(1, "home", Some(Outcome::Stopped)), Some(&facts(true)));
        assert_eq!(follower.take_due(), None);
    }

    #[test]
    fn backup_counts_even_if_something_else_ends_after_it() {
        let mut follower = Follower::default();
        follower.take_in(&run(1, "home", Some(Outcome::Warnings)), Some(&facts(true)));
        follower.take_in(&run(2, "prune", Some(Outcome::Succeeded)), Some(&facts(false)));
        follower.begin_anew();
        assert_eq!(follower.take_due().unwrap().1.backup, Some(Some("snapshot-1".to_owned())));
        follower.take_in(&run(3, "prune", Some(Outcome::Succeeded)), Some(&facts(false)));
        assert_eq!(follower.take_due().unwrap().1, Errand { profile: "prune".to_owned(), backup: None, waits_for_list: false });
    }
}
