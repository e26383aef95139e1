//! What the options of scheduling mean.

use std::{path::Path, sync::Arc};

use super::{super::read, *};

fn profile(lines: &str) -> Arc<Profile> {
    let loaded = read(&format!("[p]\n{lines}"), Path::new("config.ini"));
    assert_eq!(loaded.report.errors, []);
    Arc::clone(loaded.config.profile("p").unwrap())
}

#[track_caller]
fn check_error(line: &str, expected: &str) {
    let report = read(&format!("[p]\n{line}\n"), Path::new("config.ini")).report;
    let found: Vec<_> = report.errors.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(expected), "{}", found[0]);
}

#[test]
fn options_that_are_set_mean_what_they_say() {
    let profile = profile(
        "overlap = Replace\npriority = high\nneeds = a b\nretry = 3\nretry-delay = 5m\nmax-runtime = 2h\nno-progress-timeout = 30m\n\
         only-on-ac = yes\nmin-battery = 30%\nnot-metered = on\nrequire-path = /mnt/usb '/mnt/my disk'\n\
         require-host = nas:22 [fe80::1]:8000\noverdue-after = 3d\n",
    );
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    assert_eq!((profile.overlap(), profile.priority()), (Overlap::Replace, 10));
    assert_eq!(profile.needs(), ["a", "b"]);
    assert_eq!((profile.retry(), profile.retry_delay()), (3, minutes(5)));
    assert_eq!((profile.max_runtime(), profile.no_progress_timeout()), (Some(minutes(120)), Some(minutes(30))));
    assert_eq!((profile.only_on_ac(), profile.min_battery(), profile.not_metered()), (true, Some(30), true));
    assert_eq!(profile.require_paths(), [Path::new("/mnt/usb"), Path::new("/mnt/my disk")]);
    assert_eq!(profile.require_hosts(), ["nas:22", "[fe80::1]:8000"]);
    assert_eq!(profile.overdue_after(), Some(minutes(3 * 24 * 60)));
}

#[test]
fn options_that_are_not_set_have_their_defaults() {
    let profile = profile("max-runtime = 0\nmin-battery =\n");
    assert_eq!((profile.overlap(), profile.priority(), profile.retry()), (Overlap::Skip, 0, 0));
    assert_eq!(profile.retry_delay(), Duration::from_secs(60));
    assert_eq!((profile.max_runtime(), profile.overdue_after(), profile.window()), (None, None, None));
    assert_eq!((profile.only_on_ac(), profile.min_battery(), profile.not_metered()), (false, None, false));
    let timing = profile.timing();
    assert_eq!((timing.schedule, timing.zone, timing.catch_up), (None, Zone::Machine, CatchUp::Auto));
    assert_eq!((timing.random_delay, timing.deadline), (None, None));
}

#[test]
fn options_beside_the_schedule_make_its_timing() {
    let timing =
        profile("schedule = daily at 02:30\ntimezone = Europe/Berlin\nrandom-delay = 10m\ncatch-up = yes\ndeadline = 2h\n")
            .timing();
    assert_eq!(timing.schedule, Schedule::parse("daily at 02:30").ok());
    assert_eq!(timing.zone, Zone::Named(chrono_tz::Europe::Berlin));
    assert_eq!(timing.random_delay, Some(Duration::from_secs(600)));
    assert_eq!((timing.catch_up, timing.deadline), (CatchUp::Yes, Some(Duration::from_secs(7200))));
}

#[test]
fn modifiers_in_the_schedule_win_over_options() {
    let options = "random-delay = 10m\ncatch-up = yes\ndeadline = 2h\n";
    let timing = profile(&format!("schedule = daily at 02:30 random 5m catch-up no deadline 1h\n{options}")).timing();
    assert_eq!(timing.random_delay, Some(Duration::from_secs(300)));
    assert_eq!((timing.catch_up, timing.deadline), (CatchUp::No, Some(Duration::from_secs(3600))));
}

#[test]
fn window_is_a_part_of_the_day() {
    assert_eq!(profile("window = 22:00..06:00\n").window(), Window::parse("22:00..06:00").ok());
}

#[test]
fn values_that_are_wrong_are_told_with_a_remedy() {
    check_error(
        "min-battery = 101",
        "`min-battery`: `101` is not a percentage in [p] at config.ini:2\n  hint: write a whole number from 0 to 100",
    );
    check_error(
        "priority = urgent",
        "`priority`: `urgent` is not a priority in [p] at config.ini:2\n  hint: write a whole number, of which",
    );
    check_error("retry = -1", "`retry`: `-1` is not a whole number from 0 in [p] at config.ini:2");
    check_error("overlap = wait", "`overlap`: `wait` is not `skip`, `queue` or `replace` in [p] at config.ini:2");
    check_error(
        "require-host = nas",
        "`require-host`: `nas` is not a server with a port in [p] at config.ini:2\n  hint: write the server and its port",
    );
    check_error("timezone = Europe/Berln", "`timezone`: ");
    check_error("catch-up = maybe", "`catch-up`: ");
    check_error("window = 22:00", "`window`: ");
}

#[track_caller]
fn check_host(word: &str, expected: bool) {
    assert_eq!(is_host_and_port(word), expected, "{word}");
}

#[test]
fn hosts_have_ports() {
    for word in ["nas:22", "10.0.0.1:8000", "[::1]:22", "backup.example.com:65535"] {
        check_host(word, true);
    }
    for word in
        ["nas", "nas:", ":22", "nas:0", "nas:65536", "nas:ssh", "::1:22", "[]:22", "https://nas:443", "me@nas:22", "nas:+1"]
    {
        check_host(word, false);
    }
}

#[test]
fn priorities_are_numbers_or_names() {
    let parsed = ["high", "Normal", "low", "7", "-3", "+2", "1.5", ""].map(parse_priority);
    assert_eq!(parsed, [Some(10), Some(0), Some(-10), Some(7), Some(-3), Some(2), None, None]);
}
