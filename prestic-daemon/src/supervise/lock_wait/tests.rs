//! Words for holders of locks. Whole waits are in `conduct/tests/`.

use super::*;

fn holder(created_at: DateTime<Utc>, is_exclusive: bool) -> LockHolder {
    LockHolder { id: "0a".to_owned(), host: "nas".to_owned(), user: "root".to_owned(), pid: 12, created_at, is_exclusive }
}

#[track_caller]
fn check(age_seconds: i64, is_exclusive: bool, expected: &str) {
    let now = DateTime::UNIX_EPOCH;
    assert_eq!(holder_text(&holder(now - TimeDelta::seconds(age_seconds), is_exclusive), now), expected);
}

#[test]
fn holder_is_told_with_the_age_of_its_lock() {
    check(-5, false, "root@nas, process 12, for 0 s");
    check(119, false, "root@nas, process 12, for 119 s");
    check(12 * 60, true, "root@nas, process 12, for 12 min (exclusive)");
    check(3 * 3600, true, "root@nas, process 12, for 3 h (exclusive)");
    check(3 * 86_400, false, "root@nas, process 12, for 3 d");
}

#[test]
fn refreshed_lock_is_as_old_as_the_one_before() {
    let (old, new) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + TimeDelta::minutes(5));
    assert_eq!(since_known(holder(new, true), &[holder(old, true)]).created_at, old);
    assert_eq!(since_known(holder(new, true), &[holder(old, false)]).created_at, new);
}
