//! `prestic-tray` in a real panel: its icon, its menu, and what clicks do.

use std::{env, fmt::Write as _, fs, process::Command};

use prestic_proto::outcome::Outcome;
use prestic_tests::{
    LIMIT,
    desktop::{Desktop, tray::TrayItem},
    fake::{FakeScript, Gate, Step, Wire},
    files,
    home::TestHome,
    processes, programs,
    restic::oldest_and_newest,
};

use crate::web_ctl;

/// A session with a panel, and the tray in it.
struct Rig {
    item: TrayItem,
    /// Goes before the home, so that the tray goes before its daemon.
    desktop: Desktop,
    pid: u32,
    home: TestHome,
}

impl Rig {
    /// Starts the tray in a session with a panel. It starts a daemon if the home has none.
    #[track_caller]
    fn start(home: TestHome) -> Self {
        let mut desktop = Desktop::start();
        desktop.start_panel();
        let pid = desktop.run(tray(&home, &desktop));
        let item = desktop.wait_for_tray(pid);
        Self { item, desktop, pid, home }
    }
}

fn tray(home: &TestHome, desktop: &Desktop) -> Command {
    let mut command = home.command(programs::tray());
    desktop.admit(&mut command);
    command
}

/// Returns a home with a task for a script.
fn home_with(script: impl FnOnce(&TestHome) -> FakeScript) -> TestHome {
    let home = TestHome::new();
    home.write_config(task("home", &script(&home)));
    home
}

fn task(name: &str, script: &FakeScript) -> String {
    format!("[{name}]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n", script.profile())
}

/// Tells how far a backup has come, in restic's words.
fn status_line(fraction: f64) -> Step {
    Step::Out(format!("{{\"message_type\":\"status\",\"percent_done\":{fraction},\"total_bytes\":1000}}\n"))
}

#[test]
fn run_now_is_chosen_and_the_backup_happens() {
    for restic in oldest_and_newest() {
        let home = TestHome::new();
        let repository = restic.init(home.path("repository"));
        let source = home.path("source");
        files::tree(&source);
        home.write_config(format!(
            "[documents]\ndescription = Letters & more\n{}command = backup\nargs = {}\nschedule = daily at 03:00\n",
            repository.profile(),
            source.display()
        ));
        // No daemon runs: the tray starts one.
        let mut rig = Rig::start(home);
        rig.item.wait_for_sentence("documents has not run yet");
        rig.item.wait_for_entry(&["Tasks", "documents: in ", "Letters & more"]);
        rig.item.wait_for_entry(&["Tasks", "documents: in ", "Next run: in "]);
        rig.item.wait_for_entry(&["Tasks", "documents: in ", "Last run: none yet"]);
        rig.item.choose(&["Tasks", "documents", "Run now"]);
        rig.home.wait_for_task("documents", |run| run.finished().is_some());
        rig.item.wait_for_sentence("documents is fine");
        rig.item.wait_for_entry(&["Tasks", "documents", "Last run: "]);
        rig.item.wait_for_picture("dark/normal");
        assert_eq!(repository.snapshots().len(), 1);
    }
}

#[test]
fn icon_and_texts_follow_a_run_and_stop_ends_it() {
    let mut home = TestHome::new();
    let (gate, next) = (Gate::new(home.path("gate")), Gate::new(home.path("next")));
    let steps = [status_line(0.42), next.wait(), status_line(0.77), gate.wait()];
    home.write_config(task("home", &FakeScript::of(steps)));
    home.start_daemon();
    let mut rig = Rig::start(home);
    rig.item.wait_for_picture("dark/normal");
    rig.item.choose(&["Tasks", "home", "Run now"]);
    rig.item.wait_for_picture("dark/busy");
    rig.item.wait_for_sentence("home is running: 42 %");
    assert_eq!(rig.item.tooltip(), "PRestic\nhome is running: 42 %");
    assert!(!rig.item.wait_for_entry(&["Tasks", "home: running, 42 %", "Run now"]).is_enabled);
    next.open();
    rig.item.wait_for_sentence("home is running: 77 %");
    rig.item.choose(&["Tasks", "home", "Stop (77 %)"]);
    let run = rig.home.wait_for_task("home", |run| run.finished().is_some());
    assert_eq!(run.finished().unwrap().outcome, Outcome::Stopped);
    rig.item.wait_for_picture("dark/normal");
    assert!(!rig.item.wait_for_entry(&["Tasks", "home", "Stop"]).is_enabled);
}

