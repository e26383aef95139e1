//! What the tests of the planner share: plans, instants and the ends of runs.

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{
    outcome::Outcome,
    run::{Finished, RunId, Trigger},
    service::RunRequest,
};

use crate::{
    conditions::Conditions,
    config::scheduling::Overlap,
    core::{
        action::Action,
        news::RunNews,
        planner::{Limits, Planner},
        state::{TaskMemory, TaskPlan},
    },
    records::{Record, RepositoryUse, Stage},
    restic::access::Access,
    schedule::{CatchUp, Schedule, Zone},
};

pub const DAY: i64 = 24 * 60;

pub const LIMITS: Limits = Limits { max_parallel: 4, startup_delay: TimeDelta::zero() };

/// Minutes since a Thursday at midnight, UTC.
pub fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

/// A task that uses its repository alone.
pub fn plan(name: &str, schedule: &str, repository: &str) -> TaskPlan {
    let schedule = (!schedule.is_empty()).then(|| Schedule::parse(schedule).unwrap());
    TaskPlan {
        name: name.to_owned(),
        group: None,
        schedule,
        zone: Zone::Named(chrono_tz::UTC),
        catch_up: CatchUp::Auto,
        random_delay: None,
        seed: 7,
        deadline: None,
        overlap: Overlap::Skip,
        priority: 0,
        needs: Vec::new(),
        conditions: Conditions::default(),
        needs_network: false,
        window: None,
        overdue_after: None,
        retry: 0,
        retry_delay: TimeDelta::minutes(1),
        repositories: [usage(repository, Access::Exclusive)].into(),
    }
}

pub fn usage(repository: &str, access: Access) -> RepositoryUse {
    RepositoryUse { repository: serde_json::from_value(repository.into()).unwrap(), access }
}

pub fn planner(plans: &[TaskPlan], now: DateTime<Utc>) -> Planner {
    let mut planner = Planner::new();
    planner.configure(plans.to_vec(), LIMITS, |_, _| TaskMemory::default(), now);
    planner
}

/// Somebody's wish to run a task.
pub fn asked(task: &str) -> RunRequest {
    RunRequest { task: task.to_owned(), ..RunRequest::default() }
}

pub fn record(run: RunId, stage: Stage) -> Record {
    Record {
        run,
        task: "home".to_owned(),
        repositories: vec![usage("r", Access::Exclusive)],
        trigger: Trigger::Scheduled,
        due_at: Some(at(60)),
        missed: 0,
        attempt: 0,
        restics: Vec::new(),
        created_at: at(60),
        stage,
    }
}

pub fn finished(outcome: Outcome, minute: i64) -> Stage {
    Stage::Finished {
        started_at: Some(at(60)),
        log_file: Some("log.txt".to_owned()),
        finished: Finished { at: at(minute), duration_ms: 60_000, exit_code: None, outcome },
        summary: None,
        last_lines: Vec::new(),
    }
}

pub fn end_with(planner: &mut Planner, run: u64, outcome: Outcome) -> Vec<Action> {
    end_at(planner, run, outcome, 61)
}

/// Ends a run at a minute.
pub fn end_at(planner: &mut Planner, run: u64, outcome: Outcome, minute: i64) -> Vec<Action> {
    planner.hear(RunId(run), RunNews::Ended(Box::new(record(RunId(run), finished(outcome, minute)))), at(minute))
}

pub fn launched(actions: &[Action]) -> Vec<u64> {
    actions.iter().filter_map(|action| if let Action::Launch { run, .. } = action { Some(run.0) } else { None }).collect()
}

pub fn trigger(planner: &Planner, run: u64) -> Trigger {
    planner.state().runs[&RunId(run)].run.trigger.clone()
}
