//! Makes one notification of many of the same kind. Pure.
//!
//! News waits a moment for others. Where there is the same of three tasks or more within a minute, one notification tells of all.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::words;

use crate::notify::{
    notice::{Answer, Choice, News, Notice, Subject, Urgency},
    plain,
};

/// How long the first news waits for others.
const GATHERING: TimeDelta = TimeDelta::seconds(2);
/// How long what comes later waits while a notification of many is shown: each change of it is another bubble.
pub const GATHERING_MORE: TimeDelta = TimeDelta::seconds(15);
/// News that is further apart is told one by one.
const AT_ONCE: TimeDelta = TimeDelta::minutes(1);
/// So many tasks make a flood.
const MANY: usize = 3;
/// So many tasks are told by their names.
const MAX_NAMES: usize = 8;
/// Of so many tasks it is told what happened to each, if that is not the same.
const MAX_LINES: usize = 5;

/// News of one task that was told.
#[derive(Debug)]
struct ToldNews {
    at: DateTime<Utc>,
    task: String,
    summary: String,
}

/// The news of one kind.
#[derive(Debug)]
pub struct Flood {
    kind: News,
    /// What was told in the last minute, or of the whole flood. Of each task only the last.
    told: VecDeque<ToldNews>,
    /// The news that was not told yet.
    waiting: Vec<Notice>,
    due_at: Option<DateTime<Utc>>,
    /// The tasks that the last notification of many tells of, and that have not recovered.
    many: Vec<String>,
}

impl Flood {
    /// Begins with nothing.
    pub fn new(kind: News) -> Self {
        Self { kind, told: VecDeque::new(), waiting: Vec::new(), due_at: None, many: Vec::new() }
    }

    /// Takes in news. What waits already of the same task is forgotten.
    pub fn add(&mut self, notice: Notice, now: DateTime<Utc>) {
        self.forget(&notice.subject);
        self.expire(now);
        self.waiting.push(notice);
        let gathering = if self.is_flood(now) { GATHERING_MORE } else { GATHERING };
        let latest = now + gathering;
        self.due_at = Some(self.due_at.map_or(latest, |due_at| due_at.min(latest)));
    }

    /// Forgets what was not told yet, because something newer is to be told of the same.
    pub fn forget(&mut self, subject: &Subject) {
        self.waiting.retain(|waiting| waiting.subject != *subject);
        if self.waiting.is_empty() {
            self.due_at = None;
        }
    }

    /// Whether something is still to be told of this.
    pub fn waits_for(&self, subject: &Subject) -> bool {
        self.waiting.iter().any(|waiting| waiting.subject == *subject)
    }

    /// Takes in that the news of a task is out of date. Tells whether it was the last of those that were told at once.
    pub fn settle(&mut self, task: &str) -> bool {
        let known = self.many.len();
        self.many.retain(|many| many != task);
        self.told.retain(|told| told.task != task);
        known > 0 && self.many.is_empty()
    }

    /// Returns when there is something to tell.
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        self.due_at
    }

    /// Whether there is something to tell now. It waits no longer than usual because the clock was set back.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.due_at.is_some_and(|due_at| due_at <= now || due_at > now + GATHERING_MORE)
    }

    /// Returns what is to be told now.
    pub fn take(&mut self, now: DateTime<Utc>) -> Vec<Notice> {
        self.due_at = None;
        self.expire(now);
        let waiting = std::mem::take(&mut self.waiting);
        for notice in &waiting {
            let task = task_of(&notice.subject);
            self.told.retain(|told| told.task != task);
            self.told.push_back(ToldNews { at: now, task, summary: notice.summary.clone() });
        }
        if self.told.len() < MANY || waiting.is_empty() {
            return waiting;
        }
        self.many = self.told.iter().map(|told| told.task.clone()).collect();
        vec![of_many(self.kind, &self.told, waiting)]
    }

    fn is_flood(&self, now: DateTime<Utc>) -> bool {
        self.told.len() >= MANY && self.told.back().is_some_and(|told| is_recent(told.at, now))
    }

    fn expire(&mut self, now: DateTime<Utc>) {
        if !self.is_flood(now) {
            self.told.retain(|told| is_recent(told.at, now));
        }
    }
}

/// What lies in the future was told by another clock.
fn is_recent(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    at <= now && now - at < AT_ONCE
}

fn task_of(subject: &Subject) -> String {
    if let Subject::Task(task) = subject { task.clone() } else { String::new() }
}

fn of_many(kind: News, all: &VecDeque<ToldNews>, latest: Vec<Notice>) -> Notice {
    let urgency =
        if latest.iter().any(|notice| notice.urgency == Urgency::Critical) { Urgency::Critical } else { Urgency::Normal };
    let what = match kind {
        News::Failed => "failed",
        News::Recovered => "work again",
        News::Skipped => "did not run",
        News::Overdue => "are overdue",
    };
    Notice {
        subject: Subject::Many(kind),
        replaces: all.iter().map(|told| Subject::Task(told.task.clone())).collect(),
        summary: format!("{} {what}", words::counted_usize(all.len(), "task")),
        body: body(all),
        urgency,
        choices: vec![Choice { label: "Open PRestic", answer: Answer::OpenWeb }],
        told: latest.into_iter().flat_map(|notice| notice.told).collect(),
    }
}

