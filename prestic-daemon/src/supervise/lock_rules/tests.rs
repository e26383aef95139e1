//! What becomes of locks, by their age, their holder and what was seen of them before.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// The process numbers that are in use on this machine.
const ALIVE: u32 = 1000;
const DEAD: u32 = 2000;

/// A number that no process has, and that no restic of ours had.
const UNKNOWN: u32 = 3000;

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(10_000)
}

/// A lock of a process on a machine, that old at the beginning.
fn lock(hostname: &str, pid: u32, age_min: i64, exclusive: bool) -> Lock {
    Lock {
        id: format!("{hostname}-{pid}-{age_min}-{exclusive}"),
        time: now() - TimeDelta::minutes(age_min),
        exclusive,
        hostname: hostname.to_owned(),
        username: "me".to_owned(),
        pid,
    }
}

/// A run that looks at locks again and again.
struct Watch {
    seen: Seen,
    at: Duration,
    time_left: Duration,
}

impl Watch {
    fn with_time(time_left: Duration) -> Self {
        Self { seen: Seen::default(), at: Duration::ZERO, time_left }
    }

    /// Looks at the locks after this time.
    fn look(&mut self, after: Duration, locks: &[&Lock]) -> LockDecision {
        self.at += after;
        self.time_left = self.time_left.saturating_sub(after);
        self.seen.take(locks.iter().copied().cloned().collect(), self.at);
        let surroundings = Surroundings {
            hostname: "here",
            is_pid_in_use: &|pid| pid == ALIVE,
            is_ours: &|lock| (DEAD..UNKNOWN).contains(&lock.pid),
            now: now() + TimeDelta::from_std(self.at).unwrap(),
            at: self.at,
            time_left: self.time_left,
        };
        decide(&mut self.seen, &surroundings, &LockRules::default())
    }
}

/// Checks what the first look decides, for a run that does not wait.
#[track_caller]
fn check(locks: &[&Lock], expected: &LockDecision) {
    assert_eq!(Watch::with_time(Duration::ZERO).look(Duration::ZERO, locks), *expected, "{locks:?}");
}

fn unlock(locks: &[&Lock]) -> LockDecision {
    LockDecision::Unlock(locks.iter().copied().cloned().collect())
}

#[track_caller]
fn check_wait(decision: &LockDecision, expected: Duration) {
    let LockDecision::Wait { at_most, .. } = decision else { panic!("{decision:?}") };
    assert_eq!(*at_most, expected);
}

#[test]
fn lock_that_a_dead_restic_of_ours_left_is_removed_at_once() {
    for exclusive in [false, true] {
        let left = lock("here", DEAD, 1, exclusive);
        check(&[&left], &unlock(&[&left]));
    }
    let (first, second) = (lock("here", DEAD, 1, false), lock("here", DEAD + 1, 9, false));
    check(&[&first, &second], &unlock(&[&first, &second]));
}

#[test]
fn lock_of_another_machine_is_never_removed_while_it_may_be_refreshed() {
    for age_min in [0, 4, 29] {
        check(&[&lock("there", DEAD, age_min, true)], &LockDecision::GiveUp);
        check(&[&lock("there", DEAD, age_min, false)], &LockDecision::GiveUp);
    }
}

#[test]
fn lock_of_a_living_process_of_this_machine_is_left_alone() {
    check(&[&lock("here", ALIVE, 1, true)], &LockDecision::GiveUp);
}

#[test]
fn nothing_is_unlocked_while_unlocking_would_signal_a_living_process() {
    check(&[&lock("here", DEAD, 1, false), &lock("here", ALIVE, 1, false)], &LockDecision::GiveUp);
    check(&[&lock("there", DEAD, 40, false), &lock("here", ALIVE, 1, false)], &LockDecision::GiveUp);
}

#[test]
fn lock_of_this_machine_s_name_that_no_restic_of_ours_made_is_left_alone_while_it_may_be_refreshed() {
    for exclusive in [false, true] {
        for age_min in [0, 29] {
            let foreign = lock("here", UNKNOWN, age_min, exclusive);
            check(&[&foreign], &LockDecision::GiveUp);
            let mut watch = Watch::with_time(10 * MINUTE);
            check_wait(&watch.look(Duration::ZERO, &[&foreign]), 10 * MINUTE);
        }
    }
}

#[test]
fn nothing_is_unlocked_while_unlocking_would_remove_a_lock_that_no_restic_of_ours_made() {
    let foreign = lock("here", UNKNOWN, 1, false);
    check(&[&lock("here", DEAD, 1, false), &foreign], &LockDecision::GiveUp);
    check(&[&lock("here", DEAD, 1, true), &foreign], &LockDecision::GiveUp);
    check(&[&lock("there", 7, 40, false), &foreign], &LockDecision::GiveUp);
}