#[test]
fn menu_stays_the_same_one_while_runs_begin_and_end() {
    let home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let failing = FakeScript { exit_code: 1, ..FakeScript::default() };
    home.write_config(task("home", &FakeScript::of([gate.wait()])) + &task("mail", &failing));
    let mut rig = Rig::start(home);
    rig.item.choose(&["Tasks", "mail", "Run now"]);
    rig.item.wait_for_entry(&["mail failed"]);
    rig.item.wait_for_entry(&["Nothing is running"]);
    // Entries of another menu would have other numbers, and a panel closes what it has open of the old one.
    let number = rig.item.wait_for_entry(&["Quit tray"]).id;
    rig.item.choose(&["Tasks", "home", "Run now"]);
    rig.item.wait_for_entry(&["home is running"]);
    assert_eq!(rig.item.wait_for_entry(&["Quit tray"]).id, number);
    gate.open();
    rig.item.wait_for_entry(&["Nothing is running"]);
    assert_eq!(rig.item.wait_for_entry(&["Quit tray"]).id, number);
}

#[test]
fn failures_and_warnings_have_icons_of_their_own() {
    for (exit_code, picture, sentence) in
        [(1, "dark/failed", "home needs attention"), (3, "dark/warning", "home ended with warnings")]
    {
        let mut rig = Rig::start(home_with(|_| FakeScript { exit_code, ..FakeScript::default() }));
        rig.item.choose(&["Tasks", "home", "Run now"]);
        rig.item.wait_for_sentence(sentence);
        rig.item.wait_for_picture(picture);
    }
}

#[test]
fn all_tasks_are_paused_and_resumed() {
    let mut rig = Rig::start(home_with(|_| FakeScript::default()));
    rig.item.choose(&["Pause all", "For 4 hours"]);
    rig.item.wait_for_picture("dark/paused");
    rig.item.wait_for_entry(&["All tasks are paused until "]);
    let left = rig.home.status().paused.unwrap().until.unwrap() - rig.home.status().started_at;
    assert!((239..=245).contains(&left.num_minutes()), "{left}");
    rig.item.choose(&["Pause all", "Until I resume"]);
    rig.item.wait_for_sentence("All tasks are paused until you resume them");
    assert_eq!(rig.home.status().paused.unwrap().until, None);
    rig.item.choose(&["Resume all"]);
    rig.item.wait_for_picture("dark/normal");
    assert_eq!(rig.home.status().paused, None);
}

#[test]
fn reload_shows_the_errors_and_then_what_is_live() {
    let mut rig = Rig::start(home_with(|_| FakeScript::default()));
    rig.item.wait_for_sentence("home has not run yet");
    rig.home.write_config("[home]\nrepository = /nowhere\ncommand = check\nschedule = dayly at noon\n");
    let mut notifications = rig.desktop.listen_for_notifications();
    rig.item.choose(&["Reload config"]);
    let (summary, body) = notifications.hear();
    assert_eq!(summary, "PRestic cannot load the configuration");
    assert!(body.starts_with("config.ini:4: ") && body.contains("dayly"), "{body}");
    rig.item.wait_for_entry(&["Cannot load the config"]);
    rig.item.wait_for_entry(&["The configuration has 1 error", "config.ini:4: "]);
    rig.item.wait_for_picture("dark/failed");
    rig.home.write_config(task("home", &FakeScript::default()) + &task("mail", &FakeScript::default()));
    rig.item.choose(&["Reload config"]);
    rig.item.wait_for_entry(&["The configuration is live: 2 tasks"]);
    rig.item.wait_for_entry(&["Tasks", "mail"]);
    rig.item.wait_for_picture("dark/normal");
}

#[test]
fn daemon_that_is_killed_is_unreachable_until_it_is_back() {
    let mut home = home_with(|_| FakeScript::default());
    home.start_daemon();
    let mut rig = Rig::start(home);
    rig.item.wait_for_picture("dark/normal");
    rig.home.kill_daemon();
    rig.item.wait_for_picture("dark/unreachable");
    rig.item.wait_for_sentence("The daemon cannot be reached");
    rig.home.start_daemon();
    rig.item.wait_for_sentence("home has not run yet");
    rig.item.wait_for_picture("dark/normal");
    // It is no longer a child of the test that this click starts.
    rig.home.kill_daemon();
    rig.item.choose(&["Start the daemon"]);
    rig.item.wait_for_sentence("home has not run yet");
    rig.home.status();
}

