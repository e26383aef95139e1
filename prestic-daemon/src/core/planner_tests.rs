//! What the planner decides, told as stories: schedules, restarts, stops, the end of the daemon.

use prestic_proto::{outcome::SkipReason, run::Wait};

use super::*;
use crate::{
    core::{
        news::RunNews,
        rig::{DAY, LIMITS, asked, at, end_at, end_with, launched, plan, planner, record, trigger},
    },
    process::ProcessId,
    records::Stage,
};

#[test]
fn new_task_waits_for_its_next_time() {
    let mut planner = planner(&[plan("home", "daily at 01:00", "r")], at(120));
    assert_eq!(planner.next_wake(), Some(at(DAY + 60)));
    assert_eq!(launched(&planner.wake(at(DAY + 59))), Vec::<u64>::new());
    assert_eq!(launched(&planner.wake(at(DAY + 60))), [1]);
    assert_eq!(trigger(&planner, 1), Trigger::Scheduled);
    assert_eq!(planner.next_wake(), Some(at(2 * DAY + 60)));
}

#[test]
fn task_without_a_schedule_never_wakes_anybody() {
    assert_eq!(planner(&[plan("home", "", "r")], at(0)).next_wake(), None);
}

#[test]
fn occurrence_missed_while_no_daemon_ran_is_caught_up_once() {
    let mut planner = Planner::new();
    let memory = |_: &str, _: &State| TaskMemory { handled_until: Some(at(60)), ..TaskMemory::default() };
    let actions = planner.configure(vec![plan("home", "daily at 01:00", "r")], LIMITS, memory, at(10 * DAY));
    assert_eq!(launched(&actions), [1]);
    assert_eq!(trigger(&planner, 1), Trigger::CaughtUp);
    assert_eq!(planner.state().runs[&RunId(1)].run.due_at, Some(at(9 * DAY + 60)));
    assert_eq!(planner.next_wake(), Some(at(10 * DAY + 60)));
}

#[test]
fn mark_from_the_future_does_not_silence_a_task() {
    let mut planner = Planner::new();
    let memory = |_: &str, _: &State| TaskMemory { handled_until: Some(at(1000 * DAY)), ..TaskMemory::default() };
    planner.configure(vec![plan("home", "daily at 01:00", "r")], LIMITS, memory, at(0));
    assert_eq!(planner.next_wake(), Some(at(60)));
}

#[test]
fn queued_occurrence_is_dealt_with_only_when_its_record_is_on_disk() {
    let mut planner = planner(&[plan("home", "daily at 01:00", "r")], at(0));
    planner.wake(at(60));
    assert_eq!(planner.state().tasks["home"].handled_until, at(0));
    let actions = planner.hear(RunId(1), RunNews::Recorded, at(60));
    assert_eq!(planner.state().tasks["home"].handled_until, at(60));
    assert_eq!(actions, [Action::SaveStatus("home".to_owned())]);
}

#[test]
fn runs_on_one_repository_follow_each_other() {
    let mut planner = planner(&[plan("a", "daily at 01:00", "r"), plan("b", "daily at 01:00", "r")], at(0));
    assert_eq!(launched(&planner.wake(at(60))), [1]);
    assert_eq!(
        planner.state().runs[&RunId(2)].run.state,
        RunState::Queued(Turn { position: Some(1), waits_for: Some(Wait::Repository { run: RunId(1), task: "a".to_owned() }) })
    );
    assert_eq!(launched(&end_with(&mut planner, 1, Outcome::Succeeded)), [2]);
}

#[test]
fn runs_on_different_repositories_go_side_by_side_up_to_the_limit() {
    let plans: Vec<TaskPlan> = (0..6).map(|n| plan(&format!("t{n}"), "daily at 01:00", &format!("r{n}"))).collect();
    let mut planner = planner(&plans, at(0));
    assert_eq!(launched(&planner.wake(at(60))), [1, 2, 3, 4]);
    assert_eq!(launched(&end_with(&mut planner, 3, Outcome::Succeeded)), [5]);
}

