//! What is read, what survives, what is set aside, and that Python agrees.

use std::process::Command;

use tempfile::TempDir;

use prestic_proto::status::Pause;

use super::*;
use crate::notify::told::Told;

/// As Python's `ConfigParser.write` leaves it.
const BY_PYTHON: &str = "[my-backup]\nstarted = 0\npid = 0\nlog_file = 2023.11.14_22.13-my-backup.txt\n\
    last_run = 1700000000.1234567\nexit_code = 3\nnote = one\n\ttwo\n\t\n\tfour %% and %(pid)s\nempty = \n\n\
    [ odd ] name ]\nstarted = 1700000001.5\npid = 4711\nlog_file = \nlast_run = None\n\n\
    [__prestic__]\npid = 99\n\n[nothing]\n\n";

fn now() -> DateTime<Utc> {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn millis(millis: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(millis)
}

fn full_entry() -> TaskEntry {
    TaskEntry {
        started: millis(1_700_000_000_123),
        pid: 4711,
        log_file: Some("2023.11.14_22.13-a%2Fb.txt".into()),
        last_run: millis(1_700_000_060_007),
        exit_code: Some(-9),
        last_due: millis(1_699_999_980_000),
        outcome: Some("failed".into()),
        message: Some("failed: 100% full".into()),
        run: Some("12".parse().unwrap()),
        last_success: millis(1_600_000_000_000),
        first_seen: millis(1_500_000_000_000),
        paused: Some(Pause { until: millis(1_800_000_000_000) }),
        told: Told::parse("failing 2023-11-14T22:14:20Z/00000000000000ff"),
    }
}

/// Loads a file with this content.
#[track_caller]
fn load(content: impl AsRef<[u8]>) -> (TempDir, StatusIni, Option<Warning>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("status.ini");
    atomic_write::replace(&path, content.as_ref()).unwrap();
    let (status, warning) = StatusIni::load(&path, now());
    (folder, status, warning)
}

/// Saves to a file of its own, and returns the content.
fn saved(status: &StatusIni) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("status.ini");
    status.to_file().save(&path).unwrap();
    fs::read(&path).unwrap()
}

#[track_caller]
fn check_set_aside(content: impl AsRef<[u8]>, damage: &str) {
    let (folder, status, warning) = load(&content);
    let Some(Warning::SetAside { kept_as, damage: found, .. }) = warning else { panic!("{warning:?}") };
    assert_eq!(found.to_string(), damage);
    assert_eq!(kept_as, folder.path().join("status.ini.bad-20260102T030405Z"));
    assert_eq!(fs::read(kept_as).unwrap(), content.as_ref());
    assert!(status.sections.is_empty());
}

#[test]
fn no_file_is_an_empty_state() {
    let folder = tempfile::tempdir().unwrap();
    let (status, warning) = StatusIni::load(&folder.path().join("status.ini"), now());
    assert!(warning.is_none() && status.task("home").is_none());
}

#[test]
fn file_of_python_is_read() {
    let (_folder, status, warning) = load(BY_PYTHON);
    assert!(warning.is_none());
    let expected = TaskEntry {
        log_file: Some("2023.11.14_22.13-my-backup.txt".into()),
        last_run: millis(1_700_000_000_123),
        exit_code: Some(3),
        ..TaskEntry::default()
    };
    assert_eq!(status.task("my-backup"), Some(expected));
    let expected = TaskEntry { started: millis(1_700_000_001_500), pid: 4711, ..TaskEntry::default() };
    assert_eq!(status.task(" odd ] name "), Some(expected));
    assert_eq!(status.task("nothing"), Some(TaskEntry::default()));
    assert_eq!(status.task("other"), None);
}

#[test]
fn entry_comes_back_as_it_was() {
    for entry in [full_entry(), TaskEntry::default()] {
        let mut status = StatusIni::default();
        status.set_task("home", &full_entry());
        status.set_task("home", &entry);
        let (_folder, loaded, warning) = load(saved(&status));
        assert!(warning.is_none());
        assert_eq!(loaded.task("home"), Some(entry));
    }
}

