//! Who starts when several want to, and what the others wait for.

use prestic_proto::{
    error::ApiError,
    event::EventKind,
    outcome::{Failure, Outcome},
    run::Trigger,
    service::{IfActive, RunRequest},
};

use super::*;
use crate::{
    conditions::Conditions,
    core::{
        planner::Limits,
        rig::{DAY, LIMITS, asked, at, end_at, launched, plan, planner, usage},
        state::{State, TaskMemory, TaskPlan},
    },
    schedule::window::Window,
};

fn shared(name: &str, schedule: &str, repository: &str) -> TaskPlan {
    TaskPlan { repositories: [usage(repository, Access::Shared)].into(), ..plan(name, schedule, repository) }
}

#[track_caller]
fn check_wait(planner: &Planner, run: u64, minute: i64, expected: Option<Wait>) {
    let turns = planner.turns(at(minute));
    let turn = turns.iter().find(|(id, _)| *id == RunId(run)).map(|(_, turn)| turn);
    assert_eq!(turn.and_then(|turn| turn.waits_for.clone()), expected);
}

fn behind(run: u64, task: &str) -> Option<Wait> {
    Some(Wait::Repository { run: RunId(run), task: task.to_owned() })
}

#[test]
fn shared_runs_go_together_and_an_exclusive_one_waits_for_all_of_them() {
    let plans = [shared("a", "01:00", "r"), shared("b", "01:00", "r"), plan("c", "01:00", "r"), plan("d", "01:00", "other")];
    let mut planner = planner(&plans, at(0));
    assert_eq!(launched(&planner.wake(at(60))), [1, 2, 4]);
    check_wait(&planner, 3, 60, behind(1, "a"));
    assert_eq!(launched(&end_at(&mut planner, 1, Outcome::Succeeded, 61)), Vec::<u64>::new());
    check_wait(&planner, 3, 61, behind(2, "b"));
    assert_eq!(launched(&end_at(&mut planner, 2, Outcome::Succeeded, 62)), [3]);
}

#[test]
fn run_that_waits_for_its_repository_is_not_overtaken_there() {
    let plans = [shared("a", "01:00", "r"), plan("b", "01:00", "r"), shared("c", "01:00", "r")];
    let mut planner = planner(&plans, at(0));
    assert_eq!(launched(&planner.wake(at(60))), [1]);
    check_wait(&planner, 3, 60, behind(2, "b"));
    assert_eq!(launched(&end_at(&mut planner, 1, Outcome::Succeeded, 61)), [2]);
    assert_eq!(launched(&end_at(&mut planner, 2, Outcome::Succeeded, 62)), [3]);
}

#[test]
fn run_that_uses_two_repositories_waits_for_both() {
    let copy = TaskPlan {
        repositories: [usage("r", Access::Shared), usage("s", Access::Shared)].into(),
        ..plan("copy", "01:00", "r")
    };
    let mut planner = planner(&[plan("a", "01:00", "s"), copy], at(0));
    assert_eq!(launched(&planner.wake(at(60))), [1]);
    check_wait(&planner, 2, 60, behind(1, "a"));
}

#[test]
fn higher_priority_goes_first_and_equal_ones_in_their_order() {
    let ranked = |name: &str, priority| TaskPlan { priority, ..plan(name, "", "r") };
    let mut planner = planner(&[ranked("a", 0), ranked("b", 0), ranked("c", 0), ranked("d", 5)], at(0));
    for task in ["a", "b", "c", "d"] {
        planner.request(asked(task), at(1)).unwrap();
    }
    assert_eq!(planner.state().queue, [RunId(4), RunId(2), RunId(3)]);
    assert_eq!(launched(&end_at(&mut planner, 1, Outcome::Succeeded, 2)), [4]);
}

#[test]
fn place_is_waited_for_when_all_are_taken() {
    let plans: Vec<TaskPlan> = (0..5).map(|number| plan(&format!("t{number}"), "01:00", &format!("r{number}"))).collect();
    let mut planner = planner(&plans, at(0));
    planner.wake(at(60));
    check_wait(&planner, 5, 60, Some(Wait::Place));
}

#[test]
fn task_waits_for_a_good_run_of_what_it_needs() {
    let prune = TaskPlan { needs: vec!["home".to_owned()], ..plan("prune", "01:00", "other") };
    let mut planner = planner(&[plan("home", "", "r"), prune], at(0));
    assert_eq!(launched(&planner.wake(at(60))), Vec::<u64>::new());
    check_wait(&planner, 1, 60, Some(Wait::Needs { task: "home".to_owned() }));
    planner.request(asked("home"), at(61)).unwrap();
    let failed = Outcome::Failed(Failure::Other);
    assert_eq!(launched(&end_at(&mut planner, 2, failed, 62)), Vec::<u64>::new());
    planner.request(asked("home"), at(63)).unwrap();
    assert_eq!(launched(&end_at(&mut planner, 3, Outcome::Succeeded, 64)), [1]);
}

