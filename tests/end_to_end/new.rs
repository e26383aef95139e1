//! `prestic-ctl new`, with real restic, a real keyring and a terminal.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Stdio,
    thread,
};

use prestic_proto::new_profile::{Added, Keeper};
use prestic_tests::{
    LIMIT,
    desktop::Desktop,
    files,
    home::{Ended, TestHome},
    processes,
    restic::{Repository, Restic, oldest_and_newest},
    terminal::Terminal,
};
use rustix::termios::LocalModes;

/// A home without a configuration, files to back up, and restic on the path.
struct Beginner {
    home: TestHome,
    restic: Restic,
}

impl Beginner {
    fn new() -> Self {
        let home = TestHome::new();
        files::tree(&home.path("documents"));
        let [_, restic] = oldest_and_newest();
        Self { home, restic }
    }

    fn config(&self) -> PathBuf {
        self.home.home().config_file()
    }

    /// Prepares `prestic-ctl new` with options; `{}` stands for the test's folder.
    fn command(&self, options: &str) -> std::process::Command {
        let options = options.replace("{}", &self.home.path("").display().to_string());
        let words: Vec<&str> = std::iter::once("new").chain(options.split_whitespace()).collect();
        let mut command = self.home.ctl_command(&words);
        let path = format!("{}:/usr/bin:/bin", self.restic.path.parent().unwrap().display());
        command.env("PATH", path);
        command
    }

