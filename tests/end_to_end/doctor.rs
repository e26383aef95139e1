//! `prestic-ctl doctor`, on a healthy machine and on broken ones.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use prestic_proto::{
    doctor::{Check, Checkup, Level},
    run::{Run, RunState, Turn, Wait},
};
use prestic_tests::{
    desktop::Desktop,
    home::TestHome,
    restic::{Repository, oldest_and_newest},
};
use serde_json::{Value, json};

/// No look takes longer.
const PROMISED: Duration = Duration::from_secs(30);

/// A home with a task that can run, and a repository with nothing in it.
struct Patient {
    home: TestHome,
    repository: Repository,
}

impl Patient {
    fn new() -> Self {
        let home = TestHome::new();
        fs::set_permissions(home.home().root(), fs::Permissions::from_mode(0o700)).unwrap();
        let [_, newest] = oldest_and_newest();
        let repository = newest.init(home.path("repository"));
        let patient = Self { home, repository };
        patient.write_secret("password", &patient.repository.password);
        patient.write_config("");
        patient
    }

    fn write_secret(&self, name: &str, content: &str) {
        let path = self.home.path(name);
        let mut file = fs::File::create(&path).unwrap();
        file.write_all(content.as_bytes()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Writes the configuration with more lines at the end of the profile, or in place of those that it has.
    fn write_config(&self, more: &str) {
        let keys: Vec<&str> = more.lines().filter_map(|line| Some(line.split_once(" =")?.0)).collect();
        let usual = [
            ("executable", self.repository.restic.path.display().to_string()),
            ("repository", self.repository.path.display().to_string()),
            ("password-file", self.home.path("password").display().to_string()),
            ("schedule", "daily at 03:00".to_owned()),
            ("command", "backup".to_owned()),
            ("args", self.home.path("password").display().to_string()),
        ];
        let kept = usual.iter().filter(|(key, _)| !keys.contains(key));
        let lines: String = kept.map(|(key, value)| format!("{key} = {value}\n")).collect();
        self.home.write_config(format!("[home]\n{lines}{more}\n"));
    }

    /// Lets something start the daemon at the login to a desktop.
    fn install(&self) {
        let folder = self.home.path(".config/autostart");
        fs::create_dir_all(&folder).unwrap();
        fs::File::create(folder.join("prestic-tray.desktop")).unwrap();
    }

    /// Prepares `prestic-ctl` as somebody at a desktop starts it.
    fn command_at_desktop(&self, args: &[&str]) -> Command {
        let mut command = self.home.ctl_command(args);
        command.env("DISPLAY", ":none");
        command
    }

    #[track_caller]
    fn look(&self) -> Checkup {
        look(self.home.ctl_command(&["doctor", "--json"]))
    }
}

/// Looks, and makes sure that the exit code tells what was found.
#[track_caller]
fn look(mut command: Command) -> Checkup {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let checkup: Checkup = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)));
    let code = i32::from(checkup.count(Level::Error) > 0);
    assert_eq!(output.status.code(), Some(code), "{checkup:#?}");
    checkup
}

/// Fails the test unless something was found, with words that say what, and what to do.
#[track_caller]
fn check(checkup: &Checkup, check: Check, level: Level, message: &str, hint: &str) {
    let is_it = |finding: &&prestic_proto::doctor::Finding| {
        finding.check == check
            && finding.level == level
            && finding.message.contains(message)
            && finding.hint.as_deref().unwrap_or_default().contains(hint)
    };
    assert!(checkup.findings.iter().any(|finding| is_it(&finding)), "{check:?} {level:?} {message}: {checkup:#?}");
}

