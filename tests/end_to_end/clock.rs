//! The daemon's clock: set under its feet, and moved into another time zone.
//!
//! The machine's own clock and zone are never touched: libfaketime sets the clock for one daemon, and the zone is that of a
//! copy of `/etc` that only one daemon sees. That the kernel tells of a set clock cannot be shown without setting it.

use std::{
    fs,
    io::Write,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use prestic_tests::{
    fake::{FakeScript, Wire},
    home::TestHome,
    programs,
};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// How long before a minute it is too late to prepare something that is to come in time for it.
const PREPARATION: u64 = 30;

/// Returns the next minute that can be prepared for, in seconds of the wall clock.
pub(crate) fn next_minute() -> u64 {
    (now() + PREPARATION).next_multiple_of(MINUTE)
}

/// Returns the time of day, in UTC, of an instant.
pub(crate) fn time_of_day(seconds: u64) -> String {
    format!("{:02}:{:02}", seconds / HOUR % 24, seconds / MINUTE % 60)
}

/// Returns the seconds of the wall clock.
#[expect(clippy::disallowed_methods, reason = "the daemon under test reads the real clock, too")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A home with one task, which tells of its starts. It is due every day at the minute, in UTC, of an instant.
fn home_with_task_at(seconds: u64) -> (TestHome, Wire) {
    let home = TestHome::new();
    let wire = Wire::new(home.path("wire"));
    let script = FakeScript { tell: Some(wire.path().to_owned()), ..FakeScript::default() };
    home.write_config(format!(
        "[task]\n{}repository = /nowhere\nschedule = daily at {}\ncommand = backup\nargs = /nowhere\n",
        script.profile(),
        time_of_day(seconds)
    ));
    (home, wire)
}

/// Returns what the loader is to load so that the program's clock is a faked one.
fn faketime_library() -> String {
    let output = Command::new("faketime").args(["-m", "-f", "+0", "printenv", "LD_PRELOAD"]).output();
    let output = output.expect("faketime is installed: packaging/install_packages.sh faketime");
    let path = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    assert!(path.contains("libfaketime"), "faketime says `{path}`");
    path
}

/// Sets a faked clock so many seconds ahead. The file is replaced in one go: a daemon may be reading it.
#[expect(clippy::disallowed_methods, reason = "the rename makes it whole")]
fn set_ahead(file: &Path, seconds: u64) {
    let next = file.with_extension("next");
    fs::write(&next, format!("+{seconds}\n")).unwrap();
    fs::rename(next, file).unwrap();
}

#[test]
fn clock_that_is_set_forward_makes_a_task_due() {
    let due_at = now() + HOUR;
    let (mut home, mut wire) = home_with_task_at(due_at);
    let clock = home.path("clock");
    set_ahead(&clock, 0);
    let mut daemon = home.daemon_command(&["--clock=poll"]);
    daemon
        .env("LD_PRELOAD", faketime_library())
        .env("FAKETIME_TIMESTAMP_FILE", &clock)
        .envs(["FAKETIME_NO_CACHE", "FAKETIME_DONT_FAKE_MONOTONIC"].map(|name| (name, "1")));
    home.start_daemon_with(daemon);
    assert_eq!(home.history("task").len(), 0);
    set_ahead(&clock, HOUR);
    // Nobody talks to the daemon until then: it has to look at the clock by itself.
    wire.hear_start();
    assert!(home.daemon_errors().contains("the clock was set by 3600 s"), "{}", home.daemon_errors());
}

#[test]
fn changed_zone_is_noticed_by_the_timer() {
    check_zone_change("timer");
}

#[test]
fn changed_zone_is_noticed_by_looking() {
    check_zone_change("poll");
}

/// Moves a daemon to a zone in which its task is due within a minute, and waits for the run. In the first zone it would be
/// due five hours later.
fn check_zone_change(clock: &str) {
    let due_at = next_minute();
    // POSIX counts westwards: this zone is five hours ahead.
    let [first, second] = ["Etc/UTC", "Etc/GMT-5"];
    let (mut home, mut wire) = home_with_task_at(due_at + 5 * HOUR);
    let etc = home.path("etc");
    copy_etc(&etc);
    set_zone(&etc, first);
    let script = "mount --bind \"$1\" /etc && shift && exec \"$@\"";
    if !is_own_etc_possible(&home, script, &etc) {
        // Printed so that the test's success does not hide it.
        let why =
            "\n!!! NOT TESTED: a changed time zone. It takes a mount namespace with a copy of /etc: run the tests as root.\n";
        std::io::stderr().write_all(why.as_bytes()).unwrap();
        return;
    }
    let mut daemon = home.command("unshare");
    daemon.args(["--mount", "sh", "-c", script, "sh"]).arg(&etc).arg(programs::daemon()).arg(format!("--clock={clock}"));
    daemon.env_remove("TZ");
    home.start_daemon_with(daemon);
    assert_eq!(home.history("task").len(), 0);
    set_zone(&etc, second);
    wire.hear_start();
    assert!(home.daemon_errors().contains("the system's time zone has changed"), "{}", home.daemon_errors());
    assert!(now() >= due_at && now() < due_at + HOUR, "it ran at another time");
}

/// Whether this user may give a process an `/etc` of its own.
fn is_own_etc_possible(home: &TestHome, script: &str, etc: &Path) -> bool {
    let mut command = home.command("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(etc).arg("true");
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn copy_etc(copy: &Path) {
    // What only root may read is not needed.
    Command::new("cp").args(["-a", "/etc"]).arg(copy).stderr(Stdio::null()).status().unwrap();
    assert!(copy.join("passwd").exists(), "/etc was not copied");
}

/// Makes a zone the system's as `timedatectl` does: a link, renamed over the old one.
fn set_zone(etc: &Path, zone: &str) {
    let zone = Path::new("/usr/share/zoneinfo").join(zone);
    assert!(zone.exists(), "{} is missing: install the package tzdata", zone.display());
    let link = etc.join("localtime.next");
    symlink(zone, &link).unwrap();
    fs::rename(link, etc.join("localtime")).unwrap();
}
