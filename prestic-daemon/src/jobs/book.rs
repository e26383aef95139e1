//! What jobs there are, and whose turn it is. Decides, and does nothing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use prestic_proto::{
    difference::DifferenceTotals,
    job::{Job, JobId, JobRequest, JobState},
};
use serde::{Deserialize, Serialize};

/// How many jobs work at a time: each has a restic, and a restic takes a hundred megabytes.
const IN_ALL: usize = 2;

/// How many jobs are kept. The oldest that have ended make room.
const KEPT_JOBS: usize = 100;

/// Why a job has failed that was under way when its daemon went.
const DAEMON_WENT: &str = "the daemon was stopped";

/// A job, with what its clients need not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What clients are told.
    pub job: Job,
    /// The identity of the repository that it works on.
    pub repository: String,
    /// Whether nobody has asked for it, so that everything else goes first.
    pub is_automatic: bool,
}

/// All jobs.
#[derive(Debug, Default)]
pub struct Book {
    records: BTreeMap<JobId, Record>,
    /// The highest number so far, which may be of a job that is gone.
    last: u64,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is a job now.
    New(JobId),
    /// This job does it already.
    Same(JobId),
}

/// What has changed about a job that works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// How much is done.
    pub done: u64,
    /// Of how much.
    pub total: Option<u64>,
    /// How many results there are.
    pub results: u64,
    /// Whether there were more.
    pub is_cut: bool,
}

/// Whether a job has ended.
pub fn has_ended(job: &Job) -> bool {
    !matches!(job.state, JobState::Queued | JobState::Running)
}

impl Book {
    /// Takes the jobs of earlier daemons. What was under way then has failed; those jobs are returned.
    pub fn remember(records: Vec<Record>, now: DateTime<Utc>) -> (Self, Vec<JobId>) {
        let mut book = Self::default();
        let mut lost = Vec::new();
        for mut record in records {
            if !has_ended(&record.job) {
                record.job.state = JobState::Failed { reason: DAEMON_WENT.to_owned() };
                record.job.ended_at = Some(now);
                lost.push(record.job.id);
            }
            book.last = book.last.max(record.job.id.0);
            book.records.insert(record.job.id, record);
        }
        (book, lost)
    }

    /// Returns a job.
    pub fn find(&self, id: JobId) -> Option<&Record> {
        self.records.get(&id)
    }

    /// Returns the jobs on a repository, newest first.
    pub fn of_repository<'book>(&'book self, repository: &'book str) -> impl Iterator<Item = &'book Job> {
        self.records.values().rev().filter(move |record| record.repository == repository).map(|record| &record.job)
    }

    /// Takes a request, unless a job that has not ended does the same already.
    pub fn add(
        &mut self,
        profile: &str,
        repository: &str,
        request: JobRequest,
        is_automatic: bool,
        now: DateTime<Utc>,
    ) -> Added {
        let same =
            |record: &&mut Record| !has_ended(&record.job) && record.repository == repository && record.job.request == request;
        if let Some(record) = self.records.values_mut().find(same) {
            record.is_automatic &= is_automatic;
            return Added::Same(record.job.id);
        }
        // Numbers are in addresses that people keep: by the time of day they grow even where all jobs were deleted.
        self.last = (self.last + 1).max(u64::try_from(now.timestamp()).unwrap_or(0));
        let id = JobId(self.last);
        let job = Job {
            id,
            profile: profile.to_owned(),
            request,
            state: JobState::Queued,
            created_at: now,
            ended_at: None,
            done: 0,
            total: None,
            results: 0,
            is_cut: false,
            totals: None,
        };
        self.records.insert(id, Record { job, repository: repository.to_owned(), is_automatic });
        Added::New(id)
    }

