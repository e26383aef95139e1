//! Names, pruning and footers of logs.

use std::{cell::Cell, collections::HashSet, time::Duration};

use chrono::FixedOffset;

use super::*;

fn midnight() -> DateTime<FixedOffset> {
    "2026-01-01T00:00:59+01:00".parse().unwrap()
}

#[track_caller]
fn check_escape(task: &str, expected: &str) {
    assert_eq!(escape(task), expected);
    assert_eq!(unescape(expected).as_deref(), Some(task));
}

#[test]
fn name_has_the_local_time_and_the_task() {
    assert_eq!(file_name("my-home", &midnight(), |_| false), "2026.01.01_00.00-my-home.txt");
}

#[test]
fn second_run_in_a_minute_gets_a_number_before_the_task() {
    let refusals = Cell::new(2);
    let taken = |_: &str| refusals.replace(refusals.get() - 1) > 0;
    assert_eq!(file_name("my-home", &midnight(), taken), "2026.01.01_00.00-3-my-home.txt");
}

#[test]
fn plain_names_stay_as_they_are() {
    for task in ["home", "my backup_2.old", "a@b+c,d", "com", "com10", "console", "2nd", ""] {
        check_escape(task, task);
    }
}

#[test]
fn unsafe_names_are_escaped_and_come_back() {
    check_escape("../x", "%2E.%2Fx");
    check_escape("a/b\\c", "a%2Fb%5Cc");
    check_escape("100%", "100%25");
    check_escape("über", "%C3%BCber");
    check_escape("nul\0\n", "nul%00%0A");
    check_escape(".", "%2E");
    check_escape("end. ", "end.%20");
    check_escape(" x.", "%20x%2E");
    check_escape("CON", "%43ON");
    check_escape("com1.txt", "%63om1.txt");
    check_escape("lpt9 .x", "%6Cpt9 .x");
    check_escape("2-home", "%32-home");
    check_escape("~", "%7E");
}

#[test]
fn long_names_are_cut_and_stay_apart() {
    let names = ["x".repeat(151), "x".repeat(152), "ü".repeat(200), format!("{}/../../etc", "y".repeat(300))];
    let escaped: HashSet<_> = names.iter().map(|name| escape(name)).collect();
    assert_eq!(escaped.len(), names.len());
    for name in escaped {
        assert!(name.len() <= 150 && !name.contains('/'));
        assert_eq!(unescape(&name), None);
    }
}

#[test]
fn text_that_is_no_escaped_name_is_refused() {
    for text in ["%", "%4", "%zz", "%61", "a/b", "%FF", "%2f", "%+1"] {
        assert_eq!(unescape(text), None, "for {text:?}");
    }
}

#[test]
fn created_log_is_new_and_private() {
    let home = tempfile::tempdir().unwrap();
    let logs = home.path().join("logs");
    let names = [0, 1, 2].map(|_| create(&logs, "a/b", &midnight()).unwrap().1);
    assert_eq!(names, ["2026.01.01_00.00-a%2Fb.txt", "2026.01.01_00.00-2-a%2Fb.txt", "2026.01.01_00.00-3-a%2Fb.txt"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&logs), mode(&logs.join(&names[0]))), (0o700, 0o600));
    }
}

/// Makes empty logs that were last written on 1 January 2026.
fn folder_with(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let file = File::create(folder.path().join(name)).unwrap();
        file.set_modified(midnight().to_utc().into()).unwrap();
    }
    folder
}

#[track_caller]
fn check_pruned(names: &[&str], task: &str, days_later: u64, keep: impl Fn(&str) -> bool, expected: &[&str]) {
    let folder = folder_with(names);
    let now = midnight().to_utc() + Duration::from_secs(days_later * 86_400 + 1);
    let removed = prune(folder.path(), task, 14, now, keep).unwrap();
    assert_eq!(removed, expected.iter().map(|name| folder.path().join(name)).collect::<Vec<_>>());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), names.len() - expected.len());
}

#[test]
fn old_logs_of_exactly_this_task_are_removed() {
    let mine = ["2026.01.01_00.00-2-home.txt", "2026.01.01_00.00-home.txt"];
    let others = [
        "2026.01.01_00.00-my-home.txt",
        "2026.01.01_00.00-home-2.txt",
        "2026.01.01_00.00-%32-home.txt",
        "notes-home.txt",
        "2026.01.01_00.00-home.txt.gz",
    ];
    check_pruned(&[&mine[..], &others[..]].concat(), "home", 14, |_| false, &mine);
}

#[test]
fn younger_logs_stay() {
    check_pruned(&["2026.01.01_00.00-home.txt"], "home", 13, |_| false, &[]);
}

#[test]
fn logs_that_somebody_wants_stay() {
    let names = ["2026.01.01_00.00-home.txt", "2026.01.01_00.01-home.txt"];
    check_pruned(&names, "home", 20, |name| name.contains("00.01"), &names[..1]);
}

#[test]
fn logs_of_python_with_an_unescaped_name_belong_to_the_task() {
    let names = ["2026.01.01_00.00-%C3%BCber.txt", "2026.01.01_00.00-über.txt"];
    check_pruned(&names, "über", 20, |_| false, &names);
    check_pruned(&names, "%C3%BCber", 20, |_| false, &[]);
}

#[test]
fn no_folder_has_nothing_to_prune() {
    let folder = tempfile::tempdir().unwrap();
    assert!(prune(&folder.path().join("logs"), "home", 0, midnight().to_utc(), |_| false).unwrap().is_empty());
}

#[track_caller]
fn check_failed(content: &str, expected: bool) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.txt");
    atomic_write::replace(&path, content.as_bytes()).unwrap();
    assert_eq!(is_failed_log(&path).unwrap(), expected, "for {content:?}");
}

#[test]
fn footer_tells_whether_the_run_failed() {
    check_failed("Restic exit code: 0\nOutcome: succeeded\n", false);
    check_failed("Restic exit code: 3\r\nOutcome: finished with warnings\r\nDuration: 3 s\r\n", false);
    check_failed("Restic exit code: 1\nOutcome: failed: wrong password\n", true);
    check_failed("Outcome: succeeded\nRestic exit code: 130\nOutcome: stopped\n", true);
    check_failed("Restic exit code: 0\n", false);
    check_failed("Restic exit code: 1\n", true);
    check_failed("no end", true);
    check_failed("", true);
}

#[test]
fn only_the_end_of_a_log_is_read() {
    check_failed(&format!("Outcome: succeeded\n{}", "x\n".repeat(3000)), true);
    check_failed(&format!("{}\nOutcome: succeeded\n", "ü".repeat(1_000_000)), false);
}
