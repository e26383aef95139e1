//! What the documentation shows must work.

use std::{collections::BTreeSet, fs};

use prestic_proto::run::{RunState, Turn, Wait};
use prestic_tests::{
    desktop::Desktop,
    fake::FakeScript,
    home::TestHome,
    markdown,
    missed::{NO_STARTUP_DELAY, due_task},
    programs,
    restic::oldest_and_newest,
};
use serde_json::Value;

#[test]
fn every_configuration_in_the_readme_is_valid() {
    let readme = fs::read_to_string(programs::checkout().join("README.md")).expect("there is a README.md");
    let samples: Vec<_> = markdown::blocks(&readme).into_iter().filter(|block| block.language == "ini").collect();
    assert!(!samples.is_empty(), "README.md shows no configuration");
    for sample in samples {
        let sample = sample.text;
        let home = TestHome::new();
        home.write_config(&sample);
        let checked = home.daemon(&["check"]);
        assert_eq!(checked.code, Some(0), "{sample}\n{}{}", checked.stdout, checked.stderr);
    }
}

/// Returns the words in backticks of the second column, for the row whose first column begins so.
fn documented_keys(readme: &str, row: &str) -> BTreeSet<String> {
    let start = format!("| {row}");
    let line = readme.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("README.md has no row {row}"));
    let keys = line.split('|').nth(2).expect("the row has two columns");
    keys.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[track_caller]
fn check_keys(readme: &str, row: &str, document: &Value) {
    let keys: BTreeSet<String> = document.as_object().expect("it is an object").keys().cloned().collect();
    assert_eq!(keys, documented_keys(readme, row), "{row}");
}

/// Changes the configuration until the daemon is asked to read it before it has noticed by itself.
fn keys_of_changes(readme: &str, home: &TestHome, profile: &str) -> BTreeSet<String> {
    for minute in (0..60).cycle() {
        home.write_config(format!(
            "[work]\n{profile}repository = /{minute}\ncommand = check\nschedule = daily at 01:{minute:02}\n"
        ));
        let reloaded = serde_json::from_str(&home.ctl(&["--json", "reload"]).stdout_of_success()).expect("it is JSON");
        check_keys(readme, "`reload`", &reloaded);
        let changes = reloaded["changes"].as_array().expect("it is an array");
        if !changes.is_empty() {
            return changes.iter().flat_map(|change| change.as_object().expect("it is one").keys().cloned()).collect();
        }
    }
    unreachable!("it tries for ever")
}

