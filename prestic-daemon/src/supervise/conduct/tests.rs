//! Whole runs, with shell scripts in restic's place.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::sync_channel,
};

use chrono::DateTime;
use prestic_proto::{
    outcome::Failure,
    run::{RunId, Trigger},
};

use super::*;
use crate::{
    records::OwnRestic,
    supervise::{attend::ALWAYS_UNLOCKS, limits::Limits, spec::OutputFormat},
};

mod limits;
mod locks;

struct Rig {
    home: tempfile::TempDir,
    spec: RunSpec,
    records: RecordFolder,
    events: Events,
    lock_rules: LockRules,
}

/// What is on disk of a run that is over.
struct End {
    finished: Finished,
    last_lines: Vec<String>,
    restics: Vec<OwnRestic>,
    log: String,
}

fn rig(script: &str) -> Rig {
    let home = tempfile::tempdir().unwrap();
    let words = |words: [&str; 3]| words.map(str::to_owned).to_vec();
    let spec = RunSpec {
        run: RunId(1),
        task: "home".to_owned(),
        trigger: "manual".to_owned(),
        records: home.path().join("runs"),
        socket: home.path().join("run.sock"),
        logs: home.path().join("logs"),
        command: words(["sh", "-c", script]),
        restic: words(["sh", "-c", "echo no locks"]),
        subcommand: "backup".to_owned(),
        shown_command: "restic backup".to_owned(),
        shown_repository: "/repository".to_owned(),
        restic_version: None,
        limits: Limits { stop_grace_ms: 60_000, ..Limits::default() },
        output: OutputFormat::Json,
        log_filter: None,
        cpu_priority: None,
        io_priority: None,
    };
    let records = RecordFolder::open(&spec.records).unwrap();
    Rig { home, spec, records, events: sync_channel(MAX_EVENTS), lock_rules: LockRules::default() }
}

fn planned(spec: &RunSpec) -> Record {
    Record {
        run: spec.run,
        task: spec.task.clone(),
        repositories: Vec::new(),
        missed: 0,
        attempt: 0,
        restics: Vec::new(),
        trigger: Trigger::Manual,
        due_at: None,
        created_at: DateTime::UNIX_EPOCH,
        stage: Stage::Planned,
    }
}

impl Rig {
    /// Leads the run, with `act` on another thread.
    fn run_with(self, act: impl FnOnce(&SyncSender<Event>) + Send) -> End {
        let Self { home, spec, records, events, lock_rules } = self;
        let record = planned(&spec);
        let feed = Arc::new(Feed::default());
        let sender = events.0.clone();
        thread::scope(|scope| {
            scope.spawn(move || act(&sender));
            conduct(&spec, &records, record, &feed, events, &lock_rules);
        });
        let Record { restics, stage, .. } = records.read(spec.run).unwrap();
        let Stage::Finished { log_file, finished, last_lines, .. } = stage else {
            panic!("the run is not over");
        };
        let log = log_file.map(|name| fs::read_to_string(spec.logs.join(name)).unwrap());
        drop(home);
        End { finished, last_lines, restics, log: log.unwrap_or_default() }
    }

    fn run(self) -> End {
        self.run_with(|_| {})
    }
}

/// Makes a named pipe and puts it into the script. When a script opens it, it has done all that comes before.
///
/// A script that then idles does so in short naps: a signal that comes just before a blocking call would be seen after it only.
fn make_pipe(rig: &mut Rig, folder: &Path) -> PathBuf {
    let path = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    rig.spec.command[2] = rig.spec.command[2].replace("PIPE", path.to_str().unwrap());
    path
}

fn stop(events: &SyncSender<Event>, grace_ms: u64) {
    stop_by(StopCause::User, events, grace_ms);
}

fn stop_by(by: StopCause, events: &SyncSender<Event>, grace_ms: u64) {
    events.send(Event::Order(Order::Stop { grace_ms, by })).unwrap();
}

