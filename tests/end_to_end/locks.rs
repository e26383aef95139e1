//! Locks that keep a run out: those that may be in use are waited for, those that a dead restic of PRestic's left are removed.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use prestic_proto::{
    lock::LockHolder,
    outcome::Outcome,
    run::{Run, RunId, RunState},
};
use prestic_tests::{
    LIMIT,
    fake::FakeScript,
    files,
    home::TestHome,
    processes,
    restic::{Repository, Restic, each_restic},
};
use rustix::process::Signal;

/// How long a first process that waits for orphans may take to do so.
const REAPING: Duration = Duration::from_secs(20);

/// A plain restic that PRestic has not started, with a lock that it keeps as long as its input is open.
struct Holder {
    child: Child,
    input: Option<ChildStdin>,
}

impl Holder {
    /// Starts a backup of what will never come, and waits until it has its lock.
    fn start(repository: &Repository) -> Self {
        Self::start_command(repository.command(&["backup", "--stdin"]), repository)
    }

    /// Does so under the name of another machine.
    fn start_elsewhere(repository: &Repository) -> Self {
        let flags = ["--user", "--map-root-user", "--uts"];
        Self::start_command(in_namespace(&flags, "hostname elsewhere && exec \"$@\"", repository), repository)
    }

    /// Does so in a namespace of processes, where it has a number that no process has outside.
    fn start_below(repository: &Repository, number: u32) -> Self {
        let script = format!("exec 3<&0; echo {} >/proc/sys/kernel/ns_last_pid; \"$@\" <&3 & wait", number - 1);
        let flags = ["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"];
        Self::start_command(in_namespace(&flags, &script, repository), repository)
    }

