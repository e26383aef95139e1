//! What is lost when the daemon ends and leaves everything to the next one. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{
    outcome::Outcome,
    run::{Run, RunState, Trigger},
};

use crate::{
    core::{action::Action, planner::Planner, state::RunEntry},
    schedule::missed::{self, Missed},
};

/// How much later the next daemon may look at what is due: what is on time now is late by then.
const CHANGE: TimeDelta = TimeDelta::minutes(2);

impl Planner {
    /// Whether nothing is lost if all is left to the next daemon. It adopts the runs that have a supervisor, and of the queue
    /// it finds by itself what is due by a rule that holds for it, too; where it is urgent, also what it writes down as missed.
    pub fn can_be_left(&self, now: DateTime<Utc>, is_urgent: bool) -> bool {
        let may_be_missed = |entry: &RunEntry| is_urgent && !entry.is_wanted && comes_again(&entry.run);
        self.state.runs.values().all(|entry| match entry.run.state {
            RunState::Queued(_) => self.is_found_again(entry, now) || may_be_missed(entry),
            RunState::Starting | RunState::WaitingForSecret { .. } => false,
            _ => true,
        })
    }

    fn is_found_again(&self, entry: &RunEntry, now: DateTime<Utc>) -> bool {
        // Whoever asked for it waits for a run of this number.
        if entry.is_wanted {
            return false;
        }
        match entry.run.trigger {
            Trigger::Startup | Trigger::Boot | Trigger::Retry => true,
            Trigger::Scheduled | Trigger::CaughtUp => self.is_caught_up(entry, now),
            Trigger::Manual | Trigger::After(_) | Trigger::Resume | Trigger::Reload => false,
        }
    }

    /// Whether the rule for what was missed brings back the occurrence of a run that has not begun.
    fn is_caught_up(&self, entry: &RunEntry, now: DateTime<Utc>) -> bool {
        let Some(task) = self.state.tasks.get(&entry.run.task) else { return false };
        let Some(schedule) = &task.plan.schedule else { return false };
        let decision = missed::missed(schedule, task.handled_until, now + CHANGE, &task.calendar(), task.plan.catch_up);
        matches!(decision, Missed::Due { .. } | Missed::CatchUp { .. })
    }

    /// Takes no more runs and launches none: what is under way is left as it is.
    ///
    /// What is queued has no record yet. What no rule makes due again ends here, so that whoever asked for it hears of it.
    pub fn leave(&mut self, now: DateTime<Utc>) -> Vec<Action> {
        self.state.is_shutting_down = true;
        let is_lost = |run: &&Run| matches!(run.state, RunState::Queued(_)) && !comes_again(run);
        let lost: Vec<_> = self.state.runs.values().map(|entry| &entry.run).filter(is_lost).map(|run| run.id).collect();
        lost.into_iter().flat_map(|run| self.drop_queued(run, Outcome::Stopped, now)).collect()
    }
}

/// Whether the next daemon has an occasion to queue what this one did not begin, or to write down why it does not.
pub(super) fn comes_again(run: &Run) -> bool {
    !matches!(run.trigger, Trigger::Manual | Trigger::Resume | Trigger::Reload)
}

#[cfg(test)]
mod tests {
    use prestic_proto::run::RunId;

    use super::*;
    use crate::{
        core::{
            news::RunNews,
            rig::{asked, at, launched, plan, planner},
            state::TaskPlan,
        },
        schedule::CatchUp,
    };

    fn started(minute: i64) -> RunNews {
        RunNews::Started { at: at(minute), pid: 7, log_file: None }
    }

    /// A task whose repository another one uses, so that it has to wait.
    fn waiting(schedule: &str, catch_up: CatchUp) -> Planner {
        let other = plan("other", "", "r");
        let mut planner = planner(&[other, TaskPlan { catch_up, ..plan("home", schedule, "r") }], at(0));
        planner.request(asked("other"), at(59)).unwrap();
        planner.hear(RunId(1), started(59), at(59));
        assert_eq!(launched(&planner.wake(at(60))), Vec::<u64>::new());
        assert_eq!(planner.state().queue, [RunId(2)]);
        planner
    }

    #[track_caller]
    fn check(schedule: &str, catch_up: CatchUp, expected: bool) {
        let planner = waiting(schedule, catch_up);
        assert_eq!(planner.can_be_left(at(60), false), expected, "{schedule} {catch_up:?}");
        assert!(planner.can_be_left(at(60), true), "{schedule} {catch_up:?}");
    }

    #[test]
    fn occurrence_can_be_left_where_the_next_daemon_catches_up() {
        check("daily at 01:00", CatchUp::Yes, true);
        check("daily at 01:00", CatchUp::Auto, true);
        check("daily at 01:00", CatchUp::Within(TimeDelta::hours(1)), true);
        check("daily at 01:00", CatchUp::Within(TimeDelta::minutes(1)), false);
        check("daily at 01:00", CatchUp::No, false);
        // The next one is near, and would be waited for.
        check("hourly", CatchUp::Auto, false);
    }

    #[test]
    fn run_that_somebody_waits_for_cannot_be_left() {
        let mut planner = waiting("daily at 01:00", CatchUp::Yes);
        planner.request(asked("home"), at(61)).unwrap();
        assert!(!planner.can_be_left(at(61), false));
        assert!(!planner.can_be_left(at(61), true));
    }

    #[test]
    fn run_can_be_left_once_it_has_a_supervisor() {
        let mut planner = planner(&[plan("home", "", "r")], at(0));
        planner.request(asked("home"), at(1)).unwrap();
        assert!(!planner.can_be_left(at(1), true));
        planner.hear(RunId(1), RunNews::WaitingForSecret { until: at(9) }, at(2));
        assert!(!planner.can_be_left(at(2), true));
        planner.hear(RunId(1), started(3), at(3));
        assert!(planner.can_be_left(at(3), false));
    }

    #[test]
    fn what_nobody_would_queue_again_is_told_to_have_been_stopped() {
        let mut planner = planner(&[plan("other", "", "r"), plan("home", "", "r"), plan("mail", "daily at 01:00", "r")], at(0));
        planner.request(asked("other"), at(59)).unwrap();
        planner.request(asked("home"), at(59)).unwrap();
        planner.wake(at(60));
        let actions = planner.leave(at(61));
        let added = |action: &Action| if let Action::AddToHistory(run) = action { Some(run.id) } else { None };
        assert_eq!(actions.iter().filter_map(added).collect::<Vec<_>>(), [RunId(2)]);
        assert!(!actions.iter().any(|action| matches!(action, Action::Stop { .. })));
        assert_eq!(planner.state().queue, [RunId(3)]);
        assert_eq!(planner.wake(at(62)), []);
    }
}
