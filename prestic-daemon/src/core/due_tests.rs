//! What makes a task due beside its times, and what is done about it.

use prestic_proto::{outcome::Failure, service::RunRequest};

use super::*;
use crate::{
    core::{
        rig::{DAY, LIMITS, asked, at, end_at, launched, plan, planner, trigger},
        state::{State, TaskMemory, TaskPlan},
    },
    schedule::Zone,
};

const FAILED: Outcome = Outcome::Failed(Failure::Network);

fn run_state(planner: &Planner, run: u64) -> &Run {
    &planner.state().runs[&RunId(run)].run
}

#[track_caller]
fn check_skipped(planner: &Planner, run: u64, due: i64, reason: SkipReason) {
    let run = run_state(planner, run);
    assert_eq!(run.due_at, Some(at(due)));
    assert_eq!(run.finished().map(|finished| &finished.outcome), Some(&Outcome::Skipped(reason)));
}

#[track_caller]
fn check_after(schedule: &str, outcome: Outcome, is_expected: bool) {
    let mut planner = planner(&[plan("home", "", "r"), plan("next", schedule, "r")], at(0));
    planner.request(asked("home"), at(1)).unwrap();
    let expected = if is_expected { vec![2] } else { Vec::new() };
    assert_eq!(launched(&end_at(&mut planner, 1, outcome, 2)), expected, "{schedule}");
    if is_expected {
        assert_eq!(trigger(&planner, 2), Trigger::After("home".to_owned()));
        assert_eq!(run_state(&planner, 2).due_at, Some(at(2)));
        planner.hear(RunId(2), crate::core::news::RunNews::Recorded, at(2));
        end_at(&mut planner, 2, Outcome::Succeeded, 3);
    }
    assert_eq!(launched(&planner.wake(at(4))), Vec::<u64>::new(), "an end is answered once");
}

#[test]
fn end_of_another_task_is_answered_as_it_is_asked_for() {
    check_after("after home", Outcome::Succeeded, true);
    check_after("after home ok", Outcome::Warnings, true);
    check_after("after home", FAILED, false);
    check_after("after home fail", FAILED, true);
    check_after("after home fail", Outcome::Succeeded, false);
    check_after("after home any", FAILED, true);
}

#[test]
fn end_that_came_while_no_daemon_ran_is_answered_by_the_next_one() {
    let mut planner = Planner::new();
    let ended = LastRun {
        id: Some(RunId(1)),
        at: at(90),
        exit_code: Some(0),
        outcome: "succeeded".to_owned(),
        message: String::new(),
        log_file: None,
    };
    let memory = |task: &str, _: &State| TaskMemory {
        handled_until: Some(at(60)),
        last_run: (task == "home").then(|| ended.clone()),
        ..TaskMemory::default()
    };
    let plans = vec![plan("home", "", "r"), plan("next", "after home", "r")];
    assert_eq!(launched(&planner.configure(plans, LIMITS, memory, at(100))), [1]);
    assert_eq!(run_state(&planner, 1).task, "next");
}

#[test]
fn end_that_a_wrong_clock_has_written_asks_for_nothing_for_ever() {
    let mut planner = planner(&[plan("home", "", "r"), plan("next", "after home", "s")], at(900 * DAY));
    planner.wake(at(900 * DAY));
    planner.request(asked("home"), at(900 * DAY)).unwrap();
    assert_eq!(launched(&end_at(&mut planner, 1, Outcome::Succeeded, 900 * DAY + 1)), [2]);
    planner.wake(at(DAY));
    let mut runs = 2;
    while planner.state().tasks["next"].active.is_some() && runs < 9 {
        end_at(&mut planner, runs, Outcome::Succeeded, DAY + 1);
        runs += 1;
    }
    assert!(runs <= 4, "it runs again and again");
}