#[test]
fn sections_and_keys_of_others_survive() {
    let (_folder, mut status, _) = load(BY_PYTHON);
    status.set_task("my-backup", &full_entry());
    status.set_task("new", &TaskEntry::default());
    status.set_daemon_pid(7);
    let text = String::from_utf8(saved(&status)).unwrap();
    for kept in [
        "note = one\n\ttwo\n\t\n\tfour %% and %(pid)s\n",
        "empty = \n",
        "[ odd ] name ]\nstarted = 1700000001.5\n",
        "[nothing]\n",
    ] {
        assert!(text.contains(kept), "{kept:?} in {text}");
    }
    assert!(text.contains("[__prestic__]\npid = 7\n"));
    let (_folder, again, _) = load(&text);
    assert_eq!(saved(&again), text.as_bytes());
}

#[test]
fn python_spellings_are_read_as_python_does() {
    let text = "\u{feff}; comment\r\n[a]\r\n  Started : 1.5\r\n  PID=3\r\n# comment\r\n  log_file = x\r\n    # comment\r\n\r\n[b] rest\r\n";
    let (_folder, status, warning) = load(text);
    assert!(warning.is_none(), "{warning:?}");
    let expected = TaskEntry { started: millis(1500), pid: 3, log_file: Some("x".into()), ..TaskEntry::default() };
    assert_eq!(status.task("a"), Some(expected));
    assert!(status.task("b").is_some());
}

#[test]
fn values_that_make_no_sense_count_as_none() {
    let (_folder, status, _) =
        load("[a]\nstarted = NaN\npid = -1\nlast_run = 1e300\nexit_code = None\nlast_due = today\nrun = x\n");
    assert_eq!(status.task("a"), Some(TaskEntry::default()));
}

#[test]
fn odd_names_and_texts_come_back() {
    let texts = [
        "a]b",
        "[x]",
        "a = b",
        " blanks ",
        "two\nlines",
        "\r",
        "DEFAULT",
        "__prestic__",
        "__escaped__",
        "",
        "100%",
        "%(x)s",
        "%%",
        "ä\u{85}ö\u{2028}",
        "# no comment",
        ";",
        "\"quoted\"",
        "\"",
        "\\",
        "\t",
        "\u{1f}",
        "key: value",
        "\u{feff}",
        "\0",
    ];
    let entry = |text: &str| TaskEntry {
        message: Some(text.to_owned()).filter(|text| !text.is_empty()),
        log_file: Some(format!("{text}.txt")),
        ..TaskEntry::default()
    };
    let mut status = StatusIni::default();
    status.set_daemon_pid(1);
    texts.iter().for_each(|text| status.set_task(text, &entry(text)));
    let (_folder, loaded, warning) = load(saved(&status));
    assert!(warning.is_none(), "{warning:?}");
    for text in texts {
        assert_eq!(loaded.task(text), Some(entry(text)), "for {text:?}");
    }
    assert_eq!(loaded.sections.get(DAEMON_SECTION).unwrap().get("pid"), Some("1"));
}

#[test]
fn unusable_file_is_set_aside_with_all_that_is_in_it() {
    check_set_aside("", "it is empty");
    check_set_aside(b"[a]\npid = \xff\n", "it is not UTF-8");
    check_set_aside("[a]\npid", "line 2: the line has no `=`");
    check_set_aside("pid = 1\n", "line 1: a value stands before the first section");
    check_set_aside("[a]\n[a]\n", "line 2: this section was there before");
    check_set_aside("[a]\nx = 1\nX = 2\n", "line 3: `x` is set twice");
    check_set_aside("[a]\n = 2\n", "line 2: a value has no key");
}

#[test]
fn file_that_is_set_aside_replaces_no_earlier_one() {
    let (folder, _, _) = load("first");
    let path = folder.path().join("status.ini");
    atomic_write::replace(&path, b"second").unwrap();
    StatusIni::load(&path, now()).1.unwrap();
    let kept = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(kept("status.ini.bad-20260102T030405Z"), "first");
    assert_eq!(kept("status.ini.bad-20260102T030405Z-2"), "second");
}

