//! A run outlives the daemon, and restic does not outlive its supervisor.

use std::{env, fs, time::Duration};

use prestic_proto::outcome::Outcome;
use prestic_tests::{
    LIMIT,
    fake::{FakeScript, Gate, Wire},
    files,
    home::TestHome,
    processes,
    restic::{Repository, Restic, each_restic},
};
use rustix::process::Signal;

/// How often the daemon is killed for each restic, unless `PRESTIC_KILLS` says otherwise (`make soak` does).
const KILLS: u64 = 5;

/// A home with a backup of one file of 6 MiB at 3 MiB a second.
fn home_with_slow_backup(restic: &Restic) -> (TestHome, Repository) {
    let home = TestHome::new();
    let repository = restic.init(home.path("repository"));
    home.write_config(format!(
        "[backup]\n{}limit-upload = 3072\ncommand = backup\nargs = '{}'\n",
        repository.profile(),
        home.path("data").display()
    ));
    (home, repository)
}

/// Returns the processes of this home that are a restic with a backup under way.
fn backups_under_way(home: &TestHome, restic: &Restic) -> Vec<u32> {
    let program = fs::canonicalize(&restic.path).unwrap();
    processes::of_home(&home.path(""))
        .into_iter()
        .filter(|pid| processes::program(*pid).is_some_and(|path| path == program))
        .filter(|pid| processes::command_line(*pid).iter().any(|word| word == "backup"))
        .collect()
}

fn kills() -> u64 {
    env::var("PRESTIC_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

#[test]
fn backup_goes_on_when_the_daemon_is_killed() {
    let kills = kills();
    each_restic(|restic| {
        let (mut home, repository) = home_with_slow_backup(restic);
        home.start_daemon();
        let mut moment = 0x2545_F491_4F6C_DD1D_u64;
        for kill in 1..=kills {
            files::random_file(&home.path("data"), 6 * 1024 * 1024, kill);
            let run = home.run("backup");
            let pid = home.wait_running(run);
            moment ^= moment << 13;
            moment ^= moment >> 7;
            moment ^= moment << 17;
            let delay = Duration::from_millis(moment % 2_000);
            // Waits for restic's end or for a random moment before it, whichever comes first.
            let had_ended = processes::wait_for_exit(pid, delay);
            home.kill_daemon();
            home.start_daemon();
            let running = backups_under_way(&home, restic);
            assert!(running.is_empty() || running == [pid], "{running:?} run beside {pid}");
            let finished = home.expect_outcome(run, &Outcome::Succeeded);
            assert_eq!(finished.exit_code, Some(0));
            assert_eq!(repository.locks(), Vec::<String>::new(), "a lock was left");
            assert_eq!(repository.snapshots().len(), usize::try_from(kill).unwrap());
            eprintln!("   kill {kill} after {delay:?}{}", if had_ended { " (restic had ended)" } else { "" });
        }
        repository.succeed(&["check"]);
    });
}

#[test]
fn restic_stops_by_itself_when_its_supervisor_is_killed() {
    let kills = kills() / 2;
    each_restic(|restic| {
        let (mut home, repository) = home_with_slow_backup(restic);
        home.start_daemon();
        for kill in 0..kills {
            files::random_file(&home.path("data"), 6 * 1024 * 1024, kill);
            let run = home.run("backup");
            let pid = home.wait_running(run);
            let supervisor = processes::parent(pid).unwrap();
            assert_ne!(supervisor, home.daemon_pid(), "restic's parent is its supervisor, not the daemon");
            // The first one at once, when restic 0.14 may be about to make its lock; the others later in the backup.
            assert!(!processes::wait_for_exit(pid, Duration::from_millis(kill * 337 % 1_500)), "the backup is over too early");
            processes::send(supervisor, Signal::KILL);
            assert!(processes::wait_for_exit(pid, LIMIT), "restic goes on without its supervisor");
            home.expect_outcome(run, &Outcome::Interrupted);
            repository.check(0);
        }
    });
}

#[test]
fn adopted_run_can_be_stopped() {
    each_restic(|restic| {
        let (mut home, repository) = home_with_slow_backup(restic);
        files::random_file(&home.path("data"), 6 * 1024 * 1024, 1);
        home.start_daemon();
        let run = home.run("backup");
        let pid = home.wait_running(run);
        home.kill_daemon();
        home.start_daemon();
        assert_eq!(home.wait_running(run), pid);
        home.stop(run);
        home.expect_outcome(run, &Outcome::Stopped);
        repository.check(0);
    });
}

#[test]
fn run_that_ended_without_a_daemon_has_its_outcome_and_its_log() {
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let mut wire = Wire::new(home.path("wire"));
    let steps = [gate.wait(), prestic_tests::fake::Step::Out("the last words\n".to_owned())];
    let script = FakeScript { tell: Some(wire.path().to_owned()), exit_code: 3, ..FakeScript::of(steps) };
    home.write_config(format!("[backup]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n", script.profile()));
    home.start_daemon();
    let run = home.run("backup");
    let pid = wire.hear_start();
    let supervisor = processes::parent(pid).unwrap();
    home.kill_daemon();
    gate.open();
    assert!(processes::wait_for_exit(supervisor, LIMIT));
    home.start_daemon();
    let finished = home.expect_outcome(run, &Outcome::Warnings);
    assert_eq!(finished.exit_code, Some(3));
    assert!(home.log(run).contains("the last words"));
    // The file is written in the background, and whole once the daemon has gone.
    home.ctl(&["shutdown"]).expect_code(0);
    let status = fs::read_to_string(home.home().status_file()).unwrap();
    assert!(status.contains("exit_code = 3"), "{status}");
}