#[test]
fn attempt_that_the_schedule_has_overtaken_is_dropped() {
    let home = TaskPlan { catch_up: CatchUp::No, ..retrying("daily at 01:00") };
    let mut planner = planner(&[home], at(0));
    planner.wake(at(60));
    end_at(&mut planner, 1, FAILED, 61);
    planner.pause(None, None, at(62)).unwrap();
    assert_eq!(launched(&planner.resume(None, at(DAY + 120)).unwrap()), Vec::<u64>::new());
    check_skipped(&planner, 2, DAY + 60, SkipReason::Missed { count: 1 });
}

#[test]
fn words_of_somebodys_own_make_another_run() {
    let mut planner = planner(&[retrying("daily at 01:00")], at(0));
    planner.wake(at(60));
    end_at(&mut planner, 1, FAILED, 61);
    let retry = planner.state().tasks["home"].retry;
    let dry = RunRequest { args: vec!["--dry-run".to_owned()], ..asked("home") };
    planner.request(dry, at(62)).unwrap();
    end_at(&mut planner, 2, Outcome::Succeeded, 63);
    let home = &planner.state().tasks["home"];
    assert_eq!((home.retry, home.last_success_at), (retry, None));
}

#[test]
fn what_came_due_in_a_pause_is_not_lost_with_a_clock_that_goes_back_a_little() {
    let mut planner = planner(&[TaskPlan { catch_up: CatchUp::Yes, ..plan("home", "daily at 03:00", "r") }], at(0));
    planner.pause(None, Some(at(800)), at(1)).unwrap();
    planner.wake(at(300));
    planner.wake(at(299));
    assert_eq!(launched(&planner.wake(at(800))), [1]);
}

#[test]
fn many_paused_tasks_leave_the_daemon_asleep_and_the_others_running() {
    let mut plans: Vec<TaskPlan> = (0..600).map(|number| plan(&format!("a{number}"), "hourly", "r")).collect();
    plans.push(plan("z", "hourly", "s"));
    let mut planner = planner(&plans, at(0));
    for number in 0..600 {
        planner.pause(Some(format!("a{number}")), None, at(1)).unwrap();
    }
    assert_eq!(launched(&planner.wake(at(60))), [1]);
    assert_eq!(run_state(&planner, 1).task, "z");
    assert_eq!(planner.next_wake(), Some(at(120)));
}

#[test]
fn pause_drops_nothing_that_is_to_be_done_at_once() {
    let plans: Vec<TaskPlan> = (0..600).map(|number| plan(&format!("a{number}"), "daily at 01:00", "r")).collect();
    let mut planner = planner(&plans, at(0));
    planner.wake(at(60));
    planner.pause(Some("a0".to_owned()), None, at(60)).unwrap();
    assert_eq!(planner.next_wake(), Some(at(60)));
    (1..=3).for_each(|_| drop(planner.wake(at(60))));
    assert_eq!(planner.state().runs.len(), 600);
    assert_eq!(planner.next_wake().filter(|wake_at| *wake_at > at(60)), planner.next_wake(), "nothing is left to do at once");
}

#[test]
fn group_has_ended_when_its_last_task_has() {
    let member = |name: &str, repository| TaskPlan { group: Some("home".to_owned()), ..plan(name, "", repository) };
    let plans = [member("home@a", "r"), member("home@b", "s"), plan("next", "after home any", "t")];
    let mut planner = planner(&plans, at(0));
    planner.request(asked("home@a"), at(1)).unwrap();
    planner.request(asked("home@b"), at(1)).unwrap();
    assert_eq!(launched(&end_at(&mut planner, 1, FAILED, 2)), Vec::<u64>::new());
    assert_eq!(launched(&end_at(&mut planner, 2, Outcome::Succeeded, 3)), [3]);
}

fn retrying(schedule: &str) -> TaskPlan {
    TaskPlan { retry: 2, retry_delay: TimeDelta::minutes(10), ..plan("home", schedule, "r") }
}

