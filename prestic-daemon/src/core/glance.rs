//! The daemon in one sentence.

use std::fmt::Write;

use chrono::{DateTime, Datelike, TimeZone, Utc};
use prestic_proto::status::Pause;

use crate::core::{planner::Planner, view};

/// What a line about the daemon says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Glance {
    /// How many tasks there are.
    pub tasks: usize,
    /// How many runs have been launched and have not ended.
    pub running: usize,
    /// How many runs wait for their turn.
    pub waiting: usize,
    /// The pause of all tasks.
    pub pause: Option<Pause>,
    /// The task that starts next, and when.
    pub next: Option<(String, DateTime<Utc>)>,
    /// Whether what is in the configuration's files has errors.
    pub has_errors: bool,
}

impl Glance {
    /// Looks at the state.
    pub fn of(planner: &Planner, has_errors: bool) -> Self {
        let state = planner.state();
        let tasks = state.tasks.values();
        let next = tasks.filter_map(|task| Some((task.plan.name.as_str(), view::next_run_at(state, task)?)));
        Self {
            tasks: state.tasks.len(),
            running: state.under_way.len(),
            waiting: state.queue.len(),
            pause: state.pause,
            next: next.min_by_key(|(_, at)| *at).map(|(task, at)| (task.to_owned(), at)),
            has_errors,
        }
    }

    /// Says it, in the times of a zone. Times of another day than now's have their date.
    pub fn sentence<Z: TimeZone>(&self, now: DateTime<Utc>, zone: &Z) -> String {
        let mut text = match self.tasks {
            0 => "no tasks".to_owned(),
            1 => "1 task".to_owned(),
            tasks => format!("{tasks} tasks"),
        };
        for (count, word) in [(self.running, "running"), (self.waiting, "waiting")] {
            if count > 0 {
                let _ = write!(text, ", {count} {word}");
            }
        }
        let today = day(now, zone);
        let time = |at: DateTime<Utc>| {
            let clock = at.with_timezone(zone).naive_local();
            if day(at, zone) == today { clock.format("at %H:%M") } else { clock.format("on %Y-%m-%d at %H:%M") }.to_string()
        };
        match (&self.pause, &self.next) {
            (Some(Pause { until: None }), _) => text.push_str("; paused"),
            (Some(Pause { until: Some(until) }), _) => {
                let _ = write!(text, "; paused, goes on {}", time(*until));
            }
            (None, Some((task, at))) => {
                let _ = write!(text, "; next `{task}` {}", time(*at));
            }
            (None, None) => {}
        }
        if self.has_errors {
            text.push_str("; the configuration has errors");
        }
        text
    }
}

fn day<Z: TimeZone>(at: DateTime<Utc>, zone: &Z) -> i32 {
    at.with_timezone(zone).naive_local().num_days_from_ce()
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(glance: Glance, expected: &str) {
        assert_eq!(glance.sentence(at("2026-03-28T22:00:00Z"), &Berlin), expected);
    }

    fn next(task: &str, instant: &str) -> Option<(String, DateTime<Utc>)> {
        Some((task.to_owned(), at(instant)))
    }

    #[test]
    fn what_runs_and_what_comes_next_is_said_in_local_time() {
        let glance = Glance { tasks: 4, running: 1, next: next("home", "2026-03-28T22:30:00Z"), ..Glance::default() };
        check(glance, "4 tasks, 1 running; next `home` at 23:30");
    }

    #[test]
    fn another_day_is_named() {
        let glance = Glance { tasks: 1, waiting: 2, next: next("home", "2026-03-28T23:00:00Z"), ..Glance::default() };
        check(glance, "1 task, 2 waiting; next `home` on 2026-03-29 at 00:00");
    }

    #[test]
    fn a_pause_comes_before_what_would_be_next() {
        let pause = |until: Option<&str>| Glance {
            tasks: 2,
            pause: Some(Pause { until: until.map(at) }),
            next: next("home", "2026-03-28T22:30:00Z"),
            ..Glance::default()
        };
        check(pause(None), "2 tasks; paused");
        check(pause(Some("2026-03-28T22:15:00Z")), "2 tasks; paused, goes on at 23:15");
    }

    #[test]
    fn errors_are_mentioned_where_nothing_is_scheduled() {
        check(Glance { has_errors: true, ..Glance::default() }, "no tasks; the configuration has errors");
    }
}