#[test]
fn task_does_not_run_twice_at_once() {
    let mut planner = planner(&[plan("home", "hourly", "r")], at(0));
    planner.wake(at(60));
    planner.hear(RunId(1), RunNews::Recorded, at(60));
    assert_eq!(launched(&planner.wake(at(120))), Vec::<u64>::new());
    assert_eq!(planner.state().tasks["home"].handled_until, at(120));
    let refusal = planner.request(asked("home"), at(121)).unwrap_err();
    assert_eq!(refusal, ApiError::AlreadyActive { task: "home".to_owned(), run: RunId(1) });
}

#[test]
fn manual_run_leaves_the_schedule_alone() {
    let mut planner = planner(&[plan("home", "daily at 01:00", "r")], at(0));
    let (run, actions) = planner.request(asked("home"), at(30)).unwrap();
    assert_eq!(launched(&actions), [run.0]);
    end_at(&mut planner, run.0, Outcome::Succeeded, 31);
    assert_eq!(planner.next_wake(), Some(at(60)));
}

#[test]
fn queued_run_that_is_stopped_never_starts() {
    let mut planner = planner(&[plan("a", "", "r"), plan("b", "", "r")], at(0));
    planner.request(asked("a"), at(1)).unwrap();
    planner.request(asked("b"), at(1)).unwrap();
    planner.stop(RunId(2), at(2)).unwrap();
    assert_eq!(launched(&end_with(&mut planner, 1, Outcome::Succeeded)), Vec::<u64>::new());
    assert_eq!(planner.state().runs[&RunId(2)].run.finished().unwrap().outcome, Outcome::Stopped);
    assert_eq!(planner.stop(RunId(2), at(3)).unwrap_err(), ApiError::NotRunning("b".to_owned()));
}

#[test]
fn shutdown_stops_what_runs_and_a_second_one_leaves_no_grace() {
    let mut planner = planner(&[plan("a", "", "r"), plan("b", "", "r")], at(0));
    planner.request(asked("a"), at(1)).unwrap();
    planner.request(asked("b"), at(1)).unwrap();
    let actions = planner.shut_down(at(2));
    assert!(actions.contains(&Action::Stop { run: RunId(1), by: StopCause::Shutdown, at_once: false }));
    assert!(planner.shut_down(at(3)).contains(&Action::Stop { run: RunId(1), by: StopCause::Shutdown, at_once: true }));
    assert_eq!(planner.request(asked("b"), at(4)).unwrap_err(), ApiError::ShuttingDown);
    assert_eq!(planner.state().under_way.len(), 1);
    assert_eq!(launched(&end_with(&mut planner, 1, Outcome::Stopped)), Vec::<u64>::new());
    assert!(planner.state().under_way.is_empty());
}

#[test]
fn occurrence_cut_off_by_shutdown_is_left_to_the_next_daemon() {
    let mut planner = planner(&[plan("home", "daily at 01:00", "r")], at(0));
    planner.wake(at(60));
    planner.hear(RunId(1), RunNews::Recorded, at(60));
    planner.shut_down(at(61));
    end_with(&mut planner, 1, Outcome::Interrupted);
    assert_eq!(planner.state().tasks["home"].handled_until, at(59));
}

#[test]
fn occurrence_terminated_together_with_the_daemon_is_left_to_the_next_one() {
    for shutdown_first in [true, false] {
        let mut planner = planner(&[plan("home", "daily at 01:00", "r")], at(0));
        planner.wake(at(60));
        planner.hear(RunId(1), RunNews::Recorded, at(60));
        if shutdown_first {
            planner.shut_down(at(61));
        }
        end_at(&mut planner, 1, Outcome::Killed(15), 61);
        planner.shut_down(at(61));
        assert_eq!(planner.state().tasks["home"].handled_until, at(59), "shutdown first: {shutdown_first}");
    }
}

#[test]
fn occurrence_that_somebody_terminated_long_before_is_dealt_with() {
    let mut planner = planner(&[plan("home", "daily at 01:00", "r")], at(0));
    planner.wake(at(60));
    end_at(&mut planner, 1, Outcome::Killed(15), 61);
    planner.shut_down(at(62));
    assert_eq!(planner.state().tasks["home"].handled_until, at(60));
}

