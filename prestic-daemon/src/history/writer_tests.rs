use std::{collections::BTreeMap, fs};

use chrono::DateTime;
use prestic_proto::{history::RunQuery, home::Home, outcome::Outcome};

use super::*;
use crate::{
    atomic_write,
    history::tests::run,
    records::{Record, Stage},
};

struct Place {
    _folder: tempfile::TempDir,
    home: Home,
    records: RecordFolder,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let records = RecordFolder::open(home.runs_dir()).unwrap();
        Self { _folder: folder, home, records }
    }

    /// Writes the record of a run that has ended.
    fn record(&self, id: u64) {
        let run = ended(id);
        let finished = run.finished().unwrap().clone();
        let stage = Stage::Finished { started_at: None, log_file: None, finished, summary: None, last_lines: Vec::new() };
        self.write(id, stage);
    }

    fn write(&self, id: u64, stage: Stage) {
        let run = ended(id);
        let record = Record {
            run: run.id,
            task: run.task,
            repositories: Vec::new(),
            trigger: run.trigger,
            due_at: run.due_at,
            missed: 0,
            attempt: 0,
            restics: Vec::new(),
            created_at: run.created_at,
            stage,
        };
        self.records.write(&record).unwrap();
    }

    /// Lets a daemon live for as long as it takes to do something.
    async fn live(&self, act: impl FnOnce(&History)) -> History {
        let history = History::new(self.home.clone());
        let writer = HistoryWriter::start(history.clone(), self.records.clone());
        act(&history);
        writer.finish().await;
        history
    }

    fn left(&self) -> Vec<u64> {
        self.records.runs().unwrap().into_iter().map(|run| run.0).collect()
    }
}

fn ended(id: u64) -> Run {
    run(id, "home", DateTime::UNIX_EPOCH, Outcome::Succeeded)
}

async fn recorded(history: &History) -> Vec<u64> {
    let query = RunQuery { limit: 500, ..RunQuery::default() };
    history.runs(query, Vec::new()).await.unwrap().runs.iter().map(|run| run.id.0).collect()
}

#[tokio::test]
async fn what_was_handed_over_is_written_before_the_end() {
    let place = Place::new();
    let history = place.live(|history| (1..=3).for_each(|id| history.add(ended(id)))).await;
    assert_eq!(recorded(&history).await, [3, 2, 1]);
    assert_eq!(history.count().await, 3);
    assert_eq!(history.find(RunId(2)).await.unwrap(), ended(2));
    assert_eq!(history.trouble(), None);
}

#[tokio::test]
async fn what_a_killed_daemon_did_not_write_is_found_in_the_records() {
    let place = Place::new();
    (1..=3).for_each(|id| place.record(id));
    place.write(4, Stage::Planned);
    let history = place.live(|history| history.add(ended(2))).await;
    assert_eq!(recorded(&history).await, [3, 2, 1], "the run that goes on is not over");
    assert_eq!(place.left(), [1, 2, 3, 4], "nobody has forgotten them");
}

#[test]
fn run_that_was_handed_over_and_has_a_record_is_counted_once() {
    let place = Place::new();
    (1..=3).for_each(|id| place.record(id));
    let today = days::local_date(DateTime::UNIX_EPOCH);
    for _ in 0..2 {
        let ended = [ended(2)].into();
        let mut batch = Batch { ended, looks_at_records: true, most_runs: 10, ..Batch::default() };
        batch.write(&place.home.history_file(), &place.records, today).unwrap();
    }
    let connection = database::open(&place.home.history_file()).unwrap();
    assert_eq!(days::last(&connection, today, 1).unwrap()[0].days[0].succeeded, 3);
}

#[tokio::test]
async fn first_batch_comes_with_the_configuration_and_knows_its_groups() {
    let place = Place::new();
    place.record(1);
    let history = History::new(place.home.clone());
    let writer = HistoryWriter::start(history.clone(), place.records.clone());
    history.configure(10, [("home".to_owned(), "all".to_owned())].into());
    while history.count().await == 0 {
        task::yield_now().await;
    }
    assert!(history.knows("all").await && !history.knows("other").await);
    writer.finish().await;
}

#[tokio::test]
async fn record_goes_when_its_run_is_in_the_history() {
    let place = Place::new();
    (1..=3).for_each(|id| place.record(id));
    let history = place.live(|history| history.forget(RunId(1))).await;
    assert_eq!(place.left(), [2, 3]);
    assert_eq!(recorded(&history).await, [3, 2, 1]);
}

