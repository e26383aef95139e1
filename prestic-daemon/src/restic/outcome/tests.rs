//! The words in these tables are what restic 0.14.0, 0.18.0 and 0.19.1 really wrote.

use super::*;

const OLD: Option<ResticVersion> = Some(ResticVersion::new(0, 14, 0));
const MIDDLE: Option<ResticVersion> = Some(ResticVersion::new(0, 18, 0));
const NEW: Option<ResticVersion> = Some(ResticVersion::new(0, 19, 1));

const LOCKED: &str = "unable to create lock in backend: repository is already locked by PID 7880 on vm by root (UID 0, GID 0)\n\
    lock was created at 2026-01-23 01:23:50 (505.080292ms ago)\n\
    storage ID a730ebe0\n\
    the `unlock` command can be used to remove stale locks";
const MISSING: &str = "Fatal: unable to open config file: stat nothere/config: no such file or directory\n\
    Is there a repository at the following location?\n\
    nothere";

/// Checks what the end of a backup means, with what it wrote to its standard error.
#[track_caller]
fn check(version: Option<ResticVersion>, code: i32, stderr: &str, expected: Outcome) {
    let tail: Vec<_> = stderr.lines().map(str::to_owned).collect();
    assert_eq!(classify(End::Exited(code), version, "backup", false, &tail, 0), expected, "code {code}: {stderr}");
}

#[test]
fn success_is_success() {
    for version in [OLD, MIDDLE, NEW, None] {
        check(version, 0, "", Outcome::Succeeded);
        check(version, 0, "Load(<key/1>) returned error, retrying after 1s: connection reset", Outcome::Succeeded);
    }
}

#[test]
fn backup_that_left_files_out_has_warnings() {
    for version in [OLD, MIDDLE, NEW, None] {
        check(version, 3, "Warning: at least one source file could not be read", Outcome::Warnings);
    }
    check(OLD, 0, "src/missing does not exist, skipping", Outcome::Warnings);
    check(NEW, 3, "src/missing does not exist, skipping", Outcome::Warnings);
    assert_eq!(classify(End::Exited(0), MIDDLE, "restore", false, &[], 2), Outcome::Warnings);
}

#[test]
fn code_of_warnings_is_a_failure_for_other_commands() {
    assert_eq!(classify(End::Exited(3), NEW, "forget", false, &[], 0), Outcome::Failed(Failure::Other));
}

#[test]
fn old_restic_is_judged_by_its_words() {
    check(OLD, 1, "Fatal: wrong password or no key found", Outcome::Failed(Failure::WrongPassword));
    check(OLD, 1, MISSING, Outcome::Failed(Failure::NoRepository));
    check(OLD, 1, LOCKED, Outcome::RepositoryLocked);
    check(OLD, 1, "Fatal: an empty password is not a password", Outcome::Failed(Failure::NoPassword));
    check(OLD, 1, "Resolving password failed: exit status 1", Outcome::Failed(Failure::NoPassword));
    check(OLD, 1, "Resolving password failed: Fatal: nofile does not exist", Outcome::Failed(Failure::NoPassword));
    check(OLD, 10, "", Outcome::Failed(Failure::Other));
}

#[test]
fn new_restic_is_judged_by_its_code() {
    for version in [MIDDLE, NEW, None] {
        check(
            version,
            10,
            "Fatal: repository does not exist: unable to open config file",
            Outcome::Failed(Failure::NoRepository),
        );
        check(version, 11, "", Outcome::RepositoryLocked);
        check(version, 12, "", Outcome::Failed(Failure::WrongPassword));
    }
}

#[test]
fn new_restic_without_a_code_of_its_own_is_judged_by_its_words() {
    let words = "Fatal: an empty password is not allowed by default. Pass the flag `--insecure-no-password` to restic";
    check(NEW, 1, words, Outcome::Failed(Failure::NoPassword));
    let words = r#"{"message_type":"exit_error","code":1,"message":"Fatal: Resolving password failed: exit status 1\n"}"#;
    check(MIDDLE, 1, words, Outcome::Failed(Failure::NoPassword));
    check(MIDDLE, 1, "Fatal: all source directories/files do not exist", Outcome::Failed(Failure::Other));
}

