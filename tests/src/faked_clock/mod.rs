//! A clock for a daemon and all that it starts, which runs many times as fast as the real one and can be set while it runs.
//!
//! libfaketime makes it fast, the monotonic clock and all waiting included. All processes that have its environment agree on
//! it, whenever they are started, and so does the test, which itself lives by the real clock.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufRead, BufReader},
    os::unix::fs::FileExt,
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::programs;

/// What is loaded before libfaketime.
const SET_CLOCK: &str = include_str!("set_clock.c");

/// How a faked clock stands, as `clock_holder` says it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Calibration {
    /// The faked wall clock, since 1970.
    pub wall_nanoseconds: u64,
    /// The real monotonic clock at that moment.
    pub monotonic_nanoseconds: u64,
    /// What makes other processes see the same clock.
    pub environment: BTreeMap<String, String>,
}

/// Returns the real monotonic clock. It is asked of the kernel itself, so nobody fakes it.
pub fn monotonic_nanoseconds() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    u64::try_from(now.tv_sec * 1_000_000_000 + now.tv_nsec).unwrap_or_default()
}

/// A clock that runs.
#[derive(Debug)]
pub struct FakedClock {
    calibration: Calibration,
    rate: u32,
    ahead: TimeDelta,
    set_clock: File,
    holder: Child,
    /// The holder goes when this is closed.
    leash: Option<ChildStdin>,
    _folder: TempDir,
}

impl FakedClock {
    /// Starts a clock at an instant, with so many seconds in each real one.
    #[expect(clippy::disallowed_methods, reason = "nobody reads the file before it is whole")]
    pub fn start(at: DateTime<Utc>, rate: u32) -> Self {
        let folder = tempfile::Builder::new().prefix("clock-").tempdir().expect("the system has a folder for such files");
        let [source, library, set_by] = ["set_clock.c", "set_clock.so", "set_by"].map(|name| folder.path().join(name));
        fs::write(&source, SET_CLOCK).expect("the folder is ours");
        let status = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl").status();
        assert!(status.expect("cargo links with cc").success(), "set_clock.c cannot be compiled");
        fs::write(&set_by, 0_i64.to_ne_bytes()).expect("the folder is ours");
        let mut holder = Command::new("faketime")
            .args(["-m", "-f", &format!("@{} x{rate}", at.timestamp())])
            .arg(programs::clock_holder())
            .env("FAKETIME_FMT", "%s")
            // All that is started later goes by the same beginning.
            .env("FAKETIME_DONT_RESET", "1")
            // It would lock what a process that is killed does not unlock.
            .env("NO_FAKE_STAT", "1")
            .env("FAKETIME_CACHE_DURATION", "1000000")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("faketime is installed: packaging/install_packages.sh faketime");
        let mut line = String::new();
        BufReader::new(holder.stdout.take().expect("it is piped")).read_line(&mut line).expect("the holder says its clock");
        let mut calibration: Calibration = serde_json::from_str(&line).expect("the holder says its clock");
        let libraries = calibration.environment.get("LD_PRELOAD").expect("faketime sets it");
        let libraries = format!("{}:{libraries}", library.display());
        calibration.environment.insert("LD_PRELOAD".to_owned(), libraries);
        calibration.environment.insert("SET_CLOCK_FILE".to_owned(), set_by.display().to_string());
        Self {
            calibration,
            rate,
            ahead: TimeDelta::zero(),
            set_clock: File::options().write(true).open(&set_by).expect("it was just written"),
            leash: holder.stdin.take(),
            holder,
            _folder: folder,
        }
    }

    /// Returns the variables that make a process, and those that it starts, live by this clock.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.calibration.environment
    }

    /// Returns how many seconds it has in a real one.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Returns what it shows.
    pub fn now(&self) -> DateTime<Utc> {
        let since = monotonic_nanoseconds() - self.calibration.monotonic_nanoseconds;
        let wall = u128::from(self.calibration.wall_nanoseconds) + u128::from(since) * u128::from(self.rate);
        DateTime::from_timestamp_nanos(i64::try_from(wall).expect("the soak ends in this century")) + self.ahead
    }

    /// Sets it for everybody at once, by whole seconds.
    pub fn set_by(&mut self, by: TimeDelta) {
        self.ahead += by;
        self.set_clock.write_all_at(&self.ahead.num_seconds().to_ne_bytes(), 0).expect("the file is ours");
    }

    /// Returns how long it really takes until an instant comes.
    pub fn real_time_until(&self, at: DateTime<Utc>) -> Duration {
        (at - self.now()).to_std().unwrap_or_default() / self.rate
    }
}

impl Drop for FakedClock {
    fn drop(&mut self) {
        drop(self.leash.take());
        // faketime removes the shared memory when the holder has gone.
        self.holder.wait().ok();
    }
}