#[test]
fn file_that_could_not_be_set_aside_is_not_overwritten_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("status.ini");
    atomic_write::replace(&path, b"precious").unwrap();
    let in_the_way = Arc::new(InTheWay { found_at: now(), is_gone: AtomicBool::new(false) });
    let mut status = StatusIni { in_the_way: Some(in_the_way), ..StatusIni::default() };
    for pid in 1..4 {
        status.set_daemon_pid(pid);
        status.to_file().save(&path).unwrap();
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    assert_eq!(fs::read(folder.path().join("status.ini.bad-20260102T030405Z")).unwrap(), b"precious");
    assert!(StatusIni::load(&path, now()).1.is_none());
}

fn small_state() -> StatusIni {
    let mut status = StatusIni::default();
    status.set_daemon_pid(99);
    status.set_task("größe", &full_entry());
    status.set_task("other", &TaskEntry::default());
    status
}

/// Checks that a damaged file either gives the right values, or is set aside with what is left of it.
#[track_caller]
fn check_damaged(content: &[u8], what: impl std::fmt::Debug) {
    let (folder, status, warning) = load(content);
    match warning {
        None => assert_eq!(saved(&status), saved(&small_state()), "{what:?}"),
        Some(Warning::SetAside { kept_as, .. }) => assert_eq!(fs::read(kept_as).unwrap(), content, "{what:?}"),
        Some(warning) => panic!("{what:?}: {warning}"),
    }
    drop(folder);
}

#[test]
fn file_torn_anywhere_gives_the_right_values_or_is_set_aside() {
    let whole = saved(&small_state());
    for length in 0..=whole.len() {
        check_damaged(&whole[..length], length);
    }
    assert!(load(&whole).2.is_none());
}

#[test]
fn single_flipped_bit_gives_the_right_values_or_is_set_aside() {
    let whole = saved(&small_state());
    // The first line announces the checksum: without it, the file is taken as one of Python's or of the user's.
    let first_line = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for position in first_line..whole.len() {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[position] ^= 1 << bit;
            check_damaged(&damaged, (position, bit));
        }
    }
}

#[test]
fn user_can_edit_the_file_after_breaking_the_seal() {
    let text = String::from_utf8(saved(&small_state())).unwrap().replace("pid = 99", "pid = 100");
    assert!(load(&text).2.is_some());
    let lines: Vec<_> = text.lines().collect();
    let (_folder, status, warning) = load(lines[1..lines.len() - 1].join("\n"));
    assert!(warning.is_none());
    assert_eq!(status.task("größe"), Some(full_entry()));
}

/// Reads the file as PRestic does, and writes it back with one value changed. Prints what it has read.
const PYTHON: &str = r#"
import configparser, json, sys
status = configparser.ConfigParser()
assert status.read([sys.argv[1]], encoding="utf-8")
print(json.dumps({name: dict(status[name]) for name in status.sections()}))
status["other"]["last_run"] = str(1700000000.25)
with open(sys.argv[1], "w", encoding="utf-8") as file:
    status.write(file)
"#;

#[test]
fn python_reads_what_we_write_and_we_read_what_python_makes_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("status.ini");
    let mut status = small_state();
    status.set_task("a]b %d", &full_entry());
    status.to_file().save(&path).unwrap();
    let output = match Command::new("python3").args(["-c", PYTHON]).arg(&path).output() {
        // The samples above say the same where there is no Python.
        Err(error) if error.kind() == ErrorKind::NotFound => return,
        output => output.unwrap(),
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        read["a]b %d"],
        serde_json::json!({
            "started": "1700000000.123",
            "pid": "4711",
            "log_file": "2023.11.14_22.13-a%2Fb.txt",
            "last_run": "1700000060.007",
            "exit_code": "-9",
            "first_seen": "2017-07-14T02:40:00Z",
            "paused": "2027-01-15T08:00:00Z",
            "last_due": "2023-11-14T22:13:00Z",
            "outcome": "failed",
            "message": "failed: 100% full",
            "run": "12",
            "last_success": "2020-09-13T12:26:40Z",
            "told": "failing 2023-11-14T22:14:20Z/00000000000000ff",
        })
    );
    assert_eq!(read["__prestic__"], serde_json::json!({ "pid": "99" }));
    let (loaded, warning) = StatusIni::load(&path, now());
    assert!(warning.is_none(), "{warning:?}");
    assert_eq!(loaded.task("größe"), Some(full_entry()));
    assert_eq!(loaded.task("other"), Some(TaskEntry { last_run: millis(1_700_000_000_250), ..TaskEntry::default() }));
}
