//! Holds what the daemon did of one task against what was due: each occurrence has to be accounted for, once.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{
    outcome::{Outcome, SkipReason},
    run::{RunId, Trigger},
};

use super::{
    ordeal::Suffered,
    records::Record,
    tasks::{CatchUp, Task},
};

/// An occurrence that is no older is answered on time.
const ON_TIME: TimeDelta = TimeDelta::minutes(1);
/// What is less than a day old can wait for a next time that is less than twelve hours away.
const RECENT: TimeDelta = TimeDelta::hours(24);
const NEAR: TimeDelta = TimeDelta::hours(12);
/// How many wrongs are told of each task.
const TOLD: usize = 12;

/// What there is to know of one task when the soak is over.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// The task.
    pub task: &'a Task,
    /// Its occurrences, from the first to some days after the last that matters.
    pub due: &'a [DateTime<Utc>],
    /// Until when they matter.
    pub until: DateTime<Utc>,
    /// Its records, in the order of their runs.
    pub records: Vec<&'a Record>,
    /// When its doubles were started, by themselves.
    pub starts: Vec<DateTime<Utc>>,
    /// What was done to the daemon.
    pub suffered: &'a [Suffered],
    /// Until when the task was paused.
    pub paused_until: Option<DateTime<Utc>>,
}

/// What became of the occurrences of one task.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// How many there were.
    pub due: usize,
    /// How many had a run on time.
    pub ran: usize,
    /// How many had a run later.
    pub caught_up: usize,
    /// How many a later run stood for.
    pub coalesced: usize,
    /// How many were let go as missed.
    pub missed: usize,
    /// How many were let go because the last run went on.
    pub still_running: usize,
    /// How many were let go because their deadline was over.
    pub deadline: usize,
    /// How many runs were cut off and repeated.
    pub repeated: usize,
    /// How many runs were another attempt.
    pub retries: usize,
    /// How many were accounted for a second time after a clock was corrected by hours.
    pub due_again: usize,
    /// How many are not accounted for.
    pub lost: usize,
    /// How many are accounted for twice, or started twice.
    pub twice: usize,
    /// What is wrong, in words.
    pub wrong: Vec<String>,
    /// How long after they could have been, while the daemon was there, occurrences were decided on.
    pub lateness: Vec<TimeDelta>,
}

impl Account {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.lost == 0 && self.twice == 0 && self.wrong.is_empty()
    }

    /// Adds up what can be added up.
    pub fn add(&mut self, other: &Self) {
        self.due += other.due;
        self.ran += other.ran;
        self.caught_up += other.caught_up;
        self.coalesced += other.coalesced;
        self.missed += other.missed;
        self.still_running += other.still_running;
        self.deadline += other.deadline;
        self.repeated += other.repeated;
        self.retries += other.retries;
        self.due_again += other.due_again;
        self.lost += other.lost;
        self.twice += other.twice;
        self.lateness.extend(&other.lateness);
        self.wrong.extend(other.wrong.iter().cloned());
    }

    fn tell(&mut self, wrong: String) {
        if self.wrong.len() < TOLD {
            self.wrong.push(wrong);
        }
    }
}

/// Accounts for every occurrence of a task.
pub fn audit(evidence: &Evidence<'_>) -> Account {
    let mut account = Account { due: evidence.due.iter().filter(|at| **at <= evidence.until).count(), ..Account::default() };
    let mut rest: Vec<&Record> = evidence.records.clone();
    let mut auditor = Auditor { evidence, account: &mut account, handled: None, cut_off: None, optional: BTreeSet::new() };
    for suffered in evidence.suffered {
        let Some(corrected_to) = suffered.corrected_to() else { continue };
        let is_before = |record: &&Record| record.run <= suffered.last_run;
        let (before, after): (Vec<&Record>, Vec<&Record>) = rest.into_iter().partition(is_before);
        rest = after;
        auditor.go_through(before);
        auditor.correct(corrected_to);
    }
    auditor.go_through(rest);
    auditor.finish();
    check_starts(evidence, &mut account);
    account
}

/// Goes through the records of one task by what they answer.
struct Auditor<'a> {
    evidence: &'a Evidence<'a>,
    account: &'a mut Account,
    /// Up to here all is accounted for.
    handled: Option<DateTime<Utc>>,
    /// The occurrence of a run that was cut off, which may come back.
    cut_off: Option<DateTime<Utc>>,
    /// What was dealt with before the clock was corrected, and may be due again.
    optional: BTreeSet<DateTime<Utc>>,
}

