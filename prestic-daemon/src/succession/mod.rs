//! Notices that an upgrade has put another program in the place of this one, and lets that take over.
//!
//! The process stays the same, so that whoever looks after it, as systemd or a container, sees no end: the new program is
//! executed in it, and inherits the lock of the home. Runs go on under their supervisors, and the new program adopts them.
//! Nothing polls: the folder of the program is watched. Until then supervisors are started from the old program, which the
//! system keeps for as long as it runs (`program::own_program`).

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

mod watch;

use std::path::PathBuf;

use prestic_proto::run::{Run, RunState, Trigger};

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

pub use system::{inherit, reap_inherited, replace};
pub use watch::make_way;

/// The program that waits to take over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor(pub PathBuf);

/// Whether nothing is lost if the runs are left to the next daemon. It adopts those that have a supervisor, and of the queue it
/// finds by itself what a schedule has made due, and nothing else.
fn can_be_left(runs: &[Run]) -> bool {
    let is_found_again =
        |trigger: &Trigger| matches!(trigger, Trigger::Scheduled | Trigger::CaughtUp | Trigger::Boot | Trigger::Retry);
    runs.iter().all(|run| match run.state {
        RunState::Queued(_) => is_found_again(&run.trigger),
        RunState::Starting | RunState::WaitingForSecret { .. } => false,
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use prestic_proto::run::{RunId, Turn};

    use super::*;

    fn run(trigger: Trigger, state: RunState) -> Run {
        Run {
            id: RunId(1),
            task: "home".to_owned(),
            trigger,
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

    #[track_caller]
    fn check(trigger: Trigger, state: RunState, expected: bool) {
        assert_eq!(can_be_left(&[run(trigger, state)]), expected);
    }

    #[test]
    fn what_the_next_daemon_finds_by_itself_can_be_left() {
        let queued = || RunState::Queued(Turn::default());
        check(Trigger::Scheduled, queued(), true);
        check(Trigger::Retry, queued(), true);
        check(Trigger::Manual, queued(), false);
        check(Trigger::After("home".to_owned()), queued(), false);
        check(Trigger::Resume, queued(), false);
    }

    #[test]
    fn what_runs_can_be_left_once_it_has_a_supervisor() {
        check(Trigger::Manual, RunState::Running { pid: 7 }, true);
        check(Trigger::Scheduled, RunState::Starting, false);
    }
}
