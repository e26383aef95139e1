//! 10,000 tasks that are due in the same minute: the start with them, the memory that they take, and the answers meanwhile.

use std::{
    fmt::Write as _,
    process::{Command, Stdio},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use prestic_tests::{fake::FakeScript, home::TestHome, processes};

use crate::table::{Row, Table, Target, time};

const TASKS: usize = 10_000;
/// How long before their minute the daemon is started.
const PREPARATION: u64 = 20;
const MINUTE: u64 = 60;
/// How long the daemon is left alone with its runs before somebody asks for its status.
const ALONE: Duration = Duration::from_secs(15);
/// How often somebody asks then.
const PAUSE: Duration = Duration::from_secs(2);
const MOST_MEBIBYTES: f64 = 60.0;
/// An answer that takes longer is felt.
const MOST_STATUS_MS: f64 = 1_000.0;

/// Prints the rows of 10,000 tasks.
pub fn measure(table: &Table) {
    let mut home = TestHome::new();
    let due = (seconds_now() + PREPARATION).next_multiple_of(MINUTE);
    home.write_config(config(due));

    let python = format!("import configparser; configparser.ConfigParser().read({:?})", home.home().config_file());
    let reference = time(|| {
        assert!(Command::new("python3").args(["-c", &python]).status().expect("python3 is there").success());
    });
    let mut daemon = 0;
    let measured = time(|| daemon = home.start_daemon());
    table.whole("start with 10,000 tasks (Python's ConfigParser)", (reference, measured), 300.0);

    let memory = |what, reference| {
        let measured = mebibytes(processes::peak_kib(daemon));
        table.row(&Row { what, unit: "MiB", reference, measured, judged: measured, target: Target::AtMost(MOST_MEBIBYTES) });
    };
    let idle_status = time_status(&home);
    let idle_memory = mebibytes(processes::resident_kib(daemon));
    sleep(Duration::from_secs((due + ALONE.as_secs()).saturating_sub(seconds_now())));
    memory("daemon's peak, 10,000 due at once (before)", idle_memory);

    let mut slowest = Duration::ZERO;
    while !home.status().runs.is_empty() {
        slowest = slowest.max(time_status(&home));
        sleep(PAUSE);
    }
    let taken = seconds_now() - due;
    memory("  the same, asked for its status all the time", idle_memory);
    table.whole("  its slowest prestic-ctl status (idle)", (idle_status, slowest), MOST_STATUS_MS);

    let succeeded = home.status().tasks.iter().filter(|task| is_success(task.last_run.as_ref())).count();
    let [reference, measured] = [TASKS, succeeded].map(|number| f64::from(u32::try_from(number).expect("it is 10,000")));
    let what = format!("  runs that succeeded, in {taken} s (all)");
    table.row(&Row { what: &what, unit: "runs", reference, measured, judged: measured, target: Target::AtLeast(reference) });
}

fn is_success(run: Option<&prestic_proto::status::LastRun>) -> bool {
    run.is_some_and(|run| run.outcome == "succeeded")
}

fn config(due: u64) -> String {
    let mut config = format!("[base]\n{}", FakeScript::default().profile());
    for task in 0..TASKS {
        write!(
            config,
            "\n[task-{task}]\ninherit = base\nrepository = /nowhere/{task}\ncommand = backup\nargs = /nowhere\n\
             schedule = daily at {:02}:{:02}\n",
            due / 3_600 % 24,
            due / MINUTE % 60
        )
        .expect("a string takes any text");
    }
    config
}

fn time_status(home: &TestHome) -> Duration {
    let mut command = home.ctl_command(&["status"]);
    time(|| {
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("prestic-ctl was built");
        assert!(status.success());
    })
}

#[expect(clippy::disallowed_methods, reason = "the daemon is to be left alone for a while")]
fn sleep(duration: Duration) {
    thread::sleep(duration);
}

#[expect(clippy::disallowed_methods, reason = "the daemon reads the real clock, too")]
fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970").as_secs()
}

#[expect(clippy::cast_precision_loss, reason = "memory sizes are far below 2^52 KiB")]
fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1_024.0
}
