//! How late a run starts, and how often a daemon wakes that has nothing to do.

use std::{
    env,
    fmt::Write as _,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use prestic_tests::{fake::FakeScript, home::TestHome, processes, programs};

use crate::table::{Row, Table, Target};

/// Each daemon's minutes begin at another second, so that no two runs start together and each finds an idle machine.
const DAEMONS: u64 = 50;
const RUNS_EACH: u64 = 4;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// How long a daemon is left alone until it has done all that it does after its start.
const SETTLE: Duration = Duration::from_secs(15);

/// How long an idle daemon is watched, in seconds, unless this variable says otherwise. The target is for ten minutes.
const IDLE_VARIABLE: &str = "PRESTIC_BENCH_IDLE_SECONDS";
const IDLE_SECONDS: u32 = 60;
const IDLE_TARGET_IN_TEN_MINUTES: f64 = 10.0;

/// The original looks every 10 s whether something is due.
const POLLING_LOOP: &str = "import time\nwhile True: time.sleep(10)";

/// Prints the row of how late scheduled runs start.
pub fn measure_lateness(table: &Table) {
    let first_minute = (seconds_now() / MINUTE + 2) * MINUTE;
    let mut homes: Vec<TestHome> = (0..DAEMONS).map(|_| TestHome::new()).collect();
    for (home, second) in homes.iter_mut().zip((0..DAEMONS).map(|daemon| daemon * MINUTE / DAEMONS)) {
        let mut config = format!("[base]\n{}repository = /nowhere\n", FakeScript::default().profile());
        for run in 0..RUNS_EACH {
            let minute = (first_minute / MINUTE + run) % 60;
            write!(config, "\n[run-{run}]\ninherit = base\ncommand = backup\nargs = /nowhere\nschedule = *:{minute:02}\n")
                .expect("a string takes any text");
        }
        home.write_config(config);
        let mut daemon = home.daemon_command(&[]);
        // So many seconds west of Greenwich.
        daemon.env("TZ", format!("BENCH0:00:{second:02}"));
        home.start_daemon_with(daemon);
    }
    let reference = thread::spawn(move || {
        let half_seconds = (0..DAEMONS * RUNS_EACH).map(|run| Duration::from_millis((first_minute + run) * 1_000 + 500));
        half_seconds.map(spawn_at).collect()
    });
    let mut late = Vec::new();
    for run in 0..RUNS_EACH {
        for home in &homes {
            let run = home.wait_for_task(&format!("run-{run}"), |run| run.finished().is_some());
            let (due, started) = (run.due_at.expect("it is scheduled"), run.started_at.expect("the double runs"));
            late.push((started - due).as_seconds_f64() * 1_000.0);
        }
    }
    let reference = reference.join().expect("it does not panic");
    let (reference, measured) = (percentile_99(reference), percentile_99(late));
    let what = "due to start, p99 of 200 (sleep and spawn)";
    table.row(&Row { what, unit: "ms", reference, measured, judged: measured, target: Target::AtMost(50.0) });
}

/// Sleeps until an instant, starts the double, and returns how many milliseconds later than the instant that was.
#[expect(clippy::disallowed_methods, reason = "this is what a scheduler of a few lines does")]
fn spawn_at(instant: Duration) -> f64 {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    thread::sleep(instant.saturating_sub(now()));
    let mut double = Command::new(programs::fake_restic()).arg("backup").stdout(Stdio::null()).spawn().expect("it was built");
    let late = now().saturating_sub(instant);
    double.wait().expect("it is our child");
    late.as_secs_f64() * 1_000.0
}

fn percentile_99(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() * 99 / 100 - 1]
}

/// Prints the row of how often the threads of an idle daemon wake.
#[expect(clippy::disallowed_methods, reason = "that nothing happens for a while is what is measured")]
pub fn measure_idle(table: &Table) {
    let seconds = env::var(IDLE_VARIABLE).map_or(IDLE_SECONDS, |text| text.parse().expect("it is a number of seconds"));
    let far = (seconds_now() / HOUR + 12) % 24;
    let mut home = TestHome::new();
    let mut config =
        format!("[base]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n", FakeScript::default().profile());
    for task in 0..100 {
        write!(config, "\n[task-{task}]\ninherit = base\nschedule = daily at {far:02}:{:02}\n", task % 60)
            .expect("a string takes any text");
    }
    home.write_config(config);
    let daemon = home.start_daemon();
    let mut reference = Polling(Command::new("python3").args(["-c", POLLING_LOOP]).spawn().expect("python3 is there"));
    thread::sleep(SETTLE);
    let watched = [reference.0.id(), daemon];
    let before = watched.map(processes::voluntary_switches);
    thread::sleep(Duration::from_secs(seconds.into()));
    let after = watched.map(processes::voluntary_switches);
    reference.end();
    let [reference, measured] = [0, 1].map(|index| count(after[index] - before[index]));
    let what = format!("wake-ups of an idle daemon in {seconds} s (polling loop)");
    let target = Target::AtMost(IDLE_TARGET_IN_TEN_MINUTES * f64::from(seconds) / 600.0);
    table.row(&Row { what: &what, unit: "times", reference, measured, judged: measured, target });
}

/// A program that never ends by itself.
struct Polling(Child);

impl Polling {
    fn end(&mut self) {
        self.0.kill().expect("it is our child");
        self.0.wait().expect("it is our child");
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn count(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::disallowed_methods, reason = "the daemons read the real clock, too")]
fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970").as_secs()
}