#[test]
fn healthy_machine_is_told_in_a_few_lines() {
    let mut patient = Patient::new();
    patient.install();
    patient.home.start_daemon();
    let checkup = look(patient.command_at_desktop(&["doctor", "--json"]));
    assert!(checkup.findings.iter().all(|finding| finding.level == Level::Ok && finding.hint.is_none()), "{checkup:#?}");
    let checks = [Check::Restic, Check::Config, Check::Files, Check::Home, Check::Daemon, Check::Service, Check::Clock];
    for wanted in checks.into_iter().chain([Check::Repository, Check::Task, Check::Notifications, Check::Web]) {
        assert!(checkup.findings.iter().any(|finding| finding.check == wanted), "{wanted:?}: {checkup:#?}");
    }
    let shown = patient.command_at_desktop(&["doctor"]).output().unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.ends_with("\nall is well\n") && text.lines().count() < 16, "{text}");
    let offline = look(patient.home.ctl_command(&["doctor", "--offline", "--json"]));
    assert!(offline.findings.iter().all(|finding| finding.check != Check::Repository), "{offline:#?}");
}

#[test]
fn keys_of_the_json_stay() {
    let patient = Patient::new();
    let text = patient.home.ctl(&["doctor", "--offline", "--json"]).stdout;
    let document: Value = serde_json::from_str(&text).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&document), ["findings", "home", "version"]);
    assert_eq!(keys(&document["findings"][0]), ["check", "hint", "level", "message", "subject"]);
    let daemon = document["findings"].as_array().unwrap().iter().find(|finding| finding["check"] == "daemon").unwrap();
    assert_eq!(daemon["level"], "error");
}

#[test]
fn machine_on_which_nothing_is_configured_is_told_how_to_begin() {
    let home = TestHome::new();
    let checkup = look(home.ctl_command(&["doctor", "--json"]));
    check(&checkup, Check::Config, Level::Warning, "there is no configuration yet", "prestic-ctl new");
    assert_eq!(fs::read_dir(home.home().root()).unwrap().count(), 0, "looking makes nothing");
}

#[test]
fn missing_restic_is_an_error() {
    let patient = Patient::new();
    patient.write_config("executable = /no/such/restic");
    check(&patient.look(), Check::Restic, Level::Error, "cannot run `/no/such/restic`, which home uses", "install restic");
}

#[test]
fn programs_that_do_not_answer_cost_the_time_of_one() {
    let patient = Patient::new();
    let mut config = String::new();
    for number in 1..=4 {
        let program = patient.home.path(&format!("hang-{number}"));
        let mut file = fs::File::create(&program).unwrap();
        file.write_all(b"#!/bin/sh\nexec sleep 1000\n").unwrap();
        drop(file);
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        config += &format!("[a{number}]\nexecutable = {}\nrepository = /r{number}\npassword = x\n", program.display());
    }
    patient.home.write_config(&config);
    let begin = Instant::now();
    let checkup = patient.look();
    assert!(begin.elapsed() < PROMISED, "{:?}", begin.elapsed());
    check(&checkup, Check::Restic, Level::Error, "it did not tell its version within", "install restic");
}

#[test]
fn old_restic_is_told_with_what_it_lacks() {
    let patient = Patient::new();
    let [oldest, _] = oldest_and_newest();
    patient.write_config(&format!("executable = {}", oldest.path.display()));
    let checkup = patient.look();
    check(&checkup, Check::Restic, Level::Warning, "leaves its lock behind", "install a newer restic");
    check(&checkup, Check::Repository, Level::Ok, "opens", "");
}

#[test]
fn errors_of_the_configuration_are_told_with_their_places() {
    let patient = Patient::new();
    patient.write_config("shedule = daily\nverbose = often");
    let checkup = patient.look();
    check(&checkup, Check::Config, Level::Error, "in [home] at", "");
}

#[test]
fn password_file_that_others_can_read_is_told() {
    let patient = Patient::new();
    fs::set_permissions(patient.home.path("password"), fs::Permissions::from_mode(0o644)).unwrap();
    check(&patient.look(), Check::Files, Level::Warning, "other users can read the file with the password", "chmod 600");
    fs::set_permissions(patient.home.home().root(), fs::Permissions::from_mode(0o755)).unwrap();
    check(&patient.look(), Check::Home, Level::Warning, "other users can look into", "chmod 700");
}