    /// Returns the jobs whose turn it is, given the repositories that runs use or wait for, and lets them begin.
    pub fn begin(&mut self, busy: &BTreeSet<String>) -> Vec<JobId> {
        let running = |record: &&Record| record.job.state == JobState::Running;
        let mut used: BTreeSet<String> =
            self.records.values().filter(running).map(|record| record.repository.clone()).collect();
        let mut places = IN_ALL.saturating_sub(self.records.values().filter(running).count());
        let mut waiting: Vec<_> = self.records.values_mut().filter(|record| record.job.state == JobState::Queued).collect();
        waiting.sort_by_key(|record| (record.is_automatic, record.job.id));
        let mut begun = Vec::new();
        for record in waiting {
            let is_kept_back = record.is_automatic && busy.contains(&record.repository);
            let may_begin = !used.contains(&record.repository) && !is_kept_back;
            if places > 0 && may_begin {
                places -= 1;
                used.insert(record.repository.clone());
                record.job.state = JobState::Running;
                begun.push(record.job.id);
            }
        }
        begun
    }

    /// Notes how far a job is.
    pub fn count(&mut self, id: JobId, counts: Counts) {
        if let Some(record) = self.records.get_mut(&id) {
            let job = &mut record.job;
            (job.done, job.total, job.results, job.is_cut) = (counts.done, counts.total, counts.results, counts.is_cut);
        }
    }

    /// Notes the sums of a comparison.
    pub fn add_totals(&mut self, id: JobId, totals: DifferenceTotals) {
        if let Some(record) = self.records.get_mut(&id) {
            record.job.totals = Some(totals);
        }
    }

    /// Ends a job; whether it had not ended already.
    pub fn end(&mut self, id: JobId, state: JobState, now: DateTime<Utc>) -> bool {
        let Some(record) = self.records.get_mut(&id).filter(|record| !has_ended(&record.job)) else { return false };
        record.job.state = state;
        record.job.ended_at = Some(now);
        true
    }

    /// Drops the oldest jobs that have ended, beyond what is kept, and returns them.
    pub fn drop_oldest(&mut self) -> Vec<JobId> {
        let surplus = self.records.len().saturating_sub(KEPT_JOBS);
        let dropped: Vec<_> =
            self.records.values().filter(|record| has_ended(&record.job)).map(|record| record.job.id).take(surplus).collect();
        dropped.iter().for_each(|id| drop(self.records.remove(id)));
        dropped
    }

    /// Drops one job that has ended: the oldest one that is accepted.
    pub fn drop_one(&mut self, is_accepted: impl Fn(JobId) -> bool) -> Option<JobId> {
        let id = self.records.values().find(|record| has_ended(&record.job) && is_accepted(record.job.id))?.job.id;
        self.records.remove(&id);
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: BTreeSet<String> = BTreeSet::new();

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_secs(seconds).unwrap()
    }

    fn search(text: &str) -> JobRequest {
        JobRequest::Search { query: text.to_owned() }
    }

    fn add(book: &mut Book, repository: &str, text: &str) -> JobId {
        match book.add("home", repository, search(text), false, at(0)) {
            Added::New(id) | Added::Same(id) => id,
        }
    }

    #[test]
    fn same_request_is_one_job_until_it_ends() {
        let mut book = Book::default();
        let first = add(&mut book, "a", "x");
        assert_eq!(book.add("home", "a", search("x"), false, at(0)), Added::Same(first));
        assert_ne!(add(&mut book, "a", "y"), first);
        assert_ne!(add(&mut book, "b", "x"), first);
        assert!(book.end(first, JobState::Done, at(1)));
        assert!(matches!(book.add("home", "a", search("x"), false, at(2)), Added::New(_)));
    }

    #[test]
    fn one_job_works_on_a_repository_and_two_in_all() {
        let mut book = Book::default();
        let [first, second, third, fourth] =
            [("a", "1"), ("a", "2"), ("b", "3"), ("c", "4")].map(|(r, q)| add(&mut book, r, q));
        assert_eq!(book.begin(&NONE), [first, third]);
        assert_eq!(book.begin(&NONE), []);
        book.end(first, JobState::Done, at(1));
        assert_eq!(book.begin(&NONE), [second]);
        book.end(third, JobState::Canceled, at(1));
        assert_eq!(book.begin(&NONE), [fourth]);
    }

