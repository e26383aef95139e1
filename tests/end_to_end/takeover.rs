//! A home of Python's PRestic, taken over: every command is what it was, nothing runs twice, nothing is lost.

use std::{
    collections::BTreeMap,
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{outcome::Outcome, run::Trigger};
use prestic_tests::{home::TestHome, missed::two_hours_ago, programs};
use serde::Deserialize;
use serde_json::Value;

#[expect(clippy::disallowed_methods, reason = "no one else reads the file yet")]
fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "the programs under test read the same clock")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Writes a home as Python's PRestic leaves it: the task `home` has run, and has two logs.
fn python_home(root: &Path, last_run: DateTime<Utc>) {
    write(
        &root.join("config.ini"),
        &format!(
            "[nas]\nrepository = /nowhere\npassword-keyring = nas\nwait-for-lock = 300\n\n[home]\ninherit = nas\nnotifications = True\n\
             schedule = daily at {}\ncommand = backup\nargs = /nowhere\n",
            two_hours_ago()
        ),
    );
    let entry = format!(
        "started = {0}.25\npid = 0\nlog_file = 2024.01.03_03.04-home.txt\nlast_run = {0}.5\nexit_code = 0\n",
        last_run.timestamp()
    );
    write(&root.join("status.ini"), &format!("[home]\n{entry}\n[__prestic__]\npid = 0\n\n"));
    let log = |code: i32| {
        format!(
            "Repository: /nowhere\nCommand line: restic backup /nowhere\nRestic output:\n \nsaved\n \nRestic exit code: {code}\n \n"
        )
    };
    write(&root.join("logs/2024.01.02_03.04-home.txt"), &log(1));
    write(&root.join("logs/2024.01.03_03.04-home.txt"), &log(0));
}

/// Returns every file of a folder with its content.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(content(&entry.path()));
        } else {
            found.insert(entry.path(), fs::read(entry.path()).unwrap());
        }
    }
    found
}

/// A profile of the example as Python runs it.
#[derive(Deserialize)]
struct Golden {
    name: String,
    is_task: bool,
    keyring: Option<String>,
    words: Vec<String>,
    variables: BTreeMap<String, String>,
}

/// A program that tells what it was started with, a line each.
const TELLTALE: &str = "#!/bin/sh\nprintf 'word=%s\\n' \"$0\" \"$@\"\nenv | sed 's/^/variable=/'\n";

#[test]
fn every_profile_of_the_example_runs_what_python_would_have_run() {
    let home = TestHome::new();
    let testdata = programs::checkout().join("prestic-daemon/testdata");
    let example = fs::read_to_string(testdata.join("config.example.ini")).unwrap();
    let golden: Vec<Golden> = serde_json::from_slice(&fs::read(testdata.join("config.example.golden.json")).unwrap()).unwrap();
    let restic = home.path("bin/restic");
    write(&restic, TELLTALE);
    fs::set_permissions(&restic, fs::Permissions::from_mode(0o700)).unwrap();
    let restic = restic.display().to_string();
    // One of the profiles names a program that this machine may not have.
    write(&home.path("python/config.ini"), &example.replace("/usr/local/bin/restic", &restic));
    let from = home.path("python").display().to_string();
    home.ctl(&["import", "prestic", &from]).expect_code(0);
    for expected in golden {
        let name = expected.name;
        let mut command = home.ctl_command(&["-p", &name]);
        if !expected.is_task {
            command.arg("snapshots");
        }
        let usual = env::var_os("PATH").unwrap();
        let folders = std::iter::once(home.path("bin")).chain(env::split_paths(&usual));
        let output = command.env("PATH", env::join_paths(folders).unwrap()).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let words: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("word=")).collect();
        let told: BTreeMap<&str, &str> =
            text.lines().filter_map(|line| line.strip_prefix("variable=")?.split_once('=')).collect();
        assert_eq!(words[0], restic, "{name}");
        let own: Vec<String> =
            expected.words[1..].iter().cloned().chain((!expected.is_task).then(|| "snapshots".to_owned())).collect();
        assert_eq!(one_word_each(&words[1..]), one_word_each(&own), "{name}");
        for (variable, value) in expected.variables {
            assert_eq!(told.get(variable.as_str()), Some(&value.as_str()), "{name}: {variable}");
        }
        // Python's library and our program both ask the keyring for the same entry.
        let asks = told.get("RESTIC_PASSWORD_COMMAND").is_some_and(|command| command.contains("keyring get"));
        assert_eq!(asks, expected.keyring.is_some(), "{name}");
    }
}

/// Joins each flag with its value: to restic one word and two are the same. Flags of a profile always have one.
fn one_word_each(words: &[impl AsRef<str>]) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    let mut is_before_command = true;
    for word in words.iter().map(AsRef::as_ref) {
        let waits = joined.last().is_some_and(|last| last.starts_with("--") && !last.contains('='));
        match joined.last_mut() {
            Some(last) if is_before_command && waits => *last = format!("{last}={word}"),
            _ => {
                is_before_command &= word.starts_with("--");
                joined.push(word.to_owned());
            }
        }
    }
    joined
}

