//! The record of one run.

use chrono::{DateTime, Utc};
use prestic_proto::{
    lock::LockHolder,
    progress::Summary,
    run::{Finished, Run, RunId, RunState, Trigger},
};
use serde::{Deserialize, Serialize};

use crate::{config::repository_identity::RepositoryId, process::ProcessId, records::OwnRestic, restic::access::Access};

/// A repository that a run uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryUse {
    /// The repository.
    pub repository: RepositoryId,
    /// How it is used.
    pub access: Access,
}

/// What is on disk of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The run.
    pub run: RunId,
    /// Its task.
    pub task: String,
    /// The repositories that it uses, and how; none if nobody wrote them down.
    #[serde(default)]
    pub repositories: Vec<RepositoryUse>,
    /// Why it runs.
    pub trigger: Trigger,
    /// The instant of the schedule that it answers.
    pub due_at: Option<DateTime<Utc>>,
    /// How many earlier instants it stands for too.
    #[serde(default)]
    pub missed: u32,
    /// How many runs before it were for the same instant and failed.
    #[serde(default)]
    pub attempt: u32,
    /// The restics that it has started, oldest first: the latest of them. They tell later whose locks were left.
    #[serde(default)]
    pub restics: Vec<OwnRestic>,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// How far it has come.
    pub stage: Stage,
}

/// How far a run has come, as its record knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "kebab-case")]
pub enum Stage {
    /// The supervisor is about to be started, or has not said anything yet.
    Planned,
    /// restic was started.
    Running {
        /// When.
        started_at: DateTime<Utc>,
        /// restic's process.
        restic: ProcessId,
        /// The name of its log file in the folder of the logs; none if no log could be made.
        log_file: Option<String>,
    },
    /// restic was kept out by a lock. It has ended, and will be started again.
    Waiting {
        /// Since when.
        since: DateTime<Utc>,
        /// When restic was started last.
        started_at: DateTime<Utc>,
        /// Who holds the lock.
        holders: Vec<LockHolder>,
        /// When the wait ends.
        until: Option<DateTime<Utc>>,
        /// The name of its log file, if there is one.
        log_file: Option<String>,
    },
    /// It is over.
    Finished {
        /// When restic was started, if it was.
        started_at: Option<DateTime<Utc>>,
        /// The name of its log file, if there is one.
        log_file: Option<String>,
        /// The end.
        finished: Finished,
        /// What restic said that it did.
        summary: Option<Summary>,
        /// The last lines that it wrote, when it failed, as [`newest_lines`] leaves them.
        last_lines: Vec<String>,
    },
}

impl Record {
    /// Returns the run as the record tells of it.
    pub fn to_run(&self) -> Run {
        let mut run = Run {
            id: self.run,
            task: self.task.clone(),
            trigger: self.trigger.clone(),
            due_at: self.due_at,
            missed: self.missed,
            attempt: self.attempt,
            created_at: self.created_at,
            started_at: None,
            log_file: None,
            state: RunState::Starting,
            progress: None,
            limit_near: None,
            summary: None,
            last_lines: Vec::new(),
        };
        match &self.stage {
            Stage::Planned => {}
            Stage::Running { started_at, restic, log_file } => {
                run.started_at = Some(*started_at);
                run.log_file.clone_from(log_file);
                run.state = RunState::Running { pid: restic.pid };
            }
            Stage::Waiting { started_at, holders, until, log_file, .. } => {
                run.started_at = Some(*started_at);
                run.log_file.clone_from(log_file);
                run.state = RunState::WaitingForLock { holders: holders.clone(), until: *until };
            }
            Stage::Finished { .. } => self.end(&mut run),
        }
        run
    }

    /// Gives a run the end that the record tells of, if it does.
    pub fn end(&self, run: &mut Run) {
        if let Stage::Finished { started_at, log_file, finished, summary, last_lines } = &self.stage {
            run.started_at = *started_at;
            run.log_file.clone_from(log_file);
            run.summary.clone_from(summary);
            run.last_lines.clone_from(last_lines);
            run.progress = None;
            run.limit_near = None;
            run.state = RunState::Finished(finished.clone());
        }
    }
}

/// The most lines, and the most bytes of them, that a record keeps of what was written last.
const LAST_LINES: usize = 20;
const LAST_BYTES: usize = 4096;

/// Returns the newest lines that a record may keep: a daemon holds those of hundreds of runs in its memory.
pub fn newest_lines(mut lines: Vec<String>) -> Vec<String> {
    let mut bytes = 0;
    let fits = |line: &&String| {
        bytes += line.len();
        bytes <= LAST_BYTES
    };
    let kept = lines.iter().rev().take(LAST_LINES).take_while(fits).count();
    let newest = lines.split_off(lines.len() - kept);
    match (newest.is_empty(), lines.pop()) {
        // Even the last one is too long, and its beginning is better than nothing.
        (true, Some(mut line)) => {
            line.truncate(line.floor_char_boundary(LAST_BYTES));
            vec![line]
        }
        _ => newest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: usize, length: usize, expected: usize) {
        let lines: Vec<String> = (0..lines).map(|number| format!("{number:0length$}")).collect();
        let newest = newest_lines(lines.clone());
        assert_eq!(newest, lines[lines.len() - expected..]);
    }

    #[test]
    fn newest_lines_are_kept_until_there_are_twenty_or_four_kibibytes() {
        check(0, 1, 0);
        check(3, 10, 3);
        check(30, 10, 20);
        check(20, 400, 10);
        check(2, 4096, 1);
    }

    #[test]
    fn endless_line_is_cut_and_kept() {
        let newest = newest_lines(vec!["old".to_owned(), "ä".repeat(4000)]);
        assert_eq!(newest, ["ä".repeat(LAST_BYTES / 2)]);
    }

    #[test]
    fn record_of_an_older_daemon_can_be_read() {
        let text = r#"{"run":1,"task":"home","trigger":"manual","due_at":null,"created_at":"2026-01-01T00:00:00Z",
            "stage":{"stage":"running","started_at":"2026-01-01T00:00:00Z","log_file":"log.txt",
            "restic":{"pid":1,"started":1,"boot_id":""}}}"#;
        let record: Record = serde_json::from_str(text).unwrap();
        assert_eq!(record.repositories, []);
        assert_eq!(record.restics, []);
        assert!(matches!(record.stage, Stage::Running { log_file: Some(log_file), .. } if log_file == "log.txt"));
    }
}