impl Auditor<'_> {
    fn go_through(&mut self, mut records: Vec<&Record>) {
        // A run that waits longer than others of its task is dealt with later than they are.
        records.sort_by_key(|record| (record.due_at, record.run));
        for record in records {
            let Some(due_at) = record.due_at else {
                self.account.tell(format!("run {} answers nothing", record.run));
                continue;
            };
            if record.attempt > 0 {
                self.account.retries += 1;
                if self.handled != Some(due_at) {
                    self.account.tell(format!("run {} repeats {due_at}, which is not the last occurrence", record.run));
                }
                continue;
            }
            self.account_for(record, due_at);
            let was_cut_off = record.outcome() == Some(&Outcome::Interrupted);
            self.cut_off = was_cut_off.then_some(due_at);
        }
    }

    fn account_for(&mut self, record: &Record, due_at: DateTime<Utc>) {
        let run = record.run;
        if self.evidence.due.binary_search(&due_at).is_err() {
            self.account.tell(format!("run {run} answers {due_at}, which is no occurrence"));
            return;
        }
        let is_repetition = self.cut_off.is_some_and(|cut_off| cut_off <= due_at);
        let counted = match record.outcome() {
            Some(Outcome::Skipped(SkipReason::Missed { count })) => *count as usize,
            _ => record.missed as usize + 1,
        };
        let fresh: Vec<DateTime<Utc>> = self.covered(due_at);
        let again = usize::from(is_repetition);
        if fresh.is_empty() && !is_repetition {
            self.account.twice += 1;
            let others = self.evidence.records.iter().filter(|other| other.run != run && other.due_at >= Some(due_at - NEAR));
            let others: Vec<_> = others.take_while(|other| other.due_at <= Some(due_at + NEAR)).collect();
            self.account.tell(format!("run {run} answers {due_at} once more: {record:?}, beside {others:#?}"));
            return;
        }
        let optional = fresh.iter().filter(|at| self.optional.contains(at)).count();
        let required = fresh.len() - optional;
        if counted < required {
            self.account.lost += required - counted;
            self.account.tell(format!("run {run} for {due_at} stands for {counted} of {required} occurrences: {record:?}"));
        } else if counted > fresh.len() + again {
            self.account.twice += counted - fresh.len() - again;
            let most = fresh.len() + again;
            self.account
                .tell(format!("run {run} for {due_at} stands for {counted} occurrences, there were {most}: {record:?}"));
        }
        if is_repetition {
            self.account.repeated += 1;
        } else if optional == 0 {
            self.check_rule(record, &fresh);
        }
        self.account.due_again += optional;
        self.book(record, due_at, &fresh);
        self.handled = self.handled.max(Some(due_at));
    }

    /// Returns the occurrences that nothing accounts for yet, up to one.
    fn covered(&self, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let is_fresh = |at: &&DateTime<Utc>| Some(**at) > self.handled && **at <= until;
        self.evidence.due.iter().filter(is_fresh).copied().collect()
    }

    fn book(&mut self, record: &Record, due_at: DateTime<Utc>, fresh: &[DateTime<Utc>]) {
        let counts = |at: &&DateTime<Utc>| **at <= self.evidence.until && !self.optional.contains(at);
        let all = fresh.iter().filter(counts).count();
        let own = usize::from(fresh.last() == Some(&due_at) && counts(&&due_at));
        let others = all - own;
        match (record.outcome(), &record.trigger) {
            (Some(Outcome::Skipped(SkipReason::Missed { .. })), _) => {
                self.account.missed += all;
                return;
            }
            (Some(Outcome::Skipped(SkipReason::StillRunning)), _) => self.account.still_running += own,
            (Some(Outcome::Skipped(SkipReason::Deadline)), _) => self.account.deadline += own,
            (_, Trigger::CaughtUp) => self.account.caught_up += own,
            _ => self.account.ran += own,
        }
        self.account.coalesced += others;
    }

    /// Checks that a decision is the one that the rules ask for at the instant at which it was made.
    fn check_rule(&mut self, record: &Record, fresh: &[DateTime<Utc>]) {
        let (task, now) = (self.evidence.task, record.created_at);
        let come: Vec<DateTime<Utc>> = fresh.iter().filter(|at| **at <= now).copied().collect();
        let (Some(oldest), Some(latest)) = (come.first().copied(), come.last().copied()) else {
            // After a clock was set back, what waits was due later than now.
            if !self.was_set_back_from(record.due_at) {
                self.account.tell(format!("run {} was decided on at {now}, before it was due: {record:?}", record.run));
            }
            return;
        };
        let late = now - self.possible_since(latest, now) - task.spread();
        self.account.lateness.push(late);
        let is_late = now - latest > ON_TIME;
        let is_surely_late = now - latest > ON_TIME + task.spread();
        let next = self.evidence.due.iter().find(|at| **at > now).copied();
        // Where starts are spread, the rule looks from up to so much earlier.
        let is_recent = |slack: TimeDelta| now - oldest < RECENT + slack;
        let is_near = |slack: TimeDelta| next.is_some_and(|next| next - now < NEAR + slack);
        let may_drop = |slack: TimeDelta| match task.catch_up {
            CatchUp::Auto => task.is_wild() || (is_recent(slack) && is_near(slack)),
            CatchUp::Yes => false,
            CatchUp::No => true,
        };
        let complaint = match (record.outcome(), &record.trigger) {
            (Some(Outcome::Skipped(SkipReason::Missed { .. })), _) if !is_late => Some("was let go although it was not late"),
            (Some(Outcome::Skipped(SkipReason::Missed { .. })), _) if !may_drop(task.spread()) => {
                Some("was let go against the rule")
            }
            (Some(Outcome::Skipped(SkipReason::Missed { .. })), _) => None,
            (_, Trigger::CaughtUp) if !is_late => Some("was caught up although it was not late"),
            (_, Trigger::CaughtUp) if may_drop(-task.spread()) => Some("was caught up against the rule"),
            (_, Trigger::Scheduled) if is_surely_late && self.is_decision(record) => {
                Some("counts as on time although it was late")
            }
            (_, Trigger::CaughtUp | Trigger::Scheduled) => None,
            _ => Some("has a trigger that its schedule cannot have"),
        };
        if let Some(complaint) = complaint {
            let text =
                format!("run {} {complaint}: decided at {now} on {oldest}..{latest}, next {next:?}: {record:?}", record.run);
            self.account.tell(text);
        }
    }

    /// Whether the trigger of a record says how late it was: that of one which was let go says nothing.
    fn is_decision(&self, record: &Record) -> bool {
        record.is_run() || matches!(record.outcome(), Some(Outcome::Skipped(SkipReason::Deadline)))
    }

    fn was_set_back_from(&self, due_at: Option<DateTime<Utc>>) -> bool {
        self.evidence.suffered.iter().any(|suffered| suffered.to < suffered.from && Some(suffered.from) >= due_at)
    }

    /// Returns since when a decision on an occurrence could be made: the daemon was there, and the task was not paused.
    fn possible_since(&self, due_at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        let over = self.evidence.suffered.iter().filter(|suffered| suffered.from.min(suffered.to) <= now);
        // A daemon that starts decides before it says that it is ready.
        let back_at = over.map(|suffered| suffered.to.min(now));
        let paused_until = self.evidence.paused_until.filter(|until| *until <= now);
        back_at.chain(paused_until).chain([due_at]).max().unwrap_or(due_at)
    }

    /// The clock was wrong by hours: what lies ahead now may be dealt with as if it had not been.
    fn correct(&mut self, to: DateTime<Utc>) {
        if self.handled > Some(to) {
            let is_ahead = |at: &&DateTime<Utc>| **at > to && Some(**at) <= self.handled;
            self.optional.extend(self.evidence.due.iter().filter(is_ahead));
            self.handled = Some(to);
        }
    }

    fn finish(&mut self) {
        let left = self.covered(self.evidence.until);
        let lost: Vec<&DateTime<Utc>> = left.iter().filter(|at| !self.optional.contains(at)).collect();
        if let Some(first) = lost.first() {
            self.account.tell(format!("nothing accounts for {first} and {} more at the end", lost.len() - 1));
        }
        self.account.lost += lost.len();
    }
}

/// Holds the starts that the doubles noted against the records that tell of one. A task never runs twice at once, so they
/// come in the same order.
fn check_starts(evidence: &Evidence<'_>, account: &mut Account) {
    let told: Vec<(RunId, DateTime<Utc>, DateTime<Utc>)> =
        evidence.records.iter().filter_map(|record| Some((record.run, record.started_at()?, record.due_at?))).collect();
    if told.len() != evidence.starts.len() {
        account.twice += evidence.starts.len().saturating_sub(told.len());
        account.tell(format!("restic was started {} times, and {} records tell of it", evidence.starts.len(), told.len()));
    }
    for ((run, _, due_at), start) in told.iter().zip(&evidence.starts) {
        let was_set_back = evidence.suffered.iter().any(|suffered| suffered.to < suffered.from && suffered.from >= *due_at);
        if start < due_at && !was_set_back {
            account.tell(format!("run {run} for {due_at} was started at {start}, before it was due"));
        }
    }
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