#[test]
fn another_attempt_needs_what_the_first_one_had() {
    let copy = TaskPlan { needs: vec!["home".to_owned()], retry: 1, ..plan("copy", "02:00", "s") };
    let mut planner = planner(&[plan("home", "01:00", "r"), copy], at(0));
    planner.wake(at(60));
    end_at(&mut planner, 1, Outcome::Succeeded, 61);
    assert_eq!(launched(&planner.wake(at(120))), [2]);
    end_at(&mut planner, 2, Outcome::RepositoryLocked, 121);
    let again = planner.next_wake().unwrap();
    assert_eq!(launched(&planner.wake(again)), [3]);
}

#[test]
fn run_starts_in_its_hours_only_and_is_told_when_they_end() {
    let window = Window::parse("22:00..06:00").unwrap();
    let home = TaskPlan { window: Some(window), ..plan("home", "12:00", "r") };
    let mut planner = planner(&[home], at(0));
    assert_eq!(launched(&planner.wake(at(12 * 60))), Vec::<u64>::new());
    check_wait(&planner, 1, 12 * 60, Some(Wait::Window { opens_at: at(22 * 60) }));
    assert_eq!(planner.next_wake(), Some(at(22 * 60)));
    let actions = planner.wake(at(22 * 60));
    assert!(actions.contains(&Action::Launch { run: RunId(1), ends_at: Some(at(DAY + 6 * 60)) }));
}

fn on_ac(name: &str) -> TaskPlan {
    TaskPlan { conditions: Conditions { only_on_ac: true, ..Conditions::default() }, ..plan(name, "01:00", "r") }
}

fn question(run: u64, question: u32, when: Asking) -> Action {
    Action::Ask { run: RunId(run), question, when }
}

#[test]
fn run_is_held_back_while_its_conditions_do_not_hold() {
    let mut planner = planner(&[on_ac("home")], at(0));
    let actions = planner.wake(at(60));
    assert!(actions.contains(&question(1, 1, Asking::AtOnce)));
    assert_eq!(launched(&actions), Vec::<u64>::new());
    check_wait(&planner, 1, 60, Some(Wait::Conditions));
    let unmet = vec![Unmet::OnBattery];
    let actions = planner.hear_conditions(RunId(1), 1, unmet.clone(), at(60));
    assert!(actions.contains(&question(1, 2, Asking::AfterChange)));
    check_wait(&planner, 1, 60, Some(Wait::Unmet { conditions: unmet }));
    assert_eq!(launched(&planner.hear_conditions(RunId(1), 2, Vec::new(), at(70))), [1]);
}

#[test]
fn catching_up_over_the_network_waits_for_one() {
    let plans = vec![TaskPlan { needs_network: true, ..plan("home", "daily at 01:00", "r") }];
    let memory = |_: &str, _: &State| TaskMemory { handled_until: Some(at(0)), ..TaskMemory::default() };
    let mut planner = Planner::new();
    let actions = planner.configure(plans, LIMITS, memory, at(5 * DAY));
    assert!(actions.contains(&question(1, 1, Asking::AtOnce)));
    assert!(planner.state().tasks["home"].plan.conditions_of(&planner.state().runs[&RunId(1)].run).route);
    assert_eq!(launched(&planner.hear_conditions(RunId(1), 1, Vec::new(), at(5 * DAY))), [1]);
    end_at(&mut planner, 1, Outcome::Succeeded, 5 * DAY + 2);
    assert_eq!(launched(&planner.wake(at(5 * DAY + 60))), [2], "what is on time does not ask");
}

#[test]
fn late_answer_about_conditions_does_not_count() {
    let mut planner = planner(&[on_ac("home")], at(0));
    planner.wake(at(60));
    planner.hear_conditions(RunId(1), 1, vec![Unmet::OnBattery], at(60));
    assert_eq!(planner.hear_conditions(RunId(1), 1, Vec::new(), at(61)), []);
    assert_eq!(planner.hear_conditions(RunId(9), 1, Vec::new(), at(61)), []);
}

#[test]
fn run_that_is_held_back_lets_others_by() {
    let mut planner = planner(&[on_ac("a"), plan("b", "01:00", "r")], at(0));
    assert_eq!(launched(&planner.wake(at(60))), Vec::<u64>::new(), "it keeps its place while its conditions are looked at");
    check_wait(&planner, 2, 60, behind(1, "a"));
    assert_eq!(launched(&planner.hear_conditions(RunId(1), 1, vec![Unmet::OnBattery], at(60))), [2]);
    // They hold, but the repository is taken by now; when it is free, that is too long ago.
    assert_eq!(launched(&planner.hear_conditions(RunId(1), 2, Vec::new(), at(61))), Vec::<u64>::new());
    check_wait(&planner, 1, 61, behind(2, "b"));
    let actions = end_at(&mut planner, 2, Outcome::Succeeded, 70);
    assert!(actions.contains(&question(1, 3, Asking::AtOnce)));
}

