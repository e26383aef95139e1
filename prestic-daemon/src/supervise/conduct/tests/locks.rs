//! Runs that a lock keeps out. The repository is a folder, in which each file is a lock; restic is a shell script.

use chrono::TimeDelta;

use super::*;
use crate::process;

/// No process has a number this high.
const DEAD: u32 = 1 << 30;

struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("locks")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Puts a lock into the repository.
    fn lock(&self, id: char, hostname: &str, pid: u32, age: TimeDelta) {
        let time = clock::now() - age;
        let text = serde_json::json!({ "time": time, "exclusive": true, "hostname": hostname, "username": "me", "pid": pid });
        fs::File::create(self.lock_file(id)).unwrap();
        crate::atomic_write::replace(&self.lock_file(id), text.to_string().as_bytes()).unwrap();
    }

    fn lock_file(&self, id: char) -> PathBuf {
        self.folder.path().join("locks").join(id.to_string().repeat(64))
    }

    /// A run of a restic that is kept out as long as there is a lock, and that unlocks without looking.
    fn rig(&self) -> Rig {
        let locks = self.path("locks");
        let starts = self.path("starts");
        let mut rig =
            rig(&format!("echo start >>'{starts}'; if [ \"$(ls '{locks}')\" ]; then echo kept out; exit 11; fi; echo in"));
        let script = format!(
            "case $1 in list) ls '{locks}';; cat) cat '{locks}/'$3;; \
             unlock) echo $# >>'{}'; rm '{locks}/'*;; esac",
            self.path("unlocks")
        );
        rig.spec.restic = ["sh", "-c", &script, "restic"].map(str::to_owned).to_vec();
        rig.lock_rules = LockRules {
            old_after: TimeDelta::minutes(30),
            second_read_after: Duration::from_millis(300),
            first_pause: Duration::from_millis(20),
            longest_pause: Duration::from_millis(50),
        };
        rig
    }

    /// Such a run, after another one whose restic had the number `DEAD`.
    fn rig_after_own_restic(&self) -> Rig {
        let rig = self.rig();
        let restics = vec![OwnRestic { pid: DEAD, started_at: clock::now() - TimeDelta::hours(1) }];
        rig.records.write(&Record { run: RunId(2), restics, ..planned(&rig.spec) }).unwrap();
        rig
    }

    /// Returns the numbers of words with which `unlock` was run: itself only.
    fn unlocks(&self) -> String {
        fs::read_to_string(self.path("unlocks")).unwrap_or_default()
    }

    fn starts(&self) -> usize {
        fs::read_to_string(self.path("starts")).unwrap_or_default().lines().count()
    }
}

fn with_wait(mut rig: Rig, wait: Duration) -> Rig {
    rig.spec.limits.wait_for_lock_ms = Some(u64::try_from(wait.as_millis()).unwrap());
    rig
}

#[test]
fn lock_of_a_dead_restic_of_ours_is_removed_and_restic_started_again() {
    let repository = Repository::new();
    repository.lock('a', &process::hostname(), DEAD, TimeDelta::minutes(2));
    let end = repository.rig_after_own_restic().run();
    assert_eq!((end.finished.exit_code, &end.finished.outcome), (Some(0), &Outcome::Succeeded), "{}", end.log);
    assert_eq!((repository.unlocks().as_str(), repository.starts()), ("1\n", 2));
    let removed = format!("aaaaaaaa of me@{}, process {DEAD}, for 2 min (exclusive)", process::hostname());
    assert!(end.log.contains(&format!("\nRemoved a lock that nobody uses any more: {removed}\n")), "{}", end.log);
}

#[test]
fn lock_of_a_dead_process_that_was_no_restic_of_ours_ends_the_run_with_its_holder() {
    let repository = Repository::new();
    repository.lock('a', &process::hostname(), DEAD - 1, TimeDelta::minutes(12));
    let end = repository.rig_after_own_restic().run();
    assert_eq!((end.finished.exit_code, &end.finished.outcome), (Some(11), &Outcome::RepositoryLocked));
    assert_eq!((repository.unlocks().as_str(), repository.starts()), ("", 1));
    let holder = format!("locked by me@{}, process {}, for 12 min (exclusive)", process::hostname(), DEAD - 1);
    assert_eq!(end.last_lines, ["kept out".to_owned(), holder]);
}

#[test]
fn record_of_a_run_that_is_over_keeps_the_restics_that_it_has_started() {
    let repository = Repository::new();
    repository.lock('a', &process::hostname(), DEAD, TimeDelta::zero());
    let before = clock::now();
    let restics = repository.rig_after_own_restic().run().restics;
    assert_eq!((repository.starts(), restics.len()), (2, 2));
    assert_ne!(restics[0].pid, restics[1].pid);
    assert!(before <= restics[0].started_at && restics[0].started_at < restics[1].started_at, "{restics:?}");
}

