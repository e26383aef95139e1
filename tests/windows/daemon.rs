//! The daemon itself: how it is reached, that there is only one, and how it comes to be.

use prestic_double::FakeScript;
use prestic_proto::endpoint::Endpoint;

use crate::home::TestHome;

/// A task that has nothing to do.
fn idle_task() -> String {
    format!("[idle]\n{}repository = C:\\nowhere\ncommand = backup\nargs = C:\\nothing\n", FakeScript::default().profile())
}

#[test]
fn client_finds_the_daemon_behind_its_pipe() {
    let mut home = TestHome::new();
    home.write_config(&idle_task());
    let pid = home.start_daemon();
    let endpoint = Endpoint::read(home.home()).unwrap();
    assert_eq!(endpoint.pid, pid);
    assert!(endpoint.socket.to_string_lossy().starts_with(r"\\.\pipe\prestic-"), "{endpoint:?}");
    let status = home.ctl(&["status", "--json"]).expect_code(0).stdout;
    assert!(status.contains("\"idle\""), "{status}");
}

#[test]
fn home_is_in_the_folder_for_the_data_of_programs() {
    let home = TestHome::new();
    let mut command = home.ctl_command(&["--no-start", "status"]);
    command.env_remove("PRESTIC_HOME").env("APPDATA", home.path("roaming"));
    let refused = command.output().unwrap();
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(words.contains(r"\roaming\prestic"), "{words}");
}

#[test]
fn second_daemon_of_a_home_is_refused() {
    let mut home = TestHome::new();
    home.write_config(&idle_task());
    let pid = home.start_daemon();
    let refused = home.daemon(&[]);
    assert_ne!(refused.code, Some(0));
    assert!(refused.stderr.contains(&format!("as process {pid}")), "{refused:?}");
    home.ctl(&["status"]).expect_code(0);
}

#[test]
fn two_homes_have_a_daemon_each() {
    let [mut one, mut two] = [TestHome::new(), TestHome::new()];
    for home in [&mut one, &mut two] {
        home.write_config(&idle_task());
        home.start_daemon();
    }
    assert_ne!(Endpoint::read(one.home()).unwrap().socket, Endpoint::read(two.home()).unwrap().socket);
}

#[test]
fn client_starts_a_daemon_that_stays_until_it_is_told_to_go() {
    let home = TestHome::new();
    home.write_config(&idle_task());
    let ended = home.ctl(&["run", "idle"]).expect_code(0);
    assert!(ended.stderr.contains("starting one"), "{ended:?}");
    home.ctl(&["--no-start", "status"]).expect_code(0);
    home.ctl(&["shutdown"]).expect_code(0);
    let gone = home.ctl(&["--no-start", "status"]);
    assert_ne!(gone.code, Some(0), "{gone:?}");
}

#[test]
fn killed_daemon_is_followed_by_another() {
    let mut home = TestHome::new();
    home.write_config(&idle_task());
    home.start_daemon();
    home.kill_daemon();
    home.start_daemon();
    home.ctl(&["status"]).expect_code(0);
}