    #[test]
    fn what_nobody_has_asked_for_lets_everything_else_go_first() {
        let mut book = Book::default();
        let Added::New(automatic) = book.add("home", "a", JobRequest::Measure, true, at(0)) else { panic!("it is new") };
        let busy = BTreeSet::from(["a".to_owned()]);
        assert_eq!(book.begin(&busy), []);
        let asked = add(&mut book, "a", "x");
        assert_eq!(book.begin(&busy), [asked]);
        book.end(asked, JobState::Done, at(1));
        assert_eq!(book.begin(&NONE), [automatic]);
    }

    #[test]
    fn somebody_who_asks_for_an_automatic_job_need_not_wait_for_runs() {
        let mut book = Book::default();
        let Added::New(id) = book.add("home", "a", JobRequest::Measure, true, at(0)) else { panic!("it is new") };
        assert_eq!(book.add("home", "a", JobRequest::Measure, false, at(0)), Added::Same(id));
        assert_eq!(book.begin(&BTreeSet::from(["a".to_owned()])), [id]);
    }

    #[test]
    fn numbers_grow_over_restarts_and_deletions() {
        let mut book = Book::default();
        let Added::New(first) = book.add("home", "a", search("x"), false, at(1000)) else { panic!("it is new") };
        assert_eq!(first, JobId(1000));
        let record = book.find(first).unwrap().clone();
        let (mut next, _) = Book::remember(vec![record], at(2000));
        // The clock was set back.
        assert_eq!(next.add("home", "a", search("y"), false, at(500)), Added::New(JobId(1001)));
        let (mut empty, _) = Book::remember(Vec::new(), at(2000));
        assert_eq!(empty.add("home", "a", search("y"), false, at(2000)), Added::New(JobId(2000)));
    }

    #[test]
    fn job_whose_daemon_went_has_failed() {
        let mut book = Book::default();
        let ids = [add(&mut book, "a", "1"), add(&mut book, "b", "2"), add(&mut book, "c", "3")];
        book.begin(&NONE);
        book.end(ids[0], JobState::Done, at(1));
        let records = ids.map(|id| book.find(id).unwrap().clone()).to_vec();
        let (next, lost) = Book::remember(records, at(9));
        assert_eq!(lost, ids[1..]);
        assert_eq!(next.find(ids[0]).unwrap().job.state, JobState::Done);
        let job = &next.find(ids[1]).unwrap().job;
        assert_eq!((&job.state, job.ended_at), (&JobState::Failed { reason: DAEMON_WENT.to_owned() }, Some(at(9))));
    }

    #[test]
    fn oldest_jobs_make_room_unless_they_are_under_way() {
        let mut book = Book::default();
        let ids: Vec<_> = (0..KEPT_JOBS + 3).map(|number| add(&mut book, "a", &number.to_string())).collect();
        assert_eq!(book.drop_oldest(), []);
        for id in &ids[1..] {
            book.end(*id, JobState::Done, at(1));
        }
        assert_eq!(book.drop_oldest(), ids[1..4]);
        assert_eq!(book.of_repository("a").next().unwrap().id, ids[KEPT_JOBS + 2]);
        assert_eq!(book.drop_one(|id| id != ids[4]), Some(ids[5]));
    }

    #[test]
    fn ended_job_does_not_end_again() {
        let mut book = Book::default();
        let id = add(&mut book, "a", "x");
        assert!(book.end(id, JobState::Canceled, at(1)));
        assert!(!book.end(id, JobState::Done, at(2)));
        assert_eq!(book.find(id).unwrap().job.state, JobState::Canceled);
    }
}
