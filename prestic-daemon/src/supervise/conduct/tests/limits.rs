//! Runs that take too long.

use std::io::Write as _;

use chrono::TimeDelta;
use prestic_proto::limit::Limit;

use super::*;

/// Runs a script with limits until one of them ends it.
#[track_caller]
fn check(script: &str, limits: Limits, limit: Limit) -> End {
    let mut rig = rig(script);
    rig.spec.limits = limits;
    let end = rig.run();
    assert_eq!(end.finished.outcome, Outcome::TimedOut(limit), "{}", end.log);
    assert!(end.log.contains(&format!("\nrestic is stopped: {limit}\n")), "{}", end.log);
    end
}

fn limits(max_runtime_ms: Option<u64>, no_progress_ms: Option<u64>) -> Limits {
    Limits { max_runtime_ms, no_progress_ms, stop_grace_ms: 60_000, ..Limits::default() }
}

const BUSY: &str = "trap 'exit 130' INT; while :; do echo line; sleep 0.02; done";
/// A program that waits without using anything, and that an interrupt ends. A shell in a loop starts a program each time.
const SILENT: &str = "exec tail -f /dev/null";

#[test]
fn run_that_is_too_long_is_warned_of_and_interrupted() {
    let end = check(BUSY, limits(Some(700), None), Limit::MaxRuntime);
    assert_eq!(end.finished.exit_code, Some(130));
    assert!((700..20_000).contains(&end.finished.duration_ms), "{}", end.finished.duration_ms);
    assert!(end.log.contains("\nmax-runtime is near: restic will be stopped at "), "{}", end.log);
}

#[test]
fn silent_run_is_warned_of_and_interrupted() {
    let end = check(SILENT, limits(None, Some(1500)), Limit::NoProgress);
    assert_eq!(end.finished.exit_code, None);
    assert!(end.log.contains("\nnothing moves: restic will be stopped at "), "{}", end.log);
}

#[test]
fn same_numbers_again_and_again_are_no_progress() {
    let status = r#"{"message_type":"status","percent_done":0.5,"bytes_done":7,"seconds_elapsed":3}"#;
    let mut rig = rig(&format!("trap 'exit 130' INT; while read -r line; do echo '{status}'; done < PIPE; echo end of input"));
    let folder = tempfile::tempdir().unwrap();
    let pipe = make_pipe(&mut rig, folder.path());
    rig.spec.limits = limits(None, Some(1500));
    let end = rig.run_with(|_| keep_awake(&pipe));
    assert_eq!(end.finished.outcome, Outcome::TimedOut(Limit::NoProgress), "{}", end.log);
}

/// Lets a script go on ten times a second, until it has ended.
#[expect(clippy::disallowed_methods, reason = "a steady rate is what this is for")]
fn keep_awake(pipe: &Path) {
    let mut pipe = fs::File::options().write(true).open(pipe).unwrap();
    while pipe.write_all(b"\n").is_ok() {
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn hung_run_that_ignores_the_interrupt_is_killed_and_its_lock_looked_after() {
    let limits = Limits { stop_grace_ms: 200, ..limits(None, Some(1500)) };
    let end = check(&format!("trap '' INT; {SILENT}"), limits, Limit::NoProgress);
    assert_eq!(end.finished.exit_code, None);
    assert!(end.log.contains(" has left no lock.\n"), "{}", end.log);
}

#[test]
fn run_that_writes_lines_is_not_hung() {
    let mut rig = rig("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do echo $i; sleep 0.1; done");
    rig.spec.limits = limits(None, Some(1000));
    assert_eq!(rig.run().finished.outcome, Outcome::Succeeded);
}

#[test]
#[cfg(target_os = "linux")]
fn silent_but_busy_helper_of_restic_is_progress() {
    let mut rig = rig("timeout 2 sh -c 'while :; do :; done'; exit 0");
    rig.spec.limits = limits(None, Some(1000));
    let end = rig.run();
    assert_eq!(end.finished.outcome, Outcome::Succeeded, "{}", end.log);
}

#[test]
fn end_of_the_window_interrupts() {
    let ends_at = Some(clock::now() + TimeDelta::milliseconds(500));
    check(BUSY, Limits { ends_at, ..limits(None, None) }, Limit::Window);
}

#[test]
fn stop_of_a_user_counts_though_a_limit_comes_after_it() {
    let mut rig = rig("trap 'sleep 1; exit 130' INT; : > PIPE; while :; do sleep 0.02; done");
    let folder = tempfile::tempdir().unwrap();
    let pipe = make_pipe(&mut rig, folder.path());
    rig.spec.limits = limits(Some(700), None);
    let end = rig.run_with(|events| {
        fs::read(&pipe).unwrap();
        stop(events, 60_000);
    });
    assert_eq!(end.finished.outcome, Outcome::Stopped, "{}", end.log);
}
