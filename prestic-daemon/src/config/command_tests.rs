//! Command lines and environments.

use std::{path::Path, sync::Arc};

use super::{super::read, *};

#[track_caller]
fn profile(text: &str) -> Arc<Profile> {
    let loaded = read(&format!("[p]\n{text}"), Path::new("config.ini"));
    Arc::clone(loaded.config.profile("p").unwrap_or_else(|| panic!("{:?}", loaded.report.errors)))
}

#[track_caller]
fn command(text: &str) -> ResticCommand {
    profile(text).restic_command(Arguments::Instead(vec!["snapshots".to_owned()])).unwrap()
}

/// Checks the words, and the variables as `NAME=value`.
#[track_caller]
fn check(text: &str, words: &[&str], variables: &[&str]) {
    check_command(&command(text), words, variables);
}

#[track_caller]
fn check_command(command: &ResticCommand, words: &[&str], variables: &[&str]) {
    assert_eq!(command.words(), words);
    assert_eq!(command.env.iter().map(|(name, value)| format!("{name}={}", value.reveal())).collect::<Vec<_>>(), variables);
}

#[track_caller]
fn check_arguments(arguments: Arguments, expected: &[&str]) {
    let command = profile("command = backup\nargs = /home --tag=x\n").restic_command(arguments).unwrap();
    assert_eq!(command.arguments, expected);
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn flags_stand_in_the_order_of_the_lines_and_limits_behind_them() {
    check(
        "limit-upload = 5M\nverbose = 2\nrepository = /r\noption = a.b=1 c.d=2\nflag.json = true\nflag.option = x\n",
        &["restic", "--verbose=2", "--repo=/r", "--option=x", "--json=true", "--limit-upload=5120", "snapshots"],
        &["RCLONE_BWLIMIT=5120:off"],
    );
    check("option = a.b=1 c.d=2\n", &["restic", "--option=a.b=1", "--option=c.d=2", "snapshots"], &[]);
}

#[test]
fn limits_reach_rclone_too() {
    check("limit-download = 1.5K\n", &["restic", "--limit-download=2", "snapshots"], &["RCLONE_BWLIMIT=off:2"]);
    check("limit-download = 0\n", &["restic", "snapshots"], &[]);
    check("limit-upload = 1\nenv.RCLONE_BWLIMIT = 9\n", &["restic", "--limit-upload=1", "snapshots"], &["RCLONE_BWLIMIT=9"]);
}

#[test]
fn the_executable_may_be_several_words() {
    check("executable = nice -n 5 '/opt/my restic'\n", &["nice", "-n", "5", "/opt/my restic", "snapshots"], &[]);
    check("executable =\n", &["restic", "snapshots"], &[]);
}

#[test]
fn exactly_one_password_source_reaches_restic() {
    let all = "password = a\npassword-file = /b\npassword-command = c\nkey-hint = 12\n";
    check(all, &["restic", "snapshots"], &["RESTIC_PASSWORD_COMMAND=c", "RESTIC_KEY_HINT=12"]);
    check("password = a\npassword-file = /b\n", &["restic", "snapshots"], &["RESTIC_PASSWORD_FILE=/b"]);
    check("password = a\npassword-file =\n", &["restic", "snapshots"], &["RESTIC_PASSWORD=a"]);
    check("password = a\nflag.password-file = /b\n", &["restic", "--password-file=/b", "snapshots"], &[]);
}

#[test]
fn a_repository_with_credentials_stays_out_of_the_arguments() {
    check(
        "env.RESTIC_REPOSITORY = /other\nrepository = rest:https://me:pw@host/r\n",
        &["restic", "snapshots"],
        &["RESTIC_REPOSITORY=rest:https://me:pw@host/r"],
    );
    check("repository =\nenv.EMPTY =\n", &["restic", "snapshots"], &["EMPTY="]);
}

#[test]
fn arguments_are_the_profiles_or_the_callers() {
    check_arguments(Arguments::Own, &["backup", "/home", "--tag=x"]);
    check_arguments(Arguments::OwnAnd(strings(&["--dry-run"])), &["backup", "/home", "--tag=x", "--dry-run"]);
    check_arguments(Arguments::Instead(strings(&["ls", "latest"])), &["ls", "latest"]);
    check_arguments(Arguments::Instead(Vec::new()), &["backup", "/home", "--tag=x"]);
}

#[test]
fn args_without_a_command_are_nothing_to_run() {
    let profile = profile("args = /home\n");
    for arguments in [Arguments::Own, Arguments::OwnAnd(strings(&["x"])), Arguments::Instead(Vec::new())] {
        assert_eq!(profile.restic_command(arguments), Err(CommandError::NothingToRun { profile: "p".to_owned() }));
    }
}

#[track_caller]
fn check_keyring(options: &str, expected_entry: Option<&str>, expected_variables: &[&str]) {
    let command = command(options);
    let variables: Vec<&str> = command.env.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((command.keyring_entry.as_deref(), variables.as_slice()), (expected_entry, expected_variables), "{options}");
}

#[test]
fn keyring_is_the_best_source_of_a_password() {
    check_keyring("password-keyring = k\n", Some("k"), &[]);
    check_keyring("password-keyring =\npassword = x\n", None, &["RESTIC_PASSWORD"]);
    check_keyring("password-command = c\npassword-keyring = k\npassword-file = f\npassword = x\n", Some("k"), &[]);
    check_keyring("env.RESTIC_PASSWORD_FILE = f\npassword-keyring = k\nenv.OTHER = x\n", Some("k"), &["OTHER"]);
}

#[test]
fn own_flag_for_the_password_comes_before_the_keyring() {
    check_keyring("password-keyring = k\nflag.password-file = f\n", None, &[]);
}

#[test]
fn priorities_are_told() {
    let command = command("cpu-priority = low\nio-priority = Idle\n");
    assert_eq!((command.cpu_priority, command.io_priority), (Some(CpuPriority::Low), Some(IoPriority::Idle)));
}

#[test]
fn a_restic_of_the_daemon_cannot_ask() {
    check_command(
        &command("repository = sftp:me@host:/r\n").for_daemon(),
        &["restic", "--repo=sftp:me@host:/r", "--option=sftp.command=ssh -oBatchMode=yes host -l me -s sftp", "snapshots"],
        &["RESTIC_PROGRESS_FPS=2", "RCLONE_ASK_PASSWORD=false", "SSH_ASKPASS_REQUIRE=never"],
    );
    check_command(
        &command("repository = sftp:h:/r\noption = sftp.args=-v\nenv.RESTIC_PROGRESS_FPS = 1\n").for_daemon(),
        &["restic", "--repo=sftp:h:/r", "--option=sftp.args=-v", "snapshots"],
        &["RESTIC_PROGRESS_FPS=1", "RCLONE_ASK_PASSWORD=false", "SSH_ASKPASS_REQUIRE=never"],
    );
}

#[track_caller]
fn check_ssh_is_left_alone(text: &str, arguments: &[&str]) {
    let profile = profile(&format!("repository = sftp:me@host:/r\n{text}"));
    let command = profile.restic_command(Arguments::Instead(strings(arguments))).unwrap().for_daemon();
    assert!(!command.words().iter().any(|word| word.contains("ssh -oBatchMode")), "{command:?}");
}

#[test]
fn a_second_repository_keeps_its_own_ssh() {
    check_ssh_is_left_alone("", &["copy", "--from-repo=sftp:other:/r"]);
    check_ssh_is_left_alone("", &["-r", "sftp:other:/r", "snapshots"]);
    check_ssh_is_left_alone("flag.from-repo = sftp:other:/r\n", &["copy"]);
    check_ssh_is_left_alone("env.RESTIC_FROM_REPOSITORY = sftp:other:/r\n", &["copy"]);
    check_ssh_is_left_alone("", &["-o", "sftp.command=ssh host -s sftp", "check"]);
}

#[track_caller]
fn check_subcommand(arguments: &[&str], expected: Option<&str>) {
    let command = profile("").restic_command(Arguments::Instead(strings(arguments))).unwrap();
    assert_eq!(command.subcommand(), expected);
}

#[test]
fn the_subcommand_is_no_flag_and_no_flags_value() {
    check_subcommand(&["backup", "/home"], Some("backup"));
    check_subcommand(&["-v", "--json", "-o", "a.b=c", "--repo=/r", "ls"], Some("ls"));
    check_subcommand(&["--version"], None);
}

#[track_caller]
fn check_json(text: &str, arguments: &[&str], expected: bool) {
    let command = profile(text).restic_command(Arguments::Instead(strings(arguments))).unwrap();
    assert_eq!(command.asks_for_json(), expected);
}

#[test]
fn json_is_asked_for_by_flag_or_argument() {
    check_json("flag.json = true\n", &["ls"], true);
    check_json("flag.json = false\n", &["ls"], false);
    check_json("", &["ls", "--json"], true);
    check_json("flag.json = true\n", &["ls", "--json=false"], false);
    check_json("", &["backup", "--", "--json"], false);
    check_json("", &["ls", "--jsonish"], false);
}

#[test]
fn the_daemons_own_variables_do_not_leak() {
    let inherited = [
        ("PATH", "/bin"),
        ("RESTIC_PASSWORD", "stray"),
        ("RESTIC_CACERT", "stray"),
        ("AWS_PROFILE", "stray"),
        ("B2_ACCOUNT_ID", "stray"),
        ("AZURE_X", "stray"),
        ("GOOGLE_X", "stray"),
        ("PRESTIC_HOME", "stray"),
        ("SSH_ASKPASS", "/usr/bin/ask"),
        ("GOGC", "100"),
    ];
    let inherited = || inherited.into_iter().map(|(name, value)| (name.into(), value.into()));
    let names = |command: &ResticCommand| {
        let pairs = command.environment(inherited());
        pairs.iter().map(|(name, value)| format!("{}={}", name.display(), value.display())).collect::<Vec<_>>()
    };
    let command = command("password = own\nenv.GOGC = 20\nenv.AWS_PROFILE = mine\n");
    assert_eq!(
        names(&command),
        ["PATH=/bin", "SSH_ASKPASS=/usr/bin/ask", "RESTIC_PASSWORD=own", "GOGC=20", "AWS_PROFILE=mine"]
    );
    assert!(!names(&command.for_daemon()).contains(&"SSH_ASKPASS=/usr/bin/ask".to_owned()));
}