#[test]
fn whose_a_lock_is_is_not_asked_of_living_processes_other_machines_and_old_locks() {
    let mut seen = Seen::default();
    seen.take(
        vec![lock("here", ALIVE, 1, false), lock("there", DEAD, 1, false), lock("here", DEAD, 31, false)],
        Duration::ZERO,
    );
    let surroundings = Surroundings {
        hostname: "here",
        is_pid_in_use: &|pid| pid == ALIVE,
        is_ours: &|lock| panic!("asked of {lock:?}"),
        now: now(),
        at: Duration::ZERO,
        time_left: Duration::ZERO,
    };
    assert_eq!(decide(&mut seen, &surroundings, &LockRules::default()), LockDecision::GiveUp);
}

#[test]
fn young_lock_of_another_machine_does_not_keep_a_dead_one_in_place() {
    let (dead, foreign) = (lock("here", DEAD, 1, true), lock("there", 7, 1, false));
    check(&[&dead, &foreign], &unlock(&[&dead]));
}

#[test]
fn machine_without_a_name_owns_no_lock() {
    let nameless = lock("", DEAD, 1, true);
    check(&[&nameless], &LockDecision::GiveUp);
}

#[test]
fn old_lock_is_waited_for_even_by_a_run_that_does_not_wait_and_removed_after_the_second_read() {
    for pid in [ALIVE, DEAD, UNKNOWN] {
        for hostname in ["here", "there"] {
            let old = lock(hostname, pid, 31, true);
            let mut watch = Watch::with_time(Duration::ZERO);
            check_wait(&watch.look(Duration::ZERO, &[&old]), 6 * MINUTE);
            check_wait(&watch.look(5 * MINUTE, &[&old]), MINUTE);
            assert_eq!(watch.look(MINUTE, &[&old]), unlock(&[&old]), "{hostname} {pid}");
        }
    }
}

#[test]
fn old_lock_that_is_refreshed_is_in_use() {
    let (old, refreshed) = (lock("there", 7, 31, true), lock("there", 7, 0, true));
    let mut watch = Watch::with_time(Duration::ZERO);
    check_wait(&watch.look(Duration::ZERO, &[&old]), 6 * MINUTE);
    assert_eq!(watch.look(5 * MINUTE, &[&refreshed]), LockDecision::GiveUp);
    // A clock that is wrong makes every lock of its machine look old, but each for a short time only.
    let wrong_clock = lock("there", 7, 39, true);
    let mut watch = Watch::with_time(Duration::ZERO);
    check_wait(&watch.look(Duration::ZERO, &[&lock("there", 7, 44, true)]), 6 * MINUTE);
    check_wait(&watch.look(5 * MINUTE, &[&wrong_clock]), 6 * MINUTE);
    check_wait(&watch.look(4 * MINUTE, &[&wrong_clock]), 2 * MINUTE);
}

#[test]
fn old_lock_is_not_waited_for_while_another_one_in_the_way_is_in_use() {
    check(&[&lock("there", 7, 40, false), &lock("there", 8, 1, false)], &LockDecision::GiveUp);
}

#[test]
fn lock_that_becomes_old_while_it_is_waited_for_has_been_read_often_enough() {
    let aging = lock("there", 7, 25, true);
    let mut watch = Watch::with_time(60 * MINUTE);
    check_wait(&watch.look(Duration::ZERO, &[&aging]), 60 * MINUTE);
    check_wait(&watch.look(4 * MINUTE, &[&aging]), 56 * MINUTE);
    assert_eq!(watch.look(2 * MINUTE, &[&aging]), unlock(&[&aging]));
}

#[test]
fn dead_lock_stays_while_unlocking_would_take_an_old_one_that_is_not_proven() {
    let (dead, old) = (lock("here", DEAD, 1, true), lock("there", 7, 40, false));
    let mut watch = Watch::with_time(Duration::ZERO);
    check_wait(&watch.look(Duration::ZERO, &[&dead, &old]), 6 * MINUTE);
    assert_eq!(watch.look(6 * MINUTE, &[&dead, &old]), unlock(&[&dead, &old]));
}

#[test]
fn lock_that_unlock_did_not_remove_is_not_tried_again() {
    let dead = lock("here", DEAD, 1, true);
    let mut watch = Watch::with_time(Duration::ZERO);
    assert_eq!(watch.look(Duration::ZERO, &[&dead]), unlock(&[&dead]));
    watch.seen.resisting.push(dead.id.clone());
    assert_eq!(watch.look(SECOND, &[&dead]), LockDecision::GiveUp);
}

#[test]
fn restic_is_started_again_when_one_that_was_in_the_way_has_gone() {
    let (one, other) = (lock("there", 7, 1, false), lock("there", 8, 1, false));
    let mut watch = Watch::with_time(10 * MINUTE);
    check_wait(&watch.look(Duration::ZERO, &[&one, &other]), 10 * MINUTE);
    assert_eq!(watch.look(SECOND, &[&other]), LockDecision::StartAgain);
    watch.seen.kept_out();
    check_wait(&watch.look(SECOND, &[&other]), 10 * MINUTE - 2 * SECOND);
    assert_eq!(watch.look(SECOND, &[]), LockDecision::StartAgain);
}

#[test]
fn lock_under_a_new_id_is_still_in_the_way() {
    let (before, after) = (lock("there", 7, 5, true), lock("there", 7, 0, true));
    let mut watch = Watch::with_time(10 * MINUTE);
    watch.look(Duration::ZERO, &[&before]);
    check_wait(&watch.look(SECOND, &[&after]), 10 * MINUTE - SECOND);
}