#[test]
fn wrong_command_line_is_bad_usage_in_every_version() {
    let words = [
        "unknown flag: --bogus",
        "unknown shorthand flag: 'Q' in -Q",
        "unknown command \"bogus\" for \"restic\"",
        "flag needs an argument: --keep-last",
        "invalid argument \"x\" for \"-l, --keep-last\" flag: strconv.ParseInt: parsing \"x\": invalid syntax",
        "invalid argument \"x\" for \"--retry-lock\" flag: time: invalid duration \"x\"",
        "strconv.ParseInt: parsing \"x\": invalid syntax",
        "accepts 1 arg(s), received 0",
        "invalid argument \"foo\" for \"restic list\"",
        "Fatal: nothing to backup, please specify target files/dirs",
        "Fatal: nothing to backup, please specify source files/dirs",
        "Fatal: --stdin was specified and files/dirs were listed as arguments",
        "Fatal: no snapshot ID specified",
        "Fatal: please specify a directory to restore to (--target)",
        "Fatal: exclude and include patterns are mutually exclusive",
        "Fatal: check flags --read-data and --read-data-subset cannot be used together",
        "Fatal: check flag --read-data-subset has invalid value, please see documentation",
        "Fatal: type or ID not specified",
        "Fatal: ID not specified",
        "Fatal: type not specified, usage: list [flags] [blobs|packs|index|snapshots|keys|locks]",
        "Fatal: invalid type",
        "Fatal: wrong number of arguments",
        "Fatal: wrong number of parameters",
        "Fatal: specify two snapshot IDs",
        "Fatal: nothing to do!",
        "Fatal: Nothing to do: no excludes provided and no new metadata provided",
        "Fatal: nothing to do, please specify at least one output file/dir",
        "Fatal: no file and no snapshot ID specified",
        "Fatal: no policy was specified, no snapshots will be removed",
        "Fatal: invalid number of bytes \"foo\" for --max-unused: strconv.ParseInt: parsing \"foo\": invalid syntax",
        "unknown counting mode: foo (use the -h flag to get a list of supported modes)",
        "Fatal: Please specify a source repository location (--from-repo or --from-repository-file)",
        "Fatal: Please specify repository location (-r or --repository-file)",
        "Fatal: the cache command expects no arguments, only options - please see `restic help cache` for usage and flags",
    ];
    for version in [OLD, MIDDLE, NEW, None] {
        for words in words {
            check(version, 1, words, Outcome::Failed(Failure::BadUsage));
            let json = serde_json::json!({ "message_type": "exit_error", "code": 1, "message": words });
            check(version, 1, &json.to_string().replace("\\\"", "\""), Outcome::Failed(Failure::BadUsage));
        }
    }
}

#[test]
fn lock_that_was_lost_to_a_suspend_is_told_apart() {
    let words = "Fatal: failed to refresh lock in time\nFatal: unable to save snapshot: context canceled";
    for version in [OLD, MIDDLE, NEW] {
        check(version, 1, words, Outcome::Failed(Failure::LostLock));
    }
    check(NEW, 1, "error: failed to refresh lock in time", Outcome::Failed(Failure::LostLock));
}

#[test]
fn unreachable_repository_is_no_missing_one() {
    let refused = "Fatal: unable to open config file: client.Head: Head \"http://127.0.0.1:1/config\": \
        dial tcp 127.0.0.1:1: connect: connection refused\n\
        Is there a repository at the following location?\n\
        rest:http://127.0.0.1:1/";
    check(OLD, 1, refused, Outcome::Failed(Failure::Network));
    let unknown_host = "subprocess ssh: ssh: Could not resolve hostname no.such.host: Name or service not known\n\
        Fatal: unable to open repository at sftp:no.such.host:/x: unable to start the sftp session, error: EOF";
    check(OLD, 1, unknown_host, Outcome::Failed(Failure::Network));
    let unreadable = "Fatal: unable to open config file: open r/config: permission denied\n\
        Is there a repository at the following location?";
    check(OLD, 1, unreadable, Outcome::Failed(Failure::Other));
}

#[test]
fn server_that_lets_nobody_in_tells_nothing_of_its_repository() {
    for reason in [
        "unexpected HTTP response (401): 401 Unauthorized",
        "Stat: The Access Key Id you provided does not exist in our records.",
    ] {
        let refused = format!(
            "Fatal: unable to open config file: {reason}\nIs there a repository at the following location?\nrest:http://h/"
        );
        check(MIDDLE, 1, &refused, Outcome::Failed(Failure::Other));
    }
}

#[test]
fn last_word_counts_more_than_what_was_tried_before() {
    let words = "Load(<data/70>) returned error, retrying after 1s: dial tcp: connection refused\n\
        Save(<data/70>) failed: write r/data/70-tmp-33: no space left on device\n\
        Fatal: unable to save snapshot: write r/data/70-tmp-33: no space left on device";
    check(MIDDLE, 1, words, Outcome::Failed(Failure::NoSpace));
    let words = "Stat(<config/>) returned error, retrying after 4s: dial tcp: connection refused\nFatal: something else";
    check(MIDDLE, 1, words, Outcome::Failed(Failure::Other));
}

#[test]
fn crash_is_a_crash() {
    check(NEW, 2, "panic: runtime error: index out of range\n\ngoroutine 1 [running]:", Outcome::Failed(Failure::Crashed));
}

#[test]
fn stop_that_we_asked_for_is_known_whatever_the_code() {
    for end in [End::Exited(1), End::Exited(130), End::Exited(3), End::Exited(11), End::Signaled(9)] {
        assert_eq!(classify(end, MIDDLE, "backup", true, &[], 1), Outcome::Stopped, "for {end:?}");
    }
}

#[test]
fn run_that_ends_well_before_the_stop_reaches_it_has_succeeded() {
    assert_eq!(classify(End::Exited(0), NEW, "backup", true, &[], 0), Outcome::Succeeded);
}

#[test]
fn signal_of_somebody_else_killed_the_run() {
    assert_eq!(classify(End::Signaled(9), OLD, "backup", false, &[], 0), Outcome::Killed(9));
    check(NEW, 130, "signal interrupt received, cleaning up", Outcome::Killed(2));
    check(NEW, 130, "signal terminated received, cleaning up ", Outcome::Killed(15));
    check(MIDDLE, 1, "\u{1b}[2Ksignal interrupt received, cleaning up\nFatal: unable to save snapshot", Outcome::Killed(2));
    check(None, 137, "", Outcome::Killed(9));
}
