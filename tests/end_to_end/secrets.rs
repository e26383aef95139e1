//! No secret is ever in an argument, a log, a listing or a file of ours.

use prestic_proto::outcome::Outcome;
use prestic_tests::{
    fake::{FakeScript, Gate, Step, Wire},
    home::TestHome,
    processes,
};

const SECRETS: [&str; 4] = ["s3cr3t-passw0rd-5121", "s3cr3t-aws-key-9313", "s3cr3t-url-7718", "s3cr3t-token-4404"];

#[track_caller]
fn assert_no_secret(place: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is in {place}:\n{text}");
    }
}

#[test]
fn secrets_reach_restic_and_nothing_else() {
    let [password, key, url, token] = SECRETS;
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let mut wire = Wire::new(home.path("wire"));
    let record = home.path("record");
    let script = FakeScript {
        tell: Some(wire.path().to_owned()),
        record: Some(record.clone()),
        exit_code: 1,
        ..FakeScript::of([Step::Out("at work\n".to_owned()), gate.wait()])
    };
    home.write_config(format!(
        "[repo]\n{}\nrepository = rest:http://user:{url}@localhost:1/repo\nenv.AWS_SECRET_ACCESS_KEY = {key}\n\
         env.MY_TOKEN = {token}\n\n[backup]\ninherit = repo\ncommand = backup\nargs = /nowhere\n",
        script.profile().replace("password = none", &format!("password = {password}"))
    ));
    home.start_daemon();
    let run = home.run("backup");
    wire.hear_start();

    for pid in processes::all() {
        assert_no_secret("a command line", &processes::command_line(pid).join(" "));
    }
    for args in [
        ["status"].as_slice(),
        &["status", "--json"],
        &["profiles", "--json"],
        &["show", "backup"],
        &["show", "backup", "--json"],
        &["show", "repo"],
        &["log", "backup"],
    ] {
        let shown = home.ctl(args).expect_code(0);
        assert_no_secret(&format!("{args:?}"), &(shown.stdout + &shown.stderr));
    }
    gate.open();
    assert_ne!(home.wait_finished(run).outcome, Outcome::Succeeded);
    for args in [["history", "--json"].as_slice(), &["log", "backup"], &["status", "--json"]] {
        let shown = home.ctl(args);
        assert_no_secret(&format!("{args:?}"), &(shown.stdout + &shown.stderr));
    }
    for (path, text) in home.files() {
        if path != home.home().config_file() {
            assert_no_secret(&path.display().to_string(), &text);
        }
    }
    assert_no_secret("the daemon's words", &home.daemon_errors());

    let recorded = std::fs::read_to_string(record).unwrap();
    let recorded: serde_json::Value = serde_json::from_str(recorded.lines().next().unwrap()).unwrap();
    assert_no_secret("restic's arguments", &recorded["argv"].to_string());
    let environment = recorded["env"].to_string();
    for secret in SECRETS {
        assert!(environment.contains(secret), "restic did not get {secret}");
    }
}

#[test]
fn credentials_of_the_daemons_own_environment_do_not_leak_into_a_task() {
    let home = TestHome::new();
    let record = home.path("record");
    let script = FakeScript { record: Some(record.clone()), ..FakeScript::default() };
    home.write_config(format!("[backup]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n", script.profile()));
    let leaks = ["RESTIC_PASSWORD_COMMAND", "AWS_ACCESS_KEY_ID", "B2_ACCOUNT_KEY", "AZURE_ACCOUNT_KEY", "GOOGLE_PROJECT_ID"];
    // The client starts a daemon, which inherits the client's environment.
    let mut run = home.ctl_command(&["run", "backup"]);
    for name in leaks {
        run.env(name, "leaked-value");
    }
    assert!(run.output().unwrap().status.success());
    let recorded = std::fs::read_to_string(record).unwrap();
    assert!(!recorded.contains("leaked-value"), "{recorded}");
}
