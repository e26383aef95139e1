//! What the daemon wrote of its runs, gathered while it forgets the older ones, and what the doubles of restic noted themselves.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use prestic_proto::{
    outcome::Outcome,
    run::{Finished, RunId, Trigger},
};
use serde::Deserialize;

/// The record of a run, as far as it matters here.
#[derive(Debug, Clone, Deserialize)]
pub struct Record {
    /// The run.
    pub run: RunId,
    /// Its task.
    pub task: String,
    /// Why it ran.
    pub trigger: Trigger,
    /// The occurrence that it answers.
    pub due_at: Option<DateTime<Utc>>,
    /// How many earlier ones it stands for.
    #[serde(default)]
    pub missed: u32,
    /// How many attempts came before.
    #[serde(default)]
    pub attempt: u32,
    /// When it was decided on.
    pub created_at: DateTime<Utc>,
    /// How far it came.
    pub stage: Stage,
}

/// How far a run came.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "stage", rename_all = "kebab-case")]
pub enum Stage {
    /// Nothing is known of restic yet.
    Planned,
    /// restic runs.
    Running {
        /// Since when.
        started_at: DateTime<Utc>,
    },
    /// It is over.
    Finished {
        /// When restic was started, if it was.
        started_at: Option<DateTime<Utc>>,
        /// How it ended.
        finished: Finished,
    },
}

impl Record {
    /// Returns how it ended; none if it has not.
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.stage {
            Stage::Finished { finished, .. } => Some(&finished.outcome),
            _ => None,
        }
    }

    /// Returns when restic was started, if it was.
    pub fn started_at(&self) -> Option<DateTime<Utc>> {
        match &self.stage {
            Stage::Planned => None,
            Stage::Running { started_at } => Some(*started_at),
            Stage::Finished { started_at, .. } => *started_at,
        }
    }

    /// Whether restic ran for it, or was to.
    pub fn is_run(&self) -> bool {
        !matches!(self.outcome(), Some(Outcome::Skipped(_)))
    }
}

/// The records of all runs.
#[derive(Debug)]
pub struct Records {
    folder: PathBuf,
    known: BTreeMap<RunId, Record>,
}

impl Records {
    /// Begins to gather from a folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, known: BTreeMap::new() }
    }

    /// Takes in what is new.
    pub fn gather(&mut self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_record = path.extension().is_some_and(|extension| extension == "json");
            let run = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok()).filter(|_| is_record);
            let Some(run) = run else { continue };
            if self.known.get(&run).is_some_and(|record| record.outcome().is_some()) {
                continue;
            }
            // One that is gone already was gathered when it ended.
            let Ok(text) = fs::read_to_string(&path) else { continue };
            self.known.insert(run, serde_json::from_str(&text).expect("a record is whole at any time"));
        }
    }

    /// Returns the records of a task in the order of their runs.
    pub fn of_task(&self, task: &str) -> Vec<&Record> {
        self.known.values().filter(|record| record.task == task).collect()
    }

    /// Returns how many there are.
    pub fn count(&self) -> usize {
        self.known.len()
    }
}

/// Returns the instants at which a double was started, from the file in which it notes them.
pub fn starts(file: &Path) -> Vec<DateTime<Utc>> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().map(|line| line.parse().ok().and_then(DateTime::from_timestamp_millis).expect("one number a line")).collect()
}
