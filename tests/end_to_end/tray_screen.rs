//! `prestic-tray` as somebody sees and uses it: mouse, keys, and the pictures that README.md shows.

use prestic_proto::outcome::Outcome;
use prestic_tests::{
    desktop::Desktop,
    fake::{FakeScript, Gate, Step},
    home::TestHome,
    programs,
};

/// Where the panel has the icon.
const ICON: (u32, u32) = (16, 16);
const ELSEWHERE: (u32, u32) = (700, 700);

#[test]
fn menu_is_opened_with_the_mouse_and_a_run_stopped_by_keys() {
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let line = r#"{"message_type":"status","percent_done":0.42,"total_files":2,"files_done":1,"total_bytes":1000}"#;
    let running = FakeScript::of([Step::Out(format!("{line}\n")), gate.wait()]);
    let task = |name: &str, description: &str, script: &FakeScript, time: &str| {
        format!(
            "[{name}]\ndescription = {description}\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n\
             schedule = daily at {time}\n",
            script.profile()
        )
    };
    home.write_config(
        task("documents", "Letters & everything else", &running, "18:30")
            + &task("photos", "All that the camera had", &FakeScript::default(), "03:00")
            + &task("mail", "Mail of all accounts", &FakeScript::default(), "12:15"),
    );
    home.start_daemon_with_web();
    for task in ["photos", "mail"] {
        let run = home.run(task);
        home.wait_finished(run);
    }
    let run = home.run("documents");
    let mut desktop = Desktop::start();
    desktop.start_panel();
    let mut command = home.command(programs::tray());
    desktop.admit(&mut command);
    let pid = desktop.run(command);
    let mut item = desktop.wait_for_tray(pid);
    item.wait_for_sentence("documents is running: 42 %");
    item.wait_for_picture("dark/busy");

    desktop.point(ICON);
    desktop.wait_for_windows(1);
    desktop.take_picture("tray-panel.png", "380x104+0+0");
    // Without that what the icon says could be taken for the menu.
    desktop.point(ELSEWHERE);
    desktop.wait_for_windows(0);
    desktop.point(ICON);
    desktop.click_right();
    desktop.wait_for_windows(1);
    desktop.press("Down");
    desktop.press("Right");
    desktop.wait_for_windows(2);
    desktop.press("Right");
    desktop.wait_for_windows(3);
    desktop.take_picture("tray-menu.png", "800x355+0+0");
    // Of what can be chosen there, it is the first.
    desktop.press("Return");
    home.expect_outcome(run, &Outcome::Stopped);
}
