use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::run::{Finished, RunState, Trigger};

use super::*;
use crate::atomic_write;

/// Makes a run that has ended.
pub fn run(id: u64, task: &str, ended_at: DateTime<Utc>, outcome: Outcome) -> Run {
    Run {
        id: RunId(id),
        task: task.to_owned(),
        trigger: Trigger::Scheduled,
        due_at: None,
        missed: 0,
        attempt: 0,
        created_at: ended_at,
        started_at: None,
        log_file: None,
        state: RunState::Finished(Finished { at: ended_at, duration_ms: 60_000, exit_code: None, outcome }),
        progress: None,
        limit_near: None,
        summary: None,
        last_lines: Vec::new(),
    }
}

fn place() -> (tempfile::TempDir, History) {
    let folder = tempfile::tempdir().unwrap();
    let history = History::new(Home::at(folder.path()));
    (folder, history)
}

fn add(history: &History, runs: &[Run]) {
    let mut connection = database::open(history.path()).unwrap();
    let transaction = connection.transaction().unwrap();
    runs.iter().for_each(|run| runs::add(&transaction, run, None).unwrap());
    transaction.commit().unwrap();
}

#[tokio::test]
async fn without_a_database_there_is_nothing_and_none_is_made() {
    let (_folder, history) = place();
    assert_eq!(history.newest_run(), None);
    assert_eq!(history.count().await, 0);
    assert_eq!(history.days(30).await, []);
    assert_eq!(history.sizes("repository").await.unwrap(), []);
    assert_eq!(history.last_run("home").await.unwrap(), None);
    assert_eq!(history.find(RunId(1)).await, Err(ApiError::UnknownRun(RunId(1))));
    assert!(!history.path().exists());
}

#[tokio::test]
async fn last_run_of_a_task_is_found_behind_any_number_of_skipped_ones() {
    let (_folder, history) = place();
    let skipped = Outcome::Skipped(SkipReason::StillRunning);
    let mut runs = vec![run(1, "home", DateTime::UNIX_EPOCH, Outcome::Interrupted)];
    runs.extend((2..2_000).map(|id| run(id, "home", DateTime::UNIX_EPOCH, skipped.clone())));
    add(&history, &runs);
    assert_eq!(history.last_run("home").await.unwrap().map(|run| run.id), Some(RunId(1)));
}

#[tokio::test]
async fn today_is_one_of_the_last_days() {
    let (_folder, history) = place();
    let now = clock::now();
    add(&history, &[run(1, "home", now, Outcome::Succeeded), run(2, "home", now - TimeDelta::days(40), Outcome::Stopped)]);
    let [home] = &history.days(30).await[..] else { panic!() };
    assert_eq!(home.days.iter().map(|day| (day.succeeded, day.run)).collect::<Vec<_>>(), [(1, Some(RunId(1)))]);
}

#[tokio::test]
async fn size_is_noted() {
    let (_folder, history) = place();
    let size = RepositorySize { measured_at: DateTime::UNIX_EPOCH, bytes: 5, uncompressed_bytes: Some(7), snapshots: 2 };
    history.add_size("a", size.clone()).await.unwrap();
    assert_eq!(history.sizes("a").await.unwrap(), [size]);
    assert_eq!(history.sizes("b").await.unwrap(), []);
}

#[tokio::test]
async fn history_that_cannot_be_read_is_told_until_it_can() {
    let (_folder, history) = place();
    atomic_write::replace(history.path(), &[7; 5_000]).unwrap();
    let refused = history.find(RunId(1)).await.unwrap_err().to_string();
    assert!(refused.starts_with("the history in ") && refused.contains("cannot be read: it is damaged"), "{refused}");
    assert!(history.trouble().unwrap().starts_with("the history cannot be read: "));
    std::fs::remove_file(history.path()).unwrap();
    assert_eq!(history.count().await, 0);
    assert_eq!(history.trouble(), None);
}