#[test]
fn places_are_counted_without_what_is_held_back() {
    let needing = TaskPlan { needs: vec!["nobody".to_owned()], ..plan("a", "01:00", "r") };
    let plans = [needing, plan("b", "01:00", "s"), plan("c", "01:00", "s"), plan("d", "01:00", "s"), plan("nobody", "", "t")];
    let mut planner = planner(&plans, at(0));
    assert_eq!(launched(&planner.wake(at(60))), [2]);
    let places: Vec<_> = planner.turns(at(60)).into_iter().map(|(run, turn)| (run.0, turn.position)).collect();
    assert_eq!(places, [(1, None), (3, Some(1)), (4, Some(2))]);
}

#[test]
fn overdue_task_runs_whatever_the_conditions_are() {
    let home = TaskPlan { overdue_after: Some(TimeDelta::days(3)), ..on_ac("home") };
    let mut planner = planner(&[home], at(0));
    planner.wake(at(60));
    planner.hear_conditions(RunId(1), 1, vec![Unmet::OnBattery], at(60));
    assert_eq!(launched(&planner.wake(at(2 * DAY))), Vec::<u64>::new());
    assert_eq!(planner.next_wake(), Some(at(2 * DAY + 60)));
    planner.wake(at(2 * DAY + 60));
    assert_eq!(planner.next_wake(), Some(at(3 * DAY)));
    let actions = planner.wake(at(3 * DAY));
    assert_eq!(launched(&actions), [1]);
    let overdue = Action::Tell(EventKind::Overdue { task: "home".to_owned(), last_success_at: None });
    assert!(actions.contains(&overdue));
    assert!(!planner.wake(at(3 * DAY + 1)).contains(&overdue), "it is told once");
    end_at(&mut planner, 1, Outcome::Succeeded, 3 * DAY + 2);
    assert!(!planner.state().tasks["home"].is_overdue(at(3 * DAY + 3)));
}

#[test]
fn run_that_somebody_asks_for_starts_whatever_the_conditions_are() {
    let mut planner = planner(&[on_ac("home")], at(0));
    let (run, actions) = planner.request(asked("home"), at(1)).unwrap();
    assert_eq!(launched(&actions), [run.0]);
}

#[test]
fn asking_for_a_task_that_is_held_back_lets_go_of_its_run() {
    let mut planner = planner(&[on_ac("home")], at(0));
    planner.wake(at(60));
    planner.hear_conditions(RunId(1), 1, vec![Unmet::OnBattery], at(60));
    let (run, actions) = planner.request(asked("home"), at(61)).unwrap();
    assert_eq!((run, launched(&actions)), (RunId(1), vec![1]));
}

#[test]
fn asking_with_other_words_leaves_the_run_that_is_held_back_alone() {
    let mut planner = planner(&[on_ac("home")], at(0));
    planner.wake(at(60));
    planner.hear_conditions(RunId(1), 1, vec![Unmet::OnBattery], at(60));
    let dry_run = RunRequest { args: vec!["--dry-run".to_owned()], ..asked("home") };
    let (run, actions) = planner.request(dry_run.clone(), at(61)).unwrap();
    assert_eq!((run, launched(&actions)), (RunId(2), vec![2]));
    assert_eq!(planner.request(dry_run, at(61)).unwrap_err(), under_way(2));
    let task = &planner.state().tasks["home"];
    assert_eq!((task.active, task.waiting), (Some(RunId(2)), Some(RunId(1))));
    end_at(&mut planner, 2, Outcome::Succeeded, 62);
    let task = &planner.state().tasks["home"];
    assert_eq!((task.active, task.waiting), (Some(RunId(1)), None));
    check_wait(&planner, 1, 62, Some(Wait::Unmet { conditions: vec![Unmet::OnBattery] }));
}

fn under_way(run: u64) -> ApiError {
    ApiError::AlreadyActive { task: "home".to_owned(), run: RunId(run) }
}

#[test]
fn task_is_queued_behind_itself_if_that_is_asked_for() {
    let mut planner = planner(&[plan("home", "", "r")], at(0));
    planner.request(asked("home"), at(1)).unwrap();
    let request = RunRequest { if_active: IfActive::Queue, ..asked("home") };
    let (run, actions) = planner.request(request.clone(), at(2)).unwrap();
    assert_eq!((run, launched(&actions)), (RunId(2), Vec::new()));
    check_wait(&planner, 2, 2, Some(Wait::SameTask { run: RunId(1) }));
    let refusal = planner.request(request, at(3)).unwrap_err();
    assert_eq!(refusal, ApiError::AlreadyActive { task: "home".to_owned(), run: RunId(2) }, "one is enough");
    assert_eq!(launched(&end_at(&mut planner, 1, Outcome::Succeeded, 4)), [2]);
    assert_eq!(planner.state().tasks["home"].active, Some(RunId(2)));
}

