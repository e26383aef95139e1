//! What a daemon finds of a run that an earlier one started.

use std::io;

use prestic_proto::{outcome::Outcome, run::Finished};

use crate::{
    clock,
    records::{Record, RecordFolder, Stage},
};

/// A run as its record and the machine's processes tell of it.
#[derive(Debug)]
pub struct Found {
    /// Its record.
    pub record: Record,
    /// Whether its supervisor lives.
    pub is_supervised: bool,
}

impl Found {
    /// Looks at a record and at its supervisor's lock.
    pub fn look(records: &RecordFolder, record: Record) -> io::Result<Self> {
        if record.is_finished() {
            return Ok(Self { record, is_supervised: false });
        }
        let is_supervised = records.is_supervised(record.run)?;
        // The supervisor may have ended between the first look at the record and the look at the lock.
        Ok(Self { record: records.read(record.run)?, is_supervised })
    }

    /// Whether the run lost its supervisor before it had ended.
    pub fn is_lost(&self) -> bool {
        !self.is_supervised && !self.record.is_finished()
    }
}

/// Gives a run whose supervisor is gone its end.
pub fn end_as_interrupted(record: &mut Record) {
    let now = clock::now();
    let (started_at, log_file) = match &record.stage {
        Stage::Running { started_at, log_file, .. } | Stage::Waiting { started_at, log_file, .. } => {
            (Some(*started_at), log_file.clone())
        }
        Stage::Planned | Stage::Finished { .. } => (None, None),
    };
    // The clock that nobody sets went down with the supervisor: the wall clock must do.
    let runs_since = started_at.filter(|_| matches!(record.stage, Stage::Running { .. }));
    let duration_ms = runs_since.and_then(|at| u64::try_from((now - at).num_milliseconds()).ok()).unwrap_or_default();
    record.stage = Stage::Finished {
        started_at,
        log_file,
        finished: Finished { at: now, duration_ms, exit_code: None, outcome: Outcome::Interrupted },
        summary: None,
        last_lines: vec!["the run's supervisor, or the machine, went down before restic had ended".to_owned()],
    };
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use prestic_proto::run::{RunId, Trigger};

    use super::*;

    fn planned() -> Record {
        Record {
            run: RunId(1),
            task: "home".to_owned(),
            repositories: Vec::new(),
            missed: 0,
            attempt: 0,
            restics: Vec::new(),
            trigger: Trigger::Scheduled,
            due_at: Some(DateTime::UNIX_EPOCH),
            created_at: DateTime::UNIX_EPOCH,
            stage: Stage::Planned,
        }
    }

    #[test]
    fn run_without_a_supervisor_is_lost() {
        let home = tempfile::tempdir().unwrap();
        let records = RecordFolder::open(home.path().join("runs")).unwrap();
        records.write(&planned()).unwrap();
        assert!(Found::look(&records, planned()).unwrap().is_lost());
    }

    #[test]
    fn run_with_a_supervisor_goes_on() {
        let home = tempfile::tempdir().unwrap();
        let records = RecordFolder::open(home.path().join("runs")).unwrap();
        records.write(&planned()).unwrap();
        let _lock = records.lock(RunId(1)).unwrap();
        let found = Found::look(&records, planned()).unwrap();
        assert!(found.is_supervised && !found.is_lost());
        assert_eq!(found.record, planned());
    }
}