#[test]
fn json_has_the_keys_that_the_readme_names() {
    let readme = fs::read_to_string(programs::checkout().join("README.md")).expect("there is a README.md");
    let mut home = TestHome::new();
    let failing = FakeScript { exit_code: 1, ..FakeScript::of([]) };
    let profile = failing.profile();
    let options = "repository = /nowhere\ncommand = backup\nshedule = daily\nschedule = daily\n";
    home.write_config(format!("[work]\n{profile}{options}"));
    home.start_daemon();
    let json = |args: &[&str]| -> Value {
        let words = [&["--json"], args].concat();
        serde_json::from_str(&home.ctl(&words).stdout_of_success()).expect("it is JSON")
    };
    home.ctl(&["run", "work", "--quiet"]).expect_code(1);

    let status = json(&["status"]);
    check_keys(&readme, "`status` |", &status);
    check_keys(&readme, "`config` in `status`", &status["config"]);
    let words = documented_keys(&readme, "`web` in `status`");
    let web = status["web"].as_object().expect("it is an object");
    assert!(web.keys().all(|key| words.contains(key)) && words.contains(status["web"]["web"].as_str().expect("it is a word")));
    check_keys(&readme, "a task in `status`", &status["tasks"][0]);
    check_keys(&readme, "`last_run` of a task", &status["tasks"][0]["last_run"]);
    check_keys(&readme, "an error or warning", &status["config"]["warnings"][0]);
    let mut run = documented_keys(&readme, "`history`");
    for other_state in ["pid", "holders", "until", "position", "waits_for"] {
        assert!(run.remove(other_state), "only one that is not over has {other_state}");
    }
    let finished: BTreeSet<String> = json(&["history"])[0].as_object().expect("it is a run").keys().cloned().collect();
    assert_eq!(finished, run);
    check_keys(&readme, "`next`", &json(&["next"])[0]);
    check_keys(&readme, "`profiles`", &json(&["profiles"])[0]);
    let mut shown = json(&["show", "work"]);
    check_keys(&readme, "an option in `show`", &shown["options"][0]);
    let mut details = documented_keys(&readme, "`profiles`");
    details.extend(documented_keys(&readme, "`show`"));
    let keys: BTreeSet<String> = shown.as_object_mut().expect("it is an object").keys().cloned().collect();
    assert_eq!(keys, details);
    check_keys(&readme, "`check` |", &json(&["check"]));
    let own_home = home.home().root().display().to_string();
    check_keys(&readme, "`import prestic`", &json(&["import", "prestic", &own_home, "--dry-run"]));
    assert_eq!(keys_of_changes(&readme, &home, &profile), documented_keys(&readme, "a change in `reload`"));
    check_keys(&readme, "`options`", &json(&["options"])[0]);
    let service = json(&["service", "status"]);
    check_keys(&readme, "`service status`", &service);
    check_keys(&readme, "`daemon` in `service status`", &service["daemon"]);
    check_keys(&readme, "`explain`", &json(&["explain", "daily"]));
    let wrong = home.ctl(&["explain", "--json", "dialy"]).expect_code(1).stdout;
    let wrong: Value = serde_json::from_str(&wrong).expect("it is JSON");
    check_keys(&readme, "`error` in `explain`", &wrong["error"]);
    let log = home.ctl(&["--json", "log", "work"]).stdout_of_success();
    let piece = serde_json::from_str(log.lines().next().expect("the log has a header")).expect("it is JSON");
    check_keys(&readme, "`log`", &piece);
}

#[test]
fn json_of_setting_up_has_the_keys_that_the_readme_names() {
    let readme = fs::read_to_string(programs::checkout().join("README.md")).expect("there is a README.md");
    let home = TestHome::new();
    let [_, restic] = oldest_and_newest();
    let repository = home.path("repository").display().to_string();
    let mut new = home.ctl_command(&["new", "--json", "--init", "--path=/etc/hostname", "--repository", &repository]);
    new.args(["--schedule=off", "--keep=all", "--password-file", "--generate-password"]);
    new.env("PATH", restic.path.parent().expect("it lies in a folder"));
    let json = |text: &[u8]| -> Value { serde_json::from_slice(text).expect("it is JSON") };
    check_keys(&readme, "`new`", &json(&new.output().expect("it was built").stdout));
    let config = fs::read_to_string(home.home().config_file()).expect("it was written");
    home.write_config(config.replace("command =", &format!("executable = {}\ncommand =", restic.path.display())));
    check_keys(&readme, "`init`", &json(home.ctl(&["init", "hostname", "--json"]).stdout_of_success().as_bytes())[0]);
    let checkup = json(home.ctl(&["doctor", "--json"]).stdout_of_success().as_bytes());
    check_keys(&readme, "`doctor` |", &checkup);
    check_keys(&readme, "a finding of `doctor`", &checkup["findings"][0]);
}

#[test]
fn json_of_the_way_to_the_web_interface_has_the_keys_that_the_readme_names() {
    let readme = fs::read_to_string(programs::checkout().join("README.md")).expect("there is a README.md");
    let mut home = TestHome::new();
    home.write_config("[work]\nrepository = /nowhere\ncommand = check\n");
    home.start_daemon_with_web();
    let json = |args: &[&str]| -> Value { serde_json::from_str(&home.ctl(args).stdout_of_success()).expect("it is JSON") };
    check_keys(&readme, "`web` |", &json(&["web", "--print", "--json"]));
    let status = json(&["status", "--json"]);
    let words = documented_keys(&readme, "`web` in `status`");
    assert!(status["web"].as_object().expect("it is an object").keys().all(|key| words.contains(key)), "{}", status["web"]);
}

