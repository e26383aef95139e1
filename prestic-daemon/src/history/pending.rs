//! What is to be written into the history next: bounded, and never waited for.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use prestic_proto::run::{Run, RunId};

use crate::core::planner::REMEMBERED_RUNS;

/// What is to be written at once.
#[derive(Debug, Default)]
pub struct Batch {
    /// Runs that have ended, oldest first: at most as many as the core remembers. Others are found by their records.
    pub ended: VecDeque<Run>,
    /// Runs whose records are to go when they are recorded.
    pub to_forget: BTreeSet<RunId>,
    /// Whether there may be records of more runs.
    pub looks_at_records: bool,
    /// Whether there may be more runs than are to be kept.
    pub has_new_limit: bool,
    /// How many runs are to be kept.
    pub most_runs: u64,
    /// The groups of the tasks that are in one.
    pub groups: Arc<BTreeMap<String, String>>,
}

impl Batch {
    /// Takes in what the configuration says.
    pub fn configure(&mut self, most_runs: u64, groups: BTreeMap<String, String>) {
        self.has_new_limit |= self.most_runs != most_runs;
        self.most_runs = most_runs;
        self.groups = Arc::new(groups);
    }

    /// Adds a run that has ended.
    pub fn push(&mut self, run: Run) {
        self.ended.push_back(run);
        self.keep_bounded();
    }

    /// Takes in what could not be written before: it is older than all that came since.
    pub fn take_back(&mut self, earlier: Self) {
        let newer = std::mem::replace(&mut self.ended, earlier.ended);
        self.ended.extend(newer);
        self.to_forget.extend(earlier.to_forget);
        self.looks_at_records |= earlier.looks_at_records;
        self.has_new_limit |= earlier.has_new_limit;
        self.keep_bounded();
    }

    /// Takes out what is to be written; none if nothing is.
    pub fn take(&mut self) -> Option<Self> {
        let is_due = self.looks_at_records || self.has_new_limit || !self.ended.is_empty() || !self.to_forget.is_empty();
        let (most_runs, groups) = (self.most_runs, Arc::clone(&self.groups));
        is_due.then(|| std::mem::replace(self, Self { most_runs, groups, ..Self::default() }))
    }

    fn keep_bounded(&mut self) {
        let surplus = self.ended.len().saturating_sub(REMEMBERED_RUNS);
        self.looks_at_records |= surplus > 0;
        self.ended.drain(..surplus);
    }
}