#[test]
fn failed_run_is_tried_again_later_and_later_and_then_no_more() {
    let mut planner = planner(&[retrying("daily at 01:00")], at(0));
    planner.wake(at(60));
    let mut minute = 61;
    for (attempt, shortest) in [(1, 10), (2, 20)] {
        end_at(&mut planner, u64::from(attempt), FAILED, minute);
        let next = planner.next_wake().unwrap();
        let delay = next - at(minute);
        let bounds = TimeDelta::minutes(shortest)..TimeDelta::minutes(shortest) * 5 / 4 + TimeDelta::seconds(1);
        assert!(bounds.contains(&delay), "attempt {attempt} after {delay}");
        assert_eq!(launched(&planner.wake(next)), [u64::from(attempt) + 1]);
        let run = run_state(&planner, u64::from(attempt) + 1);
        assert_eq!((run.trigger.clone(), run.attempt, run.due_at), (Trigger::Retry, attempt, Some(at(60))));
        minute = (next - at(0)).num_minutes() + 1;
    }
    end_at(&mut planner, 3, FAILED, minute);
    assert_eq!(planner.next_wake(), Some(at(DAY + 60)));
}

#[test]
fn what_does_not_pass_is_not_tried_again() {
    for outcome in [Outcome::Failed(Failure::WrongPassword), Outcome::Stopped, Outcome::Succeeded] {
        let mut planner = planner(&[retrying("daily at 01:00")], at(0));
        planner.wake(at(60));
        end_at(&mut planner, 1, outcome, 61);
        assert_eq!(planner.next_wake(), Some(at(DAY + 60)));
    }
}

#[test]
fn schedule_that_comes_round_first_makes_another_attempt_needless() {
    let mut planner = planner(&[retrying("*:05")], at(0));
    planner.wake(at(5));
    end_at(&mut planner, 1, FAILED, 58);
    assert_eq!(planner.next_wake(), Some(at(65)));
    assert_eq!(planner.state().tasks["home"].retry, None);
}

#[test]
fn run_by_hand_is_not_tried_again_and_ends_the_attempts() {
    let mut planner = planner(&[retrying("daily at 01:00")], at(0));
    planner.wake(at(60));
    end_at(&mut planner, 1, FAILED, 61);
    planner.request(asked("home"), at(62)).unwrap();
    assert_eq!(planner.state().tasks["home"].retry, None);
    end_at(&mut planner, 2, FAILED, 63);
    assert_eq!(planner.state().tasks["home"].retry, None);
}

#[test]
fn attempt_survives_the_end_of_the_daemon() {
    let mut first = planner(&[retrying("daily at 01:00")], at(0));
    first.wake(at(60));
    end_at(&mut first, 1, FAILED, 61);
    let mut second = Planner::new();
    second.adopt(&crate::core::rig::record(RunId(1), crate::core::rig::finished(FAILED, 61)), false);
    let memory = |_: &str, _: &State| TaskMemory { handled_until: Some(at(60)), ..TaskMemory::default() };
    second.configure(vec![retrying("daily at 01:00")], LIMITS, memory, at(65));
    assert_eq!(second.state().tasks["home"].retry, first.state().tasks["home"].retry);
    assert_eq!(second.next_wake(), first.next_wake());
}

fn overlapping(overlap: Overlap) -> Planner {
    let mut planner = planner(&[TaskPlan { overlap, ..plan("home", "hourly", "r") }], at(0));
    planner.wake(at(60));
    planner.hear(RunId(1), crate::core::news::RunNews::Recorded, at(60));
    planner
}

#[test]
fn occurrence_during_a_run_is_skipped_and_that_is_written_down() {
    let mut planner = overlapping(Overlap::Skip);
    planner.wake(at(120));
    check_skipped(&planner, 2, 120, SkipReason::StillRunning);
    assert_eq!(planner.next_wake(), Some(at(180)));
}