#[test]
fn json_of_notifications_has_the_keys_that_the_readme_names() {
    let readme = fs::read_to_string(programs::checkout().join("README.md")).expect("there is a README.md");
    let mut desktop = Desktop::start();
    let mut home = TestHome::new();
    home.write_config("[work]\nrepository = /nowhere\ncommand = check\n");
    let mut command = home.daemon_command(&[]);
    desktop.admit(&mut command);
    home.start_daemon_with(command);
    let words = documented_keys(&readme, "`notifications` in `status`");
    let check_state = |expected: &str| {
        let status: Value = serde_json::from_str(&home.ctl(&["status", "--json"]).stdout_of_success()).expect("it is JSON");
        let state = status["notifications"].as_object().expect("it is an object");
        assert_eq!(state["notifications"], expected);
        assert!(state.keys().all(|key| words.contains(key)) && words.contains(expected), "{state:?}");
    };
    check_state("unused");
    home.ctl(&["notify-test"]).expect_code(65);
    check_state("unavailable");
    desktop.start_dunst("Retry");
    let shown = home.ctl(&["notify-test", "--json"]).stdout_of_success();
    check_keys(&readme, "`notify-test`", &serde_json::from_str(&shown).expect("it is JSON"));
    check_state("working");
}

#[test]
fn json_of_what_waits_and_of_what_was_skipped_has_the_keys_that_the_readme_names() {
    let readme = fs::read_to_string(programs::checkout().join("README.md")).expect("there is a README.md");
    let mut home = TestHome::new();
    let tasks = [("held", "require-path = /nowhere"), ("left", "catch-up = no")];
    let sections = tasks.map(|(name, options)| due_task(name, &FakeScript::default(), options));
    home.write_config([NO_STARTUP_DELAY, &sections.concat()].concat());
    home.write_old_status(&["held", "left"]);
    home.start_daemon();
    home.wait_for_task("held", |run| matches!(&run.state, RunState::Queued(turn) if is_held(turn)));
    home.ctl(&["pause", "left"]).expect_code(0);
    let status: Value = serde_json::from_str(&home.ctl(&["status", "--json"]).stdout_of_success()).expect("it is JSON");

    let mut run = documented_keys(&readme, "`history`");
    for other_state in ["pid", "holders", "until", "at", "duration_ms", "exit_code", "outcome", "detail"] {
        assert!(run.remove(other_state), "only one that is not queued has {other_state}");
    }
    let queued: BTreeSet<String> = status["runs"][0].as_object().expect("it is a run").keys().cloned().collect();
    assert_eq!(queued, run);
    let wait = &status["runs"][0]["waits_for"];
    let is_documented = |row: &str, found: &Value| {
        let words = documented_keys(&readme, row);
        let keys: Vec<_> = found.as_object().expect("it is an object").keys().cloned().collect();
        assert!(keys.iter().all(|key| words.contains(key)), "{row}: {keys:?}");
    };
    is_documented("`waits_for`", wait);
    is_documented("a condition", &wait["conditions"][0]);
    check_keys(&readme, "`paused`, of all", &status["tasks"][1]["paused"]);
    check_keys(&readme, "`last_skip`", &status["tasks"][1]["last_skip"]);
}

fn is_held(turn: &Turn) -> bool {
    matches!(turn.waits_for, Some(Wait::Unmet { .. }))
}

/// The most bytes of a picture: whoever clones the repository fetches each version of it.
const MAX_PICTURE: usize = 300 * 1024;

#[test]
fn pictures_in_the_readme_are_there_and_small() {
    let readme = fs::read_to_string(programs::checkout().join("README.md")).expect("there is a README.md");
    let shown: Vec<&str> = readme.split("](assets/").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)).collect();
    assert!(shown.contains(&"web_home.png") && shown.contains(&"web_file.png"), "{shown:?}");
    for name in shown.iter().filter(|name| name.ends_with(".png")) {
        let picture = fs::read(programs::checkout().join("assets").join(name)).expect("README.md shows it");
        assert!(picture.starts_with(b"\x89PNG"), "{name}");
        assert!(picture.len() <= MAX_PICTURE, "{name} has {} bytes: take it anew with `make pictures`", picture.len());
    }
}