#[test]
fn exclusive_lock_is_waited_for_and_not_the_shared_ones_beside_it() {
    let (exclusive, shared) = (lock("there", 7, 1, true), lock("there", 8, 1, false));
    let mut watch = Watch::with_time(10 * MINUTE);
    watch.look(Duration::ZERO, &[&exclusive, &shared]);
    check_wait(&watch.look(SECOND, &[&exclusive]), 10 * MINUTE - SECOND);
    assert_eq!(watch.look(SECOND, &[]), LockDecision::StartAgain);
}

#[test]
fn run_gives_up_when_its_time_is_over_and_looks_once_more_before() {
    let foreign = lock("there", 7, 1, true);
    let mut watch = Watch::with_time(7 * SECOND);
    let LockDecision::Wait { pause: first, .. } = watch.look(Duration::ZERO, &[&foreign]) else { panic!() };
    let LockDecision::Wait { pause: second, .. } = watch.look(first, &[&foreign]) else { panic!() };
    assert_eq!(first + second, 7 * SECOND, "the last pause is clipped");
    assert_eq!(watch.look(second, &[&foreign]), LockDecision::GiveUp);
    let mut lucky = Watch::with_time(5 * SECOND);
    lucky.look(Duration::ZERO, &[&foreign]);
    assert_eq!(lucky.look(5 * SECOND, &[]), LockDecision::StartAgain);
}

#[test]
fn pauses_double_up_to_a_minute_and_differ_by_chance() {
    let foreign = lock("there", 7, 1, true);
    let mut watch = Watch::with_time(1000 * MINUTE);
    let mut pauses = Vec::new();
    for _ in 0..12 {
        let LockDecision::Wait { pause, .. } = watch.look(10 * SECOND, &[&foreign]) else { panic!() };
        pauses.push(pause);
    }
    for (pause, whole) in pauses.iter().zip([5, 10, 20, 40, 60, 60, 60, 60, 60, 60, 60, 60]) {
        assert!(*pause <= whole * SECOND && *pause >= whole * SECOND * 4 / 5, "{pauses:?}");
    }
    assert!(pauses[4..].windows(2).any(|pair| pair[0] != pair[1]), "{pauses:?}");
}

#[test]
fn lock_that_has_gone_before_the_first_look_is_tried_again_at_once_and_after_a_pause_the_next_time() {
    let mut hasty = Watch::with_time(Duration::ZERO);
    assert_eq!(hasty.look(Duration::ZERO, &[]), LockDecision::StartAgain);
    hasty.seen.kept_out();
    assert_eq!(hasty.look(Duration::ZERO, &[]), LockDecision::GiveUp);
    let mut patient = Watch::with_time(MINUTE);
    assert_eq!(patient.look(Duration::ZERO, &[]), LockDecision::StartAgain);
    patient.seen.kept_out();
    check_wait(&patient.look(Duration::ZERO, &[]), MINUTE);
    assert_eq!(patient.look(5 * SECOND, &[]), LockDecision::StartAgain);
}

/// Checks what may be removed for somebody who asks twice, with this pause.
#[track_caller]
fn check_removable(pause: Duration, locks: &[&Lock], expected: Result<usize, &str>) {
    let mut watch = Watch::with_time(Duration::ZERO);
    for after in [Duration::ZERO, pause] {
        watch.look(after, locks);
    }
    let surroundings = Surroundings {
        hostname: "here",
        is_pid_in_use: &|pid| pid == ALIVE,
        is_ours: &|lock| (DEAD..UNKNOWN).contains(&lock.pid),
        now: now() + TimeDelta::from_std(pause).unwrap(),
        at: pause,
        time_left: Duration::ZERO,
    };
    match (removable(&watch.seen, &surroundings, &LockRules::default()), expected) {
        (Ok(locks), Ok(count)) => assert_eq!(locks.len(), count, "{locks:?}"),
        (Err(reason), Err(words)) => assert!(reason.contains(words), "{reason}"),
        (found, expected) => panic!("{found:?}, and not {expected:?}"),
    }
}

#[test]
fn whoever_asks_is_told_what_may_be_removed_or_why_not() {
    let (left, ours, other) = (lock("here", DEAD, 1, true), lock("here", ALIVE, 1, false), lock("there", 7, 1, false));
    let (unknown, old) = (lock("here", UNKNOWN, 1, false), lock("there", 7, 40, true));
    check_removable(SECOND, &[], Ok(0));
    check_removable(SECOND, &[&left], Ok(1));
    check_removable(SECOND, &[&left, &other], Ok(1));
    check_removable(SECOND, &[&other], Err("in use by there"));
    check_removable(SECOND, &[&left, &ours], Err("process 1000 of this machine has a lock"));
    check_removable(SECOND, &[&left, &unknown], Err("not started by PRestic"));
    check_removable(SECOND, &[&old], Err("look again in 6 min"));
    check_removable(6 * MINUTE, &[&old], Ok(1));
}
