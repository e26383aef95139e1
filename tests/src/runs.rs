//! Follows runs through the daemon's own API, by waiting for its events.

use std::{future::Future, time::Duration};

use prestic_proto::{
    client::Client,
    event::{EventKind, Watched},
    history::RunQuery,
    outcome::Outcome,
    progress::Progress,
    run::{Finished, Run, RunId},
    service::{RunRequest, RunSelector},
    status::Status,
};

use crate::{LIMIT, home::TestHome};

/// How long one long poll lasts.
const POLL: Duration = Duration::from_secs(30);

impl TestHome {
    /// Connects to the daemon and does something with it.
    #[track_caller]
    pub fn with_client<T, F: Future<Output = T>>(&self, act: impl FnOnce(Client) -> F) -> T {
        let work = async { act(Client::connect(self.home()).await.expect("the daemon listens")).await };
        self.runtime.block_on(async { tokio::time::timeout(LIMIT, work).await }).expect("the wait took longer than its limit")
    }

    /// Returns the daemon's status.
    #[track_caller]
    pub fn status(&self) -> Status {
        self.with_client(async |client| client.status().await.expect("the daemon answers"))
    }

    /// Queues a run of a task.
    #[track_caller]
    pub fn run(&self, task: &str) -> RunId {
        self.with_client(async |client| {
            client
                .run(RunRequest { task: task.to_owned(), ..RunRequest::default() })
                .await
                .expect("the daemon answers")
                .expect("the task is there")
        })
    }

    /// Asks a run to stop.
    #[track_caller]
    pub fn stop(&self, run: RunId) {
        self.with_client(async |client| {
            client.stop(RunSelector::Run(run)).await.expect("the daemon answers").expect("the run is active")
        });
    }

    /// Returns the runs of a task that are over, newest first.
    #[track_caller]
    pub fn history(&self, task: &str) -> Vec<Run> {
        let task = Some(task.to_owned());
        self.with_client(async |client| {
            let query = RunQuery { task, limit: 100, ..RunQuery::default() };
            client.history(query).await.expect("the daemon answers").expect("the task is there").runs
        })
    }

    /// Waits until a run is as wanted.
    #[track_caller]
    pub fn wait_for(&self, run: RunId, is_wanted: impl Fn(&Run) -> bool) -> Run {
        self.with_client(async |client| {
            loop {
                let mut cursor = client.status().await.expect("the daemon answers").cursor;
                let found =
                    client.find_run(RunSelector::Run(run)).await.expect("the daemon answers").expect("the run is known");
                if is_wanted(&found) {
                    return found;
                }
                assert!(found.finished().is_none(), "the run ended otherwise: {found:?}");
                while let Watched::Events { events, next, .. } = client.watch(cursor, POLL).await.expect("the daemon answers") {
                    cursor = next;
                    for event in events {
                        match event.kind {
                            EventKind::Run { run: changed } if changed.id == run && is_wanted(&changed) => return *changed,
                            EventKind::Run { run: changed } if changed.id == run => {
                                assert!(changed.finished().is_none(), "the run ended otherwise: {changed:?}");
                            }
                            _ => {}
                        }
                    }
                }
            }
        })
    }

    /// Waits until a task has a run that is as wanted, active or over.
    #[track_caller]
    pub fn wait_for_task(&self, task: &str, is_wanted: impl Fn(&Run) -> bool) -> Run {
        self.with_client(async |client| {
            loop {
                let mut cursor = client.status().await.expect("the daemon answers").cursor;
                if let Ok(found) = client.find_run(RunSelector::Task(task.to_owned())).await.expect("the daemon answers")
                    && is_wanted(&found)
                {
                    return found;
                }
                while let Watched::Events { events, next, .. } = client.watch(cursor, POLL).await.expect("the daemon answers") {
                    cursor = next;
                    for event in events {
                        if let EventKind::Run { run } = event.kind
                            && run.task == task
                            && is_wanted(&run)
                        {
                            return *run;
                        }
                    }
                }
            }
        })
    }

    /// Waits until restic runs, and returns its process id.
    #[track_caller]
    pub fn wait_running(&self, run: RunId) -> u32 {
        self.wait_for(run, |run| run.pid().is_some()).pid().expect("that was waited for")
    }

    /// Waits until a run is over.
    #[track_caller]
    pub fn wait_finished(&self, run: RunId) -> Finished {
        self.wait_for(run, |run| run.finished().is_some()).finished().expect("that was waited for").clone()
    }

    /// Waits until a run is over, and fails the test unless it ended so.
    #[track_caller]
    pub fn expect_outcome(&self, run: RunId, outcome: &Outcome) -> Finished {
        let finished = self.wait_finished(run);
        assert_eq!(finished.outcome, *outcome, "{finished:?}");
        finished
    }

    /// Waits until a run has made some progress.
    #[track_caller]
    pub fn wait_for_progress(&self, run: RunId, is_wanted: impl Fn(&Progress) -> bool) -> Progress {
        self.with_client(async |client| {
            loop {
                let status = client.status().await.expect("the daemon answers");
                let active = status.runs.iter().find(|active| active.id == run).and_then(|active| active.progress.clone());
                if let Some(progress) = active.filter(&is_wanted) {
                    return progress;
                }
                let mut cursor = status.cursor;
                while let Watched::Events { progress, next, events } =
                    client.watch(cursor, POLL).await.expect("the daemon answers")
                {
                    cursor = next;
                    if let Some((_, progress)) = progress.into_iter().find(|(id, progress)| *id == run && is_wanted(progress)) {
                        return progress;
                    }
                    for event in events {
                        if let EventKind::Run { run: changed } = event.kind {
                            let is_over = changed.id == run && changed.finished().is_some();
                            assert!(!is_over, "the run ended before it told such progress: {changed:?}");
                        }
                    }
                }
            }
        })
    }

    /// Returns the log of a run.
    #[track_caller]
    pub fn log(&self, run: RunId) -> String {
        let found = self.wait_for(run, |run| run.log_file.is_some());
        let path = self.home().logs_dir().join(found.log_file.expect("that was waited for"));
        let bytes = std::fs::read(&path).expect("the log is there");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