#[test]
fn occurrence_stopped_by_the_user_is_dealt_with() {
    let mut planner = planner(&[plan("home", "daily at 01:00", "r")], at(0));
    planner.wake(at(60));
    planner.hear(RunId(1), RunNews::Recorded, at(60));
    assert_eq!(planner.stop(RunId(1), at(61)).unwrap(), [Action::Stop { run: RunId(1), by: StopCause::User, at_once: false }]);
    end_with(&mut planner, 1, Outcome::Stopped);
    assert_eq!(planner.state().tasks["home"].handled_until, at(60));
}

#[test]
fn adopted_run_keeps_its_task_busy() {
    let mut planner = Planner::new();
    let restic = ProcessId { pid: 99, started: 1, boot_id: "b".to_owned() };
    let running = Stage::Running { started_at: at(60), restic, log_file: Some("log.txt".to_owned()) };
    planner.adopt(&record(RunId(7), running), false);
    planner.configure(vec![plan("home", "", "r"), plan("b", "", "r")], LIMITS, |_, _| TaskMemory::default(), at(61));
    assert!(matches!(planner.request(asked("home"), at(62)), Err(ApiError::AlreadyActive { run: RunId(7), .. })));
    let (run, actions) = planner.request(asked("b"), at(62)).unwrap();
    assert_eq!(run, RunId(8), "numbers go on");
    assert_eq!(launched(&actions), Vec::<u64>::new());
}

#[test]
fn occurrence_lost_with_the_machine_is_caught_up() {
    let mut planner = Planner::new();
    let restic = ProcessId { pid: 99, started: 1, boot_id: "b".to_owned() };
    let running = Stage::Running { started_at: at(60), restic, log_file: Some("log.txt".to_owned()) };
    planner.adopt(&record(RunId(7), running), true);
    let memory = |_: &str, _: &State| TaskMemory { handled_until: Some(at(60)), ..TaskMemory::default() };
    planner.configure(vec![plan("home", "daily at 01:00", "r")], LIMITS, memory, at(90));
    assert_eq!(launched(&end_at(&mut planner, 7, Outcome::Interrupted, 91)), [8]);
    assert_eq!(trigger(&planner, 8), Trigger::CaughtUp);
}

/// A daemon that finds a run of its hourly task without a supervisor, after a later time has come.
fn planner_with_lost_run() -> Planner {
    let mut planner = Planner::new();
    planner.adopt(&record(RunId(7), Stage::Planned), true);
    let memory = |_: &str, _: &State| TaskMemory { handled_until: Some(at(60)), ..TaskMemory::default() };
    planner.configure(vec![plan("home", "hourly", "r")], LIMITS, memory, at(125));
    assert_eq!(planner.state().runs.len(), 1, "nobody knows yet whether that run counts");
    planner
}

#[track_caller]
fn check_missed(planner: &Planner, count: u32) {
    let run = &planner.state().runs[&RunId(8)].run;
    let outcome = Outcome::Skipped(SkipReason::Missed { count });
    assert_eq!((run.due_at, run.finished().map(|finished| &finished.outcome)), (Some(at(120)), Some(&outcome)));
}

#[test]
fn what_came_while_a_run_was_lost_is_decided_on_once() {
    let mut planner = planner_with_lost_run();
    end_at(&mut planner, 7, Outcome::Interrupted, 126);
    check_missed(&planner, 2);
    planner.wake(at(127));
    assert_eq!(planner.state().runs.len(), 2);
}

#[test]
fn what_came_while_a_run_seemed_lost_is_decided_on_when_it_goes_on() {
    let mut planner = planner_with_lost_run();
    planner.hear(RunId(7), RunNews::Started { at: at(60), pid: 7, log_file: None }, at(126));
    check_missed(&planner, 1);
}

#[test]
fn occurrence_that_loses_its_supervisor_is_repeated_once() {
    let mut planner = planner(&[plan("home", "daily at 01:00", "r")], at(0));
    planner.wake(at(60));
    planner.hear(RunId(1), RunNews::Recorded, at(60));
    assert_eq!(launched(&end_at(&mut planner, 1, Outcome::Interrupted, 65)), [2]);
    assert_eq!(planner.state().runs[&RunId(2)].run.due_at, Some(at(60)));
    assert_eq!(launched(&end_at(&mut planner, 2, Outcome::Interrupted, 66)), Vec::<u64>::new());
    assert_eq!(planner.state().tasks["home"].handled_until, at(66), "it is given up, for the next daemon too");
}