    fn run(&self, options: &str, input: &str) -> Ended {
        let mut command = self.command(options);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
        let output = child.wait_with_output().unwrap();
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Returns what restic itself finds in the repository with a password.
    fn repository(&self, password: &str) -> Repository {
        let path = self.home.path("repository");
        Repository { restic: self.restic.clone(), path, password: password.to_owned() }
    }
}

/// All answers but for the password.
const ANSWERS: &str = "--path {}documents --repository {}repository --schedule daily --keep 7d,5w --init";

#[test]
fn all_answers_on_the_command_line_make_a_profile_and_a_first_backup() {
    let beginner = Beginner::new();
    let made = beginner.run(&format!("{ANSWERS} --exclude *.tmp --password-file --generate-password --run-now"), "");
    let made = made.expect_code(0);
    assert!(made.stderr.contains("IMPORTANT: keep the new password somewhere else"), "{}", made.stderr);
    let file = beginner.home.home().root().join("documents.password");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let password = fs::read_to_string(&file).unwrap();
    assert!(!made.stderr.contains(password.trim()) && !made.stdout.contains(password.trim()));
    beginner.repository(password.trim()).check(1);
    assert_eq!(fs::metadata(beginner.config()).unwrap().permissions().mode() & 0o777, 0o600);
    beginner.home.ctl(&["check"]).expect_code(0);
    let status = beginner.home.ctl(&["status"]).stdout_of_success();
    assert!(status.contains("documents-forget"), "{status}");
}

#[test]
fn all_missing_answers_are_named_at_once() {
    let beginner = Beginner::new();
    let refused = beginner.run("--path {}documents", "").expect_code(64).stderr;
    let expected = "these are missing: --repository, --schedule, --keep, --password-keyring or --password-file";
    assert!(refused.contains(expected), "{refused}");
    let refused = beginner.run(&format!("{ANSWERS} --password-file"), "").expect_code(64).stderr;
    assert!(refused.contains("these are missing: --generate-password or --password-stdin"), "{refused}");
    assert!(!beginner.config().exists() && !beginner.home.path("repository").exists());
}

#[test]
fn what_stands_in_the_configuration_stays_as_it_is() {
    let beginner = Beginner::new();
    let before =
        "# mine\n[DEFAULT]\nverbose = 1\n\n[old] \nrepository = /r\npassword-file : /p ; not a comment\n  # inner\n\n# last";
    beginner.home.write_config(before);
    fs::set_permissions(beginner.config(), fs::Permissions::from_mode(0o640)).unwrap();
    let options = format!("{ANSWERS} --name docs --password-file {{}}secret --password-stdin --json");
    let made = beginner.run(&options, "s3cr3t pass\n").expect_code(0);
    let added: Added = serde_json::from_str(&made.stdout).unwrap();
    assert_eq!((added.profile.as_str(), added.forget_task.as_deref()), ("docs", Some("docs-forget")));
    assert!(added.repository_created && !added.password_generated);
    assert_eq!(added.keeper, Keeper::File(Some(beginner.home.path("secret"))));
    let text = fs::read_to_string(beginner.config()).unwrap();
    assert!(text.starts_with(&format!("{before}\n\n[docs]\n")), "{text}");
    assert_eq!(fs::metadata(beginner.config()).unwrap().permissions().mode() & 0o777, 0o640);
    let left = fs::read_dir(beginner.home.home().root()).unwrap().count();
    assert_eq!(left, 1, "nothing but the configuration is in the home");
    beginner.repository("s3cr3t pass").check(0);
}

#[test]
fn backup_by_hand_does_not_inherit_a_schedule() {
    let beginner = Beginner::new();
    beginner.home.write_config("[DEFAULT]\nschedule = hourly\n");
    let options =
        "--path {}documents --repository {}repository --schedule off --keep 7d --init --password-file --generate-password";
    beginner.run(options, "").expect_code(0);
    let due = beginner.home.ctl(&["next"]).stdout_of_success();
    assert!(!due.contains("documents"), "{due}");
}

#[track_caller]
fn check_refused(beginner: &Beginner, options: &str, input: &str, code: i32, expected: &str) {
    let before = fs::read(beginner.config()).ok();
    let refused = beginner.run(options, input).expect_code(code).stderr;
    assert!(refused.contains(expected), "{expected}: {refused}");
    assert_eq!(fs::read(beginner.config()).ok(), before);
}

#[test]
fn what_cannot_work_changes_nothing() {
    let beginner = Beginner::new();
    let generated = "--password-file {}secret --generate-password";
    let no_init = format!("{} {generated}", ANSWERS.trim_end_matches(" --init"));
    check_refused(&beginner, &no_init, "", 65, "add `--init`");
    let with = |change: &str| format!("{ANSWERS} {generated} {change}");
    check_refused(&beginner, &with("--path {}none"), "", 64, "none` cannot be backed up");
    check_refused(&beginner, &with("--name DEFAULT"), "", 64, "cannot be the name of a profile");
    let keep = "--path {}documents --repository {}repository --schedule daily --keep sometimes --init";
    check_refused(&beginner, &format!("{keep} {generated}"), "", 64, "does not say which snapshots to keep");
    let schedule = "--path {}documents --repository {}repository --schedule dayly --keep all --init";
    check_refused(&beginner, &format!("{schedule} {generated}"), "", 64, "`dayly`");
    let away = "--path {}documents --repository rest:http://me:s3cr3t@127.0.0.1:1/ --schedule off --keep all --init";
    check_refused(&beginner, &format!("{away} {generated}"), "", 65, "rest:http://[hidden]@127.0.0.1:1/");
    beginner.home.write_config("[DEFAULT]\npassword-keyring = mine\n");
    check_refused(&beginner, &with(""), "", 64, "has `password-keyring`, which goes before the new password");
    beginner.home.write_config("[documents]\n");
    check_refused(&beginner, &with("--name documents"), "", 64, "there is a profile `documents`");
    beginner.home.write_config("[broken]\nshedule = daily\n[broken]\n");
    check_refused(&beginner, &with(""), "", 78, "has errors: mend them first");
    assert!(!beginner.home.path("secret").exists() && !beginner.home.path("repository").exists());
}

/// Lets nobody in, as a server that wants a name and a password.
fn refuse_everybody(server: &TcpListener) {
    for connection in server.incoming() {
        let Ok(mut connection) = connection else { continue };
        let asked = BufReader::new(connection.try_clone().unwrap()).lines().map_while(Result::ok);
        asked.take_while(|line| !line.is_empty()).count();
        connection.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok();
    }
}

#[test]
fn server_that_lets_nobody_in_is_no_place_without_a_repository() {
    let beginner = Beginner::new();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    thread::spawn(move || refuse_everybody(&server));
    let options = format!(
        "--path {{}}documents --repository rest:http://{address}/ --schedule off --keep all --init --password-file {{}}secret \
         --generate-password"
    );
    check_refused(&beginner, &options, "", 65, "env.RESTIC_REST_USERNAME");
    assert!(!beginner.home.path("secret").exists());
    let (mut terminal, mut child) = Terminal::start(&beginner.command(&options));
    terminal.wait_for("The server wants to know who you are.");
    terminal.answer_hidden("RESTIC_REST_USERNAME (not shown)", "me");
    terminal.answer_hidden("RESTIC_REST_PASSWORD (not shown)", "s3cr3t");
    assert!(processes::wait_for_exit(child.id(), LIMIT));
    assert_eq!(child.wait().unwrap().code(), Some(65));
    let seen = terminal.see_the_end();
    assert!(seen.contains("wants another name and password") && !seen.contains("s3cr3t"), "{seen}");
}

#[test]
fn repository_that_is_there_needs_its_own_password() {
    let beginner = Beginner::new();
    beginner.restic.init(beginner.home.path("repository"));
    let wrong = format!("{ANSWERS} --password-file {{}}secret --password-stdin");
    check_refused(&beginner, &wrong, "wrong\n", 64, "does not open the repository");
    assert!(!beginner.home.path("secret").exists());
    let made_up = format!("{ANSWERS} --password-file {{}}secret --generate-password");
    check_refused(&beginner, &made_up, "", 64, "its own password is needed");
    let added = beginner.run(&format!("{wrong} --json"), &format!("{}\n", prestic_tests::restic::PASSWORD)).stdout_of_success();
    assert!(!serde_json::from_str::<Added>(&added).unwrap().repository_created);
}

#[test]
fn password_in_the_keyring_is_made_once_and_used_again() {
    let beginner = Beginner::new();
    let mut desktop = Desktop::start();
    desktop.start_keyring();
    let run = |options: &str| {
        let mut command = beginner.command(options);
        desktop.admit(&mut command);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Added>(&output.stdout).unwrap()
    };
    let first = run(&format!("{ANSWERS} --password-keyring nas --generate-password --json"));
    assert!(first.password_generated && first.repository_created);
    let mut get = beginner.home.ctl_command(&["keyring", "get", "nas"]);
    desktop.admit(&mut get);
    let password = String::from_utf8(get.output().unwrap().stdout).unwrap();
    beginner.repository(&password).check(0);
    let second = run(&format!("{ANSWERS} --name again --password-keyring nas --json"));
    assert!(!second.password_generated && !second.repository_created);
}

#[test]
fn dialog_asks_five_questions_and_then_does_it_all() {
    let beginner = Beginner::new();
    let (mut terminal, mut child) = Terminal::start(&beginner.command(""));
    let folder = |name: &str| beginner.home.path(name).display().to_string();
    terminal.answer("1/5  What is to be backed up?", &folder("none"));
    terminal.answer("cannot be backed up", &folder("documents"));
    terminal.answer("2/5  Where to?", &folder("none/repository"));
    terminal.answer("mkdir -p", &folder("repository"));
    terminal.wait_for("There is none yet: it will be made.");
    terminal.answer("3/5  When?", "mon at 20:00");
    terminal.wait_for("every Monday at 20:00");
    terminal.answer("4/5  Which snapshots are kept?", "");
    terminal.answer("5/5  Where is the password", "keyring");
    terminal.answer("there is no session bus", "file");
    terminal.answer_hidden("Password (nothing: a strong one is made)", "s3cr3t-one ");
    terminal.wait_for("begins or ends with white space");
    terminal.answer_hidden("Password (nothing: a strong one is made)", "s3cr3t-one");
    terminal.answer_hidden("The same again", "s3cr3t-one");
    terminal.wait_for("[documents-forget]");
    terminal.answer("Run a first backup then?", "y");
    terminal.answer("Write all this?", "");
    assert!(processes::wait_for_exit(child.id(), LIMIT));
    assert!(child.wait().unwrap().success());
    let seen = terminal.see_the_end();
    assert!(!seen.contains("s3cr3t") && !seen.contains("IMPORTANT") && !seen.contains("caused by"), "{seen}");
    beginner.repository("s3cr3t-one").check(1);
}

#[test]
fn ctrl_c_at_the_last_question_leaves_no_trace() {
    let beginner = Beginner::new();
    let options = "--path {}documents --repository {}repository --schedule off --keep all --password-file";
    let (mut terminal, mut child) = Terminal::start(&beginner.command(options));
    terminal.answer_hidden("Password (nothing: a strong one is made)", "");
    terminal.answer("Run a first backup then?", "n");
    terminal.interrupt("Write all this?");
    assert!(processes::wait_for_exit(child.id(), LIMIT));
    assert!(!child.wait().unwrap().success());
    assert!(terminal.modes().contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG));
    assert_eq!(fs::read_dir(beginner.home.home().root()).unwrap().count(), 0);
    assert!(!beginner.home.path("repository").exists());
}