#[test]
fn daemon_that_cannot_be_started_is_told_and_can_be_tried_again() {
    let home = home_with(|_| FakeScript::default());
    let lock = home.home().root().join("daemon.lock");
    // Nobody can lock a folder.
    fs::create_dir(&lock).unwrap();
    let mut rig = Rig::start(home);
    rig.item.wait_for_picture("dark/unreachable");
    rig.item.wait_for_entry(&["no daemon runs for "]);
    rig.item.wait_for_entry(&["Cannot start the daemon: it was started, and ended at once"]);
    fs::remove_dir(&lock).unwrap();
    rig.item.choose(&["Start the daemon"]);
    rig.item.wait_for_sentence("home has not run yet");
}

#[test]
fn icon_comes_when_something_shows_trays_and_says_where_the_web_interface_is_before_that() {
    let mut home = home_with(|_| FakeScript::default());
    let address = home.start_daemon_with_web();
    let mut desktop = Desktop::start();
    let mut command = tray(&home, &desktop);
    command.args(["--tray-wait", "0"]);
    let mut notifications = desktop.listen_for_notifications();
    let pid = desktop.run(command);
    let (summary, body) = notifications.hear();
    assert_eq!(summary, "PRestic runs without an icon");
    assert!(body.contains(&address), "{body}");
    desktop.start_panel();
    let mut item = desktop.wait_for_tray(pid);
    item.wait_for_sentence("home has not run yet");
    item.wait_for_picture("dark/normal");
}

#[test]
fn panel_that_was_restarted_gets_the_icon_again() {
    let mut home = home_with(|_| FakeScript::default());
    home.start_daemon();
    let mut desktop = Desktop::start();
    let panel = desktop.start_panel();
    let pid = desktop.run(tray(&home, &desktop));
    desktop.wait_for_tray(pid).wait_for_sentence("home has not run yet");
    desktop.kill_panel(panel);
    desktop.start_panel();
    desktop.wait_for_tray(pid).wait_for_sentence("home has not run yet");
}

#[test]
fn icon_is_made_for_a_light_panel_where_somebody_says_so() {
    let home = home_with(|_| FakeScript::default());
    let mut desktop = Desktop::start();
    desktop.start_panel();
    let mut command = tray(&home, &desktop);
    command.args(["--theme", "light"]);
    let pid = desktop.run(command);
    desktop.wait_for_tray(pid).wait_for_picture("light/normal");
}

#[test]
fn second_tray_of_a_home_refuses() {
    let rig = Rig::start(home_with(|_| FakeScript::default()));
    let output = tray(&rig.home, &rig.desktop).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(65), "{words}");
    assert!(words.starts_with("error: a tray already runs for ") && words.contains(&rig.pid.to_string()), "{words}");
}

#[test]
fn without_a_session_bus_there_is_an_error_and_no_daemon() {
    let home = home_with(|_| FakeScript::default());
    let output = home.command(programs::tray()).env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere").output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(69), "{words}");
    assert!(words.starts_with("error: no icon can be shown here: this needs a desktop session"), "{words}");
    assert!(!home.home().root().join("daemon.lock").exists());
}

#[test]
fn end_of_the_session_is_the_end_of_the_tray() {
    let mut home = home_with(|_| FakeScript::default());
    home.start_daemon();
    let mut desktop = Desktop::start();
    desktop.start_panel();
    let mut child = tray(&home, &desktop).spawn().unwrap();
    desktop.wait_for_tray(child.id());
    drop(desktop);
    assert!(processes::wait_for_exit(child.id(), LIMIT));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    home.status();
}

#[test]
fn two_hundred_tasks_can_all_be_reached() {
    let mut config = format!("[base]\n{}repository = /nowhere\n", FakeScript::default().profile());
    for number in 0..200 {
        write!(config, "\n[task-{number:03}]\ninherit = base\ncommand = backup\nargs = /nowhere\n").unwrap();
    }
    let home = TestHome::new();
    home.write_config(config);
    let mut rig = Rig::start(home);
    let tasks = rig.item.wait_for_entry(&["Tasks"]).entries;
    let sizes: Vec<usize> = tasks.iter().map(|group| group.entries.len()).collect();
    assert_eq!(sizes, [25; 8], "{tasks:?}");
    rig.item.choose(&["Tasks", "task-125 … task-149", "task-137", "Run now"]);
    rig.home.wait_for_task("task-137", |run| run.finished().is_some());
    rig.item.wait_for_entry(&["Tasks", "task-125 … task-149", "task-137", "Last run: "]);
}