#[test]
fn run_that_cannot_be_started_is_not_tried_for_ever() {
    let mut planner = planner(&[plan("home", "daily at 01:00", "r")], at(0));
    planner.wake(at(60));
    let end = end_with(&mut planner, 1, Outcome::SpawnFailed("no restic".to_owned()));
    assert_eq!(launched(&end), Vec::<u64>::new());
    assert_eq!(planner.next_wake(), Some(at(DAY + 60)));
}

#[test]
fn clock_that_is_set_back_does_not_silence_a_task() {
    let mut planner = planner(&[plan("home", "daily at 01:00", "r")], at(300 * DAY));
    planner.wake(at(300 * DAY + 1));
    let actions = planner.wake(at(10 * DAY));
    assert!(actions.iter().any(|action| matches!(action, Action::Warn(_))));
    assert_eq!(planner.next_wake(), Some(at(10 * DAY + 60)));
}

#[test]
fn clock_that_is_set_back_during_a_run_does_not_silence_its_task() {
    let mut planner = planner(&[plan("home", "daily at 01:00", "r")], at(300 * DAY));
    planner.wake(at(300 * DAY + 60));
    planner.wake(at(10 * DAY));
    planner.hear(RunId(1), RunNews::Recorded, at(10 * DAY));
    end_at(&mut planner, 1, Outcome::Succeeded, 10 * DAY + 1);
    assert_eq!(planner.next_wake(), Some(at(10 * DAY + 60)));
    assert_eq!(launched(&planner.wake(at(10 * DAY + 60))), [2]);
}

#[test]
fn clock_that_is_set_back_a_little_repeats_nothing() {
    let mut planner = planner(&[plan("home", "daily at 01:00", "r")], at(0));
    planner.wake(at(60));
    end_at(&mut planner, 1, Outcome::Succeeded, 62);
    assert_eq!(launched(&planner.wake(at(30))), Vec::<u64>::new());
    assert_eq!(planner.next_wake(), Some(at(DAY + 60)));
}

#[test]
fn mark_a_little_ahead_survives_a_restart_with_the_clock_behind() {
    let mut planner = Planner::new();
    let memory = |_: &str, _: &State| TaskMemory { handled_until: Some(at(60)), ..TaskMemory::default() };
    planner.configure(vec![plan("home", "daily at 01:00", "r")], LIMITS, memory, at(59));
    assert_eq!(planner.next_wake(), Some(at(DAY + 60)));
}

#[test]
fn occurrence_that_is_let_go_is_written_down() {
    let mut planner = planner(&[plan("home", "hourly", "r")], at(0));
    planner.wake(at(60));
    planner.hear(RunId(1), RunNews::Recorded, at(60));
    assert!(planner.wake(at(120)).contains(&Action::RecordSkip(RunId(2))));
    let skipped = planner.state().runs[&RunId(2)].run.clone();
    assert_eq!(skipped.due_at, Some(at(120)));
    assert_eq!(skipped.finished().unwrap().outcome, Outcome::Skipped(SkipReason::StillRunning));
    let then = [Action::SaveStatus("home".to_owned()), Action::AddToHistory(skipped.into())];
    assert_eq!(planner.hear(RunId(2), RunNews::Recorded, at(120)), then);
}

/// Checks which runs are handed to the history.
#[track_caller]
fn check_history(actions: &[Action], expected: &[u64]) {
    let added = |action: &Action| if let Action::AddToHistory(run) = action { Some(run.id.0) } else { None };
    assert_eq!(actions.iter().filter_map(added).collect::<Vec<_>>(), expected);
}

#[test]
fn run_gets_into_the_history_when_it_has_ended() {
    let mut planner = planner(&[plan("home", "", "r"), plan("mail", "", "r")], at(0));
    let (_, launched) = planner.request(asked("home"), at(1)).unwrap();
    check_history(&launched, &[]);
    planner.request(asked("mail"), at(1)).unwrap();
    check_history(&planner.stop(RunId(2), at(2)).unwrap(), &[2]);
    check_history(&end_with(&mut planner, 1, Outcome::Succeeded), &[1]);
}

