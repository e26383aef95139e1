//! What stands on which day of the calendar. Pure.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use prestic_proto::{
    history::{Day, TaskDays},
    run::Run,
    status::{Status, Upcoming},
};

use super::{COMING_DAYS, PAST_DAYS};
use crate::web::words::Moment;

/// A task that comes too often to be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Often {
    /// The task.
    pub task: String,
    /// Its schedule, as it is written.
    pub schedule: String,
    /// How often it comes tomorrow.
    pub a_day: usize,
    /// When it comes next.
    pub next: Option<DateTime<Utc>>,
}

/// A coming run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The task.
    pub task: String,
    /// The instant of its schedule.
    pub due_at: DateTime<Utc>,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// How long the last run took, if that is known.
    pub length: Option<TimeDelta>,
    /// The zone of its schedule, if it has one of its own.
    pub timezone: Option<String>,
    /// Another task that probably uses the same repository then.
    pub overlaps: Option<String>,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarDay {
    /// Which.
    pub date: NaiveDate,
    /// By how much the clocks change on it.
    pub clock_change: TimeDelta,
    /// What ran, by task.
    pub past: Vec<(String, Day)>,
    /// What will run, by task and then by time.
    pub coming: Vec<(String, Vec<Planned>)>,
}

/// All days, oldest first.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The days.
    pub days: Vec<CalendarDay>,
    /// Which of them is today.
    pub today: NaiveDate,
    /// What the machine's clocks make of instants.
    pub moment: Moment,
}

impl Plan {
    /// Lays out the days.
    pub fn new(status: &Status, upcoming: &[Upcoming], past: &[TaskDays], runs: &[Run], moment: &Moment) -> Self {
        let today = moment.at(moment.now).date_naive();
        let first = if past.is_empty() { today } else { today - Days::new(u64::from(PAST_DAYS) - 1) };
        let mut planned = planned(status, upcoming, runs);
        mark_overlaps(&mut planned, status);
        let days = first
            .iter_days()
            .take_while(|date| *date <= today + Days::new(COMING_DAYS))
            .map(|date| CalendarDay {
                date,
                clock_change: clock_change(moment, date),
                past: past_of(past, date),
                coming: by_task(planned.iter().filter(|planned| moment.at(planned.starts_at).date_naive() == date)),
            })
            .collect();
        Self { days, today, moment: *moment }
    }

    /// Returns all coming runs.
    pub fn coming(&self) -> impl Iterator<Item = &Planned> {
        self.days.iter().flat_map(|day| &day.coming).flat_map(|(_, planned)| planned)
    }
}

/// Returns the first instant of a day on the machine's clocks.
pub fn midnight(moment: &Moment, date: NaiveDate) -> DateTime<Utc> {
    let naive = date.and_time(NaiveTime::MIN).and_utc();
    let guess = naive - TimeDelta::seconds(moment.at(naive).offset().local_minus_utc().into());
    naive - TimeDelta::seconds(moment.at(guess).offset().local_minus_utc().into())
}

fn clock_change(moment: &Moment, date: NaiveDate) -> TimeDelta {
    let offset = |date| moment.at(midnight(moment, date)).offset().local_minus_utc();
    TimeDelta::seconds((offset(date + Days::new(1)) - offset(date)).into())
}

fn planned(status: &Status, upcoming: &[Upcoming], runs: &[Run]) -> Vec<Planned> {
    let mut lengths: HashMap<&str, TimeDelta> = HashMap::new();
    for run in runs.iter().filter(|run| !run.is_skipped()) {
        if let Some(finished) = run.finished() {
            let length = TimeDelta::milliseconds(i64::try_from(finished.duration_ms).unwrap_or(i64::MAX / 2));
            lengths.entry(&run.task).or_insert(length);
        }
    }
    let is_known = |task: &str| status.tasks.iter().any(|known| known.name == task);
    let mut planned: Vec<_> = upcoming
        .iter()
        .filter(|upcoming| is_known(&upcoming.task))
        .map(|upcoming| Planned {
            task: upcoming.task.clone(),
            due_at: upcoming.due_at,
            starts_at: upcoming.starts_at,
            length: lengths.get(upcoming.task.as_str()).copied(),
            timezone: upcoming.timezone.clone(),
            overlaps: None,
        })
        .collect();
    planned.sort_by(|one, other| (one.starts_at, &one.task).cmp(&(other.starts_at, &other.task)));
    planned
}

/// Marks runs that start while another one probably still uses their repository. They do not collide: one waits for the other.
fn mark_overlaps(planned: &mut [Planned], status: &Status) {
    let repositories: HashMap<&str, &str> =
        status.tasks.iter().map(|task| (task.name.as_str(), task.repository.as_str())).collect();
    // Of each repository the run that ends last.
    let mut last: HashMap<&str, (usize, DateTime<Utc>)> = HashMap::new();
    for index in 0..planned.len() {
        let Some(repository) = repositories.get(planned[index].task.as_str()) else { continue };
        let starts_at = planned[index].starts_at;
        let ends_at = starts_at + planned[index].length.unwrap_or_default();
        let before = last.get(repository).copied();
        if let Some((other, until)) = before
            && (starts_at < until || starts_at == planned[other].starts_at)
            && planned[other].task != planned[index].task
        {
            planned[index].overlaps = Some(planned[other].task.clone());
            let task = planned[index].task.clone();
            planned[other].overlaps.get_or_insert(task);
        }
        if before.is_none_or(|(_, until)| ends_at >= until) {
            last.insert(repository, (index, ends_at));
        }
    }
}