#[test]
fn lock_of_a_living_process_of_this_machine_ends_the_run_with_its_holder() {
    let repository = Repository::new();
    let pid = std::process::id();
    repository.lock('a', &process::hostname(), pid, TimeDelta::minutes(12));
    let end = repository.rig().run();
    assert_eq!((end.finished.exit_code, &end.finished.outcome), (Some(11), &Outcome::RepositoryLocked));
    assert_eq!((repository.unlocks().as_str(), repository.starts()), ("", 1));
    let holder = format!("locked by me@{}, process {pid}, for 12 min (exclusive)", process::hostname());
    assert_eq!(end.last_lines, ["kept out".to_owned(), holder]);
}

#[test]
fn lock_of_another_machine_is_waited_for_until_it_goes() {
    let repository = Repository::new();
    repository.lock('a', "elsewhere", DEAD, TimeDelta::zero());
    let rig = with_wait(repository.rig(), Duration::from_secs(60));
    let (records, lock) = (rig.records.clone(), repository.lock_file('a'));
    let end = rig.run_with(move |_| {
        let Stage::Waiting { holders, until, log_file, .. } =
            wait_for_stage(&records, |stage| matches!(stage, Stage::Waiting { .. }))
        else {
            panic!()
        };
        assert_eq!((holders[0].host.as_str(), holders[0].pid, holders.len()), ("elsewhere", DEAD, 1));
        assert!(until.is_some_and(|until| until > clock::now()) && log_file.is_some());
        fs::remove_file(lock).unwrap();
    });
    assert_eq!(end.finished.outcome, Outcome::Succeeded, "{}", end.log);
    assert_eq!(repository.unlocks(), "");
    assert!(
        end.log.contains("\nWaiting for up to 59 s for the repository's lock\nlocked by me@elsewhere, process "),
        "{}",
        end.log
    );
    assert!(end.finished.duration_ms < 10_000 && repository.starts() == 2);
}

