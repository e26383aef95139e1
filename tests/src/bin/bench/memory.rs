//! How much memory an idle daemon and a supervisor hold.

use std::{
    fmt::Write as _,
    io::{Read, Write as _},
    process::{Child, Command, Stdio},
};

use prestic_tests::{
    fake::{FakeScript, Gate, Wire},
    home::TestHome,
    processes,
};

use crate::table::{Row, Table, Target};

/// Prints the rows of resident memory.
pub fn measure(table: &Table) {
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let mut wire = Wire::new(home.path("wire"));
    let script = FakeScript { tell: Some(wire.path().to_owned()), ..FakeScript::of([gate.wait()]) };
    let mut config = format!("[base]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n", script.profile());
    for task in 0..99 {
        write!(config, "\n[task-{task}]\ninherit = base\nschedule = daily at 03:{:02}\n", task % 60)
            .expect("a string takes any text");
    }
    home.write_config(config);
    let daemon = home.start_daemon();
    for _ in 0..100 {
        home.status();
    }
    // A program that does nothing at all, for comparison.
    let mut idle = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("cat is there");
    wait_for_echo(&mut idle);
    let reference = mebibytes(processes::resident_kib(idle.id()));
    let resident = |what, pid, most| {
        let measured = mebibytes(processes::resident_kib(pid));
        table.row(&Row { what, unit: "MiB", reference, measured, judged: measured, target: Target::AtMost(most) });
    };
    resident("daemon, 100 tasks, 100 calls, idle (cat)", daemon, 10.0);

    let run = home.run("base");
    let supervisor = processes::parent(wire.hear_start()).expect("it waits at the gate");
    resident("supervisor of a run (cat)", supervisor, 6.0);
    gate.open();
    home.wait_finished(run);
    drop(idle.stdin.take());
    idle.wait().expect("it is our child");
}

/// Returns when the program runs: until then the process is still a part of this one.
fn wait_for_echo(cat: &mut Child) {
    let mut echo = [0];
    cat.stdin.as_mut().expect("it is a pipe").write_all(b"x").expect("it reads");
    cat.stdout.as_mut().expect("it is a pipe").read_exact(&mut echo).expect("it answers");
}

#[expect(clippy::cast_precision_loss, reason = "memory sizes are far below 2^52 KiB")]
pub fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1_024.0
}