#[test]
fn occurrences_during_a_run_are_queued_as_one() {
    let mut planner = overlapping(Overlap::Queue);
    planner.wake(at(120));
    planner.wake(at(180));
    assert_eq!(planner.state().queue, [RunId(2)]);
    assert_eq!((run_state(&planner, 2).due_at, run_state(&planner, 2).missed), (Some(at(180)), 1));
    assert_eq!(launched(&end_at(&mut planner, 1, Outcome::Succeeded, 190)), [2]);
}

#[test]
fn occurrence_can_replace_the_run_that_is_under_way() {
    let mut planner = overlapping(Overlap::Replace);
    let actions = planner.wake(at(120));
    assert!(actions.contains(&Action::Stop { run: RunId(1), by: StopCause::User, at_once: false }));
    assert_eq!(launched(&end_at(&mut planner, 1, Outcome::Stopped, 121)), [2]);
}

#[test]
fn run_that_cannot_begin_before_its_deadline_is_dropped() {
    let late = TaskPlan { deadline: Some(TimeDelta::minutes(30)), ..plan("late", "01:00", "r") };
    let mut planner = planner(&[plan("home", "01:00", "r"), late], at(0));
    planner.wake(at(60));
    assert_eq!(planner.next_wake(), Some(at(90)));
    let actions = planner.wake(at(90));
    assert!(actions.contains(&Action::RecordSkip(RunId(2))));
    check_skipped(&planner, 2, 60, SkipReason::Deadline);
    assert_eq!(launched(&end_at(&mut planner, 1, Outcome::Succeeded, 95)), Vec::<u64>::new());
    assert_eq!(planner.state().tasks["late"].next.map(|next| next.due_at), Some(at(DAY + 60)));
}

#[track_caller]
fn check_catch_up(catch_up: CatchUp, now: i64, expected: Option<SkipReason>) {
    let mut planner = Planner::new();
    let home = TaskPlan { catch_up, ..plan("home", "daily at 01:00", "r") };
    let memory = |_: &str, _: &State| TaskMemory { handled_until: Some(at(60)), ..TaskMemory::default() };
    let actions = planner.configure(vec![home], LIMITS, memory, at(now));
    match expected {
        None => assert_eq!(launched(&actions), [1]),
        Some(reason) => check_skipped(&planner, 1, 3 * DAY + 60, reason),
    }
}

#[test]
fn missed_occurrences_make_one_run_or_none_by_rule() {
    let now = 3 * DAY + 120;
    check_catch_up(CatchUp::Auto, now, None);
    check_catch_up(CatchUp::Yes, now, None);
    check_catch_up(CatchUp::No, now, Some(SkipReason::Missed { count: 3 }));
    check_catch_up(CatchUp::Within(TimeDelta::hours(2)), now, None);
    check_catch_up(CatchUp::Within(TimeDelta::minutes(30)), now, Some(SkipReason::Missed { count: 3 }));
}

#[test]
fn start_of_the_daemon_reload_and_resume_are_answered() {
    let plans = vec![plan("start", "@startup", "r"), plan("load", "@reload", "s"), plan("wake", "@resume", "t")];
    let mut planner = Planner::new();
    assert_eq!(launched(&planner.configure(plans.clone(), LIMITS, |_, _| TaskMemory::default(), at(0))), [1]);
    assert_eq!(trigger(&planner, 1), Trigger::Startup);
    assert_eq!(launched(&planner.configure(plans, LIMITS, |_, _| TaskMemory::default(), at(1))), [2]);
    assert_eq!(trigger(&planner, 2), Trigger::Reload);
    assert_eq!(launched(&planner.resumed(at(2))), [3]);
    assert_eq!(trigger(&planner, 3), Trigger::Resume);
    assert_eq!(planner.next_wake(), None);
}

