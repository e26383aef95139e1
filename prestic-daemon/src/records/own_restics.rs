//! Tells from the records whether a lock was made by a restic that PRestic has started.
//!
//! A machine's name and a process number do not tell it: another machine of the same name can have such a process.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    records::{Record, RecordFolder, Stage},
    restic::lock::Lock,
};

/// The most restics that a record keeps. A run that waits for a lock starts restic again at each change.
const MAX_RESTICS: usize = 16;

/// How far a lock may seem to be older than its restic: the wall clock may have been corrected in between.
const EARLIER: TimeDelta = TimeDelta::seconds(5);

/// How far a lock may seem to be younger than the end of its run.
const LATER: TimeDelta = TimeDelta::minutes(1);

/// A restic that a run has started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRestic {
    /// Its process number.
    pub pid: u32,
    /// When it was started.
    pub started_at: DateTime<Utc>,
}

impl Record {
    /// Notes a restic that was started, and forgets the oldest one where there are too many.
    pub fn note_restic(&mut self, restic: OwnRestic) {
        self.restics.push(restic);
        let surplus = self.restics.len().saturating_sub(MAX_RESTICS);
        self.restics.drain(..surplus);
    }

    /// Whether one of the run's restics has made a lock of this machine's name.
    pub fn has_made(&self, lock: &Lock) -> bool {
        let ended_at = match &self.stage {
            Stage::Finished { finished, .. } => Some(finished.at),
            Stage::Planned | Stage::Running { .. } | Stage::Waiting { .. } => None,
        };
        self.restics.iter().any(|restic| {
            restic.pid == lock.pid
                && lock.time >= restic.started_at - EARLIER
                && ended_at.is_none_or(|ended_at| lock.time <= ended_at + LATER)
        })
    }
}

impl RecordFolder {
    /// Whether a restic of any run has made a lock of this machine's name. A record that cannot be read proves nothing.
    pub fn have_made(&self, lock: &Lock) -> bool {
        let newest_first = self.runs().unwrap_or_default().into_iter().rev();
        newest_first.filter_map(|run| self.read(run).ok()).any(|record| record.has_made(lock))
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::{
        outcome::Outcome,
        run::{Finished, RunId, Trigger},
    };

    use super::*;
    use crate::process::ProcessId;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(10_000) + TimeDelta::seconds(seconds)
    }

    /// A record whose restics have these numbers and these starts, in seconds.
    fn record(restics: &[(u32, i64)], stage: Stage) -> Record {
        let restics = restics.iter().map(|(pid, started)| OwnRestic { pid: *pid, started_at: at(*started) }).collect();
        Record {
            run: RunId(1),
            task: "home".to_owned(),
            repositories: Vec::new(),
            trigger: Trigger::Manual,
            due_at: None,
            missed: 0,
            attempt: 0,
            restics,
            created_at: at(0),
            stage,
        }
    }

    fn running() -> Stage {
        let restic = ProcessId { pid: 1, started: 1, boot_id: String::new() };
        Stage::Running { started_at: at(0), restic, log_file: None }
    }

    fn waiting() -> Stage {
        Stage::Waiting { since: at(0), started_at: at(0), holders: Vec::new(), until: None, log_file: None }
    }

    fn finished(seconds: i64, outcome: Outcome) -> Stage {
        let finished = Finished { at: at(seconds), duration_ms: 0, exit_code: None, outcome };
        Stage::Finished { started_at: None, log_file: None, finished, summary: None, last_lines: Vec::new() }
    }

    fn lock(pid: u32, seconds: i64) -> Lock {
        Lock {
            id: "a".to_owned(),
            time: at(seconds),
            exclusive: true,
            hostname: "here".to_owned(),
            username: "me".to_owned(),
            pid,
        }
    }

    /// Checks which of the locks of process 7, made at these seconds, are taken for those of a restic started at second 100.
    #[track_caller]
    fn check(stage: Stage, own: &[i64], foreign: &[i64]) {
        let record = record(&[(7, 100)], stage);
        for (seconds, expected) in own.iter().map(|own| (own, true)).chain(foreign.iter().map(|foreign| (foreign, false))) {
            assert_eq!(record.has_made(&lock(7, *seconds)), expected, "at {seconds} s of {record:?}");
        }
    }

    #[test]
    fn lock_is_that_of_a_restic_if_it_was_made_between_its_start_and_the_end_of_the_run() {
        check(finished(200, Outcome::Interrupted), &[95, 100, 150, 200, 260], &[0, 94, 261, 9000]);
        check(finished(200, Outcome::Killed(9)), &[95, 260], &[94, 261]);
    }

    #[test]
    fn run_without_an_end_may_have_made_any_lock_since_its_start() {
        for stage in [Stage::Planned, running(), waiting()] {
            check(stage, &[95, 100, 9000], &[0, 94]);
        }
    }

    #[test]
    fn lock_of_another_number_is_not_that_of_a_restic() {
        let record = record(&[(7, 100), (9, 120)], running());
        assert!(record.has_made(&lock(7, 130)) && record.has_made(&lock(9, 130)));
        assert!(!record.has_made(&lock(8, 130)));
        assert!(!record.has_made(&lock(9, 110)), "process 9 was not started yet");
    }

    #[test]
    fn run_that_has_started_no_restic_has_made_no_lock() {
        assert!(!record(&[], running()).has_made(&lock(7, 100)));
    }

    #[test]
    fn newest_restics_are_kept() {
        let mut record = record(&[], waiting());
        for pid in 1..=20 {
            record.note_restic(OwnRestic { pid, started_at: at(i64::from(pid)) });
        }
        assert_eq!(record.restics.iter().map(|restic| restic.pid).collect::<Vec<_>>(), (5..=20).collect::<Vec<_>>());
    }

    #[test]
    fn every_record_of_the_folder_counts_and_one_that_cannot_be_read_does_not() {
        let home = tempfile::tempdir().unwrap();
        let folder = RecordFolder::open(home.path().join("runs")).unwrap();
        for (run, pid, stage) in [(1, 7, finished(200, Outcome::Interrupted)), (2, 8, running())] {
            folder.write(&Record { run: RunId(run), ..record(&[(pid, 100)], stage) }).unwrap();
        }
        std::fs::File::create(folder.path().join("3.json")).unwrap();
        assert!(folder.have_made(&lock(7, 150)) && folder.have_made(&lock(8, 150)));
        assert!(!folder.have_made(&lock(9, 150)));
    }
}