/// Waits for the record to say something. The supervisor writes it before it tells anybody, so there is nothing to listen to.
#[expect(clippy::disallowed_methods, reason = "the record is replaced, and a test has no other sign of it")]
fn wait_for_stage(records: &RecordFolder, is_wanted: impl Fn(&Stage) -> bool) -> Stage {
    loop {
        if let Ok(Record { stage, .. }) = records.read(RunId(1))
            && is_wanted(&stage)
        {
            return stage;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn run_that_has_waited_for_long_enough_gives_up() {
    let repository = Repository::new();
    repository.lock('a', "elsewhere", DEAD, TimeDelta::zero());
    let end = with_wait(repository.rig(), Duration::from_millis(200)).run();
    assert_eq!((end.finished.exit_code, &end.finished.outcome), (Some(11), &Outcome::RepositoryLocked));
    assert!(end.last_lines.last().unwrap().starts_with("locked by me@elsewhere, process "), "{:?}", end.last_lines);
    assert_eq!((repository.unlocks().as_str(), repository.starts()), ("", 1));
}

/// Stops a run that waits, and checks how it ends.
#[track_caller]
fn check_stop(by: StopCause, expected: &Outcome) {
    let repository = Repository::new();
    repository.lock('a', "elsewhere", DEAD, TimeDelta::zero());
    let rig = with_wait(repository.rig(), Duration::from_secs(3600));
    let records = rig.records.clone();
    let end = rig.run_with(move |events| {
        wait_for_stage(&records, |stage| matches!(stage, Stage::Waiting { .. }));
        stop_by(by, events, 60_000);
    });
    assert_eq!((end.finished.exit_code, &end.finished.outcome), (None, expected));
    assert_eq!((repository.unlocks().as_str(), repository.starts()), ("", 1));
}

#[test]
fn stop_ends_a_wait_at_once() {
    check_stop(StopCause::User, &Outcome::Stopped);
    check_stop(StopCause::Shutdown, &Outcome::Interrupted);
}

#[test]
fn stop_does_not_wait_for_an_answer_about_the_locks() {
    let repository = Repository::new();
    repository.lock('a', "elsewhere", DEAD, TimeDelta::zero());
    let mut rig = with_wait(repository.rig(), Duration::from_secs(3600));
    let pipe = repository.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // It hangs until the test ends, which removes the other end of the pipe.
    let script = format!(": >'{pipe}'; read -r line <'{pipe}'");
    rig.spec.restic = ["sh", "-c", &script, "restic"].map(str::to_owned).to_vec();
    let asked = pipe.clone();
    let end = rig.run_with(move |events| {
        fs::read(asked).unwrap();
        stop(events, 60_000);
    });
    assert_eq!(end.finished.outcome, Outcome::Stopped);
    drop(fs::File::options().write(true).open(pipe).unwrap());
}

#[test]
fn end_of_the_window_ends_a_wait() {
    let repository = Repository::new();
    repository.lock('a', "elsewhere", DEAD, TimeDelta::zero());
    let mut rig = with_wait(repository.rig(), Duration::from_secs(3600));
    rig.spec.limits.ends_at = Some(clock::now() + TimeDelta::milliseconds(600));
    let end = rig.run();
    assert_eq!(end.finished.outcome, Outcome::TimedOut(prestic_proto::limit::Limit::Window), "{}", end.log);
}

#[test]
fn old_lock_that_stays_the_same_is_removed_without_being_told_to_wait() {
    let repository = Repository::new();
    repository.lock('a', "elsewhere", DEAD, TimeDelta::minutes(31));
    let end = repository.rig().run();
    assert_eq!(end.finished.outcome, Outcome::Succeeded, "{}", end.log);
    assert_eq!((repository.unlocks().as_str(), repository.starts()), ("1\n", 2));
    assert!(end.log.contains("\nWaiting for up to 0 s for the repository's lock\n"), "{}", end.log);
    assert!(end.log.contains("Removed a lock that nobody uses any more: aaaaaaaa of me@elsewhere"), "{}", end.log);
}

#[test]
fn lock_that_restic_does_not_remove_is_tried_a_few_times_and_no_more() {
    let repository = Repository::new();
    repository.lock('a', &process::hostname(), DEAD, TimeDelta::zero());
    let mut rig = repository.rig_after_own_restic();
    rig.spec.restic[2] = rig.spec.restic[2].replace("rm ", ": ");
    let end = rig.run();
    assert_eq!(end.finished.outcome, Outcome::RepositoryLocked);
    assert_eq!((repository.unlocks().lines().count(), repository.starts()), (8, 1));
}

#[test]
fn locks_that_cannot_be_looked_at_are_waited_for_and_tried() {
    let repository = Repository::new();
    repository.lock('a', "elsewhere", DEAD, TimeDelta::zero());
    let mut rig = with_wait(repository.rig(), Duration::from_millis(150));
    rig.spec.restic = ["sh", "-c", "echo no network >&2; exit 1"].map(str::to_owned).to_vec();
    let end = rig.run();
    assert_eq!(end.finished.outcome, Outcome::RepositoryLocked);
    assert!(repository.starts() >= 2, "{} starts", repository.starts());
    let complaint = "Could not look at the locks of the repository: `restic list locks --no-lock` failed: no network";
    assert_eq!(end.log.matches(complaint).count(), 1, "{}", end.log);
}

#[test]
fn lock_that_has_gone_before_it_was_looked_at_is_tried_once_more() {
    let repository = Repository::new();
    let mut rig = repository.rig();
    rig.spec.command[2] = format!("if [ -e '{0}' ]; then echo in; else : >'{0}'; exit 11; fi", repository.path("second"));
    assert_eq!(rig.run().finished.outcome, Outcome::Succeeded);
    let mut rig = repository.rig();
    rig.spec.command[2] = format!("echo start >>'{}'; exit 11", repository.path("starts"));
    assert_eq!(rig.run().finished.outcome, Outcome::RepositoryLocked);
    assert_eq!(repository.starts(), 2);
}

#[test]
fn words_of_the_restic_that_was_kept_out_do_not_explain_the_next_one() {
    let repository = Repository::new();
    repository.lock('a', &process::hostname(), DEAD, TimeDelta::zero());
    let mut rig = repository.rig_after_own_restic();
    let locks = repository.path("locks");
    rig.spec.restic_version = "0.14.0".parse().ok();
    rig.spec.command[2] = format!(
        "if [ \"$(ls '{locks}')\" ]; then echo 'Fatal: repository is already locked' >&2; else echo 'Fatal: odd' >&2; fi; exit 1"
    );
    let end = rig.run();
    assert_eq!(end.finished.outcome, Outcome::Failed(Failure::Other), "{}", end.log);
    assert_eq!(end.last_lines, ["Fatal: odd"]);
}

#[test]
fn record_of_a_wait_says_since_when_and_is_written_once_for_each_holder() {
    let repository = Repository::new();
    repository.lock('a', "elsewhere", DEAD, TimeDelta::zero());
    let before = clock::now();
    let rig = with_wait(repository.rig(), Duration::from_secs(3600));
    let records = rig.records.clone();
    let path = repository.folder.path().to_owned();
    rig.run_with(|events| {
        let is_waiting = |stage: &Stage| matches!(stage, Stage::Waiting { .. });
        let Stage::Waiting { since, .. } = wait_for_stage(&records, is_waiting) else { panic!() };
        assert!(since >= before);
        // Another machine takes the lock over.
        fs::remove_file(path.join("locks").join("a".repeat(64))).unwrap();
        repository.lock('b', "beyond", DEAD, TimeDelta::zero());
        let by_other = |stage: &Stage| matches!(stage, Stage::Waiting { holders, .. } if holders.iter().any(|holder| holder.host == "beyond"));
        let Stage::Waiting { since: still, .. } = wait_for_stage(&records, by_other) else { panic!() };
        assert_eq!(since, still);
        stop(events, 1000);
    });
}