fn past_of(past: &[TaskDays], date: NaiveDate) -> Vec<(String, Day)> {
    let of_day = |days: &TaskDays| days.days.iter().find(|day| day.date == date).map(|day| (days.task.clone(), day.clone()));
    past.iter().filter_map(of_day).collect()
}

fn by_task<'a>(planned: impl Iterator<Item = &'a Planned>) -> Vec<(String, Vec<Planned>)> {
    let mut tasks: Vec<(String, Vec<Planned>)> = Vec::new();
    for planned in planned {
        match tasks.iter_mut().find(|(task, _)| *task == planned.task) {
            Some((_, times)) => times.push(planned.clone()),
            None => tasks.push((planned.task.clone(), vec![planned.clone()])),
        }
    }
    tasks
}

#[cfg(test)]
mod tests {
    use prestic_proto::{
        outcome::Outcome,
        run::{Finished, RunId, RunState},
        status::TaskStatus,
    };

    use super::*;
    use crate::web::pages::samples::{finished, moment, now, run, status, task};

    fn upcoming(task: &str, minutes: i64) -> Upcoming {
        let at = now() + TimeDelta::minutes(minutes);
        Upcoming { task: task.to_owned(), due_at: at, starts_at: at, timezone: None }
    }

    fn taking(task: &str, minutes: u64) -> Run {
        let finished = Finished { at: now(), duration_ms: minutes * 60_000, exit_code: Some(0), outcome: Outcome::Succeeded };
        Run { state: RunState::Finished(finished), ..run(1, task) }
    }

    fn overlaps(upcoming: &[Upcoming], runs: &[Run]) -> Vec<Option<String>> {
        let elsewhere = TaskStatus { repository: "/repositories/two".to_owned(), ..task("c") };
        let status = status(vec![task("a"), task("b"), elsewhere]);
        let mut planned = planned(&status, upcoming, runs);
        mark_overlaps(&mut planned, &status);
        planned.into_iter().map(|planned| planned.overlaps).collect()
    }

    #[test]
    fn days_begin_a_week_ago_and_fourteen_whole_ones_come_after_today() {
        let past = [TaskDays { task: "a".to_owned(), days: Vec::new() }];
        let plan = Plan::new(&status(vec![task("a")]), &[upcoming("a", 0)], &past, &[], &moment());
        let dates = (plan.days[0].date.to_string(), plan.days.last().unwrap().date.to_string());
        assert_eq!(dates, ("2026-11-17".to_owned(), "2026-12-07".to_owned()));
        assert_eq!(plan.coming().count(), 1);
    }

    #[test]
    fn run_after_midnight_stands_on_the_machines_day() {
        // 23:30 in UTC is after midnight in Berlin.
        let plan = Plan::new(&status(vec![task("a")]), &[upcoming("a", 11 * 60 + 30)], &[], &[], &moment());
        assert!(plan.days[0].coming.is_empty());
        assert_eq!(plan.days[1].coming[0].0, "a");
    }

    #[test]
    fn runs_overlap_if_one_starts_while_another_probably_uses_their_repository() {
        let both = [Some("b".to_owned()), Some("a".to_owned())];
        assert_eq!(overlaps(&[upcoming("a", 0), upcoming("b", 5)], &[taking("a", 10)]), both);
        assert_eq!(overlaps(&[upcoming("a", 0), upcoming("b", 0)], &[]), both);
        assert_eq!(overlaps(&[upcoming("a", 0), upcoming("b", 15)], &[taking("a", 10)]), [None, None]);
        assert_eq!(overlaps(&[upcoming("a", 0), upcoming("c", 5)], &[taking("a", 10)]), [None, None]);
        assert_eq!(overlaps(&[upcoming("a", 0), upcoming("a", 5)], &[taking("a", 10)]), [None, None]);
    }

    #[test]
    fn newest_run_tells_how_long_a_task_takes_and_skips_do_not() {
        let skipped = finished(2, "a", Outcome::Skipped(prestic_proto::outcome::SkipReason::Deadline));
        let planned = planned(&status(vec![task("a")]), &[upcoming("a", 0)], &[skipped, taking("a", 10), taking("a", 99)]);
        assert_eq!(planned[0].length, Some(TimeDelta::minutes(10)));
        assert_eq!(RunId(1), taking("a", 1).id);
    }

    #[test]
    fn days_on_which_clocks_change_are_known() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(clock_change(&moment(), date("2026-10-25")), TimeDelta::hours(-1));
        assert_eq!(clock_change(&moment(), date("2026-03-29")), TimeDelta::hours(1));
        assert_eq!(clock_change(&moment(), date("2026-11-23")), TimeDelta::zero());
        assert_eq!(midnight(&moment(), date("2026-10-26")).to_rfc3339(), "2026-10-25T23:00:00+00:00");
    }
}
