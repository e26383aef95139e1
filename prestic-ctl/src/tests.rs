//! What the tests of several modules need.

use chrono::DateTime;
use prestic_proto::{
    outcome::Outcome,
    run::{Finished, Run, RunId, RunState, Trigger},
    status::TaskStatus,
};

/// Returns a run of `home-backup` in a state.
pub fn run_in(state: RunState) -> Run {
    Run {
        id: RunId(12),
        task: "home-backup".to_owned(),
        trigger: Trigger::Manual,
        due_at: None,
        missed: 0,
        attempt: 0,
        created_at: DateTime::UNIX_EPOCH,
        started_at: None,
        log_file: None,
        state,
        progress: None,
        limit_near: None,
        summary: None,
        last_lines: Vec::new(),
    }
}

/// Returns the state of a run that went well.
pub fn succeeded() -> RunState {
    ended(Outcome::Succeeded, Some(0))
}

/// Returns the state of a run that ended.
pub fn ended(outcome: Outcome, exit_code: Option<i32>) -> RunState {
    RunState::Finished(Finished { at: DateTime::UNIX_EPOCH, duration_ms: 1_500, exit_code, outcome })
}

/// Returns a task without a schedule that never ran.
pub fn task(name: &str) -> TaskStatus {
    TaskStatus {
        name: name.to_owned(),
        description: String::new(),
        repository: "repo".to_owned(),
        schedule: None,
        group: None,
        next_run_at: None,
        retry_at: None,
        paused: None,
        overdue_since: None,
        last_skip: None,
        active: None,
        last_run: None,
        last_success_at: None,
        cannot_run: None,
    }
}
