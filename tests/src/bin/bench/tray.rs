//! What the tray costs while nothing happens: memory and wake-ups.

use std::{
    fmt::Write as _,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use prestic_tests::{desktop::Desktop, fake::FakeScript, home::TestHome, processes, programs};

use crate::{
    memory::mebibytes,
    table::{Row, Table, Target},
};

/// How long the tray is left alone until it has done all that it does after its start.
const SETTLE: Duration = Duration::from_secs(15);
const MINUTE: Duration = Duration::from_secs(60);

/// Prints the rows of an idle tray, beside a shell that looks at the clock once a minute, as the tray does for its texts.
#[expect(clippy::disallowed_methods, reason = "that nothing happens for a while is what is measured")]
pub fn measure(table: &Table) {
    let mut home = TestHome::new();
    let mut config = format!("[base]\n{}repository = /nowhere\n", FakeScript::default().profile());
    for task in 0..100 {
        write!(
            config,
            "\n[task-{task}]\ninherit = base\ncommand = backup\nargs = /nowhere\nschedule = Sun at 03:{:02}\n",
            task % 60
        )
        .expect("a string takes any text");
    }
    home.write_config(config);
    home.start_daemon();
    let mut desktop = Desktop::start();
    desktop.start_panel();
    let mut command = home.command(programs::tray());
    desktop.admit(&mut command);
    let tray = desktop.run(command);
    desktop.wait_for_tray(tray).wait_for_entry(&["Tasks"]);
    let mut reference =
        Idle(Command::new("sh").args(["-c", "while :; do sleep 60; done"]).stdin(Stdio::null()).spawn().expect("sh is there"));
    thread::sleep(SETTLE);
    let watched = [reference.0.id(), tray];
    let before = watched.map(processes::voluntary_switches);
    thread::sleep(MINUTE);
    let after = watched.map(processes::voluntary_switches);
    let [reference_switches, switches] = [0, 1].map(|index| u32::try_from(after[index] - before[index]).unwrap_or(u32::MAX));
    let [reference_memory, memory] = watched.map(|pid| mebibytes(processes::resident_kib(pid)));
    reference.end();
    table.row(&Row {
        what: "tray, 100 tasks, idle (shell)",
        unit: "MiB",
        reference: reference_memory,
        measured: memory,
        judged: memory,
        target: Target::AtMost(15.0),
    });
    // One wake-up for the texts has several threads hand over to each other.
    table.row(&Row {
        what: "switches of an idle tray in 60 s (shell)",
        unit: "times",
        reference: reference_switches.into(),
        measured: switches.into(),
        judged: switches.into(),
        target: Target::AtMost(20.0),
    });
}

/// A program that never ends by itself.
struct Idle(Child);

impl Idle {
    fn end(&mut self) {
        self.0.kill().expect("it is our child");
        self.0.wait().expect("it is our child");
    }
}