/// Looks in a mount namespace of its own, after a script has mounted something over the home, whose path is in `$0`.
fn look_with_mount(patient: &Patient, script: &str) -> Option<Checkup> {
    let mut attempt = patient.home.command("unshare");
    if !attempt.args(["--mount", "true"]).status().is_ok_and(|status| status.success()) {
        // Printed so that the test's success does not hide it.
        let why = "\n!!! NOT TESTED: a home that cannot be written. It takes a mount namespace: run the tests as root.\n";
        std::io::stderr().write_all(why.as_bytes()).unwrap();
        return None;
    }
    let ctl = patient.home.ctl_command(&["doctor", "--json"]);
    let mut command = patient.home.command("unshare");
    command.args(["--mount", "sh", "-c", &format!("{script} && exec \"$@\"")]).arg(patient.home.home().root());
    command.arg(ctl.get_program()).args(ctl.get_args());
    Some(look(command))
}

#[test]
fn home_that_cannot_be_written_is_an_error() {
    let patient = Patient::new();
    let script = "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\"";
    let Some(checkup) = look_with_mount(&patient, script) else { return };
    check(&checkup, Check::Home, Level::Error, "nothing can be written into", "give it back to your user");
}

#[test]
fn full_disk_is_an_error() {
    let patient = Patient::new();
    let script = "cp \"$0\"/config.ini . && mount -t tmpfs -o size=1m,mode=700 tmpfs \"$0\" && cp config.ini \"$0\"";
    let Some(checkup) = look_with_mount(&patient, script) else { return };
    check(&checkup, Check::Home, Level::Error, "are free on the disk of", "make space");
}

/// Listens where the home's daemon would.
fn pretend_to_be_a_daemon(home: &Path) -> UnixListener {
    fs::create_dir(home.join("run")).unwrap();
    let socket = home.join("run/daemon.sock");
    let endpoint = json!({ "pid": std::process::id(), "socket": socket });
    fs::File::create(home.join("daemon.lock")).unwrap().write_all(endpoint.to_string().as_bytes()).unwrap();
    UnixListener::bind(socket).unwrap()
}

#[test]
fn daemon_that_does_not_answer_is_an_error() {
    let patient = Patient::new();
    let _listener = pretend_to_be_a_daemon(patient.home.home().root());
    check(&patient.look(), Check::Daemon, Level::Error, "does not answer within 5 s", "end its process");
}

#[test]
fn daemon_of_another_version_is_an_error() {
    let patient = Patient::new();
    let listener = pretend_to_be_a_daemon(patient.home.home().root());
    let daemon = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut length = [0; 4];
        connection.read_exact(&mut length).unwrap();
        let mut request = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        connection.read_exact(&mut request).unwrap();
        let request: Value = serde_json::from_slice(&request).unwrap();
        let hello = json!({ "protocol": 9999, "version": "9.9.9", "instance": 1, "pid": 7 });
        let answer = json!({ "request_id": request["Request"]["id"], "message": { "Ok": { "Hello": hello } } }).to_string();
        connection.write_all(&u32::try_from(answer.len()).unwrap().to_be_bytes()).unwrap();
        connection.write_all(answer.as_bytes()).unwrap();
        // Until the other side has gone.
        connection.read_to_end(&mut Vec::new()).ok();
    });
    let checkup = patient.look();
    check(&checkup, Check::Daemon, Level::Error, "(pid 7) is version 9.9.9, this program is version", "prestic-ctl shutdown");
    daemon.join().unwrap();
}

#[test]
fn daemon_that_nobody_starts_is_told() {
    let patient = Patient::new();
    let checkup = patient.look();
    check(&checkup, Check::Daemon, Level::Error, "no daemon runs, so no task runs by itself", "prestic-ctl status");
    check(&checkup, Check::Service, Level::Warning, "nothing starts the daemon", "prestic-ctl service install");
    patient.install();
    let without_desktop = patient.look();
    check(&without_desktop, Check::Service, Level::Warning, "only the login to a desktop", "prestic-ctl service install");
}