#[test]
fn tray_alone_is_quit_and_the_daemon_stays() {
    let mut rig = Rig::start(home_with(|_| FakeScript::default()));
    rig.item.wait_for_sentence("home has not run yet");
    rig.item.choose(&["Quit tray"]);
    assert!(processes::wait_for_exit(rig.pid, LIMIT));
    rig.home.status();
}

#[test]
fn both_are_quit_and_the_run_ends_before() {
    let mut wire = None;
    let home = home_with(|home| {
        let (gate, told) = (Gate::new(home.path("gate")), Wire::new(home.path("wire")));
        let script = FakeScript { tell: Some(told.path().to_owned()), ..FakeScript::of([gate.wait()]) };
        wire = Some((told, gate));
        script
    });
    let mut wire = wire.unwrap().0;
    let mut rig = Rig::start(home);
    rig.item.wait_for_sentence("home has not run yet");
    let daemon = rig.home.status().pid;
    rig.item.choose(&["Tasks", "home", "Run now"]);
    wire.hear_start();
    rig.item.choose(&["Quit tray and daemon (stops 1 run)"]);
    assert_eq!(wire.hear(), "interrupted");
    assert!(processes::wait_for_exit(daemon, LIMIT));
    assert!(processes::wait_for_exit(rig.pid, LIMIT));
}

/// Lets what opens things on the desktop tell on a wire what it is to open. Returns a `PATH` that leads to it.
fn opener(home: &TestHome) -> (String, Wire) {
    let wire = Wire::new(home.path("opened"));
    let folder = web_ctl::opener(home, &format!("printf '%s\\n' \"$1\" >{}", wire.path().display()));
    (format!("{}:{}", folder.display(), env::var("PATH").unwrap()), wire)
}

#[test]
fn browser_is_led_in_to_the_home_page_and_to_the_page_of_a_run() {
    let mut home = TestHome::new();
    home.write_config(format!("[prestic]\nweb-auth = token\n{}", task("home", &FakeScript::default())));
    let base = home.start_daemon_with_web();
    let run = home.run("home");
    home.wait_finished(run);
    let (path, mut opened) = opener(&home);
    let mut desktop = Desktop::start();
    desktop.start_panel();
    let mut command = tray(&home, &desktop);
    command.env("PATH", path);
    let pid = desktop.run(command);
    let mut item = desktop.wait_for_tray(pid);
    let file = home.home().web_redirect_file();
    let mut page = |choose: &mut dyn FnMut()| {
        choose();
        assert_eq!(opened.hear(), file.display().to_string());
        fs::read_to_string(&file).unwrap()
    };
    let front = page(&mut || item.choose(&["Open web interface"]));
    assert!(front.contains(&format!("url={base}/login?code=")) && !front.contains("run="), "{front}");
    let pressed = page(&mut || item.press());
    assert!(pressed != front && !pressed.contains("run="), "{pressed}");
    let log = page(&mut || item.choose(&["Tasks", "home", "Last run: "]));
    assert!(log.contains(&format!("&run={run}\"")), "{log}");
}

#[test]
fn without_a_web_interface_the_log_is_opened_as_a_file() {
    let mut home = home_with(|_| FakeScript::default());
    home.start_daemon();
    let run = home.run("home");
    home.wait_finished(run);
    let (path, mut opened) = opener(&home);
    let mut desktop = Desktop::start();
    desktop.start_panel();
    let mut command = tray(&home, &desktop);
    command.env("PATH", path);
    let pid = desktop.run(command);
    let mut item = desktop.wait_for_tray(pid);
    item.choose(&["Tasks", "home", "Last run: "]);
    let log = home.status().tasks[0].last_run.clone().unwrap().log_file.unwrap();
    assert_eq!(opened.hear(), home.home().logs_dir().join(log).display().to_string());
    item.choose(&["Open PRestic folder"]);
    assert_eq!(opened.hear(), home.home().root().display().to_string());
    assert!(!item.wait_for_entry(&["Web interface: off"]).is_enabled);
}
