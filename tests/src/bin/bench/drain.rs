//! How fast a run takes its restic's output, and how much memory that needs.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use prestic_tests::{
    fake::{FakeScript, Gate, SCRIPT_VARIABLE, Step, Wire},
    home::TestHome,
    processes, programs,
};

use crate::table::{Row, Table, Target, time};

const MEGABYTE: u64 = 1_000_000;

/// Prints two rows for each length of lines: megabytes a second, and how far the supervisor grows.
pub fn measure(table: &Table) {
    for (name, bytes, line) in [
        ("300 MB in lines of 100 bytes", 300 * MEGABYTE, 100),
        ("300 MB in lines of 16 KiB", 300 * MEGABYTE, 16 * 1024),
        ("300 MB in lines of 1 MiB", 300 * MEGABYTE, 1024 * 1024),
        ("300 MB in one line", 300 * MEGABYTE, 300 * MEGABYTE),
        ("1 GB in one line", 1_000 * MEGABYTE, 1_000 * MEGABYTE),
    ] {
        let flood = Step::Flood { bytes, line };
        let reference = rate(bytes, time_with_cat(&flood));
        let (taken, growth) = time_as_run(flood);
        let measured = rate(bytes, taken);
        let what = format!("{name} (| cat)");
        table.row(&Row { what: &what, unit: "MB/s", reference, measured, judged: measured, target: Target::AtLeast(150.0) });
        table.row(&Row {
            what: "  growth of its supervisor (the bound)",
            unit: "MiB",
            reference: 8.0,
            measured: growth,
            judged: growth,
            target: Target::AtMost(8.0),
        });
    }
}

/// Times the same output into `cat >/dev/null`.
fn time_with_cat(flood: &Step) -> Duration {
    let script = serde_json::to_string(&FakeScript::of([flood.clone()])).expect("a script is plain data");
    time(|| {
        let mut writer = Command::new(programs::fake_restic())
            .arg("backup")
            .env(SCRIPT_VARIABLE, script)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the double was built");
        let pipe = writer.stdout.take().expect("it is piped");
        let reader = Command::new("cat").stdin(pipe).stdout(Stdio::null()).status().expect("cat is there");
        assert!(reader.success() && writer.wait().expect("it is our child").success());
    })
}

/// Times the output of a run, from its first byte until the double has written its last, and the supervisor's growth in MiB.
#[expect(clippy::cast_precision_loss, reason = "memory sizes are far below 2^52 KiB")]
fn time_as_run(flood: Step) -> (Duration, f64) {
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let mut wire = Wire::new(home.path("wire"));
    let script = FakeScript {
        tell: Some(wire.path().to_owned()),
        ..FakeScript::of([gate.wait(), flood, Step::Tell("written".to_owned()), gate.wait()])
    };
    home.write_config(format!("[flood]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n", script.profile()));
    home.start_daemon();
    let run = home.run("flood");
    let supervisor = processes::parent(wire.hear_start()).expect("it waits at the gate");
    let before = processes::resident_kib(supervisor);
    let taken = time(|| {
        gate.open();
        assert_eq!(wire.hear(), "written");
    });
    let growth = processes::peak_kib(supervisor).saturating_sub(before);
    gate.open();
    home.wait_finished(run);
    (taken, growth as f64 / 1_024.0)
}

#[expect(clippy::cast_precision_loss, reason = "byte counts are far below 2^52")]
fn rate(bytes: u64, taken: Duration) -> f64 {
    bytes as f64 / 1e6 / taken.as_secs_f64()
}