/// Returns what happened to each of a few, or which they are and what has happened to all of them.
fn body(all: &VecDeque<ToldNews>) -> String {
    let happened = |told: &ToldNews| told.summary.strip_prefix(&plain::name(&told.task)).map(str::to_owned);
    let first = all.front().and_then(happened);
    let is_common = all.iter().all(|told| happened(told) == first);
    if !is_common && all.len() <= MAX_LINES {
        return all.iter().map(|told| told.summary.as_str()).collect::<Vec<_>>().join("\n");
    }
    let mut names = all.iter().take(MAX_NAMES).map(|told| plain::name(&told.task)).collect::<Vec<_>>().join(", ");
    if all.len() > MAX_NAMES {
        names.push_str(&format!(" and {} more", all.len() - MAX_NAMES));
    }
    let reason = first.filter(|_| is_common);
    if let Some(reason) = reason.as_deref().and_then(|words| words.strip_prefix(" failed: ")) {
        names.push_str(&format!("\n{}", plain::sentence(reason)));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn failure(task: &str) -> Notice {
        Notice {
            subject: Subject::Task(task.to_owned()),
            replaces: Vec::new(),
            summary: format!("{task} failed: no space left"),
            body: String::new(),
            urgency: Urgency::Critical,
            choices: Vec::new(),
            told: vec![(task.to_owned(), crate::notify::told::Told::default())],
        }
    }

    /// Adds failures at their seconds, takes what is due whenever it is, and returns the summaries.
    #[track_caller]
    fn check(failures: &[(i64, &str)], expected: &[&str]) {
        let mut flood = Flood::new(News::Failed);
        let mut told = Vec::new();
        for (second, task) in failures {
            while let Some(due_at) = flood.due_at().filter(|due_at| *due_at <= at(*second)) {
                told.extend(flood.take(due_at));
            }
            flood.add(failure(task), at(*second));
        }
        while let Some(due_at) = flood.due_at() {
            told.extend(flood.take(due_at));
        }
        assert_eq!(told.iter().map(|notice| notice.summary.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn two_failures_are_told_one_by_one() {
        check(&[(0, "a"), (1, "b")], &["a failed: no space left", "b failed: no space left"]);
        check(
            &[(0, "a"), (61, "b"), (122, "c")],
            &["a", "b", "c"].map(|task| format!("{task} failed: no space left")).each_ref().map(String::as_str),
        );
    }

    #[test]
    fn three_within_a_minute_are_one() {
        check(&[(0, "a"), (1, "b"), (1, "c")], &["3 tasks failed"]);
        check(&[(0, "a"), (20, "b"), (40, "c")], &["a failed: no space left", "b failed: no space left", "3 tasks failed"]);
    }

    #[test]
    fn what_comes_after_a_flood_is_told_one_by_one_again() {
        let flood = [(0, "a"), (0, "b"), (0, "c"), (200, "d"), (240, "e"), (270, "f")];
        let after = ["d", "e", "f"].map(|task| format!("{task} failed: no space left"));
        check(&flood, &["3 tasks failed", &after[0], &after[1], &after[2]]);
    }

    #[test]
    fn task_that_fails_again_is_counted_once() {
        check(&[(0, "a"), (1, "a"), (1, "b")], &["a failed: no space left", "b failed: no space left"]);
    }

    #[test]
    fn many_over_a_while_make_few_notifications() {
        let names: Vec<String> = (0..50).map(|number| format!("t{number}")).collect();
        let failures: Vec<(i64, &str)> =
            names.iter().enumerate().map(|(second, name)| (second.try_into().unwrap(), name.as_str())).collect();
        let expected = ["t0 failed: no space left", "t1 failed: no space left", "4 tasks failed", "19 tasks failed"];
        check(&failures, &[&expected[..], &["34 tasks failed", "49 tasks failed", "50 tasks failed"]].concat());
    }

    #[test]
    fn notification_of_many_has_the_names_the_common_error_and_takes_the_place_of_the_others() {
        let mut flood = Flood::new(News::Failed);
        for number in 0..10 {
            flood.add(failure(&format!("t{number}")), at(0));
        }
        let [notice] = flood.take(at(2)).try_into().unwrap();
        assert_eq!(notice.body, "t0, t1, t2, t3, t4, t5, t6, t7 and 2 more\nNo space left");
        assert_eq!((notice.replaces.len(), notice.told.len()), (10, 10));
    }

    #[test]
    fn few_with_different_news_have_a_line_each() {
        let mut flood = Flood::new(News::Failed);
        flood.add(failure("a"), at(0));
        flood.add(failure("b"), at(1));
        assert_eq!(flood.take(at(2)).len(), 2);
        flood.add(Notice { summary: "c was killed by signal 9".to_owned(), ..failure("c") }, at(3));
        let [notice] = flood.take(at(5)).try_into().unwrap();
        assert_eq!(notice.body, "a failed: no space left\nb failed: no space left\nc was killed by signal 9");
        for task in ["d", "e", "f"] {
            flood.add(failure(task), at(6));
        }
        let [notice] = flood.take(at(21)).try_into().unwrap();
        assert_eq!(notice.body, "a, b, c, d, e, f");
    }

    #[test]
    fn failure_that_is_over_is_not_told() {
        let mut flood = Flood::new(News::Failed);
        flood.add(failure("a"), at(0));
        flood.forget(&Subject::Task("a".to_owned()));
        assert_eq!(flood.due_at(), None);
    }

    #[test]
    fn notification_of_many_is_over_when_the_last_of_them_has_recovered() {
        let mut flood = Flood::new(News::Failed);
        for task in ["a", "b", "c"] {
            flood.add(failure(task), at(0));
        }
        assert_eq!(flood.take(at(2)).len(), 1);
        assert_eq!(["a", "x", "b", "c", "c"].map(|task| flood.settle(task)), [false, false, false, true, false]);
    }
}