#[tokio::test]
async fn record_stays_while_the_history_cannot_be_written() {
    let place = Place::new();
    fs::create_dir(place.home.history_file()).unwrap();
    (1..=3).for_each(|id| place.record(id));
    let history = place.live(|history| history.forget(RunId(1))).await;
    assert_eq!(place.left(), [1, 2, 3]);
    let trouble = history.trouble().unwrap();
    assert!(trouble.starts_with("the history cannot be written: "), "{trouble}");
    fs::remove_dir(place.home.history_file()).unwrap();
    let history = place.live(|history| history.forget(RunId(1))).await;
    assert_eq!(place.left(), [2, 3]);
    assert_eq!(history.trouble(), None);
}

#[tokio::test]
async fn what_could_not_be_written_is_written_with_the_next_run() {
    let place = Place::new();
    fs::create_dir(place.home.history_file()).unwrap();
    let history = History::new(place.home.clone());
    let writer = HistoryWriter::start(history.clone(), place.records.clone());
    history.add(ended(1));
    while history.trouble().is_none() {
        task::yield_now().await;
    }
    fs::remove_dir(place.home.history_file()).unwrap();
    history.add(ended(2));
    writer.finish().await;
    assert_eq!(recorded(&history).await, [2, 1]);
}

#[tokio::test]
async fn history_of_a_later_program_is_left_alone_and_said() {
    let place = Place::new();
    place.live(|history| history.add(ended(1))).await;
    let newer = Connection::open(place.home.history_file()).unwrap();
    newer.pragma_update(None, "user_version", 1_000).unwrap();
    drop(newer);
    let before = fs::read(place.home.history_file()).unwrap();
    place.record(2);
    let history = place.live(|history| history.forget(RunId(2))).await;
    assert_eq!(fs::read(place.home.history_file()).unwrap(), before);
    assert!(history.trouble().unwrap().contains("later version"), "{:?}", history.trouble());
    assert_eq!(place.left(), [2]);
    // What the core remembers can be shown all the same.
    let page = history.runs(RunQuery { limit: 5, ..RunQuery::default() }, vec![ended(2)]).await.unwrap();
    assert_eq!(page.runs, [ended(2)]);
    assert!(history.find(RunId(1)).await.is_err());
}

#[tokio::test]
async fn unreadable_history_is_set_aside_and_a_new_one_begins_with_the_records() {
    let place = Place::new();
    let noise = "this was a database once".repeat(100);
    atomic_write::replace(&place.home.history_file(), noise.as_bytes()).unwrap();
    place.record(1);
    let history = place.live(|history| history.add(ended(2))).await;
    assert_eq!(recorded(&history).await, [2, 1]);
    let aside = place.home.root().join("history.db.bad-1");
    assert_eq!(fs::read_to_string(aside).unwrap(), noise);
    assert_eq!(history.trouble(), None);
}

#[tokio::test]
async fn history_that_is_damaged_in_the_middle_is_set_aside() {
    let place = Place::new();
    place.live(|history| (1..=400).for_each(|id| history.add(ended(id)))).await;
    let mut bytes = fs::read(place.home.history_file()).unwrap();
    bytes[4096..].fill(0xa5);
    atomic_write::replace(&place.home.history_file(), &bytes).unwrap();
    let history = place.live(|history| history.add(ended(401))).await;
    assert_eq!(recorded(&history).await, [401]);
    assert_eq!(fs::read(place.home.root().join("history.db.bad-1")).unwrap(), bytes);
}

#[tokio::test]
async fn oldest_runs_beyond_the_limit_go_when_it_is_lowered() {
    let place = Place::new();
    place.live(|history| (1..=20).for_each(|id| history.add(ended(id)))).await;
    let history = place.live(|history| history.configure(3, BTreeMap::new())).await;
    assert_eq!(recorded(&history).await, [20, 19, 18]);
}

#[tokio::test]
async fn records_do_not_fill_the_disk_where_there_is_no_history() {
    let place = Place::new();
    fs::create_dir(place.home.history_file()).unwrap();
    (1..=3).for_each(|id| place.record(id));
    let mut batch = Batch { to_forget: (1..=KEPT_RECORDS as u64 + 2).map(RunId).collect(), ..Batch::default() };
    let today = days::local_date(DateTime::UNIX_EPOCH);
    assert!(batch.write(&place.home.history_file(), &place.records, today).is_err());
    assert_eq!(place.left(), [3]);
    assert_eq!(batch.to_forget.len(), KEPT_RECORDS);
}