#[test]
fn log_has_header_output_and_footer() {
    let end = rig("echo out; echo err >&2; exit 3").run();
    assert_eq!((end.finished.exit_code, &end.finished.outcome), (Some(3), &Outcome::Warnings));
    assert!(end.log.starts_with("Repository: /repository\nCommand line: restic backup\nrestic version: unknown\n"));
    assert!(end.log.contains("\nout\n") && end.log.contains("\nerr\n"), "{}", end.log);
    assert!(end.log.contains("\n\nRestic exit code: 3\nOutcome: finished with warnings\nDuration: "), "{}", end.log);
    assert_eq!(end.last_lines.len(), 2);
}

#[test]
fn record_keeps_few_last_lines_and_little_of_them() {
    let end = rig("i=0; while [ $i -lt 40 ]; do printf '%s %0300d\\n' $i 0; i=$((i+1)); done; exit 1").run();
    assert!(end.last_lines.iter().map(String::len).sum::<usize>() <= 4096);
    assert!(end.last_lines.last().unwrap().starts_with("39 "), "{:?}", end.last_lines);
}

#[test]
fn run_that_succeeds_has_no_last_lines() {
    let end = rig("echo out").run();
    assert_eq!(end.finished.outcome, Outcome::Succeeded);
    assert!(end.last_lines.is_empty());
}

#[test]
fn missing_program_is_named() {
    let mut rig = rig("");
    rig.spec.command = vec!["/nowhere/restic".to_owned()];
    let end = rig.run();
    let Outcome::SpawnFailed(reason) = &end.finished.outcome else { panic!("{:?}", end.finished) };
    assert!(reason.starts_with("there is no program `/nowhere/restic`"), "{reason}");
    assert!(end.log.contains("Outcome: could not start: there is no program"), "{}", end.log);
}

#[test]
fn stop_interrupts_and_restic_may_end_in_its_own_way() {
    let mut rig = rig("trap 'echo unlocked; exit 130' INT; : > PIPE; while :; do sleep 0.02; done");
    let folder = tempfile::tempdir().unwrap();
    let pipe = make_pipe(&mut rig, folder.path());
    let end = rig.run_with(|events| {
        fs::read(&pipe).unwrap();
        stop(events, 60_000);
    });
    assert_eq!((end.finished.exit_code, &end.finished.outcome), (Some(130), &Outcome::Stopped));
    assert!(end.log.contains("\nunlocked\n"), "{}", end.log);
    assert!(end.log.contains(" has left no lock.\n"), "{}", end.log);
    assert!(end.last_lines.is_empty());
}

/// Stops a restic that ends with this code, for these causes one after the other.
#[track_caller]
fn check_stop(code: i32, causes: &[StopCause], outcome: Outcome) {
    let mut rig = rig(&format!("trap 'exit {code}' INT; : > PIPE; while :; do sleep 0.02; done"));
    let folder = tempfile::tempdir().unwrap();
    let pipe = make_pipe(&mut rig, folder.path());
    let end = rig.run_with(|events| {
        fs::read(&pipe).unwrap();
        causes.iter().for_each(|cause| stop_by(*cause, events, 60_000));
    });
    assert_eq!((end.finished.exit_code, end.finished.outcome), (Some(code), outcome), "{causes:?}");
}

#[test]
fn shutdown_interrupts_a_run_and_a_user_stops_it_and_the_first_cause_counts() {
    use StopCause::{Shutdown, User};
    check_stop(130, &[Shutdown], Outcome::Interrupted);
    check_stop(1, &[Shutdown, User], Outcome::Interrupted);
    check_stop(130, &[User, Shutdown], Outcome::Stopped);
    check_stop(0, &[Shutdown], Outcome::Succeeded);
}

#[test]
fn shutdown_before_the_start_interrupts() {
    let rig = rig("echo ran");
    stop_by(StopCause::Shutdown, &rig.events.0, 1000);
    let end = rig.run();
    assert_eq!((end.finished.exit_code, &end.finished.outcome), (None, &Outcome::Interrupted));
    assert_eq!(end.last_lines.len(), 1);
}