#[test]
fn keyring_that_gives_no_password_is_an_error() {
    let patient = Patient::new();
    patient.write_config("password-keyring = nas\npassword-file =");
    check(&patient.look(), Check::Keyring, Level::Error, "there is no session bus", "password-file");
    let mut desktop = Desktop::start();
    let in_session = |desktop: &Desktop| {
        let mut command = patient.home.ctl_command(&["doctor", "--json"]);
        desktop.admit(&mut command);
        look(command)
    };
    let empty = in_session(&desktop);
    check(&empty, Check::Keyring, Level::Error, "no keyring runs in this session", "GNOME Keyring or KWallet");
    check(&empty, Check::Notifications, Level::Warning, "nobody in this session shows notifications", "install a notification");
    desktop.start_keyring();
    check(&in_session(&desktop), Check::Keyring, Level::Error, "has no entry `nas`", "prestic-ctl keyring set nas");
}

#[test]
fn port_that_is_taken_is_told() {
    let patient = Patient::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = patient.home.ctl_command(&["doctor", "--json"]);
    command.env("PRESTIC_WEB_LISTEN", listener.local_addr().unwrap().to_string());
    check(&look(command), Check::Web, Level::Warning, "another program listens there", "web-listen");
}

#[test]
fn repository_that_is_away_is_an_error_unless_runs_wait_for_it() {
    let patient = Patient::new();
    let gone = patient.home.path("gone/repository");
    patient.write_config(&format!("repository = {}", gone.display()));
    check(&patient.look(), Check::Repository, Level::Error, "there is no repository at", "prestic-ctl init home");
    patient.write_config(&format!("repository = {}\nrequire-path = {}", gone.display(), gone.display()));
    check(&patient.look(), Check::Repository, Level::Warning, "its runs wait for it", "is its disk mounted?");
}

#[test]
fn wrong_password_is_an_error_and_no_secret_is_told() {
    let patient = Patient::new();
    patient.write_secret("password", "s3cr3t wrong");
    let checkup = patient.look();
    check(&checkup, Check::Repository, Level::Error, "does not open", "`password-file =");
    patient.write_config("repository = rest:http://me:s3cr3t@127.0.0.1:1/\nenv.AWS_SECRET_ACCESS_KEY = s3cr3t");
    let ended = patient.home.ctl(&["doctor"]).expect_code(1);
    assert!(!ended.stdout.contains("s3cr3t") && !ended.stderr.contains("s3cr3t"), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("rest:http://[hidden]@127.0.0.1:1/"), "{}", ended.stdout);
}

#[test]
fn task_that_waits_for_ever_is_an_error_while_the_daemon_runs() {
    let mut patient = Patient::new();
    let disk = patient.home.path("disk");
    patient.write_config(&format!("require-path = {}\n[prestic]\nstartup-delay = 0", disk.display()));
    patient.home.write_status("[home]\nfirst_seen = 2025-01-01T00:00:00Z\nlast_due = 2025-01-01T00:00:00Z\n");
    patient.home.start_daemon();
    let is_held = |run: &Run| matches!(&run.state, RunState::Queued(Turn { waits_for: Some(Wait::Unmet { .. }), .. }));
    patient.home.wait_for_task("home", is_held);
    check(
        &patient.look(),
        Check::Task,
        Level::Error,
        "it never ended well, and has missed its time twice",
        "prestic-ctl run home",
    );
}

#[test]
fn task_that_has_not_run_for_long_is_an_error() {
    let patient = Patient::new();
    let status = "[home]\nlast_success = 2025-01-01T00:00:00Z\noutcome = succeeded\n";
    fs::File::create(patient.home.home().status_file()).unwrap().write_all(status.as_bytes()).unwrap();
    check(&patient.look(), Check::Task, Level::Error, "has missed its time twice since", "prestic-ctl run home");
    let mut patient = patient;
    patient.write_config("executable = /no/such/restic");
    patient.home.start_daemon();
    patient.home.ctl(&["run", "home"]).expect_code(70);
    check(&patient.look(), Check::Task, Level::Error, "could not start", "prestic-ctl log home");
}