#[test]
fn task_that_python_has_run_today_is_not_run_again() {
    let mut home = TestHome::new();
    let from = home.path("python");
    python_home(&from, now() - TimeDelta::minutes(110));
    let before = content(&from);
    home.ctl(&["import", "prestic", &from.display().to_string()]).expect_code(0);
    assert_eq!(content(&from), before);
    home.start_daemon();
    let status = home.status();
    assert!(status.runs.is_empty(), "{:?}", status.runs);
    let task = &status.tasks[0];
    assert!(task.next_run_at.unwrap() > now() + TimeDelta::hours(20), "{task:?}");
    assert_eq!(task.last_run.as_ref().unwrap().outcome, "succeeded");
    let history = home.history("home");
    let outcomes: Vec<_> = history.iter().map(|run| run.finished().unwrap().outcome.word()).collect();
    assert_eq!(outcomes, ["succeeded", "failed"]);
    assert!(history.iter().all(|run| !matches!(run.finished().unwrap().outcome, Outcome::Skipped(_))));
    assert!(home.ctl(&["log", "home"]).stdout_of_success().contains("Restic exit code: 0"));
    assert!(home.ctl(&["log", "1"]).stdout_of_success().contains("Restic exit code: 1"));
}

#[test]
fn task_that_python_has_missed_is_caught_up_and_the_import_says_so() {
    let mut home = TestHome::new();
    let from = home.path("python");
    python_home(&from, now() - TimeDelta::days(5));
    let said = home.ctl(&["import", "prestic", &from.display().to_string()]).stdout_of_success();
    assert!(said.contains("it runs about a minute after the daemon has started"), "{said}");
    home.start_daemon();
    let runs = home.status().runs;
    assert_eq!(runs.iter().map(|run| &run.trigger).collect::<Vec<_>>(), [&Trigger::CaughtUp]);
}

#[test]
fn home_of_both_stays_as_it_is_and_gets_a_history() {
    let home = TestHome::new();
    let root = home.path(".prestic");
    python_home(&root, now());
    let before = content(&root);
    let mut command = home.ctl_command(&["import", "prestic"]);
    let output = command.env_remove("PRESTIC_HOME").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("none was changed"), "{said}");
    for part in ["The history begins with 2 runs", "`wait-for-lock` did nothing", "counted as off", "the same entries (nas)"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let after = content(&root);
    assert!(before.iter().all(|(path, bytes)| after.get(path) == Some(bytes)));
    assert!(after.contains_key(&root.join("history.db")));
}

#[test]
fn dry_run_does_nothing_and_a_home_in_use_is_left_alone() {
    let mut home = TestHome::new();
    let from = home.path("python");
    python_home(&from, now());
    let from = from.display().to_string();
    let told: Value =
        serde_json::from_str(&home.ctl(&["--json", "import", "prestic", &from, "--dry-run"]).stdout_of_success()).unwrap();
    assert_eq!(
        (&told["is_dry_run"], &told["history_runs"], &told["copied"]),
        (&true.into(), &2.into(), &Value::Array(Vec::new()))
    );
    assert!(content(home.home().root()).is_empty());
    home.start_daemon();
    let refused = home.ctl(&["import", "prestic", &from]).expect_code(65);
    assert!(refused.stderr.contains("a daemon must not run meanwhile"), "{}", refused.stderr);
    home.write_config("[mine]\n");
    let refused = home.ctl(&["import", "prestic", &from]).expect_code(65);
    assert!(refused.stderr.contains("nothing is ever overwritten"), "{}", refused.stderr);
    home.ctl(&["import", "prestic", "/nowhere"]).expect_code(66);
}

/// A process that ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn python_service_that_still_runs_is_told_with_its_process() {
    let home = TestHome::new();
    let from = home.path("python");
    python_home(&from, now());
    let script = home.path("bin/prestic");
    write(&script, "import sys\nprint('ready', flush=True)\nsys.stdin.read()\n");
    let mut command = Command::new("python3");
    command.arg(&script).arg("--service").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut service = Process(command.spawn().unwrap());
    let mut ready = [0; 6];
    std::io::Read::read_exact(service.0.stdout.as_mut().unwrap(), &mut ready).unwrap();
    let status = fs::read_to_string(from.join("status.ini")).unwrap();
    write(
        &from.join("status.ini"),
        &status.replace("[__prestic__]\npid = 0", &format!("[__prestic__]\npid = {}", service.0.id())),
    );
    let said = home.ctl(&["import", "prestic", &from.display().to_string(), "--dry-run"]).stdout_of_success();
    let expected = format!("Python's PRestic still runs (as process {}", service.0.id());
    assert!(said.contains(&expected) && said.contains(&format!("`kill {}`", service.0.id())), "{said}");
}