#[test]
fn restic_that_does_not_stop_is_killed_after_the_grace_and_its_lock_looked_after() {
    let mut rig = rig("trap '' INT; : > PIPE; while :; do sleep 0.02; done");
    let folder = tempfile::tempdir().unwrap();
    let pipe = make_pipe(&mut rig, folder.path());
    let end = rig.run_with(|events| {
        fs::read(&pipe).unwrap();
        stop(events, 60_000);
        stop(events, 20);
    });
    assert_eq!((end.finished.exit_code, &end.finished.outcome), (None, &Outcome::Stopped));
    assert!(end.log.contains(" has left no lock.\n"), "{}", end.log);
    assert!(end.log.contains("\nRestic was killed by signal 9\nOutcome: stopped\n"), "{}", end.log);
}

#[test]
fn restic_that_always_unlocks_is_not_checked_after_a_stop() {
    let mut rig = rig("trap 'exit 130' INT; : > PIPE; while :; do sleep 0.02; done");
    rig.spec.restic_version = Some(ALWAYS_UNLOCKS);
    let folder = tempfile::tempdir().unwrap();
    let pipe = make_pipe(&mut rig, folder.path());
    let end = rig.run_with(|events| {
        fs::read(&pipe).unwrap();
        stop(events, 60_000);
    });
    assert_eq!(end.finished.outcome, Outcome::Stopped);
    assert!(!end.log.contains("lock"), "{}", end.log);
}

#[test]
fn stop_before_the_start_starts_nothing() {
    let rig = rig("echo ran");
    stop(&rig.events.0, 1000);
    let end = rig.run();
    assert_eq!((end.finished.exit_code, &end.finished.outcome), (None, &Outcome::Stopped));
    assert!(!end.log.contains("ran"), "{}", end.log);
}

#[test]
fn signal_of_somebody_else_is_told() {
    let end = rig("kill -9 $$").run();
    assert_eq!(end.finished.outcome, Outcome::Killed(9));
}

#[test]
fn process_that_restic_left_behind_does_not_hold_the_run_up() {
    let mut rig = rig("(read -r line < PIPE; echo late) & exit 1");
    let folder = tempfile::tempdir().unwrap();
    let pipe = make_pipe(&mut rig, folder.path());
    let end = rig.run();
    assert_eq!(end.finished.outcome, Outcome::Failed(Failure::Other));
    assert!(end.log.contains("held its output"), "{}", end.log);
    // What was left behind waits for a writer, and ends with it.
    drop(fs::File::options().write(true).open(&pipe).unwrap());
}

#[test]
fn log_that_cannot_be_made_costs_no_run() {
    let rig = rig("echo out");
    fs::File::create(&rig.spec.logs).unwrap();
    let end = rig.run();
    assert_eq!(end.finished.outcome, Outcome::Succeeded);
    assert_eq!(end.last_lines.len(), 1);
    assert!(end.last_lines[0].starts_with("the log could not be created: "), "{:?}", end.last_lines);
}

#[test]
fn child_has_no_input() {
    let end = rig("read -r line || echo end of input").run();
    assert!(end.log.contains("\nend of input\n"), "{}", end.log);
}

#[test]
#[cfg(target_os = "linux")]
fn child_has_the_signals_of_a_fresh_process() {
    let end = rig("exec grep -E 'Sig(Blk|Ign)' /proc/self/status").run();
    let hang_up_interrupt_pipe_terminate = 1 | 1 << 1 | 1 << 12 | 1 << 14;
    let masks: Vec<u64> = end
        .log
        .lines()
        .filter(|line| line.starts_with("Sig"))
        .map(|line| u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap())
        .collect();
    assert_eq!(masks.len(), 2, "{}", end.log);
    assert!(masks.iter().all(|mask| mask & hang_up_interrupt_pipe_terminate == 0), "{}", end.log);
}