#[test]
fn what_only_a_shutdown_takes_from_the_queue_gets_into_the_history_if_it_does_not_come_again() {
    let mut planner = planner(&[plan("home", "", "r"), plan("mail", "", "r"), plan("due", "daily at 01:00", "r")], at(0));
    planner.request(asked("home"), at(59)).unwrap();
    planner.request(asked("mail"), at(59)).unwrap();
    planner.wake(at(60));
    assert_eq!(planner.state().queue, [RunId(2), RunId(3)]);
    check_history(&planner.shut_down(at(61)), &[2]);
    check_history(&end_with(&mut planner, 1, Outcome::Stopped), &[1]);
}

#[test]
fn run_by_hand_does_not_swallow_the_occurrence_that_comes_due() {
    let mut planner = planner(&[plan("home", "daily at 01:00", "r")], at(0));
    planner.request(RunRequest { args: vec!["--dry-run".to_owned()], ..asked("home") }, at(50)).unwrap();
    assert_eq!(launched(&planner.wake(at(60))), Vec::<u64>::new());
    assert_eq!(launched(&end_at(&mut planner, 1, Outcome::Succeeded, 62)), [2]);
    assert_eq!(planner.state().runs[&RunId(2)].run.due_at, Some(at(60)));
}

#[test]
fn run_that_waits_stands_for_the_newest_occurrence() {
    let mut planner = planner(&[plan("a", "", "r"), plan("b", "hourly", "r")], at(0));
    planner.request(asked("a"), at(50)).unwrap();
    planner.wake(at(60));
    planner.wake(at(120));
    assert_eq!(planner.state().runs[&RunId(2)].run.due_at, Some(at(120)));
    assert_eq!(planner.state().queue.len(), 1);
}

#[test]
fn run_that_waits_follows_its_task_to_another_repository() {
    let mut planner = planner(&[plan("a", "", "r"), plan("b", "", "r")], at(0));
    planner.request(asked("a"), at(1)).unwrap();
    planner.request(asked("b"), at(1)).unwrap();
    let plans = vec![plan("a", "", "r"), plan("b", "", "other")];
    assert_eq!(launched(&planner.configure(plans, LIMITS, |_, _| TaskMemory::default(), at(2))), [2]);
}

#[test]
fn reload_moves_the_next_time_and_leaves_the_run_alone() {
    let mut planner = planner(&[plan("home", "daily at 01:00", "r")], at(0));
    planner.wake(at(60));
    let actions = planner.configure(vec![plan("home", "daily at 00:30", "r")], LIMITS, |_, _| TaskMemory::default(), at(62));
    assert_eq!(launched(&actions), Vec::<u64>::new(), "00:30 of today was before the change");
    assert_eq!(planner.next_wake(), Some(at(DAY + 30)));
    assert_eq!(planner.state().tasks["home"].active, Some(RunId(1)));
}

#[test]
fn memory_of_runs_is_bounded() {
    let mut planner = planner(&[plan("home", "", "r")], at(0));
    for _ in 0..REMEMBERED_RUNS + 3 {
        let (run, _) = planner.request(asked("home"), at(1)).unwrap();
        end_with(&mut planner, run.0, Outcome::Succeeded);
    }
    assert_eq!(planner.state().runs.len(), REMEMBERED_RUNS);
    assert!(!planner.state().runs.contains_key(&RunId(1)));
}

#[test]
fn run_without_a_record_of_its_end_does_not_hold_up_its_task() {
    let mut planner = planner(&[plan("home", "", "r")], at(0));
    planner.request(asked("home"), at(1)).unwrap();
    planner.hear(RunId(1), RunNews::Gone("the disk is gone".to_owned()), at(2));
    let run = &planner.state().runs[&RunId(1)].run;
    assert_eq!(run.finished().unwrap().outcome, Outcome::Interrupted);
    assert_eq!(run.last_lines, ["the disk is gone"]);
    planner.request(asked("home"), at(3)).unwrap();
}

#[test]
fn late_news_of_a_run_that_is_over_change_nothing() {
    let mut planner = planner(&[plan("home", "", "r")], at(0));
    planner.request(asked("home"), at(1)).unwrap();
    end_with(&mut planner, 1, Outcome::Succeeded);
    assert_eq!(planner.hear(RunId(1), RunNews::Stopping, at(62)), []);
    assert_eq!(end_with(&mut planner, 1, Outcome::Killed(9)), []);
    assert_eq!(planner.hear(RunId(99), RunNews::Recorded, at(62)), []);
}