#[test]
fn start_of_the_machine_is_answered_by_the_first_daemon_only() {
    let memory = |_: &str, _: &State| TaskMemory { handled_until: Some(at(0)), ..TaskMemory::default() };
    let mut planner = Planner::new();
    planner.configure(vec![plan("home", "@boot", "r")], LIMITS, memory, at(10));
    assert_eq!(launched(&planner.booted(at(9), at(10))), [1]);
    planner.hear(RunId(1), crate::core::news::RunNews::Recorded, at(10));
    end_at(&mut planner, 1, Outcome::Succeeded, 11);
    assert_eq!(launched(&planner.booted(at(9), at(12))), Vec::<u64>::new());
}

#[test]
fn spread_start_is_on_time_when_it_comes() {
    let home = TaskPlan { random_delay: Some(TimeDelta::hours(1)), ..plan("home", "daily at 01:00", "r") };
    let mut planner = planner(&[home], at(0));
    let next = planner.state().tasks["home"].next.unwrap();
    assert_eq!(next.due_at, at(60));
    assert!(next.starts_at > at(60) && next.starts_at < at(120));
    assert_eq!(planner.next_wake(), Some(next.starts_at));
    assert_eq!(launched(&planner.wake(next.starts_at)), [1]);
    assert_eq!((trigger(&planner, 1), run_state(&planner, 1).due_at), (Trigger::Scheduled, Some(at(60))));
    assert_eq!(planner.state().tasks["home"].next.unwrap().due_at, at(DAY + 60));
}

#[test]
fn machine_that_moves_to_another_zone_is_planned_anew() {
    let in_zone = |zone| vec![TaskPlan { zone: Zone::Named(zone), ..plan("home", "daily at 12:00", "r") }];
    let mut planner = planner(&in_zone(chrono_tz::Europe::Berlin), at(0));
    assert_eq!(planner.next_wake(), Some(at(11 * 60)));
    planner.state.tasks.get_mut("home").unwrap().plan.zone = Zone::Named(chrono_tz::America::New_York);
    planner.clock_changed(at(1));
    assert_eq!(planner.next_wake(), Some(at(17 * 60)));
}

#[test]
fn clock_that_jumps_ahead_follows_the_catch_up_rule() {
    let mut planner = planner(&[plan("home", "daily at 01:00", "r")], at(0));
    assert_eq!(launched(&planner.clock_changed(at(180))), [1], "the next one is far");
    assert_eq!(trigger(&planner, 1), Trigger::CaughtUp);
}

#[test]
fn what_is_missed_while_a_run_waits_is_what_that_run_stands_for() {
    let mut planner = overlapping(Overlap::Queue);
    planner.wake(at(120));
    // The machine is suspended from here on, and nobody answers 180 and 240 in time.
    planner.wake(at(270));
    assert_eq!(planner.state().runs.len(), 2, "nothing is let go beside the run that waits");
    assert_eq!((run_state(&planner, 2).due_at, run_state(&planner, 2).missed), (Some(at(240)), 2));
    planner.wake(at(300));
    assert_eq!((run_state(&planner, 2).due_at, run_state(&planner, 2).missed), (Some(at(300)), 3));
    assert_eq!(planner.state().tasks["home"].handled_until, at(60), "a crash does not lose them");
}

#[test]
fn occurrence_of_a_run_that_is_being_started_is_not_missed_too() {
    let mut planner = planner(&[plan("home", "hourly", "r")], at(0));
    assert_eq!(launched(&planner.wake(at(60))), [1]);
    // The machine is suspended before the record is on disk.
    planner.wake(at(270));
    assert_eq!(planner.state().runs.len(), 1, "a later instant on disk would hide the one that is not there yet");
    planner.hear(RunId(1), crate::core::news::RunNews::Recorded, at(270));
    check_skipped(&planner, 2, 240, SkipReason::Missed { count: 3 });
}

#[test]
fn those_missed_before_one_that_is_skipped_are_written_down_with_it() {
    let mut planner = overlapping(Overlap::Skip);
    planner.wake(at(240));
    check_skipped(&planner, 2, 240, SkipReason::StillRunning);
    assert_eq!(run_state(&planner, 2).missed, 2);
}