    fn start_command(mut command: Command, repository: &Repository) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"some text").unwrap();
        wait_for_another_lock(repository, 0);
        Self { child, input: Some(input) }
    }

    /// Lets the backup end well.
    fn finish(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// Returns a backup that a script starts in namespaces of its own.
fn in_namespace(flags: &[&str], script: &str, repository: &Repository) -> Command {
    let restic = repository.command(&["backup", "--stdin"]);
    let mut command = Command::new("unshare");
    command.args(flags).args(["sh", "-c", script, "sh"]).arg(restic.get_program()).args(restic.get_args()).env_clear();
    command.envs(restic.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn home_with_prune(restic: &Restic, options: &str) -> (TestHome, Repository) {
    let mut home = TestHome::new();
    let repository = restic.init(home.path("repository"));
    home.write_config(format!("[prune]\n{}command = prune\n{options}", repository.profile()));
    home.start_daemon();
    (home, repository)
}

/// Waits until a run waits for a lock, and returns who holds it.
#[track_caller]
fn wait_for_holders(home: &TestHome, run: RunId) -> Vec<LockHolder> {
    match home.wait_for(run, |run| matches!(run.state, RunState::WaitingForLock { .. })).state {
        RunState::WaitingForLock { holders, .. } => holders,
        state => panic!("{state:?}"),
    }
}

#[track_caller]
fn last_lines(home: &TestHome, run: RunId) -> Vec<String> {
    home.wait_for(run, |run: &Run| run.finished().is_some()).last_lines
}

fn hostname() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned()
}

#[test]
fn foreign_live_lock_is_shown_and_waited_for() {
    each_restic(|restic| {
        let (home, repository) = home_with_prune(restic, "wait-for-lock = 5m\n");
        let holder = Holder::start(&repository);
        let run = home.run("prune");
        let holders = wait_for_holders(&home, run);
        assert_eq!((holders.len(), holders[0].pid, &holders[0].host), (1, holder.child.id(), &hostname()));
        assert!(!holders[0].is_exclusive);
        let status = home.ctl(&["status"]).stdout_of_success();
        assert!(status.contains("waiting for lock") && status.contains(&format!("process {}", holder.child.id())), "{status}");
        assert!(home.log(run).contains("\nWaiting for up to "), "{}", home.log(run));
        holder.finish();
        home.expect_outcome(run, &Outcome::Succeeded);
        repository.check(1);
    });
}

#[test]
fn exclusive_lock_of_a_restic_that_was_stopped_is_left_alone() {
    each_restic(|restic| {
        let (home, repository) = home_with_prune(restic, "");
        home.write_config(format!("[backup]\n{}command = backup\nargs = /etc/hostname\n", repository.profile()));
        home.ctl(&["reload"]).expect_code(0);
        let exclusive = stopped_check(&repository);
        let run = home.run("backup");
        let finished = home.expect_outcome(run, &Outcome::RepositoryLocked);
        let lines = last_lines(&home, run);
        let pid = exclusive.child.id();
        let told = lines.last().unwrap();
        assert!(
            told.contains(&format!("@{}, process {pid}, for ", hostname())) && told.ends_with(" s (exclusive)"),
            "{lines:?}"
        );
        assert!(finished.exit_code.is_some_and(|code| code != 0));
        assert_eq!(repository.locks().len(), 1);
    });
}

fn is_locked(repository: &Repository) -> bool {
    lock_count(repository) > 0
}

/// Returns how many locks there are, without the files that are to become one.
fn lock_count(repository: &Repository) -> usize {
    repository.locks().iter().filter(|name| name.len() == 64).count()
}

/// Waits until there are more locks than there were.
#[expect(clippy::disallowed_methods, reason = "restic tells nobody that it has its lock")]
#[track_caller]
fn wait_for_another_lock(repository: &Repository, before: usize) {
    let start = Instant::now();
    while lock_count(repository) <= before {
        assert!(start.elapsed() < LIMIT, "restic takes no lock");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Starts a restic with an exclusive lock, and stops it while it holds that.
fn stopped_check(repository: &Repository) -> Holder {
    loop {
        let mut command = repository.command(&["check", "--read-data"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut holder = Holder { child, input: None };
        while !is_locked(repository) && holder.child.try_wait().unwrap().is_none() {
            thread::yield_now();
        }
        processes::send(holder.child.id(), Signal::STOP);
        // It may have been quicker, and removed its lock already.
        if is_locked(repository) && holder.child.try_wait().unwrap().is_none() {
            return holder;
        }
    }
}

#[test]
fn run_that_does_not_wait_ends_with_the_holder_s_name_and_restic_s_code() {
    each_restic(|restic| {
        let (home, repository) = home_with_prune(restic, "");
        let holder = Holder::start(&repository);
        let run = home.run("prune");
        let finished = home.expect_outcome(run, &Outcome::RepositoryLocked);
        assert_eq!(finished.exit_code, Some(if restic.is_at_least("0.17.0") { 11 } else { 1 }));
        let lines = last_lines(&home, run);
        assert!(lines.last().unwrap().contains(&format!("process {}, for ", holder.child.id())), "{lines:?}");
        assert_eq!(repository.locks().len(), 1, "the lock of a living process was removed");
        holder.finish();
    });
}

/// Whether the system's first process waits for an orphan that has ended, as it should.
#[expect(clippy::disallowed_methods, reason = "nobody tells when it has done so")]
fn is_reaped(pid: u32) -> bool {
    let start = Instant::now();
    while Path::new(&format!("/proc/{pid}")).exists() {
        if start.elapsed() > REAPING {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
    true
}

#[test]
fn stale_lock_of_ours_after_a_kill_is_removed() {
    each_restic(|restic| {
        let (mut home, repository) = home_with_prune_and_slow_backup(restic);
        let pid = leave_lock(&mut home, &repository);
        if !is_reaped(pid) {
            // Printed so that the test's success does not hide it.
            let why = "\n!!! NOT TESTED: a stale lock of ours. This system's first process does not wait for orphans, and restic \
                takes what it has not waited for as living.\n";
            std::io::stderr().write_all(why.as_bytes()).unwrap();
            return;
        }
        let run = home.run("prune");
        home.expect_outcome(run, &Outcome::Succeeded);
        let log = home.log(run);
        assert!(
            log.contains("\nRemoved a lock that nobody uses any more: ") && log.contains(&format!(", process {pid}, ")),
            "{log}"
        );
        repository.check(0);
    });
}

#[test]
fn lock_of_a_killed_restic_that_prestic_has_not_started_is_left_alone() {
    each_restic(|restic| {
        let (mut home, repository) = home_with_prune_and_slow_backup(restic);
        let holder = Holder::start(&repository);
        let pid = holder.child.id();
        drop(holder);
        let run = home.run("prune");
        home.expect_outcome(run, &Outcome::RepositoryLocked);
        let lines = last_lines(&home, run);
        assert!(lines.last().unwrap().contains(&format!("@{}, process {pid}, for ", hostname())), "{lines:?}");
        assert_eq!(repository.locks().len(), 1);
        // Unlocking would remove it together with one of ours.
        leave_lock(&mut home, &repository);
        let run = home.run("prune");
        home.expect_outcome(run, &Outcome::RepositoryLocked);
        assert_eq!(repository.locks().len(), 2);
    });
}

/// A home with a prune, and a backup of one file of 6 MiB at 1 MiB a second.
fn home_with_prune_and_slow_backup(restic: &Restic) -> (TestHome, Repository) {
    let (home, repository) = home_with_prune(restic, "");
    files::random_file(&home.path("data"), 6 * 1024 * 1024, 1);
    home.write_config(format!(
        "[prune]\n{0}command = prune\n[backup]\n{0}limit-upload = 1024\ncommand = backup\nargs = '{1}'\n",
        repository.profile(),
        home.path("data").display()
    ));
    home.ctl(&["reload"]).expect_code(0);
    (home, repository)
}

/// Lets the daemon, a supervisor and the restic of its backup die together, as a machine does that loses its power, and
/// starts a daemon that cannot clean up, because the repository is not there. Returns restic's process id.
#[track_caller]
fn leave_lock(home: &mut TestHome, repository: &Repository) -> u32 {
    let before = lock_count(repository);
    let run = home.run("backup");
    let pid = home.wait_running(run);
    wait_for_another_lock(repository, before);
    let supervisor = processes::parent(pid).unwrap();
    home.kill_daemon();
    // A supervisor that lives unlocks after restic's end, and one that dies first interrupts restic, which unlocks then.
    processes::send(supervisor, Signal::STOP);
    processes::send(pid, Signal::KILL);
    processes::send(supervisor, Signal::KILL);
    assert!(processes::wait_for_exit(pid, LIMIT) && processes::wait_for_exit(supervisor, LIMIT));
    let aside = home.path("aside");
    fs::rename(&repository.path, &aside).unwrap();
    home.start_daemon();
    home.expect_outcome(run, &Outcome::Interrupted);
    fs::rename(&aside, &repository.path).unwrap();
    assert_eq!(lock_count(repository), before + 1);
    pid
}

#[test]
fn lock_of_another_machine_is_never_removed() {
    each_restic(|restic| {
        let (home, repository) = home_with_prune(restic, "");
        // It is dead, which cannot be known of another machine.
        drop(Holder::start_elsewhere(&repository));
        let before = repository.locks();
        let run = home.run("prune");
        home.expect_outcome(run, &Outcome::RepositoryLocked);
        let lines = last_lines(&home, run);
        assert!(lines.last().unwrap().contains("@elsewhere, process "), "{lines:?}");
        assert_eq!((repository.locks(), before.len()), (before, 1));
    });
}

#[test]
fn lock_of_a_container_with_the_name_of_this_machine_is_left_alone_while_its_process_lives() {
    each_restic(|restic| {
        let (home, repository) = home_with_prune(restic, "");
        let numbers: u32 = fs::read_to_string("/proc/sys/kernel/pid_max").unwrap().trim().parse().unwrap();
        let number = (1..numbers).rev().find(|number| !Path::new(&format!("/proc/{number}")).exists()).unwrap();
        let _holder = Holder::start_below(&repository, number);
        let run = home.run("prune");
        home.expect_outcome(run, &Outcome::RepositoryLocked);
        let lines = last_lines(&home, run);
        assert!(lines.last().unwrap().contains(&format!("@{}, process {number}, for ", hostname())), "{lines:?}");
        assert_eq!(repository.locks().len(), 1);
    });
}

/// A home with a task whose restic is always kept out by such a lock. The double only pretends that there is one.
fn home_with_fake_lock(time: &str, options: &str) -> TestHome {
    let mut home = TestHome::new();
    let lock = serde_json::json!({ "time": time, "exclusive": true, "hostname": "elsewhere", "username": "me", "pid": 7 });
    let script = FakeScript { locks: vec![("a".repeat(64), lock)], exit_code: 11, ..FakeScript::default() };
    home.write_config(format!("[prune]\n{}repository = /nowhere\ncommand = prune\n{options}", script.profile()));
    home.start_daemon();
    home
}

const LONG_AGO: &str = "2020-01-01T00:00:00Z";
const FAR_AHEAD: &str = "2100-01-01T00:00:00Z";

#[test]
fn old_lock_is_waited_for_visibly_by_a_run_that_does_not_wait_for_locks() {
    let home = home_with_fake_lock(LONG_AGO, "");
    let run = home.run("prune");
    let holders = wait_for_holders(&home, run);
    assert_eq!((holders[0].host.as_str(), holders[0].pid), ("elsewhere", 7));
    home.stop(run);
    let finished = home.expect_outcome(run, &Outcome::Stopped);
    assert_eq!(finished.exit_code, None);
}

#[test]
fn wait_for_a_lock_outlives_the_daemon() {
    let mut home = home_with_fake_lock(FAR_AHEAD, "wait-for-lock = 1h\n");
    let run = home.run("prune");
    let before = wait_for_holders(&home, run);
    home.kill_daemon();
    home.start_daemon();
    assert_eq!(wait_for_holders(&home, run), before);
    home.ctl(&["stop", "prune"]).expect_code(0);
    home.expect_outcome(run, &Outcome::Stopped);
}

#[test]
fn supervisor_that_is_killed_while_it_waits_leaves_an_interrupted_run() {
    let home = home_with_fake_lock(FAR_AHEAD, "wait-for-lock = 1h\n");
    let run = home.run("prune");
    wait_for_holders(&home, run);
    processes::send(supervisor(&home.path("")), Signal::KILL);
    home.expect_outcome(run, &Outcome::Interrupted);
}

/// Returns the only supervisor of a home.
fn supervisor(home: &Path) -> u32 {
    let is_supervisor = |pid: &u32| processes::command_line(*pid).iter().any(|word| word == "supervise");
    let found: Vec<u32> = processes::of_home(home).into_iter().filter(is_supervisor).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0]
}

#[test]
fn shutdown_does_not_wait_for_a_lock() {
    let mut home = home_with_fake_lock(FAR_AHEAD, "wait-for-lock = 1h\n");
    let run = home.run("prune");
    wait_for_holders(&home, run);
    home.ctl(&["shutdown"]).expect_code(0);
    assert!(home.wait_for_daemon().success());
    home.start_daemon();
    home.expect_outcome(run, &Outcome::Interrupted);
}

#[test]
fn stray_hang_up_harms_neither_daemon_nor_supervisor() {
    let home = home_with_fake_lock(FAR_AHEAD, "wait-for-lock = 1h\n");
    let run = home.run("prune");
    let holders = wait_for_holders(&home, run);
    for _ in 0..3 {
        processes::send(supervisor(&home.path("")), Signal::HUP);
        home.signal_daemon(Signal::HUP);
    }
    assert_eq!(wait_for_holders(&home, run), holders);
    home.stop(run);
    home.expect_outcome(run, &Outcome::Stopped);
}