#[test]
fn paused_tasks_do_not_start_by_themselves_and_follow_the_catch_up_rule_afterwards() {
    let mut planner = planner(&[plan("home", "daily at 01:00", "r"), plan("b", "", "s")], at(0));
    planner.pause(None, Some(at(2 * DAY)), at(30)).unwrap();
    assert_eq!(planner.next_wake(), Some(at(2 * DAY)));
    assert_eq!(launched(&planner.wake(at(60))), Vec::<u64>::new());
    assert_eq!(launched(&planner.request(asked("b"), at(61)).unwrap().1), [1], "what somebody asks for runs");
    assert_eq!(launched(&planner.wake(at(2 * DAY))), [2]);
    assert_eq!(planner.state().runs[&RunId(2)].run.trigger, Trigger::CaughtUp);
    assert_eq!(planner.state().runs[&RunId(2)].run.missed, 1);
}

#[test]
fn pause_of_one_task_leaves_the_others_alone_and_ends_with_resume() {
    let mut planner = planner(&[plan("a", "daily at 01:00", "r"), plan("b", "daily at 01:00", "s")], at(0));
    planner.pause(Some("a".to_owned()), None, at(1)).unwrap();
    assert_eq!(launched(&planner.wake(at(60))), [1]);
    assert_eq!(planner.state().runs[&RunId(1)].run.task, "b");
    assert_eq!(launched(&planner.resume(Some("a".to_owned()), at(60)).unwrap()), [2], "it is still on time");
    assert_eq!(planner.resume(Some("a".to_owned()), at(61)), Err(ApiError::NotPaused(Some("a".to_owned()))));
    assert!(matches!(planner.pause(Some("c".to_owned()), None, at(61)), Err(ApiError::UnknownTask { .. })));
}

#[test]
fn run_that_waits_is_held_by_a_pause() {
    let mut planner = planner(&[plan("a", "01:00", "r"), plan("b", "01:00", "r")], at(0));
    planner.wake(at(60));
    planner.pause(None, None, at(61)).unwrap();
    assert_eq!(launched(&end_at(&mut planner, 1, Outcome::Succeeded, 62)), Vec::<u64>::new());
    check_wait(&planner, 2, 62, Some(Wait::Paused { until: None }));
    assert_eq!(launched(&planner.resume(None, at(63)).unwrap()), [2]);
}

#[test]
fn catching_up_after_a_start_is_spread() {
    let plans: Vec<TaskPlan> = (0..3)
        .map(|number| TaskPlan { seed: number, ..plan(&format!("t{number}"), "daily at 01:00", &format!("r{number}")) })
        .collect();
    let limits = Limits { startup_delay: TimeDelta::seconds(60), ..LIMITS };
    let mut planner = Planner::new();
    let memory = |_: &str, _: &State| TaskMemory { handled_until: Some(at(0)), ..TaskMemory::default() };
    let now = at(10 * DAY);
    assert_eq!(launched(&planner.configure(plans, limits, memory, now)), Vec::<u64>::new());
    let starts: Vec<_> = (1..=3).map(|run| planner.state().runs[&RunId(run)].not_before.unwrap()).collect();
    let settled = now + TimeDelta::seconds(60);
    assert!(starts.iter().all(|at| *at >= settled && *at < settled + TimeDelta::seconds(60)), "{starts:?}");
    assert!(starts[0] != starts[1] || starts[1] != starts[2], "{starts:?}");
    assert_eq!(planner.next_wake(), starts.iter().min().copied());
    assert_eq!(launched(&planner.wake(settled + TimeDelta::seconds(60))).len(), 3);
}

#[test]
fn deadline_of_what_is_caught_up_counts_from_when_it_may_begin() {
    let late = TaskPlan { deadline: Some(TimeDelta::seconds(30)), ..plan("home", "daily at 01:00", "r") };
    let limits = Limits { startup_delay: TimeDelta::seconds(60), ..LIMITS };
    let mut planner = Planner::new();
    let memory = |_: &str, _: &State| TaskMemory { handled_until: Some(at(0)), ..TaskMemory::default() };
    let now = at(10 * DAY);
    planner.configure(vec![late], limits, memory, now);
    let begins_at = planner.state().runs[&RunId(1)].not_before.unwrap();
    assert_eq!(launched(&planner.wake(now + TimeDelta::seconds(45))), Vec::<u64>::new());
    assert_eq!(launched(&planner.wake(begins_at)), [1]);
}
