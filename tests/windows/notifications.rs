//! Notifications where none can be shown: Wine has no toasts, and says 0x80040154 (class not registered).

use prestic_double::FakeScript;
use prestic_proto::outcome::Outcome;

use crate::home::TestHome;

fn task(script: &FakeScript) -> String {
    format!("[task]\n{}repository = C:\\repository\ncommand = backup\nargs = C:\\data\n", script.profile())
}

#[test]
fn desktop_that_shows_nothing_is_told_of_with_what_to_do() {
    let mut home = TestHome::new();
    home.write_config(&task(&FakeScript::default()));
    home.start_daemon();
    let refused = home.ctl(&["notify-test"]);
    assert_ne!(refused.code, Some(0), "{refused:?}");
    assert!(refused.stderr.contains("refuses") && refused.stderr.contains("0x80040154"), "{refused:?}");
    assert!(refused.stderr.contains("tray"), "{refused:?}");
    let status = home.ctl(&["status"]).expect_code(0);
    assert!(status.stdout.contains("0x80040154"), "{status:?}");
}

#[test]
fn failure_that_cannot_be_shown_is_recorded_all_the_same() {
    let mut home = TestHome::new();
    let script = FakeScript { exit_code: 1, ..FakeScript::default() };
    home.write_config(&task(&script));
    home.start_daemon();
    let finished = home.wait_finished(home.run("task"));
    assert!(matches!(finished.finished().unwrap().outcome, Outcome::Failed { .. }), "{finished:?}");
    let status = home.ctl(&["status"]).expect_code(0).stdout;
    assert!(status.contains("failed"), "{status}");
}
